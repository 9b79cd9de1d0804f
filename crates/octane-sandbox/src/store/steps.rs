//! How long a read may take in a thread that serves other requests too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;

/// After how many steps of its virtual machine SQLite asks whether to go on.
const STEPS: i32 = 1000;
/// How often a brief read may go on: it takes a millisecond or two then.
const BRIEF: u32 = 50;
/// As often as it likes.
const UNLIMITED: u32 = u32::MAX;

/// Interrupts what takes long on a connection, while that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Steps(Arc<AtomicU32>);

impl Steps {
    pub(super) fn of(connection: &mut Connection) -> rusqlite::Result<Self> {
        let steps = Self(Arc::new(AtomicU32::new(UNLIMITED)));
        let left = Arc::clone(&steps.0);
        let is_over = move || match left.load(Ordering::Relaxed) {
            UNLIMITED => false,
            0 => true,
            some => {
                left.store(some - 1, Ordering::Relaxed);
                false
            }
        };
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(steps)
    }

    /// Performs `work`, which has the connection for itself; `None` if it was interrupted because it took long.
    pub(super) fn briefly<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        self.0.store(BRIEF, Ordering::Relaxed);
        let _unlimited = Unlimited(self);
        let result = work();
        (self.0.load(Ordering::Relaxed) > 0).then_some(result)
    }
}

/// Lets the connection take as long as it likes when it is dropped, even by a panic.
struct Unlimited<'a>(&'a Steps);

impl Drop for Unlimited<'_> {
    fn drop(&mut self) {
        self.0.0.store(UNLIMITED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::Steps;

    /// Counts to a million.
    const LONG: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000)
        SELECT COUNT(*) FROM n";

    #[test]
    fn only_what_takes_long_is_interrupted_and_only_while_that_is_wanted() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = Steps::of(&mut connection).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(count(LONG), Ok(1_000_000));
        assert_eq!(steps.briefly(|| count("SELECT 7")), Some(Ok(7)));
        assert_eq!(steps.briefly(|| count(LONG).is_ok()), None);
        assert_eq!(count(LONG), Ok(1_000_000));
    }
}

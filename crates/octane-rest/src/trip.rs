//! What a request has been through, for answers and errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

/// A request's way to its end.
#[derive(Debug, Clone)]
pub(crate) struct Trip {
    /// The server's address.
    pub(crate) server: Arc<str>,
    pub(crate) method: Method,
    /// Without the query, which may hold what nobody else shall read.
    pub(crate) path: Box<str>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Whether nobody knows what became of at least one attempt.
    pub(crate) is_in_doubt: bool,
    /// Whether the whole was refused, but its parts may be taken.
    pub(crate) is_divisible: bool,
}

impl Trip {
    /// The beginning of a way.
    pub(crate) fn new(server: &Arc<str>, method: Method, path: &str) -> Self {
        Self {
            server: Arc::clone(server),
            method,
            path: path.into(),
            attempts: 0,
            elapsed: Duration::ZERO,
            is_in_doubt: false,
            is_divisible: false,
        }
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Trip {
    /// ` (3 attempts in 2.1 s)`, or nothing where there was but one.
    pub(crate) fn effort(&self) -> Effort {
        Effort(self.attempts, self.elapsed)
    }
}

/// See [`Trip::effort`].
pub(crate) struct Effort(u32, Duration);

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts in {})", Took(self.1)),
        }
    }
}

/// A duration as people read it: `350 ms`, `2.1 s`, `300 s`.
pub(crate) struct Took(pub(crate) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        match milliseconds {
            0..1000 => write!(f, "{milliseconds} ms"),
            _ if milliseconds % 1000 < 100 => write!(f, "{} s", milliseconds / 1000),
            _ => write!(f, "{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let shown = |milliseconds| Took(Duration::from_millis(milliseconds)).to_string();
        assert_eq!(shown(350), "350 ms");
        assert_eq!(shown(2149), "2.1 s");
        assert_eq!(shown(300_050), "300 s");
    }
}

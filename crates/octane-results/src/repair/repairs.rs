//! What repairs did.

use std::fmt;
use std::ops::AddAssign;

/// How much was repaired, in texts or pieces of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Repairs {
    /// Texts that were longer than the server takes and now end in a digest.
    pub texts_shortened: u64,
    /// Errors and descriptions that were longer than the policy allows and now end in a digest.
    pub errors_cut: u64,
    /// Texts with characters that XML forbids, which are now U+FFFD.
    pub texts_cleaned: u64,
    /// Names that were empty and are now `(unnamed)`.
    pub names_filled: u64,
    /// Optional texts that were empty where the schema wants something or nothing, and were left out.
    pub blanks_dropped: u64,
    /// Links to reports that no server takes, and were left out.
    pub links_dropped: u64,
    /// Builds of single runs, which no payload can hold, and were left out.
    pub builds_dropped: u64,
}

impl Repairs {
    /// Whether nothing had to be repaired.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Repairs {
    fn add_assign(&mut self, other: Self) {
        let Self {
            texts_shortened,
            errors_cut,
            texts_cleaned,
            names_filled,
            blanks_dropped,
            links_dropped,
            builds_dropped,
        } = other;
        self.texts_shortened += texts_shortened;
        self.errors_cut += errors_cut;
        self.texts_cleaned += texts_cleaned;
        self.names_filled += names_filled;
        self.blanks_dropped += blanks_dropped;
        self.links_dropped += links_dropped;
        self.builds_dropped += builds_dropped;
    }
}

/// `2 texts shortened, 1 link left out`
impl fmt::Display for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.texts_shortened, "text", "shortened"),
            (self.errors_cut, "error or description", "cut"),
            (
                self.texts_cleaned,
                "text",
                "cleaned of characters that XML forbids",
            ),
            (self.names_filled, "empty name", "filled in"),
            (self.blanks_dropped, "empty text", "left out"),
            (self.links_dropped, "link", "left out"),
            (self.builds_dropped, "build of a single run", "left out"),
        ];
        let mut is_first = true;
        for (count, what, done) in counts.into_iter().filter(|(count, ..)| *count > 0) {
            let comma = if std::mem::take(&mut is_first) {
                ""
            } else {
                ", "
            };
            let plural = match (count, what) {
                (1, what) => what.to_owned(),
                (_, "error or description") => "errors or descriptions".to_owned(),
                (_, "build of a single run") => "builds of single runs".to_owned(),
                (_, what) => format!("{what}s"),
            };
            write!(f, "{comma}{count} {plural} {done}")?;
        }
        if is_first {
            f.write_str("nothing")
        } else {
            Ok(())
        }
    }
}

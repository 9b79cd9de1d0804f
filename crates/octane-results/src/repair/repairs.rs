//! The changes made by repairs.

use std::fmt;
use std::ops::AddAssign;

use octane_model::plural::plural;

/// The number of changes of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Repairs {
    /// Texts that exceeded the limit of the server and now end in a digest.
    pub texts_shortened: u64,
    /// Errors and descriptions that exceeded the limit of the policy and now end in a digest.
    pub errors_truncated: u64,
    /// Texts with characters not allowed in XML, which are now symbols.
    pub texts_sanitized: u64,
    /// Empty names that are now `(unnamed)`.
    pub empty_names_replaced: u64,
    /// Optional texts that were empty although the schema requires text, and were removed.
    pub empty_texts_removed: u64,
    /// Links to reports that servers reject, and were removed.
    pub links_removed: u64,
    /// Builds of single runs, which payloads cannot contain, and were removed.
    pub builds_removed: u64,
}

impl Repairs {
    /// Whether nothing was repaired.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Repairs {
    fn add_assign(&mut self, other: Self) {
        let Self {
            texts_shortened,
            errors_truncated,
            texts_sanitized,
            empty_names_replaced,
            empty_texts_removed,
            links_removed,
            builds_removed,
        } = other;
        self.texts_shortened += texts_shortened;
        self.errors_truncated += errors_truncated;
        self.texts_sanitized += texts_sanitized;
        self.empty_names_replaced += empty_names_replaced;
        self.empty_texts_removed += empty_texts_removed;
        self.links_removed += links_removed;
        self.builds_removed += builds_removed;
    }
}

/// `2 texts shortened, 1 link removed`
impl fmt::Display for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.texts_shortened, "text", "shortened"),
            (self.errors_truncated, "error text", "truncated"),
            (
                self.texts_sanitized,
                "text",
                "with characters not allowed in XML replaced",
            ),
            (
                self.empty_names_replaced,
                "empty name",
                "replaced by a placeholder",
            ),
            (self.empty_texts_removed, "empty text", "removed"),
            (self.links_removed, "link", "removed"),
            (self.builds_removed, "single-run build", "removed"),
        ];
        let mut is_first = true;
        for (count, noun, change) in counts.into_iter().filter(|(count, ..)| *count > 0) {
            let comma = if std::mem::take(&mut is_first) {
                ""
            } else {
                ", "
            };
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            write!(f, "{comma}{} {change}", plural(count, noun))?;
        }
        if is_first {
            f.write_str("nothing repaired")
        } else {
            Ok(())
        }
    }
}

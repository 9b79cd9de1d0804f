//! Names that differ only in what may change from run to run.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::run::TestRun;
use crate::volatile::{Hints, Volatile};

/// From how many digits on a number is too long to be anything but a random one.
const DIGITS_MIN: usize = 6;

/// How many groups of names are kept; results of further ones are not looked at, so that memory has a limit.
const GROUPS_MAX: usize = 50_000;

/// How many names are distinguished in all groups together, for the same reason.
const NAMES_MAX: usize = if cfg!(test) { 2000 } else { 500_000 };

/// How many names of a group are kept as examples.
const EXAMPLES_MAX: usize = 3;

/// Finds tests whose names differ only in what may change from run to run, so that each run probably makes new tests.
///
/// ```
/// use octane_results::{Renames, Status, TestRun, Volatile};
///
/// let mut renames = Renames::default();
/// for name in ["adds[0x5257a0]", "pays", "adds[0x7711c8]"] {
///     renames.add(&TestRun::new(name, Status::Passed));
/// }
/// let found = renames.finish();
/// assert_eq!(found.len(), 1);
/// assert_eq!((&*found[0].test, found[0].names), ("adds[<address>]", 2));
/// assert_eq!(found[0].volatile, [Volatile::Addresses]);
/// ```
#[derive(Debug, Default)]
pub struct Renames {
    groups: HashMap<u64, Group>,
    names: usize,
}

/// Tests whose names differ only in what may change from run to run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ProbableRename {
    /// What they have in common, with a word in place of what differs.
    pub test: String,
    /// How many different names there are, of the first half a million of such names.
    pub names: usize,
    /// Some of them.
    pub examples: Vec<String>,
    /// What differs.
    pub volatile: Vec<Volatile>,
    /// Whether there are long numbers in them, which [`Volatile`] does not replace.
    pub has_numbers: bool,
}

/// The tests that one template fits.
#[derive(Debug, Default)]
struct Group {
    examples: Vec<String>,
    /// Digests of the names.
    names: HashSet<u64>,
}

/// Results that were looked at by themselves, maybe on another thread, for [`Renames`].
///
/// ```
/// use octane_results::{Renames, Status, TestRun, VolatileNames};
///
/// let names = ["adds[0x5257a0]", "adds[0x7711c8]"].map(|name| {
///     let mut names = VolatileNames::default();
///     names.add(&TestRun::new(name, Status::Passed));
///     names
/// });
/// let mut renames = Renames::default();
/// names.into_iter().for_each(|names| renames.append(&names));
/// assert_eq!(renames.finish()[0].names, 2);
/// ```
#[derive(Debug, Default)]
pub struct VolatileNames {
    /// All names that have something that may differ, one after the other.
    texts: String,
    found: Vec<VolatileName>,
}

#[derive(Debug)]
struct VolatileName {
    /// Digests of what it has in common with others, and of all of it.
    template: u64,
    whole: u64,
    /// Where it ends in the texts.
    end: usize,
}

impl VolatileNames {
    /// Looks at a result, the next one.
    pub fn add(&mut self, run: &TestRun) {
        let identity = &run.identity;
        if !is_volatile(&identity.name) && !is_volatile(&identity.class) {
            return;
        }
        let whole = identity.to_string();
        self.texts.push_str(&whole);
        self.found.push(VolatileName {
            template: digest(&template(&whole).0),
            whole: digest(&whole),
            end: self.texts.len(),
        });
    }
}

impl Renames {
    /// Looks at a result.
    pub fn add(&mut self, run: &TestRun) {
        let mut names = VolatileNames::default();
        names.add(run);
        self.append(&names);
    }

    /// Adds results that follow.
    pub fn append(&mut self, names: &VolatileNames) {
        let mut begin = 0;
        for name in &names.found {
            let whole = &names.texts[std::mem::replace(&mut begin, name.end)..name.end];
            self.add_name(name, whole);
        }
    }

    fn add_name(&mut self, name: &VolatileName, whole: &str) {
        let is_full = self.groups.len() >= GROUPS_MAX;
        if is_full && !self.groups.contains_key(&name.template) {
            return;
        }
        let group = self.groups.entry(name.template).or_default();
        // Two names of each group say enough.
        if self.names >= NAMES_MAX && group.names.len() > 1 {
            return;
        }
        if group.names.insert(name.whole) {
            self.names += 1;
            if group.examples.len() < EXAMPLES_MAX {
                group.examples.push(whole.to_owned());
            }
        }
    }

    /// The groups of several names, in the order of what they have in common.
    pub fn finish(self) -> Vec<ProbableRename> {
        let several = self.groups.into_values();
        let several = several.filter(|group| group.names.len() > 1);
        let mut found: Vec<ProbableRename> = several
            .filter_map(|group| {
                let (test, volatile, has_numbers) = template(group.examples.first()?);
                Some(ProbableRename {
                    test,
                    names: group.names.len(),
                    examples: group.examples,
                    volatile,
                    has_numbers,
                })
            })
            .collect();
        found.sort();
        found
    }
}

/// A name with words in place of what may change from run to run, as [`Renames`] compares names.
///
/// ```
/// assert_eq!(octane_results::without_volatile("adds[0x5257a0]"), "adds[<address>]");
/// ```
pub fn without_volatile(name: &str) -> String {
    template(name).0
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether something in `text` may differ from run to run.
fn is_volatile(text: &str) -> bool {
    let hints = Hints::of(text);
    hints.digits >= DIGITS_MIN
        || (Volatile::ALL.iter()).any(|volatile| {
            hints.may_have(*volatile) && matches!(volatile.replace(text), Cow::Owned(_))
        })
}

/// `text` with words in place of what may differ, and what that is.
fn template(text: &str) -> (String, Vec<Volatile>, bool) {
    let mut replaced = text.to_owned();
    let mut found = Vec::new();
    for volatile in Volatile::ALL {
        if let Cow::Owned(text) = volatile.replace(&replaced) {
            replaced = text;
            found.push(volatile);
        }
    }
    let has_numbers = match numbers_replaced(&replaced) {
        Cow::Owned(text) => {
            replaced = text;
            true
        }
        Cow::Borrowed(_) => false,
    };
    (replaced, found, has_numbers)
}

/// `text` with `*` in place of numbers of at least [`DIGITS_MIN`] digits.
fn numbers_replaced(text: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut end = 0;
    let mut start = None;
    let bytes = text.as_bytes();
    for at in 0..=bytes.len() {
        let is_digit = bytes.get(at).is_some_and(u8::is_ascii_digit);
        match start {
            None if is_digit => start = Some(at),
            Some(from) if !is_digit => {
                if at - from >= DIGITS_MIN {
                    replaced.push_str(&text[end..from]);
                    replaced.push('*');
                    end = at;
                }
                start = None;
            }
            _ => {}
        }
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(&text[end..]);
    Cow::Owned(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    fn found(names: &[&str]) -> Vec<ProbableRename> {
        let mut renames = Renames::default();
        for name in names {
            renames.add(&TestRun::new(*name, Status::Passed).class("Cart"));
        }
        renames.finish()
    }

    #[test]
    fn memory_has_a_limit_and_further_tests_are_still_found() {
        let mut renames = Renames::default();
        for number in 0..NAMES_MAX + 1000 {
            renames.add(&TestRun::new(
                format!("order {}", 1_000_000 + number),
                Status::Passed,
            ));
        }
        for address in ["0x5257a0", "0x7711c8"] {
            renames.add(&TestRun::new(format!("adds[{address}]"), Status::Passed));
        }
        let found = renames.finish();
        let names: Vec<_> = found
            .iter()
            .map(|found| (&*found.test, found.names))
            .collect();
        assert_eq!(names, [("adds[<address>]", 2), ("order *", NAMES_MAX)]);
    }

    #[test]
    fn names_that_differ_only_in_what_changes_are_found_in_order() {
        let names = [
            "pays[2026-11-28]",
            "order 83910472",
            "adds[0x5257a0, /tmp/x1]",
            "order 55201938",
            "adds[0x7711c8, /tmp/x2]",
            "adds[0x7711c8, /tmp/x2]",
            "other 12",
            "other 13",
        ];
        let found = found(&names);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].test, "Cart.adds[<address>, <path>]");
        assert_eq!(found[0].names, 2);
        assert_eq!(found[0].volatile, [Volatile::Paths, Volatile::Addresses]);
        assert!(!found[0].has_numbers);
        assert_eq!(found[1].test, "Cart.order *");
        assert_eq!(
            found[1].examples,
            ["Cart.order 83910472", "Cart.order 55201938"]
        );
        assert!(found[1].has_numbers && found[1].volatile.is_empty());
    }

    #[test]
    fn memory_has_a_limit() {
        let mut renames = Renames::default();
        for number in 0..GROUPS_MAX + 10 {
            let name = format!("t{number}[0x123456]");
            renames.add(&TestRun::new(name, Status::Passed));
        }
        renames.add(&TestRun::new("t0[0x654321]", Status::Passed));
        assert_eq!(renames.groups.len(), GROUPS_MAX);
        assert_eq!(renames.finish().len(), 1);
    }
}

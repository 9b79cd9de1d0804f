//! Which names look like misspellings of one another.
//!
//! | one | other | alike | because |
//! | --- | --- | --- | --- |
//! | `Nightly` | `nightly`, `NIGHTLY` | yes | only letter case differs |
//! | `Nightly run` | `nightly-run`, `Nightly_Run`, `NightlyRun` | yes | only case and separators differ |
//! | `Nightly` | `Nigthly`, `Nightl`, `Nightlyy` | yes | one typing error in a word of five letters or more |
//! | `Regression suites` | `Regresion suite` | yes | one error in each of two words |
//! | `Certification` | `Cetrifiation` | yes | two errors in a word of nine letters or more |
//! | `Nightly 1` | `Nightly 2`, `Nightly` | no | numbers differ |
//! | `Release 1.2` | `Release 12` | no | numbers differ |
//! | `Smoke EU` | `Smoke US` | no | words of fewer than five letters must be equal |
//! | `Nightly` | `Nightly regression` | no | the number of words differs |
//! | `Frontend` | `Backend` | no | too many errors |

use std::fmt;

use octane_model::EntityId;

use crate::name::is_separator;

/// A misspelt name has at most this many errors.
const ERRORS_MAX: usize = 2;

/// An entity whose name looks like the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Similar {
    /// Its ID.
    pub id: EntityId,
    /// Its name; of a module, its path as far as that was given.
    pub name: String,
}

/// `` `Nightly` (4001) ``
impl fmt::Display for Similar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.name, self.id)
    }
}

/// How many typing errors apart two different names are, by the table above; `None` if they are not alike, or equal.
pub(crate) fn errors_between(one: &str, other: &str) -> Option<usize> {
    if one == other || numbers(one) != numbers(other) {
        return None;
    }
    let (one, other) = (words(one), words(other));
    if one.concat() == other.concat() {
        return Some(0);
    }
    if one.len() != other.len() {
        return None;
    }
    let errors = one.iter().zip(&other).try_fold(0, |errors, (one, other)| {
        Some(errors + errors_in_word(one, other)?)
    })?;
    (errors <= ERRORS_MAX).then_some(errors)
}

fn errors_in_word(one: &str, other: &str) -> Option<usize> {
    let errors_max = match one.chars().count().min(other.chars().count()) {
        0..=4 => 0,
        5..=8 => 1,
        _ => ERRORS_MAX,
    };
    let errors = strsim::osa_distance(one, other);
    (errors <= errors_max).then_some(errors)
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let words = name.split(is_separator).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The numbers in a name.
fn numbers(name: &str) -> Vec<&str> {
    let numbers = name.split(|c: char| !c.is_numeric());
    numbers.filter(|number| !number.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_row_of_the_table_holds_in_both_directions() {
        for (one, other, errors) in [
            ("Nightly", "nightly", Some(0)),
            ("Nightly", "NIGHTLY", Some(0)),
            ("Nightly run", "nightly-run", Some(0)),
            ("Nightly run", "Nightly_Run", Some(0)),
            ("Nightly run", "NightlyRun", Some(0)),
            ("Nightly run", "Nightly  run", Some(0)),
            ("Nightly run", "Nightly\u{A0}run", Some(0)),
            ("Nightly run", "Nightly\u{200B} run", Some(0)),
            ("Nightly", "Nigthly", Some(1)),
            ("Nightly", "Nightl", Some(1)),
            ("Nightly", "Nightlyy", Some(1)),
            ("Regression suites", "Regresion suite", Some(2)),
            ("Certification", "Cetrifiation", Some(2)),
            ("Nightly 1", "nightly-1", Some(0)),
            ("Nightly 1", "Nightly 2", None),
            ("Nightly", "Nightly 1", None),
            ("Release 1.2", "Release 12", None),
            ("Sprint 2026-01", "Sprint 2026-10", None),
            ("Smoke EU", "Smoke US", None),
            ("Shop", "Ship", None),
            ("Nightly", "Nightly regression", None),
            ("Frontend", "Backend", None),
            ("Nightly", "Nihgtyl", None),
            (
                "Regression nightly payments",
                "Regresion nigthly payment",
                None,
            ),
            ("C++ tests", "C# tests", None),
            ("Nightly", "Nightly", None),
            ("Ночной", "ночной", Some(0)),
            ("", " ", Some(0)),
        ] {
            assert_eq!(errors_between(one, other), errors, "{one}, {other}");
            assert_eq!(errors_between(other, one), errors, "{other}, {one}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_like_itself_and_the_order_of_two_names_does_not_matter(one in ".{0,20}", other in ".{0,20}") {
            prop_assert_eq!(errors_between(&one, &one), None);
            prop_assert_eq!(errors_between(&one, &other), errors_between(&other, &one));
        }
    }
}

//! Several results of one test in one upload: which belong to the same run, and which one the run shows.
//!
//! Octane keeps one run per test and run name in a suite run, and shows the result that it has received last. So that no
//! result hides another one:
//!
//! - results of different [origins](crate::Origin) are **different runs** of the test. Each gets a run name of its own,
//!   `adds_tax [firefox]`, and the browser as an environment tag where the origin names one;
//! - results of the same origin are **repeats** of one run, such as the attempts of a test that is retried. Which of them
//!   the run shows is decided by [`Reruns`], and that one is sent last.
//!
//! In a dialect whose runs have no names of their own ([`Survey::of_dialect`]), all results of a test belong to one run, which shows the
//! worst of what each origin would show.
//!
//! This depends on the results alone, not on the order in which files are found. A [`Survey`] finds the tests with several results,
//! and only if there are any, inputs are read again: [`Repeats`] looks at those more closely.

mod arrangement;
mod digest;
mod digests;
mod reruns;
mod survey;

pub use arrangement::{Arrangement, RepeatedRun, Repeats};
pub use reruns::{Reruns, UnknownReruns};
pub use survey::Survey;

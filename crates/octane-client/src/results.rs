//! Results to upload, which can be read several times.

use octane_results::{Arrangement, Reruns, Survey, Tag, TestRun};

/// Results to upload. They are read more than once, to find tests with several results before any is sent.
///
/// Lists and arrays of runs are results, and so is a function that returns an iterator over the same runs at each call.
pub trait Results: Send + 'static {
    /// All results, the same ones in the same order at each call.
    fn runs(&self) -> impl Iterator<Item = TestRun>;
}

impl Results for Vec<TestRun> {
    fn runs(&self) -> impl Iterator<Item = TestRun> {
        self.iter().cloned()
    }
}

impl<const N: usize> Results for [TestRun; N] {
    fn runs(&self) -> impl Iterator<Item = TestRun> {
        self.iter().cloned()
    }
}

impl<F, I> Results for F
where
    F: Fn() -> I + Send + 'static,
    I: IntoIterator<Item = TestRun>,
{
    fn runs(&self) -> impl Iterator<Item = TestRun> {
        self().into_iter()
    }
}

/// How several results of one test are distinguished and ordered; `survey` has seen all results. `None` if each is the only one
/// of its test.
pub(crate) fn arrangement(
    survey: Survey,
    results: &impl Results,
    reruns: Reruns,
    environment: &[Tag],
) -> Option<Arrangement> {
    let mut repeats = survey.finish()?;
    results.runs().for_each(|run| repeats.add(&run, 0));
    Some(repeats.arrange(reruns, environment))
}

//! Splits runs into batches.

use std::borrow::Borrow;

use crate::payload::error::PayloadError;
use crate::payload::writer::PayloadWriter;
use crate::run::TestRun;

/// The maximum size of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct BatchLimits {
    /// The maximum number of results; 500 by default. A feature with more scenarios gets a batch of its own.
    pub runs_max: usize,
    /// The maximum size of the payload in bytes, before compression; 4 MiB by default. A larger run gets a
    /// batch of its own.
    pub bytes_max: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            runs_max: 500,
            bytes_max: 4 << 20,
        }
    }
}

impl BatchLimits {
    /// Sets the maximum number of runs of a batch.
    pub fn runs_max(mut self, runs_max: usize) -> Self {
        self.runs_max = runs_max;
        self
    }

    /// Sets the maximum size of a payload in bytes.
    pub fn bytes_max(mut self, bytes_max: usize) -> Self {
        self.bytes_max = bytes_max;
        self
    }
}

/// Runs that are sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// The number of the batch, from 1.
    pub number: usize,
    /// The runs, in the order of the input.
    pub runs: Vec<TestRun>,
    /// The rendered runs; [`PayloadWriter::assemble`] turns them into a payload.
    pub body: Vec<u8>,
    /// The offset in `body` at which each run ends, so that a part of the runs can be sent separately.
    pub ends: Vec<usize>,
}

/// A batch whose runs were passed on one by one, see [`Batches::next_rendered`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderedBatch {
    /// The number of the batch, from 1.
    pub number: usize,
    /// The rendered runs; [`PayloadWriter::assemble`] turns them into a payload.
    pub body: Vec<u8>,
}

/// Splits runs into batches, with as many runs in each as the limits allow. Runs of features and other runs, which a payload
/// never mixes, are in batches of their own.
///
/// Each run is rendered once. The boundaries between batches depend only on the runs, the writer and the
/// limits. If a run cannot be written, the error takes the place of its batch and ends the iteration.
///
/// ```
/// use octane_results::{BatchLimits, Batches, PayloadSettings, PayloadWriter, Status, TestRun};
///
/// let writer = PayloadWriter::new(PayloadSettings::default())?;
/// let runs = (1..=5).map(|number| TestRun::new(format!("test {number}"), Status::Passed));
/// let sizes: Vec<usize> = Batches::new(runs, &writer, BatchLimits::default().runs_max(2))
///     .map(|batch| batch.map(|batch| batch.runs.len()))
///     .collect::<Result<_, _>>()?;
/// assert_eq!(sizes, [2, 2, 1]);
/// # Ok::<(), octane_results::PayloadError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Batches<I, W> {
    runs: I,
    writer: W,
    limits: BatchLimits,
    number: usize,
    /// The run that did not fit into the last batch, with its rendering below.
    waiting: Option<TestRun>,
    rendered: Vec<u8>,
    is_over: bool,
    /// How long the last body was.
    body_bytes: usize,
}

impl<I: Iterator<Item = TestRun>, W: Borrow<PayloadWriter>> Batches<I, W> {
    /// The source of the runs.
    pub fn input(&self) -> &I {
        &self.runs
    }

    /// Splits `runs`, rendered by `writer`, which may be owned, borrowed or shared.
    pub fn new(runs: impl IntoIterator<IntoIter = I>, writer: W, limits: BatchLimits) -> Self {
        Self {
            runs: runs.into_iter(),
            writer,
            limits,
            number: 0,
            waiting: None,
            rendered: Vec::new(),
            is_over: false,
            body_bytes: 0,
        }
    }

    /// The next batch. Its runs are passed to `pass` with the offset in the body at which each ends, so that they need not be
    /// kept until the batch is complete.
    pub fn next_rendered(
        &mut self,
        mut pass: impl FnMut(TestRun, usize),
    ) -> Option<Result<RenderedBatch, PayloadError>> {
        let writer = self.writer.borrow();
        let BatchLimits {
            runs_max,
            bytes_max,
        } = self.limits;
        let body_max = bytes_max.saturating_sub(writer.envelope_bytes());
        let mut body = Vec::with_capacity(self.body_bytes + self.body_bytes / 16);
        // Whether the runs are those of features.
        let mut has_features = None;
        let mut results = 0;
        if let Some(run) = self.waiting.take() {
            body.append(&mut self.rendered);
            has_features = Some(run.feature.is_some());
            results = run.results;
            pass(run, body.len());
        }
        while !self.is_over && (has_features.is_none() || results < runs_max) {
            let Some(run) = self.runs.next() else {
                self.is_over = true;
                break;
            };
            let before = body.len();
            if let Err(error) = writer.write_run(&run, &mut body) {
                self.is_over = true;
                return Some(Err(error));
            }
            let is_fitting = has_features.is_none_or(|has_features| {
                has_features == run.feature.is_some()
                    && body.len() <= body_max
                    && results + run.results <= runs_max
            });
            if is_fitting {
                has_features = Some(run.feature.is_some());
                results += run.results;
                pass(run, body.len());
            } else {
                self.rendered.extend_from_slice(&body[before..]);
                body.truncate(before);
                self.waiting = Some(run);
                break;
            }
        }
        has_features?;
        self.number += 1;
        self.body_bytes = body.len();
        Some(Ok(RenderedBatch {
            number: self.number,
            body,
        }))
    }
}

impl<I: Iterator<Item = TestRun>, W: Borrow<PayloadWriter>> Iterator for Batches<I, W> {
    type Item = Result<Batch, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut runs, mut ends) = (Vec::new(), Vec::new());
        let batch = self.next_rendered(|run, end| {
            runs.push(run);
            ends.push(end);
        })?;
        Some(batch.map(|RenderedBatch { number, body }| Batch {
            number,
            runs,
            body,
            ends,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::Context;
    use crate::payload::dialect::{Dialect, PayloadSettings};
    use crate::status::Status;

    fn run(size: usize) -> TestRun {
        let mut run = TestRun::new("n", Status::Passed);
        run.description = Some("d".repeat(size));
        run
    }

    fn batches(sizes: &[usize], limits: BatchLimits) -> Vec<Batch> {
        let writer = PayloadWriter::new(PayloadSettings::default()).unwrap();
        let runs = sizes.iter().map(|size| run(*size));
        Batches::new(runs, writer, limits)
            .collect::<Result<_, _>>()
            .unwrap()
    }

    #[test]
    fn a_run_that_is_too_large_gets_its_own_batch() {
        let limits = BatchLimits::default().bytes_max(1000);
        let batches = batches(&[1, 5000, 1, 1], limits);
        let sizes: Vec<_> = batches.iter().map(|batch| batch.runs.len()).collect();
        assert_eq!(sizes, [1, 1, 2]);
    }

    #[test]
    fn runs_of_features_have_batches_of_their_own_and_count_as_their_results() {
        let feature = |results| {
            let mut run = run(1).started("2026-11-28T05:00:00Z".parse().unwrap());
            run.feature = Some(Box::default());
            run.results = results;
            run
        };
        let writer = PayloadWriter::new(PayloadSettings::default()).unwrap();
        let runs = [
            run(1),
            run(2),
            feature(2),
            feature(1),
            feature(1),
            feature(7),
            run(3),
        ];
        let batches = Batches::new(runs, &writer, BatchLimits::default().runs_max(3));
        let batches: Vec<Batch> = batches.collect::<Result<_, _>>().unwrap();
        let sizes: Vec<_> = batches.iter().map(|batch| batch.runs.len()).collect();
        assert_eq!(sizes, [2, 2, 1, 1, 1]);
    }

    #[test]
    fn a_run_that_cannot_be_written_ends_the_iteration() {
        let context = Context {
            suite: Some(crate::context::SuiteRef::new(1.into(), "nightly")),
            product_areas: vec![1.into()],
            ..Context::default()
        };
        let writer = PayloadWriter::new(PayloadSettings::new(Dialect::Evidence, context)).unwrap();
        let mut batches = Batches::new([run(1), run(2)], &writer, BatchLimits::default());
        assert_eq!(
            batches.next(),
            Some(Err(PayloadError::StartMissing { run: "n".into() }))
        );
        assert_eq!(batches.next(), None);
    }

    proptest! {
        #[test]
        fn concatenated_batches_are_the_input(
            sizes in prop::collection::vec(0_usize..300, 0..40),
            runs_max in 0_usize..9,
            bytes_max in 0_usize..2000,
        ) {
            let limits = BatchLimits { runs_max, bytes_max };
            let batches = batches(&sizes, limits);
            let writer = PayloadWriter::new(PayloadSettings::default()).unwrap();

            let numbers: Vec<_> = batches.iter().map(|batch| batch.number).collect();
            prop_assert_eq!(numbers, (1..=batches.len()).collect::<Vec<_>>());
            let runs: Vec<_> = batches.iter().flat_map(|batch| batch.runs.clone()).collect();
            prop_assert_eq!(runs, sizes.iter().map(|size| run(*size)).collect::<Vec<_>>());

            for (batch, next) in batches.iter().zip(batches.iter().skip(1).map(Some).chain([None])) {
                let bytes = |runs: &[TestRun]| {
                    let mut body = Vec::new();
                    for run in runs {
                        writer.write_run(run, &mut body).unwrap();
                    }
                    prop_assert_eq!(writer.assemble(&body).len(), body.len() + writer.envelope_bytes());
                    Ok(body)
                };
                prop_assert_eq!(&bytes(&batch.runs)?, &batch.body);
                for (count, end) in batch.ends.iter().enumerate() {
                    prop_assert_eq!(&bytes(&batch.runs[..=count])?, &batch.body[..*end]);
                }
                let fits = |runs: &[TestRun]| -> Result<bool, TestCaseError> {
                    Ok(runs.len() <= runs_max && bytes(runs)?.len() + writer.envelope_bytes() <= bytes_max)
                };
                prop_assert!(batch.runs.len() == 1 || fits(&batch.runs)?);
                if let Some(next) = next {
                    // The batch is full: the next run would exceed the limits.
                    let longer: Vec<_> = batch.runs.iter().chain(&next.runs[..1]).cloned().collect();
                    prop_assert!(!fits(&longer)?);
                }
            }
        }
    }
}

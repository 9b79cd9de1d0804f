//! Reads inputs on worker threads, so that results are processed while further ones are read.
//!
//! Each thread reads one input after another, and passes on what it has read in blocks through a bounded queue for each
//! input. The inputs are taken from the queues in their order, so the order does not depend on the threads. Only a few inputs
//! are read ahead, so that memory does not grow with their number.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use octane_results::{ReadError, ReadOptions, Record, Source, TestRun, read};

use super::pipe::buffered;
use crate::exit::Exit;
use crate::failure::Failure;

/// How many records are passed on at a time.
const BLOCK: usize = 128;

/// How many blocks of an input may wait.
const BLOCKS_MAX: usize = 8;

/// More threads than that do not help, as one thread uses what all of them read.
const THREADS_MAX: usize = 4;

/// How many inputs may have been begun and not been used up.
const INPUTS_MAX: usize = THREADS_MAX + 2;

/// A part of an input.
#[derive(Debug)]
pub(super) enum Part {
    Records(Vec<Record>),
    /// The input was read to its end, or to an error.
    End(Source, Option<ReadError>),
    /// The input could not be opened, and nothing else is read.
    Failed(Failure),
}

/// What comes from an input, and what goes back.
#[derive(Debug)]
struct Queue {
    parts: Receiver<Part>,
    /// Results that are no longer needed, whose memory is used again.
    used: Sender<Vec<Record>>,
}

/// The thread's end of a [`Queue`].
#[derive(Debug)]
struct Reader {
    source: Source,
    parts: SyncSender<Part>,
    used: Receiver<Vec<Record>>,
}

/// The queues of all inputs, in the order of the inputs.
#[derive(Debug)]
pub(super) struct Workers {
    queues: std::vec::IntoIter<Queue>,
    current: Option<Queue>,
    /// Lets the threads begin another input.
    permits: Sender<()>,
}

impl Workers {
    pub(super) fn start(sources: Vec<Source>, options: &ReadOptions) -> Self {
        let count = sources.len();
        let mut queues = Vec::with_capacity(count);
        let mut inputs = Vec::with_capacity(count);
        for source in sources {
            let (parts, received) = sync_channel(BLOCKS_MAX);
            let (given, used) = channel();
            queues.push(Queue {
                parts: received,
                used: given,
            });
            inputs.push(Mutex::new(Some(Reader {
                source,
                parts,
                used,
            })));
        }
        let (permits, permitted) = channel();
        for _ in 0..INPUTS_MAX {
            _ = permits.send(());
        }
        let shared = Arc::new((
            inputs,
            AtomicUsize::new(0),
            options.clone(),
            Mutex::new(permitted),
        ));
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        for number in 0..processors.min(count).min(THREADS_MAX) {
            let shared = Arc::clone(&shared);
            let work = move || {
                let (inputs, next, options, permitted) = &*shared;
                let is_permitted = || permitted.lock().is_ok_and(|permits| permits.recv().is_ok());
                // Nobody permits anything any more once nobody wants what is read.
                while is_permitted()
                    && let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let input = input.lock().ok().and_then(|mut input| input.take());
                    if let Some(reader) = input
                        && reader.pass_on(options).is_none()
                    {
                        return;
                    }
                }
            };
            // One thread is enough.
            if let Err(error) = thread::Builder::new().spawn(work)
                && number == 0
            {
                let failure = Failure::new(Exit::Configuration, error);
                let failure = failure.context("cannot start a thread to read the input");
                let (sender, parts) = sync_channel(1);
                _ = sender.send(Part::Failed(failure));
                let (used, _) = channel();
                queues = vec![Queue { parts, used }];
                break;
            }
        }
        Self {
            queues: queues.into_iter(),
            current: None,
            permits,
        }
    }

    /// The valid results of all inputs.
    pub(super) fn runs(mut self) -> impl Iterator<Item = TestRun> {
        let parts = std::iter::from_fn(move || self.next());
        let records = parts.filter_map(|part| match part {
            Part::Records(records) => Some(records),
            Part::End(..) | Part::Failed(_) => None,
        });
        records.flatten().filter_map(|record| match record {
            Record::Run(run) => Some(*run),
            Record::Invalid(_) | Record::Warning(_) => None,
        })
    }

    /// Gives back records of the current input that are no longer needed.
    pub(super) fn give_back(&self, records: Vec<Record>) {
        if let Some(queue) = &self.current {
            _ = queue.used.send(records);
        }
    }

    /// The next part of the current input, or of the next one; `None` after the last one.
    pub(super) fn next(&mut self) -> Option<Part> {
        loop {
            if self.current.is_none() {
                self.current = Some(self.queues.next()?);
            }
            let part = self.current.as_ref();
            let part = part.and_then(|queue| queue.parts.recv().ok());
            match part {
                Some(part) => return Some(part),
                None => {
                    self.current = None;
                    _ = self.permits.send(());
                }
            }
        }
    }
}

impl Reader {
    /// Passes on the input; `None` if nobody wants it any more.
    fn pass_on(self, options: &ReadOptions) -> Option<()> {
        let source = match buffered(self.source) {
            Ok(source) => source,
            Err(failure) => return self.parts.send(Part::Failed(failure)).ok(),
        };
        let mut error = None;
        match read(&source, options) {
            Ok(mut records) => loop {
                let mut block = Vec::new();
                while let Ok(mut used) = self.used.try_recv() {
                    for record in used.drain(..) {
                        if let Record::Run(run) = record {
                            records.recycle(run);
                        }
                    }
                    block = used;
                }
                block.reserve(BLOCK);
                while block.len() < BLOCK {
                    match records.next() {
                        Some(Ok(record)) => block.push(record),
                        end => {
                            error = end.and_then(Result::err);
                            break;
                        }
                    }
                }
                let is_over = block.len() < BLOCK;
                self.parts.send(Part::Records(block)).ok()?;
                if is_over {
                    break;
                }
            },
            Err(failed) => error = Some(failed),
        }
        self.parts.send(Part::End(source, error)).ok()
    }
}

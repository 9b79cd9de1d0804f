//! Reads inputs on worker threads, so that results are processed while further ones are read.
//!
//! Each thread reads one input after another, alone or with further threads if there are fewer inputs than processors, and
//! passes on what it has read in blocks through a bounded queue for each
//! input. The inputs are taken from the queues in their order, so the order does not depend on the threads. Only a few inputs
//! are read ahead, so that memory does not grow with their number.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use octane_results::{
    Process, Processed, ReadError, ReadOptions, Record, Source, TestRun, read, read_processed,
};

use super::file_state::FileState;
use super::pipe::buffered;
use crate::exit::Exit;
use crate::failure::Failure;

/// How many records are passed on at a time.
const BLOCK: usize = 128;

/// How many blocks of an input may wait.
const BLOCKS_MAX: usize = 4;

/// More threads than that do not help, as one thread uses what all of them read.
const THREADS_MAX: usize = 4;

/// How many inputs may have been begun and not been used up.
const INPUTS_MAX: usize = THREADS_MAX + 2;

/// A part of an input.
#[derive(Debug)]
pub(super) enum Part<T> {
    Block(T),
    /// The input, which was in this state before it was opened, was read to its end, or to an error.
    End(Source, Option<FileState>, Option<ReadError>),
    /// The input could not be opened, and nothing else is read.
    Failed(Failure),
}

/// What comes from an input, and what goes back.
#[derive(Debug)]
struct Queue<T> {
    parts: Receiver<Part<T>>,
    /// Blocks that are no longer needed, whose memory is used again.
    used: Sender<T>,
}

/// The thread's end of a [`Queue`].
#[derive(Debug)]
struct Reader<T> {
    source: Source,
    parts: SyncSender<Part<T>>,
    used: Receiver<T>,
}

/// What is read is not needed any more.
struct Unwanted;

/// Takes the next block.
type PassOn<'a, T> = &'a mut dyn FnMut(T) -> Result<(), Unwanted>;

/// How an input ended: at its end, or with an error.
type Ended = Result<Option<ReadError>, Unwanted>;

/// The queues of all inputs, in the order of the inputs.
#[derive(Debug)]
pub(super) struct Workers<T> {
    queues: std::vec::IntoIter<Queue<T>>,
    current: Option<Queue<T>>,
    /// Lets the threads begin another input.
    permits: Sender<()>,
}

impl Workers<Vec<Record>> {
    /// Reads records.
    pub(super) fn start(sources: Vec<Source>, options: &ReadOptions) -> Self {
        let options = options.clone();
        Self::start_with(sources, move |source, _, used, pass_on| {
            read_records(source, &options, used, pass_on)
        })
    }

    /// The valid results of all inputs.
    pub(super) fn runs(mut self) -> impl Iterator<Item = TestRun> {
        let parts = std::iter::from_fn(move || self.next());
        let records = parts.filter_map(|part| match part {
            Part::Block(records) => Some(records),
            Part::End(..) | Part::Failed(_) => None,
        });
        records.flatten().filter_map(|record| match record {
            Record::Run(run) => Some(*run),
            Record::Invalid(_) | Record::Warning(_) => None,
        })
    }
}

impl<T: Send + 'static> Workers<Processed<T>> {
    /// Reads records, whose results are processed where they are read.
    pub(super) fn process(
        sources: Vec<Source>,
        options: &ReadOptions,
        process: impl Process<Output = T>,
    ) -> Self {
        let (options, process) = (options.clone(), Arc::new(process));
        Self::start_with(
            sources,
            move |source, threads, _, pass_on| match read_processed(
                source, &options, &process, threads,
            ) {
                Ok(mut records) => loop {
                    match records.next() {
                        Some(Ok(processed)) => pass_on(processed)?,
                        end => return Ok(end.and_then(Result::err)),
                    }
                },
                Err(error) => Ok(Some(error)),
            },
        )
    }
}

impl<T: Send + 'static> Workers<T> {
    /// Reads each input by `read`, on a number of threads, into blocks, for which there are used ones.
    fn start_with(
        sources: Vec<Source>,
        read: impl Fn(&Source, usize, &Receiver<T>, PassOn<'_, T>) -> Ended + Send + Sync + 'static,
    ) -> Self {
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
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = processors.min(THREADS_MAX);
        let readers = threads.min(count);
        let shared = Arc::new((inputs, AtomicUsize::new(0), read, Mutex::new(permitted)));
        for number in 0..readers {
            let shared = Arc::clone(&shared);
            let work = move || {
                let (inputs, next, read, permitted) = &*shared;
                let is_permitted = || permitted.lock().is_ok_and(|permits| permits.recv().is_ok());
                // Nothing is permitted any more once what is read is not needed.
                while is_permitted()
                    && let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let input = input.lock().ok().and_then(|mut input| input.take());
                    if let Some(reader) = input
                        && reader.pass_on(threads / readers, read).is_err()
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

    /// Gives back a block of the current input that is no longer needed.
    pub(super) fn give_back(&self, block: T) {
        if let Some(queue) = &self.current {
            _ = queue.used.send(block);
        }
    }

    /// The next part of the current input, or of the next one; `None` after the last one.
    pub(super) fn next(&mut self) -> Option<Part<T>> {
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

impl<T> Reader<T> {
    /// Passes on the input.
    fn pass_on(
        self,
        threads: usize,
        read: impl Fn(&Source, usize, &Receiver<T>, PassOn<'_, T>) -> Ended,
    ) -> Result<(), Unwanted> {
        let send = |part| self.parts.send(part).map_err(|_| Unwanted);
        let source = match buffered(self.source) {
            Ok(source) => source,
            Err(failure) => return send(Part::Failed(failure)),
        };
        let state = FileState::of(&source);
        let mut pass_on = |block| send(Part::Block(block));
        let error = read(&source, threads, &self.used, &mut pass_on)?;
        send(Part::End(source, state, error))
    }
}

/// Reads the records of an input in blocks.
fn read_records(
    source: &Source,
    options: &ReadOptions,
    used: &Receiver<Vec<Record>>,
    pass_on: PassOn<'_, Vec<Record>>,
) -> Ended {
    let mut records = match read(source, options) {
        Ok(records) => records,
        Err(error) => return Ok(Some(error)),
    };
    loop {
        let mut block = Vec::new();
        while let Ok(mut used) = used.try_recv() {
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
                    pass_on(block)?;
                    return Ok(end.and_then(Result::err));
                }
            }
        }
        pass_on(block)?;
    }
}

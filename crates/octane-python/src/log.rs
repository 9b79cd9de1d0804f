//! What the libraries log, as records of Python's `logging`.
//!
//! The level is in an atomic, so that a record which no one wants costs no more than a comparison. Records go to one thread,
//! which hands them to Python.

use std::fmt::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record as SpanRecord};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::{gate, json};

/// The lowest level that is wanted, as Python counts; 255 is none.
static LEVEL: AtomicU8 = AtomicU8::new(OFF);
const OFF: u8 = 255;

/// Where records go; there is a thread only once someone wants records. A list that only grows: what a thread of ours has locked
/// when the process is forked stays locked in the new one, and threads of ours make records.
static HANDLERS: OnceLock<Box<Handler>> = OnceLock::new();

/// The thread of one process that hands over records.
struct Handler {
    process: u32,
    tx: Sender<Message>,
    next: OnceLock<Box<Handler>>,
}

/// The way to the thread of this process.
fn sender() -> Option<&'static Sender<Message>> {
    let process = std::process::id();
    let handlers = std::iter::successors(HANDLERS.get(), |handler| handler.next.get());
    // The last one: an ancestor may have had the same number.
    let own = handlers.filter(|handler| handler.process == process).last();
    own.map(|handler| &handler.tx)
}

fn add(tx: Sender<Message>) {
    let mut handler = Box::new(Handler {
        process: std::process::id(),
        tx,
        next: OnceLock::new(),
    });
    let mut end = &HANDLERS;
    while let Err(rejected) = end.set(handler) {
        handler = rejected;
        if let Some(last) = end.get() {
            end = &last.next;
        }
    }
}

/// How long the exit of the interpreter waits for the last records.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(1);

enum Message {
    Record(Record),
    Flush(Sender<()>),
}

/// One record.
struct Record {
    level: u8,
    logger: &'static str,
    message: String,
    extra: Map<String, Value>,
}

/// Sets the lowest level of records that are wanted, as `logging` counts.
#[pyfunction]
pub(crate) fn set_log_level(level: u32) {
    LEVEL.store(u8::try_from(level).unwrap_or(OFF), Ordering::Relaxed);
}

/// Hands records to `emit(level, logger, message, extra)` from now on.
#[pyfunction]
pub(crate) fn start_log(emit: Py<PyAny>) {
    let (tx, rx) = channel();
    let spawned = thread::Builder::new().name("octane-log".to_owned());
    if spawned.spawn(move || hand_over(&rx, &emit)).is_ok() {
        add(tx);
        // It is set already if the module was initialised before.
        let _ = tracing::subscriber::set_global_default(Forwarder::default());
    }
}

fn hand_over(rx: &Receiver<Message>, emit: &Py<PyAny>) {
    for message in rx {
        match message {
            Message::Flush(done) => drop(done.send(())),
            Message::Record(record) => {
                gate::attach(|py| {
                    let Record {
                        level,
                        logger,
                        message,
                        extra,
                    } = record;
                    let extra = json::to_python(py, &Value::Object(extra))?;
                    // A handler that fails must not end the thread; `logging` reports it.
                    emit.call1(py, (level, logger, message, extra))
                });
            }
        }
    }
}

/// Waits until the records so far are handed over.
pub(crate) fn flush(py: Python<'_>) {
    let Some(sender) = sender() else {
        return;
    };
    let (tx, rx) = channel();
    if sender.send(Message::Flush(tx)).is_ok() {
        let _ = py.detach(move || rx.recv_timeout(FLUSH_TIME_MAX));
    }
}

/// No record is wanted in a forked process before it has a thread of its own.
pub(crate) fn after_fork() {
    LEVEL.store(OFF, Ordering::Relaxed);
}

/// Logs what happens in an upload.
pub(crate) fn record(level: u8, logger: &'static str, message: String, extra: Map<String, Value>) {
    if level < LEVEL.load(Ordering::Relaxed) || gate::is_closed() {
        return;
    }
    if let Some(sender) = sender() {
        let record = Record {
            level,
            logger,
            message,
            extra,
        };
        let _ = sender.send(Message::Record(record));
    }
}

/// A level as Python counts.
fn level(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

/// Forwards the events of our own libraries.
#[derive(Default)]
struct Forwarder {
    spans: AtomicU64,
}

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with("octane_")
            && level(*metadata.level()) >= LEVEL.load(Ordering::Relaxed)
    }

    fn register_callsite(
        &self,
        metadata: &'static Metadata<'static>,
    ) -> tracing::subscriber::Interest {
        // The level may change later.
        if metadata.is_event() && metadata.target().starts_with("octane_") {
            tracing::subscriber::Interest::sometimes()
        } else {
            tracing::subscriber::Interest::never()
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &SpanRecord<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let logger = if metadata.target().starts_with("octane_rest") {
            "octane.http"
        } else if metadata.target().starts_with("octane_sandbox") {
            "octane.sandbox"
        } else {
            "octane"
        };
        record(level(*metadata.level()), logger, fields.text, fields.extra);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event with its fields.
#[derive(Default)]
struct Fields {
    text: String,
    extra: Map<String, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}{}", self.text);
        } else {
            let value = format!("{value:?}");
            let _ = write!(self.text, " {}={value}", field.name());
            self.extra.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

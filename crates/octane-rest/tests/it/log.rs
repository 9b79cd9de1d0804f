//! Captures what is logged.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    /// The lines of this thread, while something captures them.
    static LINES: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work` and returns every line that it logs on this thread, at every level.
pub(crate) fn captured<T>(work: impl FnOnce() -> T) -> (T, String) {
    install();
    LINES.set(Some(String::new()));
    let result = work();
    (result, LINES.take().unwrap_or_default())
}

/// One subscriber for the whole process. With one for each capture, `tracing` would ask the thread that
/// reaches a line first whether anybody is interested in it, and remember that another test is not.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing::subscriber::set_global_default(ThreadLog).unwrap();
        // A line that another thread reached in between is asked about again.
        tracing::callsite::rebuild_interest_cache();
    });
}

struct ThreadLog;

impl Subscriber for ThreadLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        append(format_args!("{} ", event.metadata().level()));
        event.record(&mut Line);
        append(format_args!("\n"));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line;

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        append(format_args!("{field}={value:?} "));
    }
}

fn append(text: std::fmt::Arguments<'_>) {
    LINES.with_borrow_mut(|lines| {
        if let Some(lines) = lines {
            lines.write_fmt(text).unwrap();
        }
    });
}

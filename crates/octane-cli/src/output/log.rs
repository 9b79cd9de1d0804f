//! The log: what the crates of this project report while they work, as lines on standard error.
//!
//! Lines of other crates are never shown, as they might hold secrets.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{ParseError, Targets};

use super::stderr::print_text;
use super::text::{Label, Text};
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// All crates of this project have names that start so.
const OWN: &str = "octane";

/// Starts logging: what [`env::LOG`] says, or else errors, with `-v` also information such as each back-off, with
/// `-vv` each request, and with `-vvv` everything. `is_service`: what runs for a long time, unwatched, also logs warnings.
pub(crate) fn start(verbosity: u8, is_service: bool) -> Result<()> {
    let filter = match env::text(env::LOG).filter(|filter| !filter.trim().is_empty()) {
        Some(filter) => parse(&filter)?,
        None => default_filter(verbosity, is_service),
    };
    // Fails only where there is a subscriber already, as in tests that start it twice.
    let _ = tracing::subscriber::set_global_default(Log { filter });
    Ok(())
}

fn default_filter(verbosity: u8, is_service: bool) -> Targets {
    Targets::new().with_target(
        OWN,
        match verbosity {
            0 if is_service => LevelFilter::WARN,
            0 => LevelFilter::ERROR,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        },
    )
}

fn parse(filter: &str) -> Result<Targets> {
    filter.trim().parse().map_err(|error: ParseError| {
        Failure::new(Exit::Configuration, error)
            .context(format!("invalid filter `{filter}` ({})", env::LOG))
            .hint(format!("for example: {}=octane_rest=debug", env::LOG))
    })
}

/// Writes events as lines.
struct Log {
    filter: Targets,
}

impl Log {
    fn shows(&self, target: &str, level: Level) -> bool {
        target.starts_with(OWN) && self.filter.would_enable(target, &level)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.shows(metadata.target(), *metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = self.filter.iter().map(|(_, level)| level);
        levels.chain(self.filter.default_level()).max()
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let label = label(*event.metadata().level());
        let target = event.metadata().target();
        let mut text = Text::default();
        text.push_labelled(label, &format!("{target}: {line}"));
        print_text(text);
    }

    // Events stand for themselves; spans are not shown.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn label(level: Level) -> Label {
    match level {
        Level::ERROR => Label::ERROR,
        Level::WARN => Label::new("warning", AnsiColor::Yellow.on_default().bold()),
        Level::INFO => Label::new("info", AnsiColor::Green.on_default()),
        Level::DEBUG => Label::new("debug", AnsiColor::Blue.on_default()),
        Level::TRACE => Label::new("trace", Style::new().dimmed()),
    }
}

/// An event's message and its other fields.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, fields } = self;
        write!(f, "{message}{fields}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_shows_more_of_this_projects_crates() {
        let shows = |verbosity, target, level| {
            let filter = default_filter(verbosity, false);
            Log { filter }.shows(target, level)
        };
        let rest = "octane_rest::send";
        assert!(shows(0, rest, Level::ERROR) && !shows(0, rest, Level::WARN));
        assert!(shows(1, rest, Level::INFO) && !shows(1, rest, Level::DEBUG));
        assert!(shows(2, rest, Level::DEBUG) && !shows(2, rest, Level::TRACE));
        assert!(shows(3, rest, Level::TRACE));
        assert!(!shows(3, "hyper", Level::ERROR));
    }

    #[test]
    fn a_service_shows_warnings_and_no_less_than_others() {
        let shows = |verbosity, level| {
            let filter = default_filter(verbosity, true);
            Log { filter }.shows("octane_relay::worker", level)
        };
        assert!(shows(0, Level::WARN) && !shows(0, Level::INFO));
        assert!(shows(1, Level::INFO) && shows(2, Level::DEBUG));
    }

    #[test]
    fn a_filter_chooses_crates_and_levels() {
        let shows = |filter, target, level| {
            let filter = parse(filter).unwrap();
            Log { filter }.shows(target, level)
        };
        let filter = "octane_rest=debug,octane_sandbox=warn";
        assert!(shows(filter, "octane_rest::send", Level::DEBUG));
        assert!(!shows(filter, "octane_client", Level::ERROR));
        assert!(shows("debug", "octane_client", Level::DEBUG));
        assert!(!shows("trace", "hyper", Level::ERROR));
        let failure = parse("octane_rest=loud").unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
    }
}

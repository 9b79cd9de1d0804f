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

use super::stderr::print_note;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// All crates of this project have names that start so.
const OWN: &str = "octane";

/// Starts logging: what [`env::LOG`] says, or else errors, with `-v` also information such as each back-off, with
/// `-vv` each request, and with `-vvv` everything.
pub(crate) fn start(verbosity: u8) -> Result<()> {
    let filter = match env::text(env::LOG).filter(|filter| !filter.trim().is_empty()) {
        Some(filter) => parse(&filter)?,
        None => default_filter(verbosity),
    };
    // Fails only where there is a subscriber already, as in tests that start it twice.
    let _ = tracing::subscriber::set_global_default(Log { filter });
    Ok(())
}

fn default_filter(verbosity: u8) -> Targets {
    Targets::new().with_target(
        OWN,
        match verbosity {
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
        let (level, style) = level(*event.metadata().level());
        let target = event.metadata().target();
        print_note(&format!("{style}{level}{style:#}: {target}: {line}"));
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

fn level(level: Level) -> (&'static str, Style) {
    match level {
        Level::ERROR => ("error", AnsiColor::Red.on_default().bold()),
        Level::WARN => ("warning", AnsiColor::Yellow.on_default().bold()),
        Level::INFO => ("info", AnsiColor::Green.on_default()),
        Level::DEBUG => ("debug", AnsiColor::Blue.on_default()),
        Level::TRACE => ("trace", Style::new().dimmed()),
    }
}

/// An event's message and its other fields, without characters that would steer a terminal.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = clean(&format!("{value:?}"));
        if field.name() == "message" {
            self.message = value;
        } else {
            let _ = write!(self.fields, " {}={value}", field.name());
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

/// Text of a server or a file on one line: control characters are shown as escapes.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            cleaned.extend(character.escape_default());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

/// Whether a character steers a terminal, breaks the line, or changes the direction of the text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_shows_more_of_this_projects_crates() {
        let shows = |verbosity, target, level| {
            let filter = default_filter(verbosity);
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

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        let cleaned = clean("a\u{1b}[2J\nb\r\u{202e}c é");
        assert_eq!(cleaned, r"a\u{1b}[2J\nb\r\u{202e}c é");
    }
}

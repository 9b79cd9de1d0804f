//! What commands print, to be compared with a stored text.

use std::fmt::Write;

use crate::program::{Done, Place, root};
use crate::server::{SECRET, Server};

/// Commands and what they printed.
pub(crate) struct Transcript<'a> {
    place: &'a Place,
    pub(crate) text: String,
}

impl<'a> Transcript<'a> {
    pub(crate) fn of(place: &'a Place) -> Self {
        let text = String::new();
        Self { place, text }
    }

    /// Adds a command.
    pub(crate) fn add(&mut self, arguments: &[&str], done: &Done) {
        let is_plain = |argument: &&&str| {
            let mut characters = argument.chars();
            characters
                .all(|character| character.is_alphanumeric() || "-_=/.,:|".contains(character))
        };
        let quoted = arguments
            .iter()
            .map(|argument| match Some(argument).filter(is_plain) {
                Some(plain) if !plain.is_empty() => (*plain).to_owned(),
                _ => format!("'{argument}'"),
            });
        let command = quoted.collect::<Vec<_>>().join(" ");
        let text = &mut self.text;
        writeln!(text, "$ octane {command}\nexit {}", done.code).unwrap();
        for (name, output) in [("stdout", &done.stdout), ("stderr", &done.stderr)] {
            if !output.is_empty() {
                writeln!(text, "--- {name}\n{}", output.trim_end()).unwrap();
            }
        }
        text.push('\n');
    }

    /// Runs a command that needs no server.
    pub(crate) fn offline(&mut self, arguments: &[&str]) -> Done {
        let done = self.place.octane(arguments);
        self.add(arguments, &done);
        done
    }

    /// Runs a command on a server, without the rate limit of servers that others use.
    pub(crate) fn online(&mut self, server: &Server, arguments: &[&str]) -> Done {
        let done = server.octane(&[arguments, &["--rate", "1000"]].concat(), SECRET);
        self.add(arguments, &done);
        done
    }

    /// Compares everything with the stored text.
    pub(crate) fn check(self, name: &str) {
        let directory = self.place.path().display().to_string();
        let repository = root().display().to_string();
        let text = self.text.replace(&directory, "[DIR]");
        let text = text.replace(&repository, "[REPOSITORY]");
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            filters => [
                // The ID in examples stays as it is.
                ("u-01jd8x2m5k3q7r", "u-EXAMPLE"),
                ("u-[0-9a-z]{14}", "[UPLOAD]"),
                ("u-EXAMPLE", "u-01jd8x2m5k3q7r"),
                (r"127\.0\.0\.1:\d{5}", "127.0.0.1:[PORT]"),
                (r"\d{4}-\d\d-\d\d \d\d:\d\d", "[TIME]"),
                (r"\b([a-z]+) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "$1 [TIME]"),
                (r#""correlation_id":"[^"]*""#, r#""correlation_id":"[ID]""#),
                (r"ended after \d[^:\n]*", "ended after [TIME]"),
                // Whether there is anything to wait for is a matter of speed.
                (r"waiting \S+ for .*\n", ""),
                (r"octane 0\.\d+\.\d+\S*", "octane [VERSION]"),
                (r"\(os error \d+\)", "(os error [NUMBER])"),
            ],
        }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

pub(crate) const RESULTS: &str =
    "name,status,jira\npays,passed,SHOP-101\nrefunds,failed,\nprints,skipped,\n";

/// A server that others use, and a directory with results in `a.csv`.
pub(crate) fn server() -> Server {
    let server = Server::new();
    server.place.file("a.csv", RESULTS);
    server
}

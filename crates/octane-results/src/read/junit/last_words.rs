//! The end of what the program of a suite printed.

/// How much of it is kept.
const BYTES: usize = 256;

/// The beginnings of last lines that say that the program failed, by itself or by its exit code. Meson adds the second one; its cases
/// are the test points alone.
const FAILED: [&str; 2] = ["Bail out!", "(test program exited with status code "];

/// The end of a text that is read in pieces.
#[derive(Debug, Default)]
pub(super) struct LastWords(String);

impl LastWords {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, text: &str) {
        let end = &text[start_of_end(text)..];
        if end.len() < text.len() {
            self.0.clear();
        }
        self.0.push_str(end);
        if self.0.len() > 2 * BYTES {
            self.0.drain(..start_of_end(&self.0));
        }
    }

    /// The last line, if it says that the program failed.
    pub(super) fn of_failure(&self) -> Option<&str> {
        let last = self.0.trim_end().lines().last()?.trim();
        FAILED
            .iter()
            .any(|start| last.starts_with(start))
            .then_some(last)
    }

    /// How many tests `OUnit` has skipped.
    pub(super) fn skipped(&self) -> Option<u64> {
        let (_, rest) = self.0.rsplit_once(" I: Skip: ")?;
        rest.split('.').next()?.parse().ok()
    }
}

/// Where the last bytes of `text` that are kept begin.
fn start_of_end(text: &str) -> usize {
    let start = text.len().saturating_sub(BYTES);
    (start..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_whether_the_program_failed() {
        let long = format!("{}\nBail out! no disk\n", "é".repeat(BYTES));
        for (pieces, expected) in [
            (
                &["1..2\nok 1\nBail ", "out! no disk\n"][..],
                Some("Bail out! no disk"),
            ),
            (
                &["\n(test program exited with status code 3)"],
                Some("(test program exited with status code 3)"),
            ),
            (&["Bail out! no disk\nok 2"], None),
            (&["do not Bail out!"], None),
            (&[""], None),
            (&["x\n", &long], Some("Bail out! no disk")),
        ] {
            let mut words = LastWords::default();
            for piece in pieces {
                words.feed(piece);
            }
            assert_eq!(words.of_failure(), expected, "{pieces:?}");
        }
    }

    #[test]
    fn no_more_than_the_end_is_kept() {
        let mut words = LastWords::default();
        for _ in 0..100 {
            words.feed("äöü\n");
        }
        assert!(words.0.len() <= 2 * BYTES);
    }
}

//! Text that a program printed, of which so much is kept as helps people.

use std::collections::VecDeque;

/// How many bytes are kept of the beginning.
const HEAD_BYTES_MAX: usize = 48 * 1024;

/// How many bytes are kept of the end.
const TAIL_BYTES_MAX: usize = 16 * 1024;

/// The beginning and the end of what a program printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    /// Whether something between the beginning and the end was dropped.
    has_gap: bool,
}

impl Output {
    /// Adds a text with its line ends.
    pub(crate) fn push(&mut self, text: &str) {
        if self.tail.is_empty() && self.head.len() + text.len() <= HEAD_BYTES_MAX {
            self.head.push_str(text);
            return;
        }
        let start = text.len().saturating_sub(TAIL_BYTES_MAX);
        let start = (start..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default();
        self.has_gap |= start > 0;
        self.tail_bytes += text.len() - start;
        self.tail.push_back(text[start..].to_owned());
        while self.tail_bytes > TAIL_BYTES_MAX {
            let Some(dropped) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= dropped.len();
            self.has_gap = true;
        }
    }

    /// Adds a line.
    pub(crate) fn push_line(&mut self, line: &str) {
        self.push(line);
        self.push("\n");
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    /// The text without empty lines around it.
    pub(crate) fn text(&self) -> String {
        let mut text = self.head.clone();
        if self.has_gap {
            text.push_str("\n[...]\n");
        }
        self.tail.iter().for_each(|part| text.push_str(part));
        trimmed(&text).to_owned()
    }
}

/// A text without empty lines around it; the first line keeps its indentation.
pub(crate) fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let leading = text.len() - text.trim_start().len();
    let start = text[..leading].rfind('\n').map_or(0, |at| at + 1);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_of_a_long_text_are_kept() {
        let mut output = Output::default();
        assert!(output.is_empty());
        for number in 0..100_000 {
            output.push_line(&format!("line {number}"));
        }
        let text = output.text();
        assert!(text.len() <= HEAD_BYTES_MAX + TAIL_BYTES_MAX + 10);
        assert!(text.starts_with("line 0\nline 1\n"));
        assert!(text.contains("\n[...]\n"));
        assert!(text.ends_with("line 99998\nline 99999"));
    }

    #[test]
    fn one_long_line_is_cut_between_characters() {
        let mut output = Output::default();
        output.push(&"\u{20ac}".repeat(HEAD_BYTES_MAX));
        let text = output.text();
        assert!(text.len() <= TAIL_BYTES_MAX + 10);
        assert!(text.ends_with('\u{20ac}'));
    }

    #[test]
    fn empty_lines_around_a_text_are_dropped_and_indentation_is_kept() {
        let mut output = Output::default();
        output.push("\n \n  a\n b\n\n");
        assert_eq!(output.text(), "  a\n b");
    }
}

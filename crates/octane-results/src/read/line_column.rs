//! Lines and columns.

use std::cell::RefCell;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use crate::position::Position;

/// A line and a column, both from 1; columns are in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineColumn {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Default for LineColumn {
    fn default() -> Self {
        Self::START
    }
}

impl LineColumn {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The position in a file; a column of 0 is one that is not known.
    pub(crate) fn in_file(self, file: &Arc<str>) -> Position {
        let column = (self.column > 0).then_some(self.column);
        Position::new(Arc::clone(file), self.line).column(column)
    }

    /// The position after `text`, which starts here.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        // Every character has exactly one byte that is not a continuation byte.
        let chars = |text: &[u8]| text.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u64;
        match memrchr(b'\n', text) {
            None => Self {
                column: self.column + chars(text),
                ..self
            },
            Some(last) => Self {
                // There is often only one.
                line: self.line
                    + match memchr(b'\n', text) {
                        Some(first) if first == last => 1,
                        _ => memchr_iter(b'\n', text).count() as u64,
                    },
                column: 1 + chars(&text[last + 1..]),
            },
        }
    }
}

/// The lines and columns of a text of which a part, the window, is in memory. They are counted when they are asked for, as
/// most of them never are.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    counted: RefCell<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// How much of the window has been counted.
    end: usize,
    /// The position there.
    place: LineColumn,
    marks: Vec<Mark>,
    /// How many of the marks have been counted.
    marks_counted: usize,
}

/// A position that is kept, as its line may be asked for when it is no longer in the window.
#[derive(Debug)]
struct Mark {
    offset: usize,
    line: u64,
}

impl Lines {
    /// The lines of a text that starts at `place`; `kept` are those that are kept of what was before it.
    pub(crate) fn starting_at(place: LineColumn, kept: impl IntoIterator<Item = u64>) -> Self {
        let marks = kept.into_iter().map(|line| Mark { offset: 0, line });
        let marks: Vec<Mark> = marks.collect();
        Self {
            counted: RefCell::new(Counted {
                end: 0,
                place,
                marks_counted: marks.len(),
                marks,
            }),
        }
    }

    /// The position at `offset`, which is not before that of an earlier call.
    pub(crate) fn at(&self, window: &[u8], offset: usize) -> LineColumn {
        self.counted.borrow_mut().to(window, offset)
    }

    /// Keeps the line at `offset`.
    pub(crate) fn mark(&mut self, offset: usize) {
        let marks = &mut self.counted.get_mut().marks;
        marks.push(Mark { offset, line: 0 });
    }

    /// Forgets the last line that was kept.
    pub(crate) fn unmark(&mut self) {
        let counted = self.counted.get_mut();
        counted.marks.pop();
        counted.marks_counted = counted.marks_counted.min(counted.marks.len());
    }

    /// The last line that was kept; `end` is after it.
    pub(crate) fn marked(&self, window: &[u8], end: usize) -> Option<u64> {
        let mut counted = self.counted.borrow_mut();
        counted.to(window, end);
        counted.marks.last().map(|mark| mark.line)
    }

    /// Removes the first `length` bytes of the window.
    pub(crate) fn remove(&mut self, window: &[u8], length: usize) {
        let counted = self.counted.get_mut();
        counted.to(window, length);
        counted.end -= length;
    }
}

impl Counted {
    fn to(&mut self, window: &[u8], offset: usize) -> LineColumn {
        while let Some(mark) = self.marks.get_mut(self.marks_counted)
            && mark.offset <= offset
        {
            if self.end < mark.offset {
                self.place = self.place.after(&window[self.end..mark.offset]);
                self.end = mark.offset;
            }
            mark.line = self.place.line;
            self.marks_counted += 1;
        }
        if self.end < offset {
            self.place = self.place.after(&window[self.end..offset]);
            self.end = offset;
        }
        self.place
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_was_kept_is_known_after_it_has_left_the_window() {
        let mut lines = Lines::default();
        let window = "a\nb<é>\nc".as_bytes();
        lines.mark(3);
        lines.mark(6);
        lines.unmark();
        assert_eq!(lines.at(window, 6), LineColumn { line: 2, column: 4 });
        lines.remove(window, 8);
        assert_eq!(lines.at(&window[8..], 1), LineColumn { line: 3, column: 2 });
        assert_eq!(lines.marked(&window[8..], 1), Some(2));
    }

    proptest! {
        #[test]
        fn positions_do_not_depend_on_when_they_are_asked_for(
            text in "[ab\né]{0,40}",
            steps in proptest::collection::vec((0_usize..6, any::<bool>()), 0..20),
        ) {
            let bytes = text.as_bytes();
            let mut lines = Lines::default();
            let (mut removed, mut offset) = (0, 0);
            for (step, removes) in steps {
                offset = (offset + step).min(bytes.len());
                while !text.is_char_boundary(offset) {
                    offset += 1;
                }
                let found = lines.at(&bytes[removed..], offset - removed);
                prop_assert_eq!(found, LineColumn::START.after(&bytes[..offset]));
                if removes {
                    lines.remove(&bytes[removed..], offset - removed);
                    removed = offset;
                }
            }
        }
    }
}

//! What a report for people says, apart from its format: Markdown and HTML are made of the same blocks.

/// A report of one upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// What it is about.
    pub(super) title: String,
    /// The page of the suite run in Octane.
    pub(super) url: Option<String>,
    pub(super) blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Heading(String),
    /// A line of text.
    Text(Tone, Vec<Part>),
    /// How many results there are of each kind.
    Chart(Vec<Share>),
    Table(Table),
    /// Names, and how many there are beyond those.
    List {
        label: String,
        items: Vec<String>,
        more: usize,
    },
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Words of this program, without markup.
    Own(String),
    /// Text from elsewhere.
    Foreign(String),
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Neutral,
}

/// A kind of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) label: &'static str,
    pub(super) count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// What it shows; HTML has it for those who do not see the headings around it.
    pub(super) caption: &'static str,
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// How many rows there are beyond these.
    pub(super) more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    /// A short text that stays on one line, such as a key.
    Word(String),
    Number(usize),
    /// A word for a state.
    State(Tone, &'static str),
    /// What it is in short, and the names that it counts, with a word for each.
    Names {
        summary: String,
        names: Vec<(&'static str, String)>,
        more: usize,
    },
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl Block {
    pub(super) fn own(tone: Tone, text: impl Into<String>) -> Self {
        Self::Text(tone, vec![Part::Own(text.into())])
    }
}

/// `12.5 %` of a total, in tenths of a percent, rounded so that nothing but all is 100 % and nothing but none is 0 %.
pub(super) fn percent(count: usize, total: usize) -> String {
    let tenths = match (count, total) {
        (_, 0) | (0, _) => 0,
        (count, total) if count == total => 1000,
        (count, total) => ((count * 1000 + total / 2) / total).clamp(1, 999),
    };
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_a_hundred_percent_and_only_none_is_zero() {
        for (count, total, expected) in [
            (0, 0, "0.0 %"),
            (0, 7, "0.0 %"),
            (7, 7, "100.0 %"),
            (1, 3, "33.3 %"),
            (99_999, 100_000, "99.9 %"),
            (1, 100_000, "0.1 %"),
        ] {
            assert_eq!(percent(count, total), expected, "{count} of {total}");
        }
    }
}

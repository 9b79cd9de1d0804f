//! The path of the open elements.

/// The path of the open elements.
#[derive(Debug, Default)]
pub(super) struct OpenElements {
    /// The names one after the other, and after them those of elements that were closed: the next ones are often the same.
    names: String,
    /// The offset of each name in `names`, and of its end.
    elements: Vec<(usize, usize)>,
}

impl OpenElements {
    #[inline]
    pub(super) fn push(&mut self, name: &str) {
        let start = self.elements.last().map_or(0, |(_, end)| *end);
        let end = start + name.len();
        if self.names.as_bytes().get(start..end) != Some(name.as_bytes()) {
            self.names.truncate(start);
            self.names.push_str(name);
        }
        self.elements.push((start, end));
    }

    #[inline]
    pub(super) fn pop(&mut self) {
        self.elements.pop();
    }

    /// How many elements are open.
    #[inline]
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    /// The full names, from the outermost to the innermost.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        (self.elements.iter()).map(|(start, end)| &self.names[*start..*end])
    }

    /// The full name of the innermost one.
    #[inline]
    pub(super) fn innermost(&self) -> Option<&str> {
        let (start, end) = self.elements.last()?;
        Some(&self.names[*start..*end])
    }

    /// The names without prefixes, from the outermost to the innermost.
    pub(super) fn path(&self) -> String {
        let names: Vec<_> = self.names().map(local).collect();
        names.join("/")
    }
}

/// The name without its prefix.
pub(super) fn local(name: &str) -> &str {
    let colon = name.bytes().position(|byte| byte == b':');
    colon.map_or(name, |colon| &name[colon + 1..])
}

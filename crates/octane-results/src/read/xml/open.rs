//! The path of the open elements.

/// The path of the open elements.
#[derive(Debug, Default)]
pub(super) struct OpenElements {
    names: String,
    /// The offset of each name in `names`.
    elements: Vec<usize>,
}

impl OpenElements {
    #[inline]
    pub(super) fn push(&mut self, name: &str) {
        self.elements.push(self.names.len());
        self.names.push_str(name);
    }

    #[inline]
    pub(super) fn pop(&mut self) {
        if let Some(start) = self.elements.pop() {
            self.names.truncate(start);
        }
    }

    /// How many elements are open.
    #[inline]
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    /// The full names, from the outermost to the innermost.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let ends = self.elements.iter().skip(1).copied();
        let ends = ends.chain([self.names.len()]);
        let names = self.elements.iter().zip(ends);
        names.map(|(start, end)| &self.names[*start..end])
    }

    /// The full name of the innermost one.
    #[inline]
    pub(super) fn innermost(&self) -> Option<&str> {
        self.elements.last().map(|start| &self.names[*start..])
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

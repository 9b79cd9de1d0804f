//! The paths that a file names: `use crate::{a::X, b}`, `super::c::f()`, and `child::Y` of a child module.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Token;

/// What a file declares and names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The modules that are files of their own, outside of tests, each with the inline modules around it.
    pub(super) modules: Vec<Vec<String>>,
    /// The names that the file re-exports (`pub use`) at its top level, with what they stand for.
    pub(super) re_exports: BTreeMap<String, Named>,
    /// The words of the file's own code, without imports.
    pub(super) words: BTreeSet<String>,
    pub(super) paths: Vec<Named>,
}

/// A path that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The inline modules of the file in which it is named.
    pub(super) scope: Vec<String>,
    pub(super) segments: Vec<String>,
    /// The name that the file gives it with `pub use`.
    pub(super) re_exported_as: Option<String>,
}

/// Reads the tokens of a file. What is only compiled for tests does not count.
pub(super) fn contents(tokens: &[Token]) -> Contents {
    let mut reader = Reader {
        tokens,
        at: 0,
        found: Contents::default(),
        scope: Vec::new(),
    };
    reader.read();
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Contents,
    /// The inline modules that are open, each with the number of braces that are open in it.
    scope: Vec<(String, usize)>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Mark('#') if self.is_mark(self.at + 1, '[') => self.attribute(),
                Token::Mark('{') => self.brace(true),
                Token::Mark('}') => self.brace(false),
                Token::Word(word) if word == "mod" => self.module(),
                Token::Word(word) if word == "use" => self.import(),
                Token::Word(_) => self.expression(),
                Token::Mark(_) => self.at += 1,
            }
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at)? {
            Token::Word(word) => Some(word),
            Token::Mark(_) => None,
        }
    }

    fn is_mark(&self, at: usize, mark: char) -> bool {
        self.tokens.get(at) == Some(&Token::Mark(mark))
    }

    fn is_separator(&self, at: usize) -> bool {
        self.is_mark(at, ':') && self.is_mark(at + 1, ':')
    }

    /// Skips an attribute, and with `#[cfg(test)]` also the item that follows.
    fn attribute(&mut self) {
        let start = self.at;
        self.at += 1;
        self.skip_group();
        let words: Vec<&str> = (start..self.at).filter_map(|at| self.word(at)).collect();
        let is_for_tests = matches!(words[..], ["cfg", "test"] | ["cfg", "all", "test", ..]);
        if !is_for_tests {
            return;
        }
        while self.is_mark(self.at, '#') {
            self.at += 1;
            self.skip_group();
        }
        // An item ends with a semicolon or with the first braces.
        while self.at < self.tokens.len() {
            let is_end = self.is_mark(self.at, '{') || self.is_mark(self.at, ';');
            if matches!(self.tokens[self.at], Token::Mark('(' | '[' | '{')) {
                self.skip_group();
            } else {
                self.at += 1;
            }
            if is_end {
                break;
            }
        }
    }

    /// Skips brackets and what is in them.
    fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn brace(&mut self, opens: bool) {
        self.at += 1;
        if let Some((_, open)) = self.scope.last_mut() {
            *open = if opens { *open + 1 } else { *open - 1 };
            if *open == 0 {
                self.scope.pop();
            }
        }
    }

    fn module(&mut self) {
        let name = self.word(self.at + 1).map(str::to_owned);
        self.at += 2;
        let Some(name) = name else { return };
        if self.is_mark(self.at, ';') {
            let mut path = self.scope();
            path.push(name);
            self.found.modules.push(path);
        } else if self.is_mark(self.at, '{') {
            self.at += 1;
            self.scope.push((name, 1));
        }
    }

    fn scope(&self) -> Vec<String> {
        self.scope.iter().map(|(name, _)| name.clone()).collect()
    }

    fn import(&mut self) {
        // After `pub` may come `(crate)` or `(in path)`.
        let before = self.tokens[..self.at]
            .iter()
            .rposition(|token| matches!(token, Token::Mark(';' | '}' | '{' | ']')));
        let first = before.map_or(0, |before| before + 1);
        let is_re_export = self.word(first) == Some("pub");
        self.at += 1;
        if self.is_separator(self.at) {
            self.at += 2;
        }
        self.tree(&[], is_re_export);
    }

    /// A tree of paths: `a::b`, `a::{b, c::d}`, `a as b`, `a::*`.
    fn tree(&mut self, prefix: &[String], is_re_export: bool) {
        let mut segments = prefix.to_vec();
        loop {
            if self.is_mark(self.at, '{') {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is_mark(self.at, '}') {
                    self.tree(&segments, is_re_export);
                    if self.is_mark(self.at, ',') {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) => segments.push(word.clone()),
                Some(Token::Mark('*')) => segments.push("*".to_owned()),
                _ => {
                    self.at += 1;
                    return;
                }
            }
            self.at += 1;
            if !self.is_separator(self.at) {
                break;
            }
            self.at += 2;
        }
        if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
            segments.pop();
        }
        let mut name = segments.last().cloned();
        if self.word(self.at) == Some("as") {
            name = self.word(self.at + 1).map(str::to_owned);
            self.at += 2;
        }
        self.add(
            segments,
            name.filter(|_| is_re_export && self.scope.is_empty()),
        );
    }

    /// A path in the code itself; `.name` and `name` alone are none.
    fn expression(&mut self) {
        let is_member = self.at > 0 && self.is_mark(self.at - 1, '.');
        let mut segments = Vec::new();
        while let Some(word) = self.word(self.at).map(str::to_owned) {
            self.found.words.insert(word.clone());
            segments.push(word);
            self.at += 1;
            if !(self.is_separator(self.at) && self.word(self.at + 2).is_some()) {
                break;
            }
            self.at += 2;
        }
        if segments.len() > 1 && !is_member {
            self.add(segments, None);
        }
    }

    fn add(&mut self, segments: Vec<String>, re_exported_as: Option<String>) {
        let named = Named {
            scope: self.scope(),
            segments,
            re_exported_as,
        };
        if let Some(name) = &named.re_exported_as {
            self.found.re_exports.insert(name.clone(), named.clone());
        }
        self.found.paths.push(named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tokens;

    fn paths(source: &str) -> Vec<String> {
        let paths = contents(&tokens(source)).paths;
        let paths = paths.iter().map(|named| {
            let scope = named.scope.iter().map(|name| format!("{name}/"));
            scope.collect::<String>() + &named.segments.join("::")
        });
        paths.collect()
    }

    #[test]
    fn groups_of_imports_are_taken_apart() {
        let source = "use crate::{a::X, b, c::{self, d::{Y as Z, e::*}}}; use super::f::G as H;";
        let expected = [
            "crate::a::X",
            "crate::b",
            "crate::c",
            "crate::c::d::Y",
            "crate::c::d::e::*",
            "super::f::G",
        ];
        assert_eq!(paths(source), expected);
    }

    #[test]
    fn paths_in_code_count_and_members_do_not() {
        let source = "fn f(x: crate::a::X) -> b { super::c::g::<d::Y>(x.e::<u8>(), h) }";
        assert_eq!(paths(source), ["crate::a::X", "super::c::g", "d::Y"]);
    }

    #[test]
    fn code_for_tests_does_not_count() {
        let source = "
            #[cfg(test)] mod tests { use crate::a::X; fn f() { crate::b::g() } }
            #[cfg(test)] #[path = \"x.rs\"] mod more;
            #[cfg(test)] use crate::c;
            #[derive(Debug)] struct S { d: crate::d::Y }
            mod files;";
        let found = contents(&tokens(source));
        assert_eq!(found.modules, [["files"]]);
        assert_eq!(paths(source), ["crate::d::Y"]);
    }

    #[test]
    fn inline_modules_are_scopes() {
        let source =
            "mod a { use super::X; mod b { mod file; fn f() { self::c::g() } } } use d::Y;";
        assert_eq!(paths(source), ["a/super::X", "a/b/self::c::g", "d::Y"]);
        assert_eq!(contents(&tokens(source)).modules, [["a", "b", "file"]]);
    }

    #[test]
    fn re_exports_are_known_by_their_new_names() {
        let source =
            "pub use a::{B, C as D}; pub(crate) use e::F; use g::H; mod m { pub use i::J; }";
        let found = contents(&tokens(source));
        let names: Vec<&String> = found.re_exports.keys().collect();
        assert_eq!(names, ["B", "D", "F"]);
        assert_eq!(found.re_exports["D"].segments, ["a", "C"]);
        assert_eq!(found.paths[0].re_exported_as.as_deref(), Some("B"));
        assert_eq!(found.paths[3].re_exported_as, None);
    }
}

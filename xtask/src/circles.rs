//! Finds circles between the files of a crate, by the paths that they name.
//!
//! A file that names something of another file depends on it; so does a module that re-exports from its child.
//! Only the re-exports of a crate's root do not count: they are the crate's public interface. In return, no file
//! may import through them: modules import from the module that owns a name, and
//! `use crate::Name` of a re-export is reported as well. Code for tests does not count.

mod graph;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::source::tokens;
use graph::Graph;
use paths::{Contents, Named, contents};

/// Fails on a circle and on an import through the root.
pub(crate) fn check(root: &Path) -> Result<()> {
    let problems = problems(&crates(root)?);
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}", problems.join("\n"))
}

/// What one crate's files name.
struct Files {
    graph: Graph,
    /// The files that import names that the crate's root re-exports.
    through_root: BTreeSet<String>,
}

fn problems(crates: &BTreeMap<String, Files>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, files) in crates {
        problems.extend(files.through_root.iter().map(|file| {
            format!("{name}: {file} imports through the crate's root; import from the module that owns the name")
        }));
        if let Some(circle) = files.graph.shortest_circle() {
            let circle = circle.join(" -> ");
            problems.push(format!("{name}: files form a circle: {circle}"));
        }
    }
    problems
}

/// The files of all crates of the workspace.
fn crates(root: &Path) -> Result<BTreeMap<String, Files>> {
    let mut crates = BTreeMap::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        crates.insert(name.into_owned(), read(&folder)?);
    }
    crates.insert("xtask".to_owned(), read(&root.join("xtask"))?);
    Ok(crates)
}

/// The files of the library and the program of a crate.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files {
        graph: Graph::default(),
        through_root: BTreeSet::new(),
    };
    for name in ["lib.rs", "main.rs"] {
        let root = folder.join("src").join(name);
        if root.exists() {
            let modules = Modules::read(&root)?;
            modules.add_to(&mut files, folder);
        }
    }
    Ok(files)
}

/// A file's path and what is in it.
struct Module {
    file: PathBuf,
    contents: Contents,
}

/// The modules of a crate that are files, by their paths from the root.
struct Modules(BTreeMap<Vec<String>, Module>);

/// What a path leads to.
struct Target {
    /// The module that is a file and owns the name.
    module: Vec<String>,
    /// Whether the path goes through a re-export of the crate's root.
    is_through_root: bool,
}

impl Modules {
    fn read(root: &Path) -> Result<Self> {
        let mut modules = Self(BTreeMap::new());
        modules.add(Vec::new(), root)?;
        Ok(modules)
    }

    fn add(&mut self, path: Vec<String>, file: &Path) -> Result<()> {
        let source = fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        let contents = contents(&tokens(&source));
        // `a/mod.rs`, `lib.rs` and `main.rs` have their modules next to them, `a.rs` has them in `a`.
        let is_folder = ["mod.rs", "lib.rs", "main.rs"]
            .iter()
            .any(|name| file.ends_with(name));
        let folder = if is_folder {
            file.parent().context("a file is in a folder")?.to_owned()
        } else {
            file.with_extension("")
        };
        for module in &contents.modules {
            let base = module
                .iter()
                .fold(folder.clone(), |folder, name| folder.join(name));
            let files = [base.with_extension("rs"), base.join("mod.rs")];
            // A module with a `#[path]` is not followed.
            if let Some(file) = files.iter().find(|file| file.exists()) {
                self.add([&path[..], module].concat(), file)?;
            }
        }
        let file = file.to_owned();
        self.0.insert(path, Module { file, contents });
        Ok(())
    }

    fn add_to(&self, files: &mut Files, folder: &Path) {
        let label = |module: &[String]| {
            let file = &self.0[module].file;
            let file = file.strip_prefix(folder).unwrap_or(file);
            file.display().to_string()
        };
        for (from, module) in &self.0 {
            for named in &module.contents.paths {
                let is_forwarded = named
                    .re_exported_as
                    .as_ref()
                    .is_some_and(|name| name != "*" && !module.contents.words.contains(name));
                let target = self.absolute(from, named).map(|path| self.target(path));
                let Some(target) = target.filter(|_| !is_forwarded) else {
                    continue;
                };
                if target.is_through_root && !from.is_empty() {
                    files.through_root.insert(label(from));
                }
                if target.module != *from {
                    files.graph.add(label(from), label(&target.module));
                }
            }
        }
    }

    /// The path from the crate's root; `None` if it leads out of the crate, as far as can be seen.
    fn absolute(&self, from: &[String], named: &Named) -> Option<Vec<String>> {
        let mut base = [from, &named.scope].concat();
        let mut segments = &named.segments[..];
        match segments.first()?.as_str() {
            "crate" => {
                base.clear();
                segments = &segments[1..];
            }
            "self" => segments = &segments[1..],
            "super" => {
                while let Some(("super", rest)) = segments
                    .split_first()
                    .map(|(first, rest)| (first.as_str(), rest))
                {
                    base.pop();
                    segments = rest;
                }
            }
            child => {
                base.push(child.to_owned());
                let is_child = self.0.contains_key(&base);
                base.pop();
                if !is_child {
                    return None;
                }
            }
        }
        base.extend_from_slice(segments);
        Some(base)
    }

    /// Follows a path from the crate's root, also through re-exports.
    fn target(&self, mut path: Vec<String>) -> Target {
        let mut is_through_root = false;
        loop {
            let lengths = (0..=path.len()).rev();
            let length = lengths
                .into_iter()
                .find(|length| self.0.contains_key(&path[..*length]));
            let names = path.split_off(length.unwrap_or(0));
            let re_exports = &self.0[&path].contents.re_exports;
            let re_export = names.first().and_then(|name| re_exports.get(name));
            let Some(mut owner) = re_export.and_then(|named| self.absolute(&path, named)) else {
                return Target {
                    module: path,
                    is_through_root,
                };
            };
            is_through_root |= path.is_empty();
            owner.extend_from_slice(&names[1..]);
            path = owner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the files of a crate, and reads them.
    fn files(sources: &[(&str, &str)]) -> BTreeMap<String, Files> {
        let folder = tempfile::tempdir().unwrap();
        for (name, source) in sources {
            let path = folder.path().join("src").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, source).unwrap();
        }
        BTreeMap::from([("c".to_owned(), read(folder.path()).unwrap())])
    }

    #[test]
    fn a_circle_is_found_and_a_dependency_that_closes_none_is_not() {
        let circle = files(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B(Option<Box<super::a::A>>);"),
        ]);
        let expected = ["c: files form a circle: src/a.rs -> src/b.rs -> src/a.rs"];
        assert_eq!(problems(&circle), expected);
        let open = files(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B;"),
        ]);
        assert_eq!(problems(&open), [""; 0]);
    }

    #[test]
    fn a_parent_may_forward_the_names_of_its_children_but_not_use_them() {
        let child = ("a/child.rs", "use super::A; pub struct Child(A);");
        let forwarding = files(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod child; pub use child::Child; pub struct A;"),
            ("b.rs", "use crate::a::Child;"),
            child,
        ]);
        assert_eq!(problems(&forwarding), [""; 0]);
        let using = files(&[
            ("lib.rs", "mod a;"),
            (
                "a.rs",
                "mod child; pub use child::Child; pub struct A(Box<Child>);",
            ),
            child,
        ]);
        let expected = ["c: files form a circle: src/a.rs -> src/a/child.rs -> src/a.rs"];
        assert_eq!(problems(&using), expected);
    }

    #[test]
    fn a_dependency_leads_to_the_file_that_owns_the_name() {
        let circle = files(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod child; pub use child::Child;"),
            ("a/child.rs", "use crate::b::B; pub struct Child(B);"),
            ("b.rs", "pub struct B(Option<Box<crate::a::Child>>);"),
        ]);
        let expected = ["c: files form a circle: src/a/child.rs -> src/b.rs -> src/a/child.rs"];
        assert_eq!(problems(&circle), expected);
    }

    #[test]
    fn an_import_through_the_root_is_reported() {
        let through = files(&[
            ("lib.rs", "mod a; mod b; pub use a::{A, more};"),
            ("a.rs", "pub struct A; pub mod more { pub struct C; }"),
            ("b.rs", "use crate::{A as D, more::C}; pub struct B(D, C);"),
        ]);
        let found = problems(&through);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("c: src/b.rs imports through"),
            "{found:?}"
        );
    }

    #[test]
    fn what_the_root_itself_has_may_be_part_of_a_circle() {
        let circle = files(&[
            ("main.rs", "mod a; fn main() { a::run() } fn say() {}"),
            ("a.rs", "pub fn run() { crate::say() }"),
        ]);
        let expected = ["c: files form a circle: src/a.rs -> src/main.rs -> src/a.rs"];
        assert_eq!(problems(&circle), expected);
    }

    #[test]
    fn tests_and_inline_modules_close_no_circle() {
        let none = files(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "use crate::b::B; mod inner { use super::B; } #[cfg(test)] mod tests { use super::*; }",
            ),
            (
                "b.rs",
                "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ]);
        assert_eq!(problems(&none), [""; 0]);
    }
}

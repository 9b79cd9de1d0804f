//! The licences of all packages that are linked into a program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use super::tree::{Package, Tree};

/// How names of files begin that are part of a licence.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// One text: first a list of all packages, then each licence text once, with the packages that it is part of.
pub(super) fn text(tree: &Tree) -> Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for ((name, version), package) in &tree.packages {
        if package.is_own {
            continue;
        }
        let found = read(&package.folder)?;
        list.push_str(&line(name, version, package, found.is_empty()));
        for text in found {
            texts
                .entry(text)
                .or_default()
                .push(format!("{name} {version}"));
        }
    }
    let mut document = format!(
        "The program `octane` is licensed under MIT or Apache-2.0. It is linked with these packages:\n\n{list}\n\
         and with the Rust standard library (MIT OR Apache-2.0; RUST-STANDARD-LIBRARY.html). Their licences:\n"
    );
    for (text, packages) in &texts {
        let rule = "=".repeat(80);
        document.push_str(&format!(
            "\n{rule}\n{}\n{rule}\n\n{text}\n",
            packages.join(", ")
        ));
    }
    Ok(document)
}

/// The licences of the Rust standard library, as its makers collect them; none if the toolchain has no documentation.
pub(super) fn of_standard_library(shell: &Shell) -> Result<Option<Vec<u8>>> {
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    let page = Path::new(&sysroot).join("share/doc/rust/COPYRIGHT-library.html");
    Ok(fs::read(page).ok())
}

fn line(name: &str, version: &str, package: &Package, has_no_text: bool) -> String {
    let repository = package.repository.as_deref().unwrap_or("no repository");
    let note = if has_no_text {
        "; its package contains no licence text"
    } else {
        ""
    };
    format!(
        "  {name} {version}: {} ({repository}){note}\n",
        package.licence
    )
}

/// The texts in a package, with line breaks as here and no spaces at the ends of lines, so that equal ones are recognised.
fn read(folder: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_uppercase();
        if NAMES.iter().any(|start| name.starts_with(start)) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let text = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        texts.push(lines.join("\n"));
    }
    Ok(texts)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn equal_licences_of_a_folder_are_equal_texts() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("LICENSE-MIT"),
            "Permission \r\nis granted\r\n",
        )
        .unwrap();
        fs::write(
            folder.path().join("copying.txt"),
            "\nPermission\nis granted\n",
        )
        .unwrap();
        fs::write(folder.path().join("README.md"), "no licence").unwrap();
        let texts = read(folder.path()).unwrap();
        assert_eq!(texts, ["Permission\nis granted", "Permission\nis granted"]);
        assert!(read(&folder.path().join("missing")).unwrap().is_empty());
    }
}

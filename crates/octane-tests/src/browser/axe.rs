//! axe-core, which finds what keeps people from using a page.
//!
//! npm installs it for each test in the version, and with the digest, of the lock file in `axe/`; it is not part of
//! the repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use octane_test_support::{program, skip};
use serde_json::{Value, from_value};

use super::Browser;

/// Finds what keeps people from using a page.
pub struct Axe {
    source: String,
}

/// Runs all rules and returns those that a page violates, with the first elements of each.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        found => done(found.violations.map(one =>
            `${one.id}: ${one.help} (${one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')})`)),
        error => done([String(error)]));";

impl Axe {
    /// `None` if it cannot be installed, which is a failure on CI.
    pub fn install() -> Option<Self> {
        let npm = program("npm", "npm")?;
        let folder = tempfile::tempdir().expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(from.join(name), folder.path().join(name)).expect("the lock file is there");
        }
        let installed = Command::new(npm)
            .args([
                "ci",
                "--ignore-scripts",
                "--prefer-offline",
                "--no-audit",
                "--no-fund",
            ])
            .arg("--loglevel=error")
            .current_dir(folder.path())
            .output()
            .expect("npm starts");
        if !installed.status.success() {
            let said = String::from_utf8_lossy(&installed.stderr);
            let reason = format!(
                "npm cannot install axe-core: {}",
                said.lines().next().unwrap_or_default()
            );
            assert!(std::env::var_os("CI").is_none(), "on CI, {reason}");
            skip(&reason);
            return None;
        }
        let file = folder.path().join("node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(file).expect("axe-core has this file");
        Some(Self { source })
    }

    /// What is wrong with the page that the browser shows.
    pub fn findings(&self, browser: &Browser) -> Vec<String> {
        browser.run(&self.source);
        let found: Value = browser.run_async(RUN);
        from_value(found).expect("a list of texts")
    }
}

//! Sets up the machine: the programs that the tests need, as far as they can be installed.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::output::say;

/// A program that tests run, and the Debian packages that have it.
struct Program {
    name: &'static str,
    packages: &'static [&'static str],
    purpose: &'static str,
}

const PROGRAMS: [Program; 10] = [
    Program {
        name: "xmllint",
        packages: &["libxml2-utils"],
        purpose: "a validator that is not ours checks the payloads",
    },
    Program {
        name: "node",
        packages: &["nodejs"],
        purpose: "the vendor's JavaScript SDK drives the sandbox",
    },
    Program {
        name: "npm",
        packages: &["npm"],
        purpose: "installs that SDK",
    },
    Program {
        name: "python3",
        packages: &["python3"],
        purpose: "runs an example",
    },
    Program {
        name: "chromium",
        packages: &["chromium"],
        purpose: "shows the sandbox's pages",
    },
    Program {
        name: "chromedriver",
        packages: &["chromium-driver"],
        purpose: "drives that browser",
    },
    Program {
        name: "rpmbuild",
        packages: &["rpm"],
        purpose: "makes the package for Red Hat",
    },
    Program {
        name: "initdb",
        packages: &["postgresql-15"],
        purpose: "a relay stores uploads in PostgreSQL",
    },
    Program {
        name: "gnome-keyring-daemon",
        packages: &["gnome-keyring"],
        purpose: "keeps secrets for `octane auth login --keyring`",
    },
    Program {
        name: "dbus-daemon",
        packages: &["dbus"],
        purpose: "the program talks to that keyring over it",
    },
];

/// Installs the Debian packages of missing programs, if this is Debian and the user is root. Otherwise the tests
/// that need them are skipped, or fail on CI.
pub(crate) fn install_missing(shell: &Shell) {
    let missing: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|program| find(program.name).is_none())
        .collect();
    if missing.is_empty() {
        return;
    }
    let lines = missing
        .iter()
        .map(|program| format!("  {} ({})", program.name, program.purpose));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|program| program.packages)
        .copied()
        .collect();
    if find("apt-get").is_none() || !is_root(shell) {
        say(&format!(
            "these programs are not installed:\n{lines}\nDebian: `apt-get install {}`",
            packages.join(" ")
        ));
        return;
    }
    say(&format!("installing with apt-get:\n{lines}"));
    let installed = cmd!(shell, "apt-get update -qq").run().and_then(|()| {
        cmd!(shell, "apt-get install -y -qq {packages...}")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .ignore_stdout()
            .run()
    });
    if let Err(error) = installed {
        say(&format!("warning: cannot install them: {error}"));
    }
}

fn is_root(shell: &Shell) -> bool {
    let id = cmd!(shell, "id -u").quiet().ignore_stderr().read();
    id.is_ok_and(|id| id == "0")
}

/// Searches the folders of `PATH`, and those in which Debian has the programs of each version of PostgreSQL.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let versions = versions.into_iter().flatten().flatten();
    let mut paths = std::env::split_paths(&folders)
        .chain(versions.map(|version| version.path().join("bin")))
        .map(|folder| folder.join(&file));
    paths.find(|path| path.is_file())
}

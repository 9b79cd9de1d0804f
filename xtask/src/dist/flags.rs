//! Flags of compilers that a profile cannot hold: so that programs have no path of the machine in them, and are small.

use std::path::{Path, PathBuf};

use xshell::Shell;

use super::edition::Edition;

/// What the SQLite that is built in does not need: full text and spatial search, statistics, and loading other libraries.
const SQLITE: &[&str] = &[
    "-USQLITE_ENABLE_DBSTAT_VTAB",
    "-USQLITE_ENABLE_FTS3",
    "-USQLITE_ENABLE_FTS3_PARENTHESIS",
    "-USQLITE_ENABLE_FTS5",
    "-USQLITE_ENABLE_LOAD_EXTENSION",
    "-USQLITE_ENABLE_RTREE",
    "-USQLITE_ENABLE_STAT4",
    "-USQLITE_SOUNDEX",
    "SQLITE_OMIT_DEPRECATED",
    "SQLITE_OMIT_LOAD_EXTENSION",
];

/// C without tables for unwinding, and without what zig would add for debuggers.
const SMALL_C: &[&str] = &[
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fomit-frame-pointer",
    "-fdata-sections",
    "-g0",
];

/// Sets the variables with the flags for an edition, built from `root`.
pub(super) fn set(shell: &Shell, root: &Path, edition: &Edition) {
    let home = |name: &str, folder: &str| {
        let home = std::env::var_os("HOME").unwrap_or_default();
        std::env::var_os(name).map_or_else(|| Path::new(&home).join(folder), PathBuf::from)
    };
    let places = [
        (root.to_owned(), "/octane-client"),
        (home("CARGO_HOME", ".cargo"), "/cargo"),
        (home("RUSTUP_HOME", ".rustup"), "/rustup"),
    ];
    let (mut rust, mut c) = (
        remapped("--remap-path-prefix", &places),
        remapped("-ffile-prefix-map", &places),
    );
    if !edition.unwinds {
        let script = root.join("xtask/src/dist/no-unwind-tables.ld");
        rust.push("-C force-unwind-tables=no".to_owned());
        rust.push(format!("-C link-arg=-T{}", script.display()));
        c.extend(SMALL_C.iter().map(|&flag| flag.to_owned()));
    }
    shell.set_var("RUSTFLAGS", rust.join(" "));
    shell.set_var("CFLAGS", c.join(" "));
    shell.set_var("LIBSQLITE3_FLAGS", SQLITE.join(" "));
}

/// An option for each place, which calls it by the same name on every machine.
fn remapped(option: &str, places: &[(PathBuf, &str)]) -> Vec<String> {
    places
        .iter()
        .map(|(from, to)| format!("{option}={}={to}", from.display()))
        .collect()
}

#[cfg(test)]
mod unit_tests {
    use super::super::edition::EDITIONS;
    use super::*;

    #[test]
    fn only_a_program_that_aborts_has_no_tables() {
        let shell = Shell::new().unwrap();
        let flags = |edition| {
            set(&shell, Path::new("/work/octane"), edition);
            let read = |name| shell.var(name).unwrap();
            (read("RUSTFLAGS"), read("CFLAGS"))
        };
        for edition in &EDITIONS {
            let (rust, c) = flags(edition);
            assert!(rust.starts_with("--remap-path-prefix=/work/octane=/octane-client "));
            assert!(c.starts_with("-ffile-prefix-map=/work/octane=/octane-client "));
            let has_tables = (
                !rust.contains("no-unwind-tables.ld"),
                !c.contains("-fno-unwind-tables"),
            );
            assert_eq!(
                has_tables,
                (edition.unwinds, edition.unwinds),
                "{}",
                edition.name
            );
        }
    }
}

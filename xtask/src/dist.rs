//! Makes what is released: packages, an image, checksums and the list of what is in them.
//!
//! Everything but the program itself is made by the standard tools of each format (`tar`, `dpkg-deb`, `rpmbuild`). All times
//! are those of the last commit, or `SOURCE_DATE_EPOCH`, so that the same files give the same bytes.

mod archive;
mod chroot;
mod deb;
mod edition;
mod image;
mod licences;
mod rpm;
mod sbom;
mod stage;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::man;
use crate::output::say;
use crate::program::{self, Build, Kind, ZIG};
use archive::Archiver;
use edition::{EDITIONS, Edition, VERSION};
use stage::Stage;
use tree::Tree;

/// Makes and checks everything; returns why something was left out.
pub(crate) fn run(shell: &Shell, root: &Path, words: &[String]) -> Result<Vec<String>> {
    match words {
        [] => release(shell, root),
        [word] if word == "--dev" => {
            let program = program::build(shell, root, &Build::whole(Kind::Dev))?;
            quick(shell, root, &program)
        }
        _ => bail!("cannot read {words:?}; use `--dev`, or nothing"),
    }
}

/// Makes what is released.
fn release(shell: &Shell, root: &Path) -> Result<Vec<String>> {
    let builder = program::tools(shell, root, "zig", ZIG)?;
    // No path of this machine gets into the programs.
    let home = |name: &str, folder: &str| {
        let home = std::env::var_os("HOME").unwrap_or_default();
        std::env::var_os(name).map_or_else(|| Path::new(&home).join(folder), PathBuf::from)
    };
    let places = [
        (root.to_owned(), "/octane-client"),
        (home("CARGO_HOME", ".cargo"), "/cargo"),
        (home("RUSTUP_HOME", ".rustup"), "/rustup"),
    ];
    let remap = |option: &str| {
        let options = places
            .iter()
            .map(|(from, to)| format!("{option}={}={to}", from.display()));
        options.collect::<Vec<_>>().join(" ")
    };
    builder.set_var("RUSTFLAGS", remap("--remap-path-prefix"));
    builder.set_var("CFLAGS", remap("-ffile-prefix-map"));
    builder.set_var("SOURCE_DATE_EPOCH", epoch(shell)?.to_string());
    let mut programs = Vec::new();
    for edition in EDITIONS {
        let build = Build {
            kind: Kind::Manylinux,
            profile: edition.profile,
            features: edition.features,
        };
        programs.push((edition, program::build(&builder, root, &build)?));
    }
    for (edition, program) in &programs {
        let bytes = fs::metadata(program)?.len();
        say(&format!("{}: the program has {bytes} bytes", edition.name));
    }
    make(shell, root, &programs, true)
}

/// The same with a program that was built quickly: to check how it is packed.
pub(crate) fn quick(shell: &Shell, root: &Path, program: &Path) -> Result<Vec<String>> {
    if !cfg!(target_os = "linux") {
        return Ok(vec!["packages, which are made on Linux".to_owned()]);
    }
    // Without what a debugger needs it is half as large.
    let stripped = target(root).join("distribution-octane");
    if cmd!(shell, "strip -o {stripped} {program}")
        .quiet()
        .run()
        .is_err()
    {
        fs::copy(program, &stripped)?;
    }
    make(shell, root, &[(EDITIONS[0], stripped)], false)
}

/// Packs each program twice, compares, and checks that what was packed runs.
fn make(
    shell: &Shell,
    root: &Path,
    programs: &[(Edition, PathBuf)],
    is_release: bool,
) -> Result<Vec<String>> {
    let archiver = Archiver::new(shell, epoch(shell)?, is_release)?;
    man::write(shell, root)?;
    let output = target(root).join("distribution");
    let again = target(root).join("distribution-again");
    let mut skipped = Vec::new();
    for folder in [&output, &again] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        skipped.clear();
        for (edition, program) in programs {
            skipped.extend(pack(root, &archiver, edition, program, folder)?);
        }
        archiver.checksums(folder)?;
    }
    let sums = |folder: &Path| fs::read_to_string(folder.join("SHA256SUMS"));
    let (sums, other) = (sums(&output)?, sums(&again)?);
    ensure!(
        sums == other,
        "packing the same programs twice gave different bytes:\n{sums}\n{other}"
    );
    fs::remove_dir_all(&again)?;
    for (edition, _) in programs {
        skipped.extend(chroot::check(&archiver, edition, &output)?);
    }
    say(&format!("made in {}:\n{sums}", output.display()));
    Ok(skipped)
}

/// Makes all packages of one edition in `output`.
fn pack(
    root: &Path,
    archiver: &Archiver,
    edition: &Edition,
    program: &Path,
    output: &Path,
) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    let tree = Tree::read(&archiver.shell, root, edition)?;
    let bill = sbom::document(&tree, edition, &archiver.date()?)?;
    let bill_path = output.join(format!("{}-{VERSION}.cdx.json", edition.name));
    fs::write(&bill_path, &bill)?;

    let work = tempfile::tempdir()?;
    let folder = |name: &str| work.path().join(name);
    let stage = Stage {
        archiver,
        root,
        edition,
        program,
        licences: &licences::text(&tree)?,
        bill: &bill,
    };
    let name = format!(
        "{}-{VERSION}-{}-linux",
        edition.name,
        std::env::consts::ARCH
    );
    let plain = folder("plain");
    stage.plain(&plain.join(&name))?;
    archiver.archive(&plain, &output.join(format!("{name}.tar.gz")))?;

    let packaged = folder("deb");
    stage.installed(&packaged, "usr/share/zsh/vendor-completions")?;
    skipped.extend(deb::write(archiver, edition, &packaged, output)?);
    let packaged = folder("rpm");
    stage.installed(&packaged, "usr/share/zsh/site-functions")?;
    skipped.extend(rpm::write(archiver, edition, &packaged, output)?);
    image::write(
        &stage,
        &folder("image"),
        &output.join(format!("{name}-oci.tar")),
    )?;
    Ok(skipped)
}

/// The time of everything that is packed, in seconds since 1970: `SOURCE_DATE_EPOCH`, or when the last commit was made.
fn epoch(shell: &Shell) -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => cmd!(shell, "git log --max-count 1 --format=%ct")
            .quiet()
            .read()?,
    };
    let number = text.trim().parse();
    number.with_context(|| format!("`{text}` is not a time in seconds since 1970"))
}

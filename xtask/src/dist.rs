//! Makes what is released: packages, an image, checksums and the list of what is in them.
//!
//! Everything but the program itself is made by the standard tools of each format (`tar`, `dpkg-deb`, `rpmbuild`). All times
//! are those of the last commit, or `SOURCE_DATE_EPOCH`, so that the same files give the same bytes.

mod archive;
mod chroot;
mod deb;
mod edition;
mod flags;
mod image;
mod licences;
mod rpm;
mod sbom;
mod stage;
mod surroundings;
mod tree;
mod twice;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::man;
use crate::output::say;
use crate::program::{self, Build, Kind, ZIG};
use archive::{Archiver, checksums};
use edition::{EDITIONS, Edition, VERSION};
use stage::Stage;
use surroundings::Surroundings;
use tree::Tree;

/// Makes and checks everything; returns why something was skipped.
pub(crate) fn run(shell: &Shell, root: &Path, words: &[String]) -> Result<Vec<String>> {
    match words {
        [] => release(shell, root),
        [word] if word == "--twice" => {
            twice::ensure_committed(shell)?;
            let skipped = release(shell, root)?;
            twice::check(shell, root, &folder(root))?;
            Ok(skipped)
        }
        [word] if word == "--dev" => {
            let program = program::build(shell, root, &Build::whole(Kind::Dev))?;
            quick(shell, root, &program)
        }
        _ => bail!("cannot read {words:?}; use `--dev` or `--twice`, or nothing"),
    }
}

/// Makes what is released.
fn release(shell: &Shell, root: &Path) -> Result<Vec<String>> {
    let builder = program::tools(shell, root, "zig", ZIG)?;
    builder.set_var("SOURCE_DATE_EPOCH", epoch(shell)?.to_string());
    let mut programs = Vec::new();
    for edition in EDITIONS {
        flags::set(&builder, root, &edition);
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

/// Packs each program, again elsewhere, compares, and checks that what was packed runs.
fn make(
    shell: &Shell,
    root: &Path,
    programs: &[(Edition, PathBuf)],
    is_release: bool,
) -> Result<Vec<String>> {
    man::write(shell, root)?;
    let output = folder(root);
    let archiver = Archiver::new(shell.clone(), epoch(shell)?, is_release)?;
    let own = Surroundings::own(shell)?;
    let mut skipped = pack_all(root, &archiver, programs, &own, &output)?;
    let sums = checksums(&output)?;
    {
        let again = target(root).join("distribution-again");
        let other = Surroundings::other(shell, &again)?;
        let mut copies = Vec::new();
        for (edition, program) in programs {
            let copy = other.work.path().join(edition.name);
            fs::copy(program, &copy)?;
            copies.push((*edition, copy));
        }
        let archiver = Archiver::new(other.shell.clone(), archiver.epoch, is_release)?;
        let packed = again.join("packed");
        pack_all(root, &archiver, &copies, &other, &packed)?;
        ensure!(
            sums == checksums(&packed)?,
            "the same programs, packed in other surroundings, are not the same bytes: compare `{}` with `{}`",
            output.display(),
            packed.display()
        );
        drop(other);
        fs::remove_dir_all(&again)?;
    }
    for (edition, _) in programs {
        skipped.extend(chroot::check(&archiver, edition, &output)?);
    }
    say(&format!("made in {}:\n{sums}", output.display()));
    Ok(skipped)
}

/// Where everything is put.
fn folder(root: &Path) -> PathBuf {
    target(root).join("distribution")
}

/// Makes all packages and their checksums in an empty `output`.
fn pack_all(
    root: &Path,
    archiver: &Archiver,
    programs: &[(Edition, PathBuf)],
    surroundings: &Surroundings,
    output: &Path,
) -> Result<Vec<String>> {
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    fs::create_dir_all(output)?;
    let mut skipped = Vec::new();
    for (edition, program) in programs {
        let work = surroundings
            .work
            .path()
            .join(format!("{}-work", edition.name));
        skipped.extend(pack(root, archiver, edition, program, &work, output)?);
    }
    archiver.checksums(output)?;
    Ok(skipped)
}

/// Makes all packages of one edition in `output`, by way of files in `work`.
fn pack(
    root: &Path,
    archiver: &Archiver,
    edition: &Edition,
    program: &Path,
    work: &Path,
    output: &Path,
) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    let tree = Tree::read(&archiver.shell, root, edition)?;
    let compiler = cmd!(archiver.shell, "rustc --version").quiet().read()?;
    let compiler = compiler.strip_prefix("rustc ").unwrap_or(&compiler);
    let bill = sbom::document(&tree, edition, compiler, &archiver.date()?)?;
    let bill_path = output.join(format!("{}-{VERSION}.cdx.json", edition.name));
    fs::write(&bill_path, &bill)?;

    let folder = |name: &str| work.join(name);
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

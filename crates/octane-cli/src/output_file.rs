//! Files that commands write: whether they can be written is found out before the work, and a file of an earlier command is
//! not left to be taken for a new one.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::copy_file;

/// What the beginning of a file looks like that this program has written.
const OWN_MARKS: [&str; 3] = ["<test_result", "\"schema\": \"octane.", REPORT_MARK];

/// What reports that are not JSON have at their beginning: a comment in Markdown, HTML and XML.
pub(crate) const REPORT_MARK: &str = "<!-- written by octane -->";

/// A file that will be written.
#[derive(Debug, Clone)]
pub(crate) struct OutputFile {
    /// As it was given.
    path: PathBuf,
    /// The file itself, where links lead.
    file: PathBuf,
    /// Whether it is written where it is, as a device or a pipe has to be, or a file in a folder that cannot be written.
    is_in_place: bool,
    was_own: bool,
}

/// The size of the buffer before a file. Larger pieces are written without it.
const BUFFER_BYTES: usize = 64 * 1024;

/// A file that is complete, but not in its place yet.
#[derive(Debug)]
pub(crate) struct Complete {
    temporary: TempPath,
    place: Place,
}

/// A file that is being written, next to its place.
#[derive(Debug)]
pub(crate) struct Staged {
    temporary: BufWriter<NamedTempFile>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File { path: PathBuf, is_in_place: bool },
    Stdout,
}

impl OutputFile {
    /// Checks the value of `option` as far as that is possible without writing the file: it must be in a folder that can
    /// be written, and be neither a folder nor one of `inputs`. Removes what this program wrote there before.
    pub(crate) fn new(path: &Path, option: &str, inputs: &[String]) -> Result<Self> {
        let name = path.display();
        let refused = |reason: String| {
            Failure::message(
                Exit::Configuration,
                format!("cannot use `{option} {name}`: {reason}"),
            )
            .hint(format!(
                "use `{option}` with a file in an existing, writable directory"
            ))
        };
        if path.as_os_str().is_empty() {
            return Err(refused("the file name is empty".to_owned()));
        }
        let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let found = fs::metadata(&file);
        if found.as_ref().is_ok_and(fs::Metadata::is_dir) || path.to_string_lossy().ends_with('/') {
            return Err(refused("it is a directory".to_owned()));
        }
        let is_input = |input: &&String| fs::canonicalize(input).is_ok_and(|input| input == file);
        if found.is_ok() && inputs.iter().any(|input| is_input(&input)) {
            let hint = format!("use `{option}` with another file");
            return Err(refused("it is also an input".to_owned()).hint(hint));
        }
        if found
            .as_ref()
            .is_ok_and(|metadata| metadata.permissions().readonly())
        {
            return Err(refused("it is read-only".to_owned()));
        }
        let mut output = Self {
            path: path.to_owned(),
            file,
            is_in_place: found.as_ref().is_ok_and(|metadata| !metadata.is_file()),
            was_own: false,
        };
        if output.is_in_place {
            return Ok(output);
        }
        let folder = output.folder().to_owned();
        if !folder.exists() {
            return Err(refused(format!(
                "the directory `{}` does not exist",
                folder.display()
            )));
        }
        // Only an attempt shows whether a file can be created, or changed.
        if let Err(error) = NamedTempFile::new_in(&folder) {
            if fs::File::options().append(true).open(&output.file).is_err() {
                let folder = folder.display();
                return Err(refused(format!(
                    "cannot write to `{folder}`: {}",
                    plain(&error)
                )));
            }
            output.is_in_place = true;
        }
        output.was_own = output
            .remove_own()
            .map_err(|error| refused(format!("cannot replace it: {}", plain(&error))))?;
        Ok(output)
    }

    /// As it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this program had written the file before; it is removed now.
    pub(crate) fn was_own(&self) -> bool {
        self.was_own
    }

    /// Whether this is another name of the file.
    pub(crate) fn is_same(&self, other: &Path) -> bool {
        fs::canonicalize(other).is_ok_and(|other| other == self.file)
    }

    /// Removes the file if this program wrote it, or if it is empty. Returns whether it did.
    fn remove_own(&self) -> io::Result<bool> {
        let is_file = fs::metadata(&self.file).is_ok_and(|metadata| metadata.is_file());
        if !is_file || !is_own(&head(&self.file)?) {
            return Ok(false);
        }
        // Where a file cannot be removed, because it is mounted by itself, it is emptied.
        if self.is_in_place || fs::remove_file(&self.file).is_err() {
            fs::write(&self.file, "")?;
        }
        Ok(true)
    }

    /// Begins to write the file, next to its place: it disappears unless it is [finished](Complete::finish).
    pub(crate) fn stage(&self) -> io::Result<Staged> {
        let temporary = if self.is_in_place {
            builder().tempfile()?
        } else {
            builder().tempfile_in(self.folder())?
        };
        Ok(Staged {
            temporary: BufWriter::with_capacity(BUFFER_BYTES, temporary),
            place: Place::File {
                path: self.file.clone(),
                is_in_place: self.is_in_place,
            },
        })
    }

    fn folder(&self) -> &Path {
        match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

impl Staged {
    /// What will be standard output.
    pub(crate) fn stdout() -> io::Result<Self> {
        Ok(Self {
            temporary: BufWriter::with_capacity(BUFFER_BYTES, builder().tempfile()?),
            place: Place::Stdout,
        })
    }

    /// Ends the writing. What is left of the file needs no memory, and is not open.
    pub(crate) fn complete(self) -> io::Result<Complete> {
        let temporary = self.temporary.into_inner().map_err(io::Error::from)?;
        Ok(Complete {
            temporary: temporary.into_temp_path(),
            place: self.place,
        })
    }
}

impl Complete {
    /// Puts the file in its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        let copy_to = |path: &Path| {
            let mut file = fs::File::options().write(true).truncate(true).open(path)?;
            io::copy(&mut fs::File::open(&self.temporary)?, &mut file).map(drop)
        };
        match &self.place {
            Place::Stdout => copy_file(&mut fs::File::open(&self.temporary)?),
            Place::File {
                path,
                is_in_place: true,
            } => copy_to(path),
            Place::File { path, .. } => match self.temporary.persist(path) {
                Ok(()) => Ok(()),
                // A file that is mounted by itself cannot be replaced, only changed.
                Err(error) => fs::copy(&error.path, path).map(drop),
            },
        }
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// Whether a file that begins so is one that this program has written, or has begun to write.
fn is_own(head: &str) -> bool {
    head.is_empty() || OWN_MARKS.iter().any(|mark| head.contains(mark))
}

/// Temporary files with the permissions that other new files have.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".octane-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// The beginning of a file.
fn head(file: &Path) -> io::Result<String> {
    const HEAD_BYTES: u64 = 1024;
    let mut head = Vec::new();
    fs::File::open(file)?
        .take(HEAD_BYTES)
        .read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// `permission denied`, without the number that each system has for it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(output: &OutputFile, bytes: &[u8]) -> Complete {
        let mut staged = output.stage().unwrap();
        staged.write_all(bytes).unwrap();
        staged.complete().unwrap()
    }

    fn error(path: &Path, inputs: &[String]) -> String {
        let failure = OutputFile::new(path, "--report", inputs).unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
        failure.error.to_string()
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused_before() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.xml"), "<testsuite/>").unwrap();
        let cases = [
            ("", "is a directory"),
            ("gone/x.json", "does not exist"),
            ("a.xml", "is also an input"),
            ("a.xml/x", "cannot write"),
            ("new/", "is a directory"),
        ];
        let inputs = [at("a.xml").display().to_string()];
        for (name, reason) in cases {
            let text = error(&at(name), &inputs);
            assert!(text.contains(reason), "{name}: {text}");
        }
        assert!(error(Path::new(""), &[]).contains("name is empty"));
        assert_eq!(fs::read_to_string(at("a.xml")).unwrap(), "<testsuite/>");
    }

    #[test]
    fn an_own_file_is_removed_before_and_any_other_is_replaced_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("own.xml"), "<?xml version='1.0'?>\n<test_result>").unwrap();
        fs::write(at("own.json"), "{\n  \"schema\": \"octane.upload/1\"").unwrap();
        fs::write(at("other"), "notes").unwrap();
        for (name, is_kept) in [("own.xml", false), ("own.json", false), ("other", true)] {
            let output = OutputFile::new(&at(name), "-o", &[]).unwrap();
            assert_eq!(at(name).exists(), is_kept, "{name}");
            let written = written(&output, b"new");
            assert_eq!(at(name).exists(), is_kept, "{name}");
            written.finish().unwrap();
            assert_eq!(fs::read(at(name)).unwrap(), b"new");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_as_it_is() {
        let output = OutputFile::new(Path::new("/dev/null"), "-o", &[]).unwrap();
        written(&output, b"x").finish().unwrap();
        assert!(Path::new("/dev/null").exists());
    }
}

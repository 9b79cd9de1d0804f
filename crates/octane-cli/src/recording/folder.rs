//! The folder of a recording. Only its owner can read it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::exchange::{Exchange, SCHEMA};
use super::request_path::RequestPath;
use crate::credentials::private_file;

/// How many exchanges a recording may have, so that the names of files sort in their order.
pub(crate) const EXCHANGES_MAX: u32 = 999_999;
/// A longer file is not of a recording.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// How much of a path a file's name has.
const NAME_BYTES_MAX: usize = 48;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("`{}` is not empty; a recording needs a folder of its own", path.display())]
    NotEmpty { path: PathBuf },
    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` contains no recorded exchanges (`000001-….json`)", path.display())]
    NoExchanges { path: PathBuf },
    #[error("`{}`, line {line}, column {column}: {problem}", path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        column: usize,
        problem: String,
    },
    #[error("`{}`: {problem}", path.display())]
    Content { path: PathBuf, problem: String },
}

/// Where exchanges are written.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Creates the folder, or uses an empty one.
    pub(crate) fn create(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Write {
            path: path.to_owned(),
            source,
        };
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    let path = path.to_owned();
                    return Err(FolderError::NotEmpty { path });
                }
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    let owner_only = fs::Permissions::from_mode(0o700);
                    fs::set_permissions(path, owner_only).map_err(failed)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                private_file::create_private(path).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes an exchange.
    pub(crate) fn write(&self, exchange: &Exchange) -> Result<(), FolderError> {
        let path = self.0.join(file_name(exchange));
        let failed = |source| FolderError::Write {
            path: path.clone(),
            source,
        };
        let json = serde_json::to_string_pretty(exchange).map_err(|error| failed(error.into()))?;
        private_file::write(&path, &format!("{json}\n")).map_err(failed)
    }
}

/// `000012-POST-defects.json`
fn file_name(exchange: &Exchange) -> String {
    let path = RequestPath::of(&exchange.request.path);
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let mut name = String::new();
    for segment in path.segments() {
        name.push('-');
        name.extend(segment.chars().map(|c| if is_plain(c) { c } else { '_' }));
    }
    name.truncate(NAME_BYTES_MAX);
    format!(
        "{:06}-{}{name}.json",
        exchange.number, exchange.request.method
    )
}

/// The files of a recording in their order, of which each is valid.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let failed = |source| FolderError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let path = folder.to_owned();
        return Err(FolderError::NoExchanges { path });
    }
    Ok(files)
}

/// Reads an exchange.
pub(crate) fn read(path: &Path) -> Result<Exchange, FolderError> {
    let failed = |source| FolderError::Read {
        path: path.to_owned(),
        source,
    };
    let content = |problem: String| FolderError::Content {
        path: path.to_owned(),
        problem,
    };
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        return Err(content(format!(
            "is {length} bytes long; the limit is {FILE_BYTES_MAX}"
        )));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let exchange: Exchange = serde_json::from_str(&text).map_err(|error| {
        let problem = error.to_string();
        let end = format!(" at line {} column {}", error.line(), error.column());
        FolderError::Syntax {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: problem.strip_suffix(&end).unwrap_or(&problem).to_owned(),
        }
    })?;
    if exchange.schema != SCHEMA {
        return Err(content(format!(
            "`schema` is `{}`, expected `{SCHEMA}`",
            exchange.schema
        )));
    }
    check(&exchange).map_err(content)?;
    Ok(exchange)
}

/// Finds what cannot be sent or compared.
fn check(exchange: &Exchange) -> Result<(), String> {
    let request = &exchange.request;
    if request.method.parse::<http::Method>().is_err() {
        return Err(format!(
            "`request.method` is `{}`, which is not an HTTP method",
            request.method
        ));
    }
    if !request.path.starts_with('/') || request.path.parse::<http::Uri>().is_err() {
        return Err(format!(
            "`request.path` is `{}`, which is not a path such as `/admin/server/version`",
            request.path
        ));
    }
    let status = exchange.response.status;
    if http::StatusCode::from_u16(status).is_err() {
        return Err(format!(
            "`response.status` is {status}, expected 100 to 999"
        ));
    }
    for (member, body) in [
        ("request", &request.body),
        ("response", &exchange.response.body),
    ] {
        if let Some(body) = body {
            body.bytes(member).map_err(|error| error.to_string())?;
        }
    }
    for (member, headers) in [
        ("request", &request.headers),
        ("response", &exchange.response.headers),
    ] {
        let is_header = |line: &&String| {
            line.split_once(':').is_some_and(|(name, value)| {
                http::HeaderName::try_from(name.trim()).is_ok()
                    && http::HeaderValue::try_from(value.trim()).is_ok()
            })
        };
        if let Some(line) = headers.0.iter().find(|line| !is_header(line)) {
            return Err(format!(
                "`{member}.headers` has `{line}`, which is not `name: value`"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXCHANGE: &str = r#"{
  "schema": "octane.exchange/1", "number": 12, "time": "2026-11-28T22:00:00Z", "duration_ms": 3,
  "request": { "method": "POST", "path": "/api/shared_spaces/1/workspaces/2/defects/7?a=b", "headers": ["accept: */*"],
    "body": { "json": { "b": 1.50, "a": [] } } },
  "response": { "status": 201, "headers": [], "body": { "base64": "AAE=" } }
}"#;

    #[test]
    fn what_is_written_is_read_byte_for_byte() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::create(&place.path().join("a/b")).unwrap();
        folder
            .write(&serde_json::from_str(EXCHANGE).unwrap())
            .unwrap();
        let found = files(folder.path()).unwrap();
        assert!(found[0].ends_with("000012-POST-defects-7.json"));
        let exchange = read(&found[0]).unwrap();
        let body = exchange.request.body.unwrap().bytes("request").unwrap();
        assert_eq!(body, br#"{ "b": 1.50, "a": [] }"#);
        let body = exchange.response.body.unwrap().bytes("response").unwrap();
        assert_eq!(body, [0, 1]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(folder.path()), mode(&found[0])), (0o700, 0o600));
        }
        let again = Folder::create(folder.path()).unwrap_err();
        assert!(again.to_string().contains("is not empty"), "{again}");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name_and_position() {
        let place = tempfile::tempdir().unwrap();
        let none = files(place.path()).unwrap_err();
        assert!(none.to_string().contains("contains no recorded exchanges"));
        let path = place.path().join("000001-x.json");
        for (from, to, problem) in [
            (
                "\"status\": 201",
                "\"status\": \"201\"",
                "line 5, column 31: invalid type",
            ),
            (
                "\"status\": 201",
                "\"stats\": 201",
                "line 5, column 23: unknown field `stats`",
            ),
            ("1.50", "1,50", "line 4, column "),
            (
                "octane.exchange/1",
                "octane.exchange/9",
                "`schema` is `octane.exchange/9`",
            ),
            ("\"POST\"", "\"PO ST\"", "`request.method` is `PO ST`"),
            ("\"/api/", "\"api/", "`request.path` is `api/"),
            ("201", "7", "`response.status` is 7"),
            ("AAE=", "AAE", "`response.body.base64` is not valid base64"),
            ("accept: */*", "accept", "`request.headers` has `accept`"),
        ] {
            fs::write(&path, EXCHANGE.replace(from, to)).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("000001-x.json`"), "{error}");
            assert!(error.contains(problem), "{error}");
        }
    }
}

//! The API keys that `octane auth login` has saved, in a file of the user that only they can read. Of a key in the keyring, the file
//! says that it is there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use octane_model::Address;
use octane_rest::{Credential, CredentialError, FoundCredential, Origin, Secret};
use serde::{Deserialize, Serialize};

use super::keyring::{KEYRING, Keyring};
use super::private_file;
use crate::args::ConnectionArgs;

/// Saved keys.
#[derive(Debug, Clone)]
pub(crate) struct Logins {
    path: PathBuf,
    keyring: Keyring,
}

/// What a key is for: API keys belong to a shared space.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) address: Address,
    pub(crate) space: Option<i64>,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct Content {
    format: u32,
    keys: Vec<Key>,
}

/// 2 has keys whose secret is in the keyring.
const FORMAT: u32 = 2;

/// A saved key.
#[derive(Serialize, Deserialize)]
pub(crate) struct Key {
    server: String,
    space: Option<i64>,
    client_id: String,
    /// Absent if it is in the keyring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl Place {
    pub(crate) fn new(url: &str) -> Option<Self> {
        let address: Address = url.parse().ok()?;
        let space = address.space().map(octane_model::SharedSpaceId::get);
        Some(Self { address, space })
    }

    /// The server and space of a command.
    pub(crate) fn of(args: &ConnectionArgs) -> Option<Self> {
        let place = Self::new(args.url.as_deref()?)?;
        let typed = args.space.as_deref().map(str::trim);
        let typed = typed.filter(|text| !text.is_empty());
        let space = typed.map_or(place.space, |text| text.parse().ok());
        Some(Self { space, ..place })
    }
}

impl Logins {
    /// Those of the user.
    pub(crate) fn of_user() -> io::Result<Self> {
        let base = etcetera::choose_base_strategy().map_err(io::Error::other)?;
        let directory = base.config_dir().join("octane-client");
        Ok(Self::at(directory.join("api-keys.json")))
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Self {
            path,
            keyring: Keyring::of_system(),
        }
    }

    #[cfg(test)]
    fn with_keyring(self, keyring: Keyring) -> Self {
        Self { keyring, ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key for a server and space, with this client ID if one is given; its secret is not looked for yet.
    pub(crate) fn find(
        &self,
        place: &Place,
        id: Option<&str>,
    ) -> Result<Option<Key>, CredentialError> {
        let key = self.read()?.keys.into_iter().find(|key| key.is_for(place));
        Ok(key.filter(|key| id.is_none_or(|id| id == key.client_id)))
    }

    /// A key with its secret.
    pub(crate) fn open(&self, key: Key) -> Result<FoundCredential, CredentialError> {
        let name = key.name();
        let id = key.client_id;
        let (secret, origin) = match key.client_secret {
            Some(secret) => (secret.into(), Origin::Login(self.path.clone())),
            None => {
                let missing = || CredentialError::Invalid {
                    location: KEYRING.to_owned(),
                    reason: format!(
                        "the secret of {id} is not there any more; run `octane auth login --keyring`"
                    ),
                };
                let found = self.keyring.get(&name)?;
                (found.ok_or_else(missing)?, Origin::Keyring)
            }
        };
        let credential = Credential::ApiKey { id, secret };
        Ok(FoundCredential { credential, origin })
    }

    /// Saves a key, in place of another one for the same server and space: its secret in the file, or in the keyring. Returns why a
    /// secret that was replaced is still in the keyring, if it is.
    pub(crate) fn save(
        &self,
        place: &Place,
        id: &str,
        secret: &Secret,
        in_keyring: bool,
    ) -> Result<Option<CredentialError>, CredentialError> {
        if let Some(directory) = self.path.parent() {
            private_file::create_directory(directory)?;
        }
        let _lock = self.lock()?;
        let mut content = self.read()?;
        let key = Key {
            server: place.address.to_string(),
            space: place.space,
            client_id: id.to_owned(),
            client_secret: (!in_keyring).then(|| secret.expose().to_owned()),
        };
        let replaced = content.keys.extract_if(.., |key| key.is_for(place));
        let replaced: Vec<Key> = replaced.collect();
        if in_keyring {
            self.keyring.set(&key.name(), secret)?;
        }
        let name = key.name();
        content.keys.push(key);
        self.write(content)?;
        let left = replaced
            .iter()
            .filter(|old| old.client_secret.is_none())
            .filter(|old| !(in_keyring && old.name() == name))
            .find_map(|old| self.keyring.delete(&old.name()).err());
        Ok(left)
    }

    /// The client ID of the key for a server and space, if there is one.
    pub(crate) fn client_id(&self, place: &Place) -> Result<Option<String>, CredentialError> {
        let key = self.read()?.keys.into_iter().find(|key| key.is_for(place));
        Ok(key.map(|key| key.client_id))
    }

    /// Deletes the key for a server and space. Returns its client ID if there was one.
    pub(crate) fn remove(&self, place: &Place) -> Result<Option<String>, CredentialError> {
        if self.client_id(place)?.is_none() {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let mut content = self.read()?;
        let found = content.keys.iter().position(|key| key.is_for(place));
        let Some(index) = found else {
            return Ok(None);
        };
        let removed = content.keys.remove(index);
        if removed.client_secret.is_none() {
            self.keyring.delete(&removed.name())?;
        }
        self.write(content)?;
        Ok(Some(removed.client_id))
    }

    /// Waits until no other process changes the file, between reading and replacing it.
    fn lock(&self) -> Result<File, CredentialError> {
        let path = self.path.with_extension("lock");
        let unusable = |error: io::Error| CredentialError::Unreadable {
            location: format!("the file `{}`", path.display()),
            source: Box::new(error),
        };
        let file = private_file::open_lock(&path).map_err(unusable)?;
        // Some file systems have no locks.
        let _ = file.lock();
        Ok(file)
    }

    fn read(&self) -> Result<Content, CredentialError> {
        let Some(text) = private_file::read(&self.path)? else {
            return Ok(Content::default());
        };
        let content: Content = serde_json::from_str(&text)
            // The text of the error may quote the file.
            .map_err(|error| self.invalid(&format!("not valid in line {}", error.line())))?;
        if content.format > FORMAT {
            return Err(self.invalid("created by a newer version of this program"));
        }
        Ok(content)
    }

    fn write(&self, mut content: Content) -> Result<(), CredentialError> {
        // Older versions of this program read files without keys in the keyring.
        let is_any_in_keyring = content.keys.iter().any(|key| key.client_secret.is_none());
        content.format = if is_any_in_keyring { FORMAT } else { 1 };
        let written = if content.keys.is_empty() {
            private_file::remove(&self.path).map(drop)
        } else {
            serde_json::to_string_pretty(&content)
                .map_err(io::Error::other)
                .and_then(|text| private_file::write(&self.path, &text))
        };
        written.map_err(|error| CredentialError::Unreadable {
            location: format!("the file `{}`", self.path.display()),
            source: Box::new(error),
        })
    }

    fn invalid(&self, reason: &str) -> CredentialError {
        CredentialError::Invalid {
            location: format!("the file `{}`", self.path.display()),
            reason: reason.to_owned(),
        }
    }
}

impl Key {
    /// Its name in the keyring.
    fn name(&self) -> String {
        let space = self.space.map(|space| format!(", space {space}"));
        format!(
            "{} ({}{})",
            self.client_id,
            self.server,
            space.unwrap_or_default()
        )
    }

    fn is_for(&self, place: &Place) -> bool {
        let server = self.server.parse::<Address>();
        server.is_ok_and(|server| server.is_same_server(&place.address))
            && self.space == place.space
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::keyring::Store;
    use super::super::keyring::tests::Memory;
    use super::*;

    #[test]
    fn a_key_is_found_for_its_server_and_space_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::at(folder.path().join("octane-client/keys.json"));
        let place = |url| Place::new(url).unwrap();
        let one = place("https://octane.example/ui/?p=1001/1002");
        let other = place("https://octane.example/ui/?p=2001/1002");
        let id = |place: &Place, id| {
            let found = logins.find(place, id).unwrap();
            found.map(|found| found.client_id)
        };
        assert_eq!(id(&one, None), None);
        logins.save(&one, "ci", &"s1".into(), false).unwrap();
        logins.save(&other, "other", &"s2".into(), false).unwrap();
        assert_eq!(id(&one, None).unwrap(), "ci");
        let same = place("HTTPS://octane.example:443/ui?p=1001/9");
        assert_eq!(id(&same, Some("ci")).unwrap(), "ci");
        assert_eq!(id(&same, Some("x")), None);
        assert_eq!(
            id(&place("https://elsewhere.example/ui/?p=1001/1002"), None),
            None
        );
        logins.save(&one, "new", &"s3".into(), false).unwrap();
        assert_eq!(id(&one, None).unwrap(), "new");
        assert_eq!(logins.remove(&one).unwrap().unwrap(), "new");
        assert_eq!(logins.remove(&one).unwrap(), None);
        assert_eq!(id(&other, None).unwrap(), "other");
        logins.remove(&other).unwrap();
        assert!(!logins.path().exists());
    }

    #[test]
    fn a_key_in_the_keyring_is_found_there_and_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let store: Arc<dyn Store> = Arc::<Memory>::clone(&memory);
        let keyring = Keyring::with(store, Duration::from_secs(60));
        let logins = Logins::at(folder.path().join("keys.json")).with_keyring(keyring);
        let place = Place::new("https://octane.example/ui/?p=1001/1002").unwrap();
        let found = || {
            logins
                .find(&place, None)
                .unwrap()
                .map(|key| logins.open(key))
        };
        let kept = || memory.0.lock().unwrap().len();
        let text = || std::fs::read_to_string(logins.path()).unwrap();
        logins.save(&place, "ci", &"s3cret".into(), true).unwrap();
        assert!(!text().contains("s3cret") && text().contains("\"format\": 2"));
        let key = found().unwrap().unwrap();
        let secret = key.credential.secrets().next().unwrap().expose().to_owned();
        assert_eq!((&*secret, key.origin), ("s3cret", Origin::Keyring));
        // Another key, and then one in the file, take its place.
        logins.save(&place, "new", &"other".into(), true).unwrap();
        assert_eq!(kept(), 1);
        logins.save(&place, "new", &"plain".into(), false).unwrap();
        assert_eq!(
            (kept(), found().unwrap().unwrap().origin),
            (0, Origin::Login(logins.path().to_owned()))
        );
        assert!(text().contains("\"format\": 1"));
        logins.save(&place, "ci", &"s3cret".into(), true).unwrap();
        memory.0.lock().unwrap().clear();
        let error = found().unwrap().unwrap_err().to_string();
        assert!(error.contains("not there any more"), "{error}");
        assert_eq!(logins.remove(&place).unwrap().unwrap(), "ci");
        assert!(found().is_none());
    }

    #[test]
    fn keys_that_are_saved_and_deleted_at_once_are_all_counted() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::at(folder.path().join("keys.json"));
        let place = |space: usize| {
            Place::new(&format!("https://octane.example/ui/?p={space}/1002")).unwrap()
        };
        let at_once = |change: &(dyn Fn(usize) + Sync)| {
            std::thread::scope(|threads| {
                for space in 1..=16 {
                    threads.spawn(move || change(space));
                }
            });
        };
        at_once(&|space| {
            let saved = logins.save(&place(space), "ci", &"s3cret".into(), false);
            saved.unwrap();
        });
        assert_eq!(logins.read().unwrap().keys.len(), 16);
        at_once(&|space| {
            if space > 1 {
                logins.remove(&place(space)).unwrap().unwrap();
            }
        });
        assert_eq!(logins.read().unwrap().keys.len(), 1);
    }

    #[test]
    fn a_damaged_file_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::at(folder.path().join("keys.json"));
        private_file::write(logins.path(), r#"{"format":1,"keys":["s3cret"]}"#).unwrap();
        let place = Place::new("https://octane.example").unwrap();
        let error = logins.find(&place, None).err().unwrap().to_string();
        assert!(
            error.contains("not valid in line 1") && !error.contains("s3cret"),
            "{error}"
        );
        private_file::write(logins.path(), r#"{"format":3,"keys":[]}"#).unwrap();
        let error = logins.find(&place, None).err().unwrap().to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}

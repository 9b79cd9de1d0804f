//! The store of a relay, by the options.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use octane_relay::{
    Actor, Audit, AuditEntry, Event, PostgresStore, SqliteStore, Store, StoreError, system_clock,
};
use octane_rest::{CredentialError, Secret, SecretFile};

use super::audit;
use super::suggest::RelaySuggest;
use crate::args::RelayStoreArgs;
use crate::connect::credential_failure;
use crate::credentials::private_file::create_private;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;

/// A store that is open, and the directory of the relay's files.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// What people are shown; no secret.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) audit: Audit,
    /// Commands on this store.
    pub(super) suggest: RelaySuggest,
}

impl Opened {
    /// Opens the store for a command about what is in it. Fails if there is none; nothing is created.
    pub(super) async fn existing(args: &RelayStoreArgs) -> Result<Self> {
        let folder = folder(args)?;
        let is_file = database(args).await?.is_none();
        if is_file && !folder.join(SQLITE_FILE).exists() {
            let message = format!("there is no store of a relay in `{}`", folder.display());
            return Err(Failure::message(Exit::Configuration, message).hint(format!(
                "use the directory (`--relay-data` or {}) or the database (`--database-file` or {}) that the relay uses",
                env::RELAY_DATA,
                env::RELAY_DATABASE
            )));
        }
        Self::open(args).await
    }

    /// Opens the store, and creates it if it does not exist.
    async fn open(args: &RelayStoreArgs) -> Result<Self> {
        let folder = folder(args)?;
        create_private(&folder).map_err(|error| {
            Failure::new(Exit::Configuration, error)
                .context(format!(
                    "cannot create the directory `{}`",
                    folder.display()
                ))
                .hint("use a writable directory with `--relay-data DIR`")
        })?;
        let (store, name): (Arc<dyn Store>, String) = match database(args).await? {
            Some(url) => {
                secrets::redactor().learn_url(url.expose());
                let store = PostgresStore::open(&url).await.map_err(failure)?;
                (Arc::new(store), "PostgreSQL".to_owned())
            }
            None => {
                let file = folder.join(SQLITE_FILE);
                (Arc::new(sqlite(&file)?), file.display().to_string())
            }
        };
        Ok(Self {
            store,
            name,
            audit: Audit::default(),
            suggest: RelaySuggest::of(args),
            folder,
        })
    }

    /// Opens the store, or creates it, and the audit log, for those who change something.
    pub(super) async fn created(args: &RelayStoreArgs) -> Result<Self> {
        Self::open(args).await?.audited(args)
    }

    /// Opens an existing store and the audit log.
    pub(super) async fn changed(args: &RelayStoreArgs) -> Result<Self> {
        Self::existing(args).await?.audited(args)
    }

    fn audited(self, args: &RelayStoreArgs) -> Result<Self> {
        let opened = self;
        let audit = audit::open(args.audit_log.as_deref(), &opened.folder)?;
        Ok(Self { audit, ..opened })
    }

    /// Writes into the audit log what the user who runs this command has done.
    pub(super) async fn record(&self, event: Event, about: impl FnOnce(&mut AuditEntry)) {
        let mut entry = AuditEntry::by(Actor::User(audit::user()));
        about(&mut entry);
        self.audit.record(event, &entry).await;
    }
}

/// The name of the store in the directory of the relay's files.
const SQLITE_FILE: &str = "relay.db";

fn sqlite(file: &Path) -> Result<SqliteStore> {
    SqliteStore::open(file, system_clock()).map_err(|error| {
        failure(error).context(format!("cannot open the store `{}`", file.display()))
    })
}

/// The URL of a database, if there is one.
async fn database(args: &RelayStoreArgs) -> Result<Option<Secret>> {
    if let Some(file) = &args.database_file {
        let file = SecretFile::new(file).named_by("`--database-file`");
        let read = file.read().await;
        return read.map(Some).map_err(|error| {
            let is_unreadable = matches!(error, CredentialError::Unreadable { .. });
            let failure = credential_failure(error);
            if is_unreadable {
                failure.hint(
                    "`--database-file` is a file with the URL of the database and nothing else",
                )
            } else {
                failure
            }
        });
    }
    let url = env::text(env::RELAY_DATABASE);
    let url = url.filter(|url| !url.trim().is_empty());
    Ok(url.map(|url| Secret::from(url.trim())))
}

fn folder(args: &RelayStoreArgs) -> Result<PathBuf> {
    if let Some(folder) = args
        .relay_data
        .as_ref()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        return Ok(folder.clone());
    }
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context("cannot find a directory to store uploads in")
            .hint("use `--relay-data DIR`")
    })?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Ok(state.join("octane-client").join("relay"))
}

/// The failure of a command about a store.
pub(super) fn failure(error: StoreError) -> Failure {
    let hint = match &error {
        StoreError::NotDurable { .. } => None,
        StoreError::Newer { .. } => Some("use the version that made it, or a newer one"),
        StoreError::Foreign => Some("use another directory with `--relay-data DIR`"),
        StoreError::InvalidUrl { .. } => Some(
            "correct it in the file of `--database-file` or in OCTANE_RELAY_DATABASE, for example \
             `postgres://user:password@host/name?sslmode=require`",
        ),
        StoreError::Unreachable { .. } => {
            Some("check that it runs, and its URL (`--database-file` or OCTANE_RELAY_DATABASE)")
        }
        _ => Some("check the database and its URL, or the directory (`--relay-data`)"),
    };
    let failure = Failure::new(Exit::Configuration, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

//! What a command would change: the answer of `--dry-run`.

use octane_model::SuiteId;
use octane_model::plural::plural;
use serde::Serialize;
use serde_json::{Value, json};

use super::entity::{Answer, Shown};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text};

/// Something that would change.
#[derive(Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(super) enum Change {
    /// An entity would be created.
    Create {
        entity_type: &'static str,
        /// What messages call the type.
        #[serde(skip)]
        label: String,
        name: String,
        /// The name or ID of the module that it would belong to.
        module: Option<String>,
        /// The ID of the suite that it would belong to.
        suite: Option<String>,
    },
    /// A request would be sent.
    Request {
        method: String,
        path: String,
        bytes: usize,
    },
    /// Batches of an upload would be sent.
    Send(Batches),
    /// Batches of an upload would be sent again unless the suite run shows their results.
    SendAgain(Batches),
    /// Octane would be asked how far batches of an upload are.
    Await(Batches),
    /// Runs of an upload would be linked.
    Link { upload_id: String, jira_keys: usize },
    /// Links of an upload's runs would be removed that no Jira key stands for any more.
    UnlinkStale { upload_id: String },
}

/// Batches of an upload.
#[derive(Debug, Serialize)]
pub(super) struct Batches {
    pub(super) upload_id: String,
    pub(super) server: String,
    pub(super) suite_run: String,
    pub(super) batches: usize,
    pub(super) results: usize,
    /// The size of the payloads, before compression.
    pub(super) bytes: u64,
}

impl Change {
    /// An entity of this type would be created.
    pub(super) fn create<E: Shown>(name: &str, module: Option<String>) -> Self {
        Self::Create {
            entity_type: E::TYPE,
            label: E::label(),
            name: name.to_owned(),
            module,
            suite: None,
        }
    }

    /// An entity of this type would be created in a suite.
    pub(super) fn create_in_suite<E: Shown>(name: &str, suite: SuiteId) -> Self {
        Self::Create {
            entity_type: E::TYPE,
            label: E::label(),
            name: name.to_owned(),
            module: None,
            suite: Some(suite.to_string()),
        }
    }

    /// As JSON, in which all changes have the same members.
    fn document(&self) -> Value {
        let mut document = json!({
            "entity_type": null, "name": null, "module": null, "suite": null, "method": null, "path": null, "upload_id": null,
            "server": null, "suite_run": null, "batches": null, "results": null, "bytes": null, "jira_keys": null,
        });
        if let (Some(all), Ok(Value::Object(own))) =
            (document.as_object_mut(), serde_json::to_value(self))
        {
            all.extend(own);
        }
        document
    }

    fn line(&self) -> String {
        match self {
            Self::Create {
                label,
                name,
                module,
                suite,
                ..
            } => {
                let place = match (module, suite) {
                    (Some(module), _) => format!(" in module `{module}`"),
                    (None, Some(suite)) => format!(" in suite {suite}"),
                    (None, None) => String::new(),
                };
                format!("would create {label} `{name}`{place}")
            }
            Self::Request {
                method,
                path,
                bytes,
            } => format!("would send {method} {path} ({})", plural(*bytes, "byte")),
            Self::Send(batches) => format!("would send {}", batches.line()),
            Self::SendAgain(batches) => format!(
                "would send again {}, unless the suite run shows them",
                batches.line()
            ),
            Self::Await(batches) => format!(
                "would ask how far {} of upload {} are",
                plural(batches.batches, "batch"),
                batches.upload_id
            ),
            Self::Link {
                upload_id,
                jira_keys,
            } => format!(
                "would link runs of upload {upload_id} to the stories of {}",
                plural(*jira_keys, "Jira key")
            ),
            Self::UnlinkStale { upload_id } => format!(
                "would then remove the links of runs of upload {upload_id} to stories that none of their Jira keys stands for"
            ),
        }
    }
}

impl Batches {
    fn line(&self) -> String {
        format!(
            "{} of upload {} in {} ({} bytes) to suite run `{}` of {}",
            plural(self.results, "result"),
            self.upload_id,
            plural(self.batches, "batch"),
            self.bytes,
            self.suite_run,
            self.server
        )
    }
}

/// Prints what would change, or that nothing would.
pub(super) fn show(changes: &[Change], output: Output) -> Result<Exit> {
    let human = || match changes {
        [] => Text::line("nothing would change"),
        changes => Text::lines(changes.iter().map(Change::line)),
    };
    output.answer(human, &document(changes))?;
    Ok(Exit::Success)
}

/// What would change, as `octane.changes/1`.
pub(super) fn document(changes: &[Change]) -> Value {
    json!({
        "schema": "octane.changes/1",
        "changes": changes.iter().map(Change::document).collect::<Vec<_>>(),
    })
}

/// Answers where what a command creates unless it exists does exist.
pub(super) fn ensured<E: Shown>(existing: E, is_dry_run: bool, output: Output) -> Result<Exit> {
    if is_dry_run {
        return show(&[], output);
    }
    Answer::One(existing).show(output)
}

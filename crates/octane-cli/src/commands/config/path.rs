//! `octane config path`

use serde_json::json;

use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, table};
use crate::settings::find::{self, Candidate};

pub(super) fn run(output: Output) -> Result<Exit> {
    let candidates = find::here();
    let rows = candidates.iter().map(|candidate| {
        let owner = candidate.owner.as_str().to_owned();
        [
            owner,
            state(candidate).to_owned(),
            candidate.path.display().to_string(),
        ]
    });
    let files: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            json!({
                "owner": candidate.owner.as_str(),
                "path": candidate.path.display().to_string(),
                "is_there": candidate.exists,
                "is_used": candidate.is_used,
            })
        })
        .collect();
    output.answer(
        || table(&["SETTINGS OF", "STATE", "FILE"], rows),
        &json!({ "schema": "octane.config_files/1", "files": files }),
    )?;
    Ok(Exit::Success)
}

fn state(candidate: &Candidate) -> &'static str {
    match (candidate.exists, candidate.is_used) {
        (_, true) => "used",
        (true, false) => "not used (a nearer file is there)",
        (false, false) => "not there",
    }
}

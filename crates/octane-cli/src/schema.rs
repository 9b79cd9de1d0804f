//! The published JSON Schemas of all answers.

/// `octane.NAME/1` for each file `schemas/NAME.json`.
macro_rules! schemas {
    ($($name:literal)+) => {
        &[$(($name, include_str!(concat!("../schemas/", $name, ".json")))),+]
    };
}

/// Names and texts, in the order of the names.
const SCHEMAS: &[(&str, &str)] = schemas! {
    "auth_login"
    "auth_logout"
    "auth_status"
    "changes"
    "ci_env"
    "compat"
    "config"
    "config_files"
    "config_init"
    "convert"
    "deleted_uploads"
    "doctor"
    "error"
    "exchange"
    "hand_over"
    "jira_keys"
    "links"
    "module"
    "modules"
    "plan"
    "recording"
    "relay"
    "relay_audit"
    "relay_change"
    "relay_close"
    "relay_error"
    "relay_lanes"
    "relay_status"
    "relay_token"
    "relay_tokens"
    "relay_upload"
    "replay"
    "resume"
    "run"
    "runs"
    "sandbox"
    "schemas"
    "status"
    "stories"
    "story"
    "story_coverage"
    "suite"
    "suite_run"
    "suite_runs"
    "suites"
    "task"
    "upload"
    "upload_bundle"
    "uploads"
    "validate"
    "version"
};

/// The names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// The schema of `octane.NAME/1`.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    let found = SCHEMAS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

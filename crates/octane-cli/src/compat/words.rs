//! The words of the command line.

use super::proxy::ToolProxy;
use crate::args::CompatArgs;
use crate::collection_tool::Config;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// How the collection tool identifies a test: the class name is split at its last dot, and there is no module.
pub(super) const IDENTITY: &str = "module= package={classname:parent} class={classname:last}";

/// The words of a command that does the same.
pub(super) fn words(
    args: &CompatArgs,
    config: &Config,
    proxy: Option<&ToolProxy>,
) -> Result<Vec<String>> {
    let mut words = Words::default();
    let is_upload = args.output_file.is_none();
    words
        .0
        .push(if is_upload { "upload" } else { "convert" }.to_owned());
    let is_plain = args.files.iter().all(|file| !file.starts_with('-'));
    if is_plain {
        words.0.extend(args.files.iter().cloned());
    }
    if is_upload {
        let stated =
            |typed: Option<String>, key| typed.or_else(|| config.get(key).map(str::to_owned));
        words.option("--url", stated(args.server.clone(), "server"));
        words.option(
            "--space",
            stated(args.shared_space.map(text), "sharedspace"),
        );
        words.option("--workspace", stated(args.workspace.map(text), "workspace"));
        // One with a user needs a password, which is not a word of a command line.
        let proxy = proxy.filter(|proxy| proxy.user.is_none());
        words.option("--proxy", proxy.map(|proxy| proxy.url.clone()));
    }
    words.option("--suite", args.suite.map(text));
    words.option("--suite-run", args.suite_external_run_id.clone());
    words.option("--module", args.product_area.first().copied().map(text));
    for item in &args.backlog_item {
        words.option("--backlog-item", Some(text(*item)));
    }
    let release = args
        .release
        .map(text)
        .or_else(|| args.release_default.then(|| "default".to_owned()));
    words.option("--release", release);
    words.option("--milestone", args.milestone.map(text));
    words.option("--program", args.program.map(text));
    for tag in &args.tag {
        words.option("--tag", Some(tag.clone()));
    }
    for field in &args.field {
        words.option("--field", Some(field.clone()));
    }
    words.option("--build-context", build_context(args, config)?);
    if args.internal {
        words.option("--input-format", Some("octane".to_owned()));
    } else {
        words.option("--identity", Some(IDENTITY.to_owned()));
    }
    if let Some(file) = &args.output_file {
        words.option("--output", Some(file.to_string_lossy().into_owned()));
    }
    if is_upload {
        if args.dry_run {
            words.0.push("--dry-run".to_owned());
        }
        if args.skip_errors {
            words.0.push("--skip-errors".to_owned());
        }
        words.option(
            "--wait",
            args.check_result_timeout
                .map(|seconds| format!("{seconds}s")),
        );
    }
    if !is_plain {
        words.0.push("--".to_owned());
        words.0.extend(args.files.iter().cloned());
    }
    Ok(words.0)
}

fn text(number: i64) -> String {
    number.to_string()
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn option(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) if value.starts_with('-') => self.0.push(format!("{name}={value}")),
            Some(value) => self.0.extend([name.to_owned(), value]),
            None => {}
        }
    }
}

/// `SERVER,JOB,BUILD`.
fn build_context(args: &CompatArgs, config: &Config) -> Result<Option<String>> {
    let parts = [
        (
            &args.build_context_server_id,
            "build_context_server_id",
            "--build-context-server-id",
        ),
        (
            &args.build_context_job_id,
            "build_context_job_id",
            "--build-context-job-id",
        ),
        (
            &args.build_context_build_id,
            "build_context_build_id",
            "--build-context-build-id",
        ),
    ];
    let values =
        parts.map(|(typed, key, flag)| (typed.as_deref().or_else(|| config.get(key)), flag));
    if values.iter().all(|(value, _)| value.is_none()) {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (value, flag) in values {
        let value = value.ok_or_else(|| {
            let message = format!(
                "a build is named by its server, its job and its number; `{flag}` is missing"
            );
            Failure::message(Exit::Usage, message).hint("give all three, or none")
        })?;
        if value.contains(',') {
            let message = format!("`{flag} {value}`: a comma is not possible here");
            return Err(Failure::message(Exit::Usage, message));
        }
        found.push(value);
    }
    Ok(Some(found.join(",")))
}

//! From a command line of the vendor's test result collection tool to one of this program.
//!
//! | flag | becomes | remark |
//! |---|---|---|
//! | `-s`, `--server` | `--url` | also `server` in `config.properties` |
//! | `-d`, `--shared-space` | `--space` | `sharedspace` |
//! | `-w`, `--workspace` | `--workspace` | `workspace` |
//! | `-u`, `--user` | user or client ID | `user`; signs in with it and the password, as the tool does |
//! | `-p`, `--password` | password or client secret | `password`; with a warning |
//! | `--password-file` | the same, from a file | a line break at its end does not count |
//! | `-t`, `--tag` | `--tag` | |
//! | `-f`, `--field` | `--field` | |
//! | `-r`, `--release` | `--release` | |
//! | `--release-default` | `--release default` | |
//! | `-m`, `--milestone` | `--milestone` | |
//! | `--program` | `--program` | |
//! | `-a`, `--product-area` | `--module` | one; several are refused |
//! | `-b`, `--backlog-item` | `--backlog-item` | |
//! | `--suite` | `--suite` | needed, unless settings name a suite |
//! | `--suite-external-run-id` | `--suite-run` | |
//! | `-i`, `--internal` | `--input-format octane` | |
//! | `-o`, `--output-file` | `convert` with `--output` | nothing is uploaded |
//! | `-c`, `--config-file` | is read | `config.properties` of the current directory without it |
//! | `-e`, `--skip-errors` | `--skip-errors` | |
//! | `--check-result` | nothing | the outcome is always awaited, and decides the exit code |
//! | `--check-result-timeout` | `--wait` | 15 minutes without it, instead of 10 seconds |
//! | `--build-context-server-id`, `-job-id`, `-build-id` | `--build-context` | all three |
//! | `--proxy-host`, `--proxy-port`, `--proxy-user` | refused | set `HTTPS_PROXY` |
//! | `--proxy-password`, `--proxy-password-file` | refused | set `HTTPS_PROXY` |
//! | `--access-token` | refused | set `OCTANE_ACCESS_TOKEN` |
//! | `--bearer-token` | refused | use an API key |
//! | `--started` | refused | reports say when tests have started |
//! | `--coverage-reports`, `--coverage-report-type` | refused | only test results are uploaded |
//! | `-h`, `--help` | the same | |
//! | `-v`, `--version` | `octane version` | `-v` logs more, as everywhere in this program |

use std::ffi::OsString;
use std::path::Path;

use octane_rest::{Secret, UserPassword};

use crate::args::{Args, Command, CompatArgs, Format};
use crate::collection_tool::{Config, proxy_url};
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;
use crate::suggest::quoted;

/// The file that is read without `-c`.
const CONFIG_FILE: &str = "config.properties";

/// How the tool makes the identity of a test: the class name is split at its last dot, and there is no module.
const IDENTITY: &str = "module= package={classname:parent} class={classname:last}";

/// A command of this program, and who signs in.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The words of the command line after `octane`; no secret is one of them.
    pub(crate) words: Vec<String>,
    user: Option<UserPassword>,
}

impl Translated {
    /// Reads the files that the command line names, and translates it.
    pub(crate) fn new(args: &CompatArgs) -> Result<Self> {
        let config = match &args.config_file {
            Some(path) => Config::read(path)?,
            None if Path::new(CONFIG_FILE).is_file() => Config::read(Path::new(CONFIG_FILE))?,
            None => Config::default(),
        };
        let words = words(args, &config)?;
        let user = args.user.as_deref().or_else(|| config.get("user"));
        let user = match user {
            // Nothing is sent.
            _ if args.output_file.is_some() || args.show_command => None,
            Some(user) => Some(UserPassword::new(user, password(args, &config)?)),
            None => None,
        };
        Ok(Self { words, user })
    }

    /// The command as it would be typed.
    pub(crate) fn command(&self) -> String {
        let words = self.words.iter().map(|word| quoted(word));
        format!("octane {}", words.collect::<Vec<_>>().join(" "))
    }

    /// The line to parse, with the options of this program that were typed, too.
    pub(crate) fn line(&self, args: &Args) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["octane".into()];
        line.extend(self.words.iter().map(OsString::from));
        // Before the files, which may follow `--`.
        let mut options: Vec<OsString> = Vec::new();
        if args.format == Format::Json {
            options.push("--format=json".into());
        }
        if args.quiet {
            options.push("--quiet".into());
        }
        options.extend((0..args.verbose).map(|_| OsString::from("-v")));
        if let Some(profile) = &args.profile {
            options.push(format!("--profile={profile}").into());
        }
        line.splice(1..1, options);
        line
    }

    /// Signs in with the user of the tool.
    pub(crate) fn sign_in(self, command: &mut Command) {
        if let Command::Upload(args) = command {
            args.connection.user = self.user;
        }
    }
}

/// The password: typed, in a file, in the tool's settings, or in the environment.
fn password(args: &CompatArgs, config: &Config) -> Result<Secret> {
    let from_file = args
        .password_file
        .as_deref()
        .map(read_password)
        .transpose()?;
    let stated = args.password.clone().or(from_file);
    let stated = stated.or_else(|| config.get("password").map(Secret::from));
    let variable = |name| {
        env::text(name)
            .filter(|value| !value.is_empty())
            .map(Secret::from)
    };
    let password = stated
        .or_else(|| variable(env::PASSWORD))
        .or_else(|| variable(env::CLIENT_SECRET))
        .ok_or_else(|| {
            Failure::message(Exit::Configuration, "no password given").hint(format!(
                "use `--password-file FILE`, or set {} (or {})",
                env::PASSWORD,
                env::CLIENT_SECRET
            ))
        })?;
    secrets::redactor().learn(password.expose());
    Ok(password)
}

fn read_password(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot read `{}`", path.display()))
    })?;
    Ok(Secret::from(text.trim_end_matches(['\r', '\n'])))
}

/// The words of a command that does the same.
fn words(args: &CompatArgs, config: &Config) -> Result<Vec<String>> {
    check(args, config)?;
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

/// Fails if a flag cannot be honoured.
fn check(args: &CompatArgs, config: &Config) -> Result<()> {
    let refuse = |flag: &str, reason: &str, hint: String| {
        let message = format!("`{flag}` is not supported: {reason}");
        Err(Failure::message(Exit::Usage, message).hint(hint))
    };
    let port = args.proxy_port.map(|port| port.to_string());
    let proxy = args
        .proxy_host
        .as_deref()
        .and_then(|host| proxy_url(host, port.as_deref(), args.proxy_user.as_deref()));
    let proxy_hint = || {
        let proxy = proxy.clone().or_else(|| config.proxy());
        format!(
            "set HTTPS_PROXY={}",
            proxy.unwrap_or_else(|| "http://USER:PASSWORD@HOST:PORT".to_owned())
        )
    };
    let has_proxy =
        args.proxy_host.is_some() || args.proxy_port.is_some() || args.proxy_user.is_some();
    if has_proxy && args.output_file.is_none() {
        return refuse(
            "--proxy-host",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if args.proxy_password.is_some() || args.proxy_password_file.is_some() {
        return refuse(
            "--proxy-password",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if config.get("proxyhost").is_some() && args.output_file.is_none() && !is_proxy_set() {
        return refuse(
            "proxyhost",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if args.access_token.is_some() {
        let hint = "set OCTANE_ACCESS_TOKEN instead".to_owned();
        return refuse(
            "--access-token",
            "a token on the command line is visible to others",
            hint,
        );
    }
    if args.bearer_token.is_some() || config.get("bearer-token").is_some() {
        let hint = "use an API key: `-u CLIENT_ID --password-file FILE`".to_owned();
        return refuse(
            "--bearer-token",
            "this program signs in for a session",
            hint,
        );
    }
    if args.started.is_some() {
        let hint = "remove it".to_owned();
        return refuse("--started", "reports say when tests have started", hint);
    }
    if !args.coverage_reports.is_empty() || args.coverage_report_type.is_some() {
        let hint = "upload coverage with the collection tool".to_owned();
        return refuse(
            "--coverage-reports",
            "this program uploads test results only",
            hint,
        );
    }
    if args.product_area.len() > 1 {
        let hint = "use the one that has the others below it".to_owned();
        return refuse(
            "--product-area",
            "results belong to one module, and several are given",
            hint,
        );
    }
    Ok(())
}

/// Whether the environment has a proxy.
fn is_proxy_set() -> bool {
    let names = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    names
        .into_iter()
        .any(|name| env::read(name).is_some_and(|value| !value.is_empty()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> CompatArgs {
        let line = ["octane", "compat"]
            .into_iter()
            .chain(line.split_whitespace());
        let args = <Args as clap::Parser>::try_parse_from(line).unwrap();
        match args.command {
            Command::Compat(args) => *args,
            _ => panic!("another command"),
        }
    }

    /// The words that a line becomes, without those that every upload has.
    fn translated(line: &str, config: &str) -> Result<String> {
        let words = words(&parsed(line), &Config::of(config.as_bytes()))?;
        let usual = format!(" --identity {IDENTITY}");
        Ok(words.join(" ").replace(&usual, ""))
    }

    #[test]
    fn each_flag_has_its_counterpart() {
        for (line, expected) in [
            ("a.xml", "upload a.xml"),
            (
                "-s http://octane.example:8080 a.xml",
                "upload a.xml --url http://octane.example:8080",
            ),
            (
                "-d 1001 -w 1002 a.xml",
                "upload a.xml --space 1001 --workspace 1002",
            ),
            (
                "--shared-space 1001 --workspace 1002 a.xml",
                "upload a.xml --space 1001 --workspace 1002",
            ),
            ("-u ci -p hush a.xml", "upload a.xml"),
            ("--user ci --password-file key a.xml", "upload a.xml"),
            (
                "-t OS:Linux --tag DB:Oracle a.xml",
                "upload a.xml --tag OS:Linux --tag DB:Oracle",
            ),
            (
                "-f Framework:TestNG a.xml",
                "upload a.xml --field Framework:TestNG",
            ),
            (
                "-r 7 -m 8 --program 9 a.xml",
                "upload a.xml --release 7 --milestone 8 --program 9",
            ),
            ("--release-default a.xml", "upload a.xml --release default"),
            (
                "-a 5 -b 6 -b 7 a.xml",
                "upload a.xml --module 5 --backlog-item 6 --backlog-item 7",
            ),
            (
                "--suite 4 --suite-external-run-id n a.xml b.xml",
                "upload a.xml b.xml --suite 4 --suite-run n",
            ),
            ("-e --check-result a.xml", "upload a.xml --skip-errors"),
            (
                "--check-result --check-result-timeout 30 a.xml",
                "upload a.xml --wait 30s",
            ),
            (
                "-o out.xml -s x -r 7 -e a.xml",
                "convert a.xml --release 7 --output out.xml",
            ),
            (
                "--build-context-server-id s --build-context-job-id j --build-context-build-id 3 a.xml",
                "upload a.xml --build-context s,j,3",
            ),
            ("-- -a.xml", "upload -- -a.xml"),
        ] {
            assert_eq!(translated(line, "").unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn payloads_keep_the_identity_that_they_have() {
        let internal = words(&parsed("-i a.xml"), &Config::default()).unwrap();
        assert_eq!(internal.join(" "), "upload a.xml --input-format octane");
        let report = words(&parsed("a.xml"), &Config::default()).unwrap();
        assert_eq!(report[2..], ["--identity", IDENTITY]);
    }

    #[test]
    fn a_typed_flag_wins_over_the_file() {
        let config = "server=http://file.example\nsharedspace=1\nworkspace=2\nuser=u\npassword=hush\nbuild_context_server_id=s\nbuild_context_job_id=j\nbuild_context_build_id=3\n";
        assert_eq!(
            translated("-s http://typed.example -w 9 a.xml", config).unwrap(),
            "upload a.xml --url http://typed.example --space 1 --workspace 9 --build-context s,j,3"
        );
    }

    #[test]
    fn a_flag_that_cannot_be_honoured_is_refused_with_a_way_out() {
        for (line, flag, hint) in [
            ("--started 1700000000000 a.xml", "--started", "remove it"),
            (
                "--proxy-host p.example --proxy-port 3128 a.xml",
                "--proxy-host",
                "HTTPS_PROXY=http://p.example:3128",
            ),
            (
                "--proxy-password hush a.xml",
                "--proxy-password",
                "HTTPS_PROXY",
            ),
            (
                "--proxy-password-file x a.xml",
                "--proxy-password",
                "HTTPS_PROXY",
            ),
            (
                "--access-token hush a.xml",
                "--access-token",
                "set OCTANE_ACCESS_TOKEN",
            ),
            ("--bearer-token hush a.xml", "--bearer-token", "API key"),
            (
                "--coverage-reports x a.xml",
                "--coverage-reports",
                "collection tool",
            ),
            ("-a 1 -a 2 a.xml", "--product-area", "the one"),
            (
                "--build-context-job-id j a.xml",
                "--build-context-server-id",
                "all three",
            ),
        ] {
            let failure = translated(line, "").unwrap_err();
            let message = failure.error.to_string();
            assert!(
                message.contains(flag) && failure.exit == Exit::Usage,
                "{line}: {message}"
            );
            let shown = failure.hint.unwrap_or_default();
            assert!(
                shown.contains(hint) && !shown.contains("hush"),
                "{line}: {shown}"
            );
        }
    }

    #[test]
    fn the_table_has_every_flag() {
        use clap::CommandFactory;
        let documentation = include_str!("compat.rs");
        let program = Args::command();
        for argument in program.find_subcommand("compat").unwrap().get_arguments() {
            let Some(long) = argument.get_long().filter(|long| *long != "show-command") else {
                continue;
            };
            let name = long.strip_prefix("build-context").unwrap_or(long);
            assert!(
                documentation.contains(&format!("`--{long}`"))
                    || documentation.contains(&format!("`{name}`")),
                "{long}"
            );
        }
    }
}

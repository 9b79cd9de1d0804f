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
//! | `--proxy-host`, `--proxy-port` | `--proxy` | for all servers; also `proxyhost`, `proxyport` |
//! | `--proxy-user` | user of the proxy | `proxyuser` |
//! | `--proxy-password` | password of the proxy | with a warning |
//! | `--proxy-password-file` | the same, from a file | a line break at its end does not count |
//! | `--access-token` | refused | set `OCTANE_ACCESS_TOKEN` |
//! | `--bearer-token` | refused | use an API key |
//! | `--started` | refused | reports say when tests have started |
//! | `--coverage-reports`, `--coverage-report-type` | refused | only test results are uploaded |
//! | `-h`, `--help` | the same | |
//! | `-v`, `--version` | `octane version` | `-v` logs more, as everywhere in this program |

mod password_file;
mod proxy;
mod unsupported;
mod words;

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum as _;
use octane_rest::{Secret, UserPassword};

use self::password_file::read_password;
use self::proxy::ToolProxy;
use self::words::words;
use crate::args::{Args, Command, CompatArgs, Format};
use crate::collection_tool::Config;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;
use crate::suggest::quoted;

/// The file that is read without `-c`.
const CONFIG_FILE: &str = "config.properties";

/// A command of this program, and who signs in.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The words of the command line after `octane`; no secret is one of them.
    pub(crate) words: Vec<String>,
    user: Option<UserPassword>,
    /// The proxy with its user and password.
    proxy: Option<Secret>,
    /// Who may use the proxy, and its URL, where the command is shown and not run.
    proxy_to_set: Option<String>,
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
        let tool_proxy = ToolProxy::of(args, &config)?;
        let proxy = match &tool_proxy {
            Some(proxy) if !args.show_command => proxy.with_password(args, &config)?,
            _ => None,
        };
        let proxy_to_set = tool_proxy.filter(|_| args.show_command).and_then(|proxy| {
            let host = proxy.url.trim_start_matches("http://");
            Some(format!("http://{}:PASSWORD@{host}", proxy.user?))
        });
        Ok(Self {
            words,
            user,
            proxy,
            proxy_to_set,
        })
    }

    /// What has to be set before the command that is shown.
    pub(crate) fn note(&self) -> Option<String> {
        let url = self.proxy_to_set.as_ref()?;
        Some(format!("set {} to `{url}` before", env::PROXY))
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
        match args.format {
            Format::Human => {}
            Format::Json => options.push("--format=json".into()),
            Format::Ndjson => options.push("--format=ndjson".into()),
        }
        if args.quiet {
            options.push("--quiet".into());
        }
        let color = args.color.to_possible_value();
        options.extend(color.map(|color| format!("--color={}", color.get_name()).into()));
        options.extend((0..args.verbose).map(|_| OsString::from("-v")));
        if let Some(profile) = &args.profile {
            options.push(format!("--profile={profile}").into());
        }
        line.splice(1..1, options);
        line
    }

    /// Signs in with the user of the tool, and to the proxy with the user of that.
    pub(crate) fn sign_in(self, command: &mut Command) {
        if let Command::Upload(args) = command {
            args.connection.user = self.user;
            if self.proxy.is_some() {
                args.connection.network.proxy = self.proxy;
                args.connection.network.is_proxy_of_compat = true;
            }
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

#[cfg(test)]
mod tests;

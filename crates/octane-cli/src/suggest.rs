//! Commands that messages suggest, with everything that they need to work as they are printed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use octane_client::{Client, UploadId};
use octane_model::Address;

use crate::args::{ConnectionArgs, SpoolArgs};
use crate::credentials::known::Known;
use crate::env;

/// What the suggested commands have to repeat of this one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suggest {
    /// The directory of the uploads, unless it is the default.
    spool: Option<PathBuf>,
    /// The workspace in the browser, unless the environment names it.
    url: Option<String>,
    /// The data folder of a sandbox that an upload is moved to.
    sandbox: Option<PathBuf>,
    client_id: Option<String>,
    /// The option that says where the secret is.
    secret: Option<(&'static str, String)>,
    /// The secret was typed or piped, so it has to be set before.
    is_secret_typed: bool,
    /// The user of `octane compat`, which no option of other commands names.
    user: Option<UserToSet>,
    /// The options for certificates and proxies that were typed.
    network: Vec<(&'static str, Option<String>)>,
    /// The proxy has a password, which has to be set before.
    needs_proxy_variable: bool,
}

impl Suggest {
    /// For a command about stored uploads.
    pub(crate) fn offline(spool: &SpoolArgs) -> Self {
        // A relative path would be another directory elsewhere.
        let absolute = |folder: &PathBuf| std::path::absolute(folder);
        let spool = spool.spool.as_ref();
        Self {
            spool: spool.map(|folder| absolute(folder).unwrap_or_else(|_| folder.clone())),
            ..Self::default()
        }
    }

    /// For a command that connects to a server.
    pub(crate) fn online(spool: &SpoolArgs, connection: &ConnectionArgs) -> Self {
        let typed = &connection.typed;
        let file = connection.secret_file.as_ref().map(|file| {
            let absolute = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            ("--secret-file", absolute.display().to_string())
        });
        let command = connection.secret_command.clone();
        Self {
            secret: file.or_else(|| Some(("--secret-command", command?))),
            client_id: connection.client_id.clone().filter(|_| typed.is_client_id),
            is_secret_typed: connection.client_secret.is_some() || connection.secret_stdin,
            user: connection
                .user
                .as_ref()
                .and_then(|Known(found)| found.credential.id())
                .map(|name| UserToSet::of(name, env::read)),
            network: connection.network.typed_options(),
            needs_proxy_variable: connection.network.needs_proxy_variable(),
            ..Self::offline(spool)
        }
    }

    /// For an upload to the workspace at this URL, if it goes to a server.
    pub(crate) fn to(mut self, url: Option<&str>) -> Self {
        self.url = url
            .filter(|url| !is_workspace_of_environment(url, env::text))
            .map(str::to_owned);
        self
    }

    /// For an upload that is moved to the workspace or sandbox of this client, which has to be typed for that.
    pub(crate) fn moved_to(mut self, client: &Client) -> Self {
        self.sandbox = client.sandbox().map(Path::to_owned);
        let (endpoint, workspace) = (client.endpoint(), client.endpoint().workspace());
        let (space, workspace) = (workspace.space, workspace.workspace);
        let url = format!("{}/ui/?p={space}/{workspace}", endpoint.address());
        self.url = Some(url).filter(|_| self.sandbox.is_none());
        self
    }

    /// `octane resume ID`.
    pub(crate) fn resume(&self, id: &UploadId) -> String {
        self.online_command(format!("octane resume {id}"))
    }

    /// `octane resume ID --via URL`.
    pub(crate) fn hand_over(
        &self,
        id: &UploadId,
        relay: &str,
        token_file: Option<&Path>,
    ) -> String {
        self.via(format!("octane resume {id}"), relay, token_file)
    }

    /// `octane resume --all --via URL`.
    pub(crate) fn hand_over_all(&self, relay: &str, token_file: Option<&Path>) -> String {
        self.via("octane resume --all".to_owned(), relay, token_file)
    }

    fn via(&self, mut command: String, relay: &str, token_file: Option<&Path>) -> String {
        if env::text(env::VIA).as_deref().map(str::trim) != Some(relay) {
            command.push_str(&format!(" --via {}", quoted(relay)));
        }
        if let Some(file) = token_file {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            command.push_str(&format!(
                " --relay-token-file {}",
                quoted(&file.display().to_string())
            ));
        }
        self.push_network(&mut command);
        self.in_spool(command)
    }

    /// `run COMMAND`, where the command hands uploads over, after the password of a proxy is set.
    pub(crate) fn run_hand_over(&self, command: &str) -> String {
        if self.needs_proxy_variable {
            format!("set {} and run `{command}`", env::PROXY)
        } else {
            format!("run `{command}`")
        }
    }

    /// The options for certificates and proxies.
    fn push_network(&self, command: &mut String) {
        for (option, value) in &self.network {
            command.push_str(&format!(" {option}"));
            if let Some(value) = value {
                command.push_str(&format!(" {}", quoted(value)));
            }
        }
    }

    /// The command that completes a suite run of shards. CI runs that upload to several suites have suite runs of one name.
    pub(crate) fn close(&self, suite: &str, suite_run: &str) -> String {
        let suite = match suite.strip_prefix('-') {
            Some(_) => format!("--suite={}", quoted(suite)),
            None => format!("--suite {}", quoted(suite)),
        };
        let name = quoted(suite_run);
        if suite_run.starts_with('-') {
            let command = self.online_command(format!("octane suite-run close {suite}"));
            format!("{command} -- {name}")
        } else {
            self.online_command(format!("octane suite-run close {name} {suite}"))
        }
    }

    /// A command with all that it needs to connect.
    fn online_command(&self, mut command: String) -> String {
        if let Some(url) = &self.url {
            command.push_str(&format!(" --url {}", quoted(url)));
        }
        if let Some(folder) = &self.sandbox {
            let folder = folder.display().to_string();
            command.push_str(&format!(" --sandbox --sandbox-data {}", quoted(&folder)));
        }
        if let Some(id) = &self.client_id {
            command.push_str(&format!(" --client-id {}", quoted(id)));
        }
        if let Some((option, value)) = &self.secret {
            command.push_str(&format!(" {option} {}", quoted(value)));
        }
        self.push_network(&mut command);
        self.in_spool(command)
    }

    /// `octane resume --all`.
    pub(crate) fn resume_all(&self) -> String {
        self.in_spool("octane resume --all".to_owned())
    }

    /// What to do about an unfinished upload: `run …`, after the secret is set where it was typed.
    pub(crate) fn run_resume(&self, id: &UploadId) -> String {
        let command = self.resume(id);
        let secret = self.is_secret_typed.then(|| env::CLIENT_SECRET.to_owned());
        let user = self.user.as_ref().map(UserToSet::variables);
        let proxy = self.needs_proxy_variable.then(|| env::PROXY.to_owned());
        let set: Vec<String> = [secret, user, proxy].into_iter().flatten().collect();
        let unset = self.user.as_ref().and_then(UserToSet::unset);
        match (set.as_slice(), unset) {
            ([], _) => format!("run `{command}`"),
            ([one], None) => format!("set {one} and run `{command}`"),
            (all, None) => format!("set {}, and run `{command}`", all.join(" and ")),
            (all, Some(unset)) => {
                format!("set {}, {unset}, and run `{command}`", all.join(" and "))
            }
        }
    }

    /// The command that deletes an unfinished upload.
    pub(crate) fn delete(&self, id: &UploadId) -> String {
        self.in_spool(format!("octane uploads delete {id} --force"))
    }

    /// The command that shows an upload.
    pub(crate) fn status(&self, id: &UploadId) -> String {
        self.in_spool(format!("octane status {id}"))
    }

    /// The command that lists the rejected and invalid results of an upload.
    pub(crate) fn rejected(&self, id: &UploadId) -> String {
        self.in_spool(format!("octane status {id} --rejected"))
    }

    /// The command that lists all uploads.
    pub(crate) fn list(&self) -> String {
        self.in_spool("octane uploads list".to_owned())
    }

    fn in_spool(&self, command: String) -> String {
        match &self.spool {
            Some(folder) => {
                let folder = folder.display().to_string();
                format!("{command} --spool {}", quoted(&folder))
            }
            None => command,
        }
    }
}

/// A user with a password, for whom the variables of the environment have to be changed.
#[derive(Debug, Clone)]
pub(crate) struct UserToSet {
    name: String,
    /// The variables that count instead of those of a user.
    in_the_way: Vec<&'static str>,
}

impl UserToSet {
    pub(crate) fn of(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut in_the_way = vec![
            env::CLIENT_ID,
            env::CLIENT_ID_FILE,
            env::CLIENT_SECRET,
            env::CLIENT_SECRET_FILE,
            env::ACCESS_TOKEN,
            env::ACCESS_TOKEN_FILE,
            env::USERNAME_FILE,
            env::PASSWORD_FILE,
        ];
        in_the_way.retain(|name| variable(name).is_some_and(|value| !value.is_empty()));
        Self {
            name: name.to_owned(),
            in_the_way,
        }
    }

    /// What has to be set.
    pub(crate) fn variables(&self) -> String {
        format!(
            "{} to `{}` and {} to the password",
            env::USERNAME,
            self.name,
            env::PASSWORD
        )
    }

    /// What must not be set.
    pub(crate) fn unset(&self) -> Option<String> {
        let names = self.in_the_way.join(" and ");
        (!names.is_empty()).then(|| format!("unset {names}"))
    }
}

/// Whether the variables lead to the workspace at this URL without any option.
fn is_workspace_of_environment(url: &str, variable: impl Fn(&str) -> Option<String>) -> bool {
    let parsed = |text: &str| text.parse::<Address>().ok();
    let Some((asked, set)) = parsed(url).zip(variable(env::URL).as_deref().and_then(parsed)) else {
        return false;
    };
    let number = |name: &str| variable(name)?.trim().parse::<i64>().ok();
    let space = number(env::SHARED_SPACE).or(set.space().map(octane_model::SharedSpaceId::get));
    let workspace = number(env::WORKSPACE).or(set.workspace().map(octane_model::WorkspaceId::get));
    asked.is_same_server(&set)
        && space == asked.space().map(octane_model::SharedSpaceId::get)
        && workspace == asked.workspace().map(octane_model::WorkspaceId::get)
}

/// A word as a shell reads it; plain words stay as they are.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_=/.,:@%+".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_completes_a_suite_run_names_its_suite() {
        let suggest = Suggest::default();
        for (suite, suite_run, expected) in [
            (
                "Nightly",
                "ci #7",
                "octane suite-run close 'ci #7' --suite Nightly",
            ),
            ("-a", "-b", "octane suite-run close --suite=-a -- -b"),
        ] {
            assert_eq!(suggest.close(suite, suite_run), expected);
        }
    }

    const URL: &str = "https://octane.example/ui/?p=1001/1002";

    fn id() -> UploadId {
        "u-01jd8x2m5k3q7r".parse().unwrap()
    }

    fn is_set(variables: &[(&str, &str)]) -> bool {
        is_workspace_of_environment(URL, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_word_is_quoted_only_where_a_shell_would_read_something_else() {
        for (word, expected) in [
            ("/var/lib/uploads", "/var/lib/uploads"),
            ("", "''"),
            ("my uploads", "'my uploads'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
            (URL, "'https://octane.example/ui/?p=1001/1002'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_command_repeats_what_the_environment_does_not_say() {
        assert_eq!(
            Suggest::default().resume(&id()),
            "octane resume u-01jd8x2m5k3q7r"
        );
        let suggest = Suggest {
            spool: Some("/a b".into()),
            url: Some(URL.to_owned()),
            sandbox: None,
            client_id: Some("ci".to_owned()),
            secret: Some(("--secret-file", "/s".to_owned())),
            is_secret_typed: true,
            user: None,
            network: vec![
                ("--ca-cert", Some("/c a.pem".to_owned())),
                ("--insecure", None),
            ],
            needs_proxy_variable: true,
        };
        assert_eq!(
            suggest.run_resume(&id()),
            format!(
                "set OCTANE_CLIENT_SECRET and OCTANE_PROXY, and run `octane resume u-01jd8x2m5k3q7r --url '{URL}' \
                 --client-id ci --secret-file /s --ca-cert '/c a.pem' --insecure --spool '/a b'`"
            )
        );
        let hand_over = suggest.hand_over(&id(), "https://relay.example/", Some(Path::new("/t")));
        assert_eq!(
            suggest.run_hand_over(&hand_over),
            "set OCTANE_PROXY and run `octane resume u-01jd8x2m5k3q7r --via https://relay.example/ --relay-token-file /t \
             --ca-cert '/c a.pem' --insecure --spool '/a b'`"
        );
        assert_eq!(
            suggest.delete(&id()),
            "octane uploads delete u-01jd8x2m5k3q7r --force --spool '/a b'"
        );
    }

    #[test]
    fn a_user_of_the_collection_tool_needs_other_variables_than_an_api_key() {
        let with = |set: &'static [&'static str]| Suggest {
            user: Some(UserToSet::of("jane", |name| {
                set.contains(&name).then(|| "x".into())
            })),
            ..Suggest::default()
        };
        assert_eq!(
            with(&[]).run_resume(&id()),
            "set OCTANE_USERNAME to `jane` and OCTANE_PASSWORD to the password and run `octane resume u-01jd8x2m5k3q7r`"
        );
        assert_eq!(
            with(&["OCTANE_CLIENT_ID", "OCTANE_CLIENT_SECRET"]).run_resume(&id()),
            "set OCTANE_USERNAME to `jane` and OCTANE_PASSWORD to the password, unset OCTANE_CLIENT_ID and OCTANE_CLIENT_SECRET, \
             and run `octane resume u-01jd8x2m5k3q7r`"
        );
    }

    #[test]
    fn variables_that_lead_to_the_same_workspace_are_enough() {
        assert!(is_set(&[(
            "OCTANE_URL",
            "https://OCTANE.example:443/ui?p=1001/1002"
        )]));
        assert!(is_set(&[
            ("OCTANE_URL", "octane.example"),
            ("OCTANE_SHARED_SPACE", "1001"),
            ("OCTANE_WORKSPACE", " 1002 "),
        ]));
        for variables in [
            &[][..],
            &[("OCTANE_URL", "https://octane.example")],
            &[("OCTANE_URL", "https://octane.example/ui/?p=1001/1003")],
            &[("OCTANE_URL", URL), ("OCTANE_WORKSPACE", "1003")],
            &[("OCTANE_URL", "https://other.example/ui/?p=1001/1002")],
        ] {
            assert!(!is_set(variables), "{variables:?}");
        }
    }
}

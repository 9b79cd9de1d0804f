//! Every command at the highest verbosity, with secrets everywhere: none of them is in anything that is written.
//!
//! Two files are meant to hold secrets, and are excluded: the keys of `octane auth login`, and the sessions of
//! `--session-cache`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use octane_sandbox::{Settings, Storage, User};

use crate::echoing::Echoing;
use crate::program::{Done, Place, upload_in};
use crate::server::Server;

/// All secrets contain this.
const MARK: &str = "must-not-show";
const SECRET: &str = "key-must-not-show";
/// `jane:proxy-must-not-show` and `ci:key-must-not-show` as Basic authentication sends them, without the padding.
const BASIC: [&str; 2] = [
    "amFuZTpwcm94eS1tdXN0LW5vdC1zaG93",
    "Y2k6a2V5LW11c3Qtbm90LXNob3c",
];

/// A command, and the exit codes with which it may end. `{upload}`, `{run}` and `{story}` stand for IDs.
const COMMANDS: &[(&str, &str, &[i32])] = &[
    (
        "upload",
        "upload a.csv --suite S --suite-run r --module M -y --report report.json --report report.md --report report.html --report report.xml",
        &[0],
    ),
    (
        "upload",
        "upload b.csv --suite S --suite-run r -y --skip-invalid --force-new",
        &[5],
    ),
    ("upload", "upload a.csv --suite S --dry-run", &[0]),
    (
        "upload",
        "upload a.csv --suite S --suite-run r --unlink-stale",
        &[0],
    ),
    (
        "exec",
        "exec b.csv --suite S --suite-run r -y --skip-invalid -- cp a.csv b.csv",
        &[0],
    ),
    ("resume", "resume {upload}", &[0]),
    ("resume", "resume --all", &[0]),
    ("status", "status {upload}", &[0]),
    ("status", "status {upload} --rejected", &[0]),
    ("status", "status 1", &[0, 6]),
    ("wait", "wait {upload}", &[0]),
    ("wait", "wait 1 --wait 1", &[0, 5, 6]),
    ("uploads list", "uploads list", &[0]),
    ("uploads show", "uploads show {upload}", &[0]),
    ("uploads export", "uploads export {upload} -o bundle", &[0]),
    ("uploads delete", "uploads delete {upload} --force", &[0]),
    ("uploads import", "uploads import bundle", &[0]),
    ("uploads prune", "uploads prune", &[0]),
    ("validate", "validate a.csv", &[0]),
    ("convert", "convert a.csv -o payload.xml", &[0]),
    ("module get", "module get M", &[0]),
    ("module list", "module list", &[0]),
    ("module create", "module create M2", &[0]),
    ("module ensure", "module ensure M2", &[0]),
    ("suite get", "suite get S", &[0]),
    ("suite list", "suite list", &[0]),
    ("suite create", "suite create Evening", &[0]),
    ("suite ensure", "suite ensure Evening", &[0]),
    (
        "upload",
        "upload a.csv --suite S --suite-run parts --shard 1/2 -y",
        &[0],
    ),
    ("merge", "merge spool --suite-run parts", &[5]),
    ("suite-run close", "suite-run close parts", &[5]),
    (
        "suite-run create",
        "suite-run create planned --suite S",
        &[0],
    ),
    (
        "suite-run ensure",
        "suite-run ensure planned --suite S",
        &[0],
    ),
    ("suite-run get", "suite-run get r", &[0]),
    ("suite-run list", "suite-run list", &[0]),
    ("run get", "run get {run}", &[0]),
    ("run list", "run list --suite-run r", &[0]),
    ("story get", "story get SHOP-101 --suite-run r", &[0]),
    ("story list", "story list", &[0]),
    ("story coverage", "story coverage {upload}", &[0]),
    ("jira resolve", "jira resolve SHOP-101", &[0]),
    ("link", "link --run {run} --jira SHOP-101", &[0]),
    (
        "link",
        "link --run {run} --jira SHOP-101 --unlink-stale",
        &[0],
    ),
    ("unlink", "unlink --run {run} --jira SHOP-101", &[0]),
    ("doctor", "doctor", &[0]),
    ("auth status", "auth status --session-cache", &[0]),
    ("auth login", "auth login", &[0, 3]),
    (
        "api",
        "api GET releases?limit=1&token=path-must-not-show",
        &[0, 6],
    ),
    ("api", "api GET no_such_thing", &[6]),
    ("suite list", "suite list --session-cache", &[0]),
    ("auth logout", "auth logout", &[0]),
    ("ci env", "ci env", &[0]),
    (
        "compat",
        "compat -u ci -p key-must-not-show --suite-external-run-id r2 --suite 4001 -d 1001 -w 1002 a.csv",
        &[0, 3, 6],
    ),
    (
        "compat",
        "compat -u ci -p key-must-not-show --proxy-host 127.0.0.1 --proxy-port 9 --proxy-user jane --proxy-password proxy-must-not-show --suite 4001 -d 1001 -w 1002 -s http://127.0.0.1:9 a.csv",
        &[8],
    ),
    (
        "compat",
        "compat --bearer-token token-must-not-show a.csv",
        &[2],
    ),
    ("config show", "config show --origin", &[0]),
    ("config path", "config path", &[0]),
    ("config init", "config init -o new.toml", &[0]),
    ("config schema", "config schema", &[0]),
    (
        "relay token create",
        "relay token create shop --relay-data relay",
        &[0],
    ),
    ("relay status", "relay status --relay-data relay", &[0]),
    (
        "relay token list",
        "relay token list --relay-data relay",
        &[0],
    ),
    (
        "relay token revoke",
        "relay token revoke 00000000 --relay-data relay",
        &[2],
    ),
    (
        "relay retry",
        "relay retry u-01jd8x2m5k3q7r --relay-data relay",
        &[2],
    ),
    ("relay close", "relay close r --relay-data relay", &[2]),
    (
        "relay delete",
        "relay delete u-01jd8x2m5k3q7r --relay-data relay",
        &[2],
    ),
    ("completions", "completions bash", &[0]),
    ("sandbox replay", "sandbox replay recording", &[0, 4]),
    ("schema", "schema upload", &[0]),
    ("version", "version", &[0]),
];

/// Commands that do not end by themselves.
const SERVERS: &[&str] = &["sandbox"];

/// All commands that do something, as help lists them.
pub(crate) fn leaves(place: &Place, command: &str) -> Vec<String> {
    let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let help = place.octane(&arguments).stdout;
    let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    if names.is_empty() {
        return vec![command.to_owned()];
    }
    // One that does something by itself has commands below it that are optional.
    let own = help.contains(&format!("Usage: octane {command} [OPTIONS] [COMMAND]\n"));
    let below = names
        .iter()
        .flat_map(|name| leaves(place, format!("{command} {name}").trim()));
    below.chain(own.then(|| command.to_owned())).collect()
}

#[test]
fn every_command_is_in_the_list() {
    let listed: BTreeSet<&str> = COMMANDS
        .iter()
        .map(|(name, ..)| *name)
        .chain(SERVERS.iter().copied())
        .collect();
    let leaves = leaves(&Place::new(), "");
    let known: BTreeSet<&str> = leaves.iter().map(String::as_str).collect();
    assert_eq!(listed, known, "add new commands to the list COMMANDS");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Where no secret may be.
struct Watch<'a> {
    folder: &'a Path,
    gateway: &'a Echoing,
}

impl Watch<'_> {
    fn secrets(&self) -> Vec<String> {
        let mut secrets = self.gateway.cookies();
        secrets.extend([MARK, BASIC[0], BASIC[1]].map(str::to_owned));
        secrets
    }

    /// Checks what a command has printed, and all files that it has left.
    fn check(&self, what: &str, done: &Done) {
        let shown = format!("{}\n{}", done.stdout, done.stderr);
        for secret in self.secrets() {
            assert!(
                !shown.contains(&secret),
                "`{secret}` in what `{what}` printed: {shown}"
            );
        }
        self.check_files(what, self.folder);
    }

    fn check_files(&self, what: &str, folder: &Path) {
        let (mut all, secrets) = (Vec::new(), self.secrets());
        files(folder, &mut all);
        for path in all {
            let name = path.display().to_string();
            if name.ends_with("api-keys.json") || name.contains("/sessions/") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            for secret in &secrets {
                assert!(
                    !text.contains(secret),
                    "`{secret}` in {name} after `{what}`"
                );
            }
        }
    }
}

/// Runs all commands with these variables and options, through a proxy that repeats in its errors what it was sent.
fn play(variables: &[(&str, &str)], options: &[&str], format: &str) {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::File(data.path().join("octane.db"));
    let mut settings = Settings::default().storage(storage);
    let jane = User::new("jane", "password-must-not-show");
    settings.access.users = vec![jane];
    settings.access.hosts = vec!["octane.test".to_owned()];
    let server = Server::with_secret(settings, SECRET);
    let gateway = Echoing::before(server.address(), None);
    let proxy = format!("http://jane:proxy-must-not-show@{}", gateway.address);
    let place = &server.place;
    place.file(
        "a.csv",
        "name,status,error_details,jira\nx,failed,no,SHOP-101\ny,passed,,SHOP-102\n",
    );
    place.file("b.csv", "name,status\nz,passed\nz2,unheard-of\n");
    let watch = Watch {
        folder: place.path(),
        gateway: &gateway,
    };
    let own = [
        (
            "OCTANE_URL",
            "http://octane.test/ui/?p=1001/1002&access_token=query-must-not-show",
        ),
        ("HTTP_PROXY", &*proxy),
        ("PATH", "/usr/bin:/bin"),
        ("RUST_BACKTRACE", "1"),
    ];
    let variables = [&own[..], variables].concat();
    let (mut upload, mut run) = (String::new(), String::new());
    for (name, line, codes) in COMMANDS {
        let line = line.replace("{upload}", &upload).replace("{run}", &run);
        let is_offline = [
            "uploads",
            "validate",
            "convert",
            "compat",
            "completions",
            "config",
            "ci",
            "sandbox",
            "schema",
            "version",
        ]
        .contains(&name.split(' ').next().unwrap());
        let options = if is_offline { &[] } else { options };
        // What follows `--` belongs to another program.
        let (line, command) = line.split_once(" -- ").unwrap_or((&line, ""));
        let command = (!command.is_empty()).then(|| format!("-- {command}"));
        let command = command.iter().flat_map(|command| command.split(' '));
        let arguments: Vec<&str> = line
            .split(' ')
            .chain(options.iter().copied())
            .chain(["-vvv", "--format", format])
            .chain(command)
            .collect();
        let done = place.octane_with(&arguments, &variables);
        assert!(codes.contains(&done.code), "`{line}`: {done:?}");
        watch.check(line, &done);
        if *name == "upload" && upload.is_empty() {
            let list = place.octane(&["uploads", "list"]);
            upload = upload_in(&list.stdout);
            let runs = place.octane_with(
                &[
                    &["run", "list", "--suite-run", "r", "--format", "json"][..],
                    options,
                ]
                .concat(),
                &variables,
            );
            runs.json()["runs"][0]["id"]
                .as_str()
                .unwrap()
                .clone_into(&mut run);
        }
    }
    let mut sandbox = place.start(
        &["sandbox", "--port", "0", "-vvv", "--sandbox-data", "own"],
        &variables,
    );
    let line = sandbox.lines_until("Press Ctrl-C");
    sandbox.signal("INT");
    let mut done = sandbox.wait();
    done.stdout.push_str(&line);
    watch.check("sandbox", &done);
    watch.check_files("all", data.path());
    let requests = format!("{:?}", server.requests());
    assert!(!requests.contains(MARK), "{requests}");
}

const ID: (&str, &str) = ("OCTANE_CLIENT_ID", "ci");

#[test]
fn no_command_writes_a_secret_of_an_api_key() {
    play(&[ID, ("OCTANE_CLIENT_SECRET", SECRET)], &[], "human");
}

#[test]
fn no_command_writes_a_password() {
    let user = [
        ("OCTANE_USERNAME", "jane"),
        ("OCTANE_PASSWORD", "password-must-not-show"),
    ];
    play(&user, &[], "human");
}

#[test]
fn no_command_writes_a_token_that_is_exchanged() {
    let token = ("OCTANE_ACCESS_TOKEN", "token-must-not-show");
    play(&[ID, ("OCTANE_CLIENT_SECRET", SECRET), token], &[], "human");
}

#[test]
fn no_command_writes_what_a_secret_command_prints_or_says() {
    let command = format!("sh -c 'echo the key is {SECRET} >&2; echo {SECRET}'");
    play(&[ID], &["--secret-command", &command], "human");
}

#[test]
fn no_command_writes_a_secret_that_was_typed() {
    play(&[ID], &["--client-secret", SECRET], "json");
}

#[test]
fn no_command_writes_the_secret_of_a_file() {
    let outside = Place::new();
    let file = outside.secret_file("secret", SECRET);
    play(&[ID], &["--secret-file", &file], "human");
}

//! Who gets through the door of `octane relay`: TLS, certificates of agents, and tokens of CI systems.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use octane_test_support::certificates::{Authority, Validity};
use octane_test_support::tokens::SigningKey;
use serde_json::{Value, json};

use crate::program::Done;
use crate::server::{SECRET, Server};

const UPLOAD: &str = "upload a.csv --suite S --suite-run r -y --format json --retries 0";

/// A relay in a process of its own, which says what happens.
struct Relay {
    process: Child,
    stderr: BufReader<ChildStderr>,
    url: String,
}

impl Relay {
    fn start(server: &Server, more: &[&str]) -> Self {
        let mut process = command(server, more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        // The certificate is for this name.
        let url = started["url"].as_str().unwrap();
        let url = url.replace("127.0.0.1", "localhost");
        let stderr = BufReader::new(process.stderr.take().unwrap());
        Self {
            process,
            stderr,
            url,
        }
    }

    /// Waits for a line that has this.
    fn says(&mut self, part: &str) {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            let length = self.stderr.read_line(&mut line).unwrap();
            assert!(length > 0, "the relay has ended without saying `{part}`");
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(server: &Server, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octane"));
    command
        .args(["relay", "--format", "json", "--relay-data", "relay"])
        .args(["--port", "0", "--rate", "1000"])
        .args(more)
        .current_dir(server.place.path())
        .env_clear()
        .envs([("OCTANE_URL", &*server.url()), ("OCTANE_CLIENT_ID", "ci")])
        .env("OCTANE_CLIENT_SECRET", SECRET);
    command
}

/// A CA, and files in the place of a server.
struct Files {
    authority: Authority,
    folder: PathBuf,
}

impl Files {
    fn new(server: &Server) -> Self {
        server.place.file("a.csv", "name,status\na,passed\n");
        let files = Self {
            authority: Authority::new("Example Root"),
            folder: server.place.path().to_owned(),
        };
        files.issue(Validity::Now);
        files
    }

    /// A certificate for the relay.
    fn issue(&self, validity: Validity) {
        let identity = self.authority.issue(&["localhost"], validity);
        let path = |name: &str| self.folder.join(name);
        identity.write_apart(&path("relay.pem"), &path("relay.key"));
    }

    /// A key for the tokens of an issuer, and rules for it.
    fn issuer(&self) -> (SigningKey, [&'static str; 8]) {
        let key = SigningKey::es256("k1");
        let keys = json!({ "keys": [key.jwk()] }).to_string();
        std::fs::write(self.folder.join("jwks.json"), keys).unwrap();
        let options = [
            "--oidc-issuer",
            "https://ci.example",
            "--oidc-audience",
            "octane-relay",
            "--oidc-jwks",
            "jwks.json",
            "--oidc-project",
            "repository=acme/shop:shop",
        ];
        (key, options)
    }
}

const TLS: [&str; 4] = ["--tls-cert", "relay.pem", "--tls-key", "relay.key"];

fn claims(repository: &str, expires_in: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    json!({
        "iss": "https://ci.example", "aud": ["octane-relay"], "sub": "job", "repository": repository, "exp": now + expires_in,
    })
}

/// Hands over as an agent that trusts the CA.
fn upload(server: &Server, relay: &Relay, ca: &str, token: &str, more: &str) -> Done {
    let line = format!("{UPLOAD} {more}");
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_VIA", &*relay.url),
        ("OCTANE_RELAY_TOKEN", token),
        ("OCTANE_SPOOL", "spool"),
        ("OCTANE_CA_CERT", ca),
    ];
    let done = server.place.octane_with(&arguments, &variables);
    assert!(
        !done.stdout.contains(token) && !done.stderr.contains(token),
        "{done:?}"
    );
    done
}

#[test]
fn agents_reach_the_relay_over_tls_with_a_certificate_and_the_token_of_their_job() {
    let server = Server::new();
    let files = Files::new(&server);
    let (key, issuer) = files.issuer();
    let clients = Authority::new("Agents");
    let own = clients.issue(&["agent"], Validity::Now);
    own.write(&server.place.path().join("agent.pem"));
    let client_ca = clients.file().display().to_string();
    let options = [&TLS[..], &issuer, &["--client-ca", &client_ca]].concat();
    let relay = Relay::start(&server, &options);
    assert!(relay.url.starts_with("https://localhost:"), "{}", relay.url);
    let ca = files.authority.file().display().to_string();
    let token = key.token(&claims("acme/shop", 300));
    let with = "--client-cert agent.pem";
    let handed = upload(&server, &relay, &ca, &token, &format!("{with} --wait 5m"));
    assert_eq!(handed.code, 0, "{handed:?}");
    assert_eq!(handed.json()["counts"]["ingested"], 1);
    let without = upload(&server, &relay, &ca, &token, "");
    assert_eq!(without.code, 8, "{without:?}");
    let late = key.token(&claims("acme/shop", -61));
    upload(&server, &relay, &ca, &late, with)
        .fails(7, &["the OIDC token was rejected: it has expired"]);
    let other = key.token(&claims("acme/depot", 300));
    upload(&server, &relay, &ca, &other, with).fails(7, &["no rule of the relay"]);
    let other_ca = clients.file().display().to_string();
    upload(&server, &relay, &other_ca, &token, with).fails(
        8,
        &[
            "issued by `Example Root`, which is not trusted",
            "--ca-cert",
        ],
    );
}

#[test]
fn jobs_of_several_issuers_are_accepted_each_by_its_own_rules() {
    let server = Server::new();
    let files = Files::new(&server);
    let (key, issuer) = files.issuer();
    let other = SigningKey::es256("k1");
    let keys = json!({ "keys": [other.jwk()] }).to_string();
    server.place.file("other.json", &keys);
    let of_other = [
        "--oidc-issuer",
        "https://gitlab.example",
        "--oidc-project",
        "repository=acme/depot:depot",
        "--oidc-audience",
        "octane-relay",
        "--oidc-jwks",
        "other.json",
    ];
    let relay = Relay::start(&server, &[&issuer[..], &of_other].concat());
    let mut claims = claims("acme/shop", 300);
    let of_issuer = key.token(&claims);
    assert_eq!(upload(&server, &relay, "", &of_issuer, "").code, 0);
    upload(&server, &relay, "", &other.token(&claims), "").fails(7, &["its signature is wrong"]);
    claims["iss"] = "https://gitlab.example".into();
    upload(&server, &relay, "", &other.token(&claims), "").fails(7, &["no rule of the relay"]);
    claims["repository"] = "acme/depot".into();
    assert_eq!(
        upload(&server, &relay, "", &other.token(&claims), "").code,
        0
    );
    claims["iss"] = "https://elsewhere.example".into();
    upload(&server, &relay, "", &other.token(&claims), "").fails(
        7,
        &["it was not issued by `https://ci.example` or `https://gitlab.example`"],
    );
}

#[cfg(unix)]
#[test]
fn a_renewed_certificate_is_used_after_a_signal_and_a_wrong_one_is_not() {
    let server = Server::new();
    let files = Files::new(&server);
    files.issue(Validity::Past);
    let (key, issuer) = files.issuer();
    let mut relay = Relay::start(&server, &[&TLS[..], &issuer].concat());
    relay.says("warning: the certificate in `relay.pem` expired on 2001-01-01");
    let ca = files.authority.file().display().to_string();
    let token = key.token(&claims("acme/shop", 300));
    upload(&server, &relay, &ca, &token, "").fails(8, &["expired"]);
    let hang_up = |relay: &Relay| {
        let process = rustix::process::Pid::from_child(&relay.process);
        rustix::process::kill_process(process, rustix::process::Signal::HUP).unwrap();
    };
    std::fs::write(server.place.path().join("relay.key"), "").unwrap();
    hang_up(&relay);
    relay.says("the previous one stays in use: `relay.key` contains no PEM private key");
    files.issue(Validity::Days(5));
    hang_up(&relay);
    relay.says("the changed certificate of the relay is in use");
    relay.says("warning: the certificate in `relay.pem` ends on ");
    let handed = upload(&server, &relay, &ca, &token, "");
    assert_eq!(handed.code, 0, "{handed:?}");
}

#[test]
fn what_is_wrong_with_the_options_is_said_before_anything_is_served() {
    let server = Server::new();
    let files = Files::new(&server);
    let (_, issuer) = files.issuer();
    let fails = |options: &[&str], code: i32, parts: &[&str]| {
        let done = Done::from(command(&server, options).output().unwrap());
        done.fails(code, parts);
    };
    fails(
        &["--tls-cert", "nothing.pem"],
        3,
        &["`nothing.pem`", "`--tls-cert`"],
    );
    fails(
        &TLS[..2],
        3,
        &["`relay.pem` contains no PEM private key", "`--tls-key`"],
    );
    fails(&TLS[2..], 2, &["--tls-cert"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = server.place.path().join("relay.key");
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
        fails(
            &TLS,
            3,
            &["can be read by others", "run `chmod 600 relay.key`"],
        );
    }
    fails(&issuer[..6], 2, &["--oidc-project"]);
    let rule = [&issuer[..6], &["--oidc-project", "acme/shop:shop"]].concat();
    fails(&rule, 2, &["`acme/shop` is not a condition"]);
    let second = [&issuer[..], &["--oidc-issuer", "https://gitlab.example"]].concat();
    fails(
        &second,
        2,
        &["issuer `https://gitlab.example` has no `--oidc-project`"],
    );
    fails(
        &[&issuer[..], &issuer[..]].concat(),
        2,
        &["the issuer `https://ci.example` is given twice"],
    );
    server.place.file("jwks.json", "{\"keys\":[]}");
    fails(
        &issuer,
        3,
        &["`--oidc-jwks`", "none of its 0 keys", "jwks_uri"],
    );
    let exposed = [
        &issuer[..4],
        &["--oidc-jwks", "http://ci.example/keys"],
        &issuer[6..],
    ]
    .concat();
    fails(&exposed, 3, &["`http://ci.example/keys` is not encrypted"]);
}

#[cfg(unix)]
#[test]
fn the_command_that_hands_over_again_has_the_certificates_and_the_corrected_url() {
    let server = Server::new();
    let files = Files::new(&server);
    let (key, issuer) = files.issuer();
    let clients = Authority::new("Agents");
    let own = clients.issue(&["agent"], Validity::Now);
    own.write(&server.place.path().join("agent.pem"));
    let client_ca = clients.file().display().to_string();
    let options = [&TLS[..], &issuer, &["--client-ca", &client_ca]].concat();
    let relay = Relay::start(&server, &options);
    let ca = files.authority.file().display().to_string();
    let token = key.token(&claims("acme/shop", 300));
    let plain = relay.url.replacen("https://", "http://", 1);
    let line = format!(
        "octane {UPLOAD} --via {plain} --ca-cert {ca} --client-cert agent.pem --client-key agent.pem"
    );
    let url = server.url();
    let variables = [("OCTANE_URL", &*url), ("OCTANE_RELAY_TOKEN", &*token)];
    let refused = server.place.shell(&line, &variables);
    refused.fails(8, &["the server expects `https://`"]);
    let mut commands = refused.stderr.split('`');
    let command = commands.rfind(|part| part.starts_with("octane resume"));
    let again = server.place.shell(command.unwrap(), &variables);
    assert_eq!(again.code, 0, "{refused:?} {again:?}");
}

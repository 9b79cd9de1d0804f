//! Certificates and proxies.

use octane_test_support::certificates::{Authority, Identity, Validity};
use octane_test_support::forward_proxy::ForwardProxy;
use octane_test_support::tls_server::TlsServer;

use crate::program::Done;
use crate::server::{SECRET, Server};

const LIST: [&str; 2] = ["suite", "list"];
const PASSWORD: &str = "hush-hush-proxy";

#[test]
fn the_sandbox_of_the_program_is_reached_without_a_proxy() {
    let place = crate::program::Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let proxies = [
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("ALL_PROXY", "http://127.0.0.1:9"),
    ];
    let upload = ["upload", "a.csv", "--sandbox", "--suite", "S", "-y"];
    for command in [&upload[..], &["doctor", "--sandbox"]] {
        let done = place.octane_with(command, &proxies);
        assert_eq!(done.code, 0, "{done:?}");
    }
}

/// A sandbox behind a server that speaks TLS.
pub(crate) struct Secure {
    pub(crate) server: Server,
    authority: Authority,
    tls: TlsServer,
}

impl Secure {
    pub(crate) fn new() -> Self {
        Self::with(None, |authority| {
            authority.issue(&["localhost"], Validity::Now)
        })
    }

    pub(crate) fn with(
        clients: Option<&Authority>,
        identity: impl FnOnce(&Authority) -> Identity,
    ) -> Self {
        let server = Server::new();
        let authority = Authority::new("Example Root CA");
        let tls = TlsServer::new(server.address(), &identity(&authority), clients);
        Self {
            server,
            authority,
            tls,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/ui/?p=1001/1002", self.tls.url())
    }

    pub(crate) fn ca(&self) -> String {
        self.authority.file().display().to_string()
    }

    pub(crate) fn octane(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let url = self.url();
        let own = [("OCTANE_URL", &*url)];
        self.server
            .octane_with(arguments, SECRET, &[&own[..], variables].concat())
    }

    fn list(&self, options: &[&str], variables: &[(&str, &str)]) -> Done {
        self.octane(&[&LIST[..], options].concat(), variables)
    }
}

fn works(done: &Done) {
    assert_eq!(done.code, 0, "{done:?}");
}

/// The command failed with this code, and standard error has all of these.
fn fails(done: &Done, code: i32, parts: &[&str]) {
    assert_eq!(done.code, code, "{done:?}");
    for part in parts {
        assert!(done.stderr.contains(part), "{part}\n{}", done.stderr);
    }
}

#[test]
fn a_private_ca_is_trusted_by_option_variable_and_file() {
    let secure = Secure::new();
    let ca = secure.ca();
    fails(
        &secure.list(&[], &[]),
        8,
        &[
            "certificate issued by `Example Root CA`, which is not trusted",
            "add `--ca-cert FILE`, or set OCTANE_CA_CERT",
        ],
    );
    works(&secure.list(&["--ca-cert", &ca], &[]));
    let folder = std::path::Path::new(&ca).parent().unwrap();
    works(&secure.list(&["--ca-cert", folder.to_str().unwrap()], &[]));
    works(&secure.list(&[], &[("OCTANE_CA_CERT", &ca)]));
    works(&secure.list(&[], &[("SSL_CERT_FILE", &ca)]));
    works(&secure.list(&[], &[("SSL_CERT_DIR", folder.to_str().unwrap())]));
    let other_authority = Authority::new("Other");
    let other = other_authority.file().display().to_string();
    fails(
        &secure.list(&[], &[("SSL_CERT_FILE", &other)]),
        8,
        &["not trusted"],
    );
    std::fs::copy(&ca, secure.server.place.path().join("company.pem")).unwrap();
    secure
        .server
        .place
        .file("octane.toml", "[octane]\nca-cert = \"company.pem\"\n");
    works(&secure.list(&[], &[]));
    works(&secure.list(&[], &[("SSL_CERT_FILE", &other)]));
    fails(
        &secure.list(&["--ca-cert", "nowhere.pem"], &[]),
        3,
        &["`nowhere.pem`", "correct `--ca-cert`"],
    );
}

#[test]
fn each_certificate_that_is_not_valid_has_a_hint_of_its_own() {
    let expired = Secure::with(None, |root| root.issue(&["localhost"], Validity::Past));
    fails(
        &expired.list(&["--ca-cert", &expired.ca()], &[]),
        8,
        &[
            "`localhost` expired on 2001-01-01",
            "needs a new certificate",
        ],
    );
    let other = Secure::with(None, |root| root.issue(&["a.example"], Validity::Now));
    fails(
        &other.list(&["--ca-cert", &other.ca()], &[]),
        8,
        &[
            "is for `a.example`, and not for `localhost`",
            "use a name that the certificate has",
        ],
    );
}

#[test]
fn a_client_certificate_is_given_by_options_and_variables() {
    let clients = Authority::new("Clients");
    let secure = Secure::with(Some(&clients), |root| {
        root.issue(&["localhost"], Validity::Now)
    });
    let ca = secure.ca();
    let trusting = [("OCTANE_CA_CERT", &*ca)];
    fails(
        &secure.list(&[], &trusting),
        8,
        &["requires a client certificate", "add `--client-cert FILE`"],
    );
    let path = |name: &str| secure.server.place.path().join(name);
    let own = clients.issue(&["ci"], Validity::Now);
    own.write(&path("both.pem"));
    own.write_apart(&path("own.pem"), &path("own.key"));
    works(&secure.list(&["--client-cert", "both.pem"], &trusting));
    let both = ["--client-cert", "own.pem", "--client-key", "own.key"];
    works(&secure.list(&both, &trusting));
    let variables = [
        trusting[0],
        ("OCTANE_CLIENT_CERT", "own.pem"),
        ("OCTANE_CLIENT_KEY", "own.key"),
    ];
    works(&secure.list(&[], &variables));
    fails(
        &secure.list(&["--client-cert", "own.pem"], &trusting),
        3,
        &["`own.pem` contains no PEM private key", "`--client-key`"],
    );
    secure
        .authority
        .issue(&["ci"], Validity::Now)
        .write(&path("other.pem"));
    fails(
        &secure.list(&["--client-cert", "other.pem"], &trusting),
        8,
        &["does not accept the client certificate", "openssl x509"],
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(path("both.pem"), open).unwrap();
        fails(
            &secure.list(&["--client-cert", "both.pem"], &trusting),
            3,
            &["can be read by others", "run `chmod 600 both.pem`"],
        );
    }
}

#[test]
fn certificates_are_ignored_only_by_the_option_and_never_quietly() {
    let secure = Secure::new();
    for options in [&["--insecure"][..], &["--insecure", "--quiet"]] {
        let done = secure.list(options, &[]);
        works(&done);
        let warning = "warning: the server's certificate is not verified (`--insecure`)";
        assert!(done.stderr.contains(warning), "{done:?}");
    }
    fails(
        &secure.list(&[], &[("OCTANE_INSECURE", "1")]),
        8,
        &["not trusted"],
    );
    let place = &secure.server.place;
    place.file("octane.toml", "[octane]\ninsecure = true\n");
    fails(&secure.list(&[], &[]), 3, &["insecure", "can be anyone"]);
}

#[test]
fn a_proxy_with_a_password_is_used_and_its_password_appears_nowhere() {
    let secure = Secure::new();
    let ca = secure.ca();
    // `jane:hush-hush-proxy`
    let proxy = ForwardProxy::authenticated("amFuZTpodXNoLWh1c2gtcHJveHk=");
    let url = format!("http://jane:{PASSWORD}@{}", proxy.host());
    let report = "<testsuite name='s'><testcase name='t'/></testsuite>";
    secure.server.place.file("report.xml", report);
    let upload = ["upload", "report.xml", "--suite", "S", "-y", "-vvv"];
    let encrypted = secure.url();
    let plain = secure.server.url();
    let mut shown = String::new();
    for server in [&*encrypted, &plain] {
        for (options, variable) in [
            (&["--proxy", &*url][..], ""),
            (&[], "OCTANE_PROXY"),
            (&[], "ALL_PROXY"),
            (&[], "https_proxy"),
        ] {
            if server == plain && variable == "https_proxy" {
                continue;
            }
            let before = proxy.requests().len();
            let mut variables = vec![("OCTANE_URL", server), ("OCTANE_CA_CERT", &*ca)];
            if !variable.is_empty() {
                variables.push((variable, &*url));
            }
            let done = secure.octane(&[&upload[..], options].concat(), &variables);
            works(&done);
            assert!(proxy.requests().len() > before, "{variable}: {done:?}");
            let is_warned = done
                .stderr
                .contains("set OCTANE_PROXY instead of `--proxy`");
            assert_eq!(is_warned, !options.is_empty(), "{done:?}");
            shown.push_str(&format!("{done:?}"));
        }
    }
    // Others are reached without it.
    let before = proxy.requests().len();
    for options in [&["--no-proxy", "localhost"][..], &["--proxy", "direct"]] {
        let variables = [("OCTANE_CA_CERT", &*ca), ("HTTPS_PROXY", &*url)];
        works(&secure.list(options, &variables));
    }
    assert_eq!(proxy.requests().len(), before);
    // Wrong and missing passwords.
    let wrong = format!("http://jane:{PASSWORD}-wrong@{}", proxy.host());
    let nameless = format!("http://{}", proxy.host());
    for proxy in [&*wrong, &nameless] {
        let variables = [("OCTANE_CA_CERT", &*ca), ("OCTANE_PROXY", proxy)];
        let done = secure.octane(&[&upload[..], &["--format", "json"]].concat(), &variables);
        let hint = "set OCTANE_PROXY or HTTPS_PROXY to `http://USER:PASSWORD@HOST:PORT`";
        assert!(done.stderr.contains("(407)"), "{done:?}");
        fails(&secure.list(&[], &variables), 8, &["(407)", hint]);
        shown.push_str(&format!("{done:?}"));
    }
    let show = secure.octane(&["config", "show", "--origin"], &[("OCTANE_PROXY", &url)]);
    works(&show);
    shown.push_str(&show.stdout);
    for entry in walk(secure.server.place.path()) {
        let bytes = std::fs::read(&entry).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(!shown.contains(PASSWORD));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn a_password_of_a_proxy_does_not_belong_in_a_settings_file() {
    let secure = Secure::new();
    for proxy in [
        "http://jane:hush@proxy.example:1",
        "jane:hush@proxy.example:1",
    ] {
        let text = format!("[octane]\nproxy = \"{proxy}\"\n");
        secure.server.place.file("octane.toml", &text);
        let done = secure.list(&[], &[]);
        fails(
            &done,
            3,
            &["`octane.proxy` contains a password", "set OCTANE_PROXY"],
        );
        assert!(!done.stderr.contains("hush"), "{done:?}");
    }
    let text = "[octane]\nproxy = \"socks5://proxy.example:1\"\n";
    secure.server.place.file("octane.toml", text);
    fails(
        &secure.list(&[], &[]),
        3,
        &["scheme `socks5`", "such as `http://proxy.example:8080`"],
    );
}

#[test]
fn the_command_that_resumes_repeats_what_was_typed_about_the_network() {
    let secure = Secure::new();
    let ca = secure.ca();
    let report = "<testsuite name='s'><testcase name='t'/></testsuite>";
    secure.server.place.file("report.xml", report);
    let upload = [
        "upload",
        "report.xml",
        "--suite",
        "S",
        "-y",
        "--retries",
        "0",
    ];
    let proxy = ["--ca-cert", &ca, "--proxy", "http://127.0.0.1:1"];
    let done = secure.octane(&[&upload[..], &proxy].concat(), &[]);
    let expected = format!("--ca-cert {ca} --proxy http://127.0.0.1:1");
    fails(&done, 8, &["octane resume u-", &expected]);
    let proxy = [
        "--ca-cert",
        &ca,
        "--proxy",
        "http://jane:hush-hush@127.0.0.1:1",
    ];
    let done = secure.octane(&[&upload[..], &proxy].concat(), &[]);
    fails(&done, 8, &["set OCTANE_PROXY and run `octane resume u-"]);
}

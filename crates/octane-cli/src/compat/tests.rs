//! Every flag of the collection tool.

use super::words::{IDENTITY, words};
use super::*;

fn parsed(line: &str) -> CompatArgs {
    let line = ["octane", "compat"]
        .into_iter()
        .chain(line.split_whitespace());
    let args = <Args as clap::Parser>::try_parse_from(line).unwrap();
    match args.command {
        Command::Compat(args) => args.into_inner(),
        _ => panic!("another command"),
    }
}

/// The words that a line becomes, without those that every upload has.
fn translated(line: &str, config: &str) -> Result<String> {
    let (args, config) = (parsed(line), Config::of(config.as_bytes()));
    unsupported::check(&args, &config)?;
    let words = words(&args, &config, ToolProxy::of(&args, &config)?.as_ref())?;
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
        (
            "--proxy-host p.example --proxy-port 3128 a.xml",
            "upload a.xml --proxy http://p.example:3128",
        ),
        (
            "--proxy-host p.example --proxy-port 3128 --proxy-user jane --proxy-password hush a.xml",
            "upload a.xml",
        ),
        (
            "-o out.xml --proxy-host p.example a.xml",
            "convert a.xml --output out.xml",
        ),
        ("-- -a.xml", "upload -- -a.xml"),
    ] {
        assert_eq!(translated(line, "").unwrap(), expected, "{line}");
    }
}

#[test]
fn payloads_keep_the_identity_that_they_have() {
    let internal = words(&parsed("-i a.xml"), &Config::default(), None).unwrap();
    assert_eq!(internal.join(" "), "upload a.xml --input-format octane");
    let report = words(&parsed("a.xml"), &Config::default(), None).unwrap();
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
fn the_proxy_is_that_of_the_flags_or_else_of_the_file() {
    let config =
        Config::of(b"proxyhost=file.example\nproxyport=8080\nproxyuser=me\nproxypassword=a:b@c\n");
    let url = |line: &str| {
        let args = parsed(line);
        let proxy = ToolProxy::of(&args, &config).unwrap()?;
        let secret = proxy.with_password(&args, &config).unwrap();
        Some(secret.map_or(proxy.url, |secret| secret.expose().to_owned()))
    };
    assert_eq!(
        url("a.xml").unwrap(),
        "http://me:a%3Ab%40c@file.example:8080"
    );
    assert_eq!(
        url("--proxy-host http://typed.example/ --proxy-port 1 a.xml").unwrap(),
        "http://me:a%3Ab%40c@typed.example:1"
    );
    assert_eq!(
        url("--proxy-user dom\\jane --proxy-password x a.xml").unwrap(),
        "http://dom%5Cjane:x@file.example:8080"
    );
    assert_eq!(url("-o out.xml a.xml"), None);
    let port_alone = Config::of(b"proxyport=8080\n");
    assert_eq!(ToolProxy::of(&parsed("a.xml"), &port_alone).unwrap(), None);
}

#[test]
fn a_flag_that_cannot_be_honoured_is_refused_with_a_way_out() {
    for (line, flag, hint) in [
        ("--started 1700000000000 a.xml", "--started", "remove it"),
        (
            "--proxy-host p.example a.xml",
            "`--proxy-host` needs `--proxy-port`",
            "--proxy-port PORT",
        ),
        (
            "--proxy-port 3128 a.xml",
            "`--proxy-port` needs `--proxy-host`",
            "--proxy-host HOST",
        ),
        (
            "--proxy-host p.example --proxy-port 3128 --proxy-password hush a.xml",
            "`--proxy-password` needs `--proxy-user`",
            "--proxy-host HOST",
        ),
        (
            "--proxy-password-file x a.xml",
            "`--proxy-password-file` needs `--proxy-host`",
            "--proxy-host HOST",
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
fn a_token_of_the_file_is_refused_like_a_typed_one() {
    for key in ["access-token", "bearer-token"] {
        let failure = translated("a.xml", &format!("{key}=hush\n")).unwrap_err();
        let message = failure.error.to_string();
        assert!(
            message.contains(key) && message.contains("not supported"),
            "{message}"
        );
        assert!(!format!("{failure:?}").contains("hush"), "{failure:?}");
    }
}

#[test]
fn the_proxy_that_is_shown_can_be_used() {
    let shown = |line: &str| {
        let args = parsed(&format!("--show-command {line} --proxy-port 1 a.xml"));
        let translated = Translated::new(&args).unwrap();
        (translated.command(), translated.proxy_to_set)
    };
    let (command, url) = shown("--proxy-host ::1 --proxy-user corp\\jane.doe@x");
    assert!(!command.contains("--proxy"), "{command}");
    assert_eq!(url.unwrap(), "http://corp%5Cjane.doe%40x:PASSWORD@[::1]:1");
    let (command, url) = shown("--proxy-host ::1");
    assert!(command.contains("--proxy 'http://[::1]:1'"), "{command}");
    assert_eq!(url, None);
}

#[test]
fn the_table_has_every_flag() {
    let documentation = include_str!("../compat.rs");
    let program = Args::with_all_commands();
    for argument in program.find_subcommand("compat").unwrap().get_arguments() {
        let Some(long) = argument
            .get_long()
            .filter(|long| !["show-command", "dry-run"].contains(long))
        else {
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

//! What is wrong with a file is found with its place.

use super::*;
use crate::args::UploadArgs;

fn parse(text: &str) -> Result<SettingsFile, SettingsError> {
    let definitions = Definitions::of(&UploadArgs::command());
    SettingsFile::parse(Owner::Project, Path::new("octane.toml"), text, &definitions)
}

/// All problems of a file.
fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Err(SettingsError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("no problems: {other:?}"),
    }
}

#[test]
fn the_file_of_the_documentation_is_read_with_its_lines() {
    let file = parse(
        r#"# safe to commit
[octane]
url = "https://octane.example.com/ui/?p=1001/1002"
space = 1001
deadline = 600

[upload]
paths = ["**/TEST-*.xml", "more/"]
create = "missing"
tags = "OS:Linux"
skip-errors = true
batch-size = 1_000

[jira]
from = ["property:jira", "name"]

[profile.staging.octane]
url = "https://stage.example.com"
"#,
    );
    let file = file.unwrap();
    let entries = file.entries.iter().map(|entry| {
        let profile = entry.profile.as_deref().unwrap_or("-");
        format!(
            "{} {profile} {} {}",
            entry.at.line,
            entry.id,
            entry.values.join("|")
        )
    });
    let entries: Vec<String> = entries.collect();
    insta::assert_snapshot!(entries.join("\n"), @r#"
    3 - url https://octane.example.com/ui/?p=1001/1002
    4 - space 1001
    5 - deadline 600
    8 - paths **/TEST-*.xml|more/
    9 - create missing
    10 - tags OS:Linux
    11 - skip_errors true
    12 - batch_size 1000
    15 - jira_from property:jira|name
    18 staging url https://stage.example.com
    "#);
    assert_eq!(file.profiles, ["staging"]);
}

#[test]
fn an_unknown_key_names_its_place_and_the_nearest_known_one() {
    insta::assert_snapshot!(problems("[octane]\nulr = 'x'\nclient_id = 'x'\nsuite = 'x'\nzzz = 1\n\n[upload]\n  jira-field = 'x'\ntag = []\n[uplaod]\n").join("\n"), @r#"
    octane.toml:2:1: unknown key `ulr` in `[octane]`; did you mean `url`?
    octane.toml:3:1: unknown key `client_id` in `[octane]`; did you mean `client-id`?
    octane.toml:4:1: `suite` does not belong in `[octane]`; it is `suite` in `[upload]`
    octane.toml:5:1: unknown key `zzz` in `[octane]`
    octane.toml:8:3: `jira-field` does not belong in `[upload]`; it is `field` in `[jira]`
    octane.toml:9:1: unknown key `tag` in `[upload]`; did you mean `tags`?
    octane.toml:10:2: unknown table `uplaod`; did you mean `upload`?
    "#);
}

#[test]
fn a_setting_outside_of_a_table_is_told_where_it_belongs() {
    insta::assert_snapshot!(problems("url = 'x'\nsecret = 'hush'\n").join("\n"), @r#"
    octane.toml:1:1: `url` is not in a table; write it below `[octane]`
    octane.toml:2:1: `secret` is a secret, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
    "#);
}

#[test]
fn a_value_of_another_type_is_shown_with_what_is_expected() {
    insta::assert_snapshot!(problems("[octane]\nurl = 5\nconcurrency = '4'\n[upload]\nskip-errors = 'yes'\ncreate = true\npaths = [1]\nsuite = ['a', 'b']\nbatch-size = 1.5\n[jira]\nfield = 2026-01-01\n[profile]\nx = 1\n").join("\n"), @r#"
    octane.toml:2:7: `octane.url` is the number `5`; expected a text in quotes
    octane.toml:3:15: `octane.concurrency` is the text `4`; expected a whole number
    octane.toml:5:15: `upload.skip-errors` is the text `yes`; expected `true` or `false`
    octane.toml:6:10: `upload.create` is `true`; expected one of `ask`, `never`, `missing`
    octane.toml:7:10: `upload.paths` is the number `1`; expected a text in quotes, or a list of them
    octane.toml:8:9: `upload.suite` is a list; expected a text in quotes or a whole number
    octane.toml:9:14: `upload.batch-size` is the number `1.5`; expected a whole number
    octane.toml:11:9: `jira.field` is the date `2026-01-01`; expected a text in quotes
    octane.toml:13:5: `profile.x` is the number `1`; expected a table such as `[profile.x.octane]`
    "#);
}

#[test]
fn a_value_that_its_option_does_not_accept_is_an_error() {
    insta::assert_snapshot!(problems("[octane]\ndeadline = 'soon'\nconcurrency = 0\nrate = 'fast'\n[upload]\ncreate = 'maybe'\n[jira]\npattern = '('\n").join("\n"), @r#"
    octane.toml:2:12: `octane.deadline`: `soon`: not a duration; for example: `30s`, `5m` or `1h 30m`; a number alone is in seconds
    octane.toml:3:15: `octane.concurrency`: `0`: expected a whole number of at least 1
    octane.toml:4:8: `octane.rate`: `fast`: expected a number from 1 to 1000, or `off`
    octane.toml:6:10: `upload.create`: `maybe` is not one of `ask`, `never`, `missing`
    octane.toml:8:11: `jira.pattern`: `(`: regex parse error: ( ^ error: unclosed group
    "#);
}

#[test]
fn a_secret_is_refused_without_being_shown() {
    let found = problems("[octane]\nclient-secret = 'hush-1'\npassword = 'hush-2'\nurl = 'https://ci:hush-3@octane.example'\n[profile.x.octane]\naccess_token = 'hush-4'\n").join("\n");
    assert!(!found.contains("hush"), "{found}");
    insta::assert_snapshot!(found, @r#"
    octane.toml:2:1: `client-secret` is a secret, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
    octane.toml:3:1: `password` is a secret, and secrets do not belong in this file; set OCTANE_PASSWORD in the environment instead
    octane.toml:4:7: `octane.url` contains a password, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
    octane.toml:6:1: `access_token` is a secret, and secrets do not belong in this file; set OCTANE_ACCESS_TOKEN in the environment instead
    "#);
}

#[test]
fn what_has_to_be_asked_for_each_time_is_refused_with_the_reason() {
    insta::assert_snapshot!(
        problems("[octane]\ninsecure = true\nsandbox = true\n[upload]\nyes = true\n")
            .join("\n"), @r#"
    octane.toml:2:1: `insecure` cannot be set in a file, because a server whose certificate is not checked can be anyone
    octane.toml:3:1: `sandbox` cannot be set in a file, because results would go to the sandbox, and no one would notice
    octane.toml:5:1: `yes` cannot be set in a file, because `create = "missing"` says the same
    "#);
}

#[test]
fn a_syntax_error_has_its_place() {
    let found = problems("[octane]\nurl = \n");
    assert!(found[0].starts_with("octane.toml:2:"), "{found:?}");
}

#[test]
fn columns_are_counted_in_characters() {
    let found = problems("[upload]\n\"ä\" = 1\nsuite = 'ä'\nmodule = true\n");
    assert!(found[0].starts_with("octane.toml:2:1: "), "{found:?}");
    assert!(found[1].starts_with("octane.toml:4:10: "), "{found:?}");
}

#[test]
fn a_value_that_its_option_refuses_is_named_with_its_place() {
    let upload = "tags = ['OS']\nfields = ['Level:x']\nidentity = ['module={suit}']\nstatus-map = ['warning']\ncolumn = ['x']\n\
                  report = ['r.txt']\nencoding = 'klingon'\nexclude = ['[']\nsuite = ' '\nmodule = ''\nscrub = ['(']\n";
    let text = format!(
        "[upload]\n{upload}[jira]\nfrom = ['nowhere']\n[octane]\nurl = ''\nno-proxy = ''\n"
    );
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    octane.toml:2:8: `upload.tags`: `OS`: expected TYPE:VALUE, for example `OS:Linux`
    octane.toml:3:10: `upload.fields`: `Level:x`: unknown test field `Level`; expected one of Test_Level, Test_Type, Testing_Tool_Type, Framework
    octane.toml:4:12: `upload.identity`: `module={suit}`: column 9: unknown field `suit`; did you mean `suite`?
    octane.toml:5:14: `upload.status-map`: `warning`: expected WORD=STATUS with one of passed, failed, skipped, planned, for example `warning=failed`
    octane.toml:6:10: `upload.column`: `x`: expected COLUMN=FIELD, for example `Test Name=name`
    octane.toml:7:10: `upload.report`: `r.txt`: unknown extension `.txt`; use `.json`, `.md` (Markdown), `.html` or `.xml` (JUnit)
    octane.toml:8:12: `upload.encoding`: `klingon`: unknown encoding `klingon`; for example `utf-8`, `windows-1252` or `shift_jis`
    octane.toml:9:11: `upload.exclude`: `[`: error parsing glob '[': unclosed character class; missing ']'
    octane.toml:10:9: `upload.suite`: the value is empty; give one, or remove the line
    octane.toml:11:10: `upload.module`: the value is empty; give one, or remove the line
    octane.toml:12:9: `upload.scrub`: `(`: regex parse error: ( ^ error: unclosed group
    octane.toml:14:8: `jira.from`: `nowhere`: expected `property`, `property:NAME`, `tag` or `name`
    octane.toml:16:7: `octane.url`: the value is empty; give one, or remove the line
    "#);
}

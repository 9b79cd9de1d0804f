//! Commands with a mistake say what is wrong in plain words, and what to do next.

use crate::server::{SECRET, Server};

/// A command, its exit code, and parts of what it says.
const MISTAKES: [(&str, i32, &[&str]); 18] = [
    (
        "upload a.csv --suite N --batch-size 0",
        2,
        &["'0'", "expected a whole number of at least 1"],
    ),
    (
        "upload a.csv --suite N --retries abc",
        2,
        &["'abc'", "not a whole number"],
    ),
    (
        "upload a.csv --suite N --batch-bytes 1e6",
        2,
        &["'1e6'", "not a whole number"],
    ),
    (
        "suite list --concurrency 0",
        2,
        &["'0'", "expected a whole number of at least 1"],
    ),
    (
        "suite list --url ftp://octane.example",
        3,
        &["correct the URL (`--url` or OCTANE_URL)"],
    ),
    (
        "suite create Nightly",
        6,
        &["already exists (ID ", "use it, or add `--create-similar`"],
    ),
    (
        "status 987654",
        6,
        &["returned 404", "is it a task of this workspace?"],
    ),
    (
        "wait 987654",
        6,
        &["returned 404", "is it a task of this workspace?"],
    ),
    (
        "api GET https://octane.example/x",
        2,
        &["the session is never sent to other servers"],
    ),
    (
        "upload a.csv --suite N --testing-tool-type=",
        3,
        &["`--testing-tool-type` is empty"],
    ),
    (
        "upload a.csv --suite N --jira-map gone.csv",
        3,
        &["the table of `--jira-map` cannot be used", "`gone.csv`"],
    ),
    (
        "upload a.csv --suite N --jira-map unknown.csv",
        3,
        &["column `foo` has no meaning here;"],
    ),
    (
        "upload a.csv --suite N --jira-map twice.csv",
        3,
        &["column `jira key` is there twice, or next to another"],
    ),
    (
        "validate header.csv",
        4,
        &["two columns are called `name`", "rename one of them"],
    ),
    (
        "validate coverage.xml",
        4,
        &["root element is `coverage`; this is not a test report"],
    ),
    (
        "convert header.csv -o out.xml",
        4,
        &["1 row or file is invalid; nothing was written"],
    ),
    (
        "link --suite Nightly --suite-run r --map other.csv",
        6,
        &["no line of `other.csv` matches a test of the suite run"],
    ),
    (
        "link --suite Nightly --suite-run r --jira NONE-1,NONE-2",
        6,
        &["Jira key NONE-1 matches", "Jira key NONE-2 matches"],
    ),
];

#[test]
fn a_mistake_is_named_with_what_to_do_next() {
    let server = Server::new();
    let place = &server.place;
    place.file("a.csv", "name,status\nadds,passed\n");
    place.file("unknown.csv", "test,jira,foo\nadds,SHOP-101,x\n");
    place.file("twice.csv", "test,jira,jira key\nadds,SHOP-101,x\n");
    place.file("header.csv", "name,status,name\nadds,passed,x\n");
    place.file("coverage.xml", "<coverage><packages/></coverage>");
    place.file("other.csv", "test,jira\npays,SHOP-101\n");
    let arguments = [
        "upload",
        "a.csv",
        "--suite",
        "Nightly",
        "--suite-run",
        "r",
        "-y",
    ];
    assert_eq!(server.octane(&arguments, SECRET).code, 0);
    let problems: Vec<String> = MISTAKES
        .iter()
        .filter_map(|(line, code, parts)| {
            let words: Vec<&str> = line.split(' ').collect();
            let done = server.octane(&words, SECRET);
            let said = format!("{}{}", done.stdout, done.stderr);
            let is_said = parts.iter().all(|part| said.contains(part));
            (done.code != *code || !is_said).then(|| format!("{line}: {parts:?}, {done:?}"))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

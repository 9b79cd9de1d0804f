//! Which files are read, and what is said about those that are not.

use serde_json::Value;

use crate::program::{Done, Place};

const PASSED: &str = "<testsuite name='s'><testcase classname='c' name='a'/></testsuite>";

fn validate(place: &Place, arguments: &[&str]) -> Done {
    place.octane(&[&["validate", "--format", "json"], arguments].concat())
}

/// The messages with this code.
fn messages<'v>(list: &'v Value, code: &str) -> Vec<&'v str> {
    let problems = list.as_array().unwrap().iter();
    let problems = problems.filter(|problem| problem["code"] == code);
    problems
        .map(|problem| problem["message"].as_str().unwrap())
        .collect()
}

#[test]
fn files_of_another_kind_are_left_out_of_a_folder_and_refused_by_name() {
    let place = Place::new();
    place.file("r/TEST-a.xml", PASSED);
    place.file(
        "r/jacoco.xml",
        "<?xml version='1.0'?><!DOCTYPE report><report name='x'/>",
    );
    place.file(
        "r/pom.xml",
        "<project xmlns='urn:x'><version>1</version></project>",
    );
    place.file("r/prices.csv", "sku,price\n1,2\n");
    place.file("r/options.json", "{\"scripts\": {\"test\": \"jest\"}}");
    place.file("r/people.json", "[{\"id\": 1, \"status\": \"married\"}]");
    place.file("r/.last-run.json", "{\"status\": \"failed\"}");
    let done = place.octane(&["upload", "r", "--sandbox"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("1 result in 1 file"), "{done:?}");
    let others = [
        "jacoco.xml",
        "pom.xml",
        "prices.csv",
        "options.json",
        "people.json",
    ];
    assert!(!done.stderr.contains("last-run"), "{done:?}");
    for name in others {
        assert_eq!(done.stderr.matches(name).count(), 1, "{name}: {done:?}");
        let file = format!("r/{name}");
        let done = place.octane(&["upload", "r/TEST-a.xml", &file, "--sandbox"]);
        done.fails(4, &[&file, "nothing was sent", "--exclude"]);
    }
    let done = place.octane(&["upload", "r/*", "r/pom.xml", "--sandbox"]);
    done.fails(4, &["r/pom.xml"]);
    let done = place.octane(&["upload", "r/p*", "--sandbox"]);
    done.fails(4, &["r/pom.xml", "no file contains results"]);
}

#[test]
fn a_broken_or_unsupported_report_in_a_folder_is_no_other_kind() {
    for (name, content) in [
        ("cut.xml", "<testsuite name='s'><testcase name='a'>"),
        ("empty.xml", ""),
        ("empty.csv", ""),
        ("boost.xml", "<TestLog/>"),
        ("cut.trx", "<TestRun id='1'>"),
        (
            "cut.json",
            "{\"results\":{\"tool\":{\"name\":\"jest\"},\"tests\":[{\"name\":\"a\",",
        ),
        (
            "newman.json",
            "{\"collection\":{},\"run\":{\"stats\":{},\"failures\":[]}}",
        ),
        (
            "titles.json",
            "[{\"title\":\"pays\",\"status\":\"failed\"}]",
        ),
        (
            "first.json",
            "[{\"name\":\"adds\"},{\"name\":\"pays\",\"status\":\"passed\"}]",
        ),
        ("no-header.csv", "adds,passed\npays,failed\n"),
        ("german.csv", "Testfall;Ergebnis\na;ok\n"),
        ("case.xml", "<testcase name='a'/>"),
        ("text.xml", "Segmentation fault\n"),
    ] {
        let place = Place::new();
        place
            .file("r/TEST-a.xml", PASSED)
            .file(&format!("r/{name}"), content);
        place
            .octane(&["upload", "r", "--sandbox"])
            .fails(4, &[name, "nothing was sent"]);
        let done = place.octane(&["upload", "r", "--sandbox", "--skip-invalid"]);
        assert_eq!(done.code, 5, "{name}: {done:?}");
        assert!(done.stdout.contains(name), "{name}: {done:?}");
    }
}

#[test]
fn validate_and_convert_end_as_the_upload_would_if_something_is_skipped() {
    let place = Place::new();
    place
        .file("a.csv", "name,status\na,passed\n,failed\n")
        .file("cut.xml", "<testsuite><testcase name='a'/>");
    for file in ["a.csv", "cut.xml"] {
        let done = validate(&place, &[file, "--skip-invalid"]);
        assert_eq!(
            (done.code, done.json()["counts"]["invalid"].as_u64()),
            (5, Some(1))
        );
        let convert = ["convert", file, "-o", "o.xml", "--skip-invalid"];
        place.octane(&convert).fails(5, &[file]);
        let done = place.octane(&[&convert[..], &["--format", "json"]].concat());
        assert_eq!(
            done.json()["problems"].as_array().unwrap().len(),
            1,
            "{done:?}"
        );
    }
}

#[test]
fn a_stray_byte_costs_no_result_and_the_encoding_can_be_given() {
    let place = Place::new();
    let report = b"<?xml version='1.0' encoding='UTF-8'?><testsuite name='s'><testcase name='a'><failure>K\xF6ln</failure></testcase>\n<testcase name='b'><system-out>\xFF\xFE</system-out></testcase></testsuite>";
    std::fs::write(place.path().join("k.xml"), report).unwrap();
    let done = place.octane(&["upload", "k.xml", "--sandbox"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("1 passed, 1 failed"), "{done:?}");
    assert!(
        done.stderr
            .contains("k.xml:1:88: replaced 3 invalid UTF-8 bytes"),
        "{done:?}"
    );

    std::fs::write(
        place.path().join("w.xml"),
        b"<testsuite name='s'><testcase name='Gr\xF6\xDFe'/></testsuite>",
    )
    .unwrap();
    let done = place.octane(&["validate", "w.xml"]);
    assert_eq!(done.code, 4, "{done:?}");
    assert!(done.stdout.contains("w.xml:1:21"), "{done:?}");
    let done = place.octane(&["upload", "w.xml", "--sandbox"]);
    done.fails(
        4,
        &[
            "w.xml:1:21",
            "not valid in the encoding",
            "--encoding windows-1252",
        ],
    );
    let done = validate(&place, &["w.xml", "--encoding", "windows-1252"]);
    assert_eq!(
        (done.code, done.json()["warnings"].as_array().unwrap().len()),
        (0, 0)
    );
    place
        .octane(&["validate", "w.xml", "--encoding", "klingon"])
        .fails(2, &["klingon", "windows-1252"]);
}

#[test]
fn thousands_of_warnings_of_a_kind_take_a_few_lines_and_stand_in_every_answer() {
    let place = Place::new();
    let cases: String = (0..300)
        .map(|number| format!("<testcase name='t{number}' time='soon'/>\n"))
        .collect();
    place.file(
        "a.xml",
        &format!("<testsuite name='s' tests='7'>{cases}</testsuite>"),
    );
    let upload = ["upload", "a.xml", "--sandbox"];
    let done = place.octane(&upload);
    assert_eq!(done.stderr.matches("counted as 0").count(), 5, "{done:?}");
    assert!(done.stderr.contains("and 295 more like this"), "{done:?}");
    assert!(done.stderr.contains("declares 7 tests"), "{done:?}");
    let dry_run = [&upload[..], &["--dry-run"]].concat();
    let convert = ["convert", "a.xml", "-o", "out.xml"];
    let with_report = [&upload[..], &["--force-new", "--report", "report.json"]].concat();
    for arguments in [
        &upload[..],
        &dry_run,
        &convert,
        &with_report,
        &["validate", "a.xml"],
    ] {
        let answer = place
            .octane(&[arguments, &["--format", "json"]].concat())
            .json();
        assert_eq!(
            messages(&answer["warnings"], "invalid_duration").len(),
            100,
            "{answer}"
        );
        assert_eq!(answer["warning_counts"]["invalid_duration"], 300);
        assert_eq!(answer["warning_counts"]["different_totals"], 1);
    }
    let report = std::fs::read_to_string(place.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["warning_counts"]["invalid_duration"], 300);

    place.file("bad.csv", "name,status,colour\n,passed,red\n");
    let done = place.octane(&["upload", "bad.csv", "--sandbox", "--format", "json"]);
    let error = done.json();
    assert_eq!((done.code, &error["schema"]), (4, &"octane.error/1".into()));
    assert_eq!(error["warning_counts"]["unused_column"], 1);
}

#[test]
fn a_line_that_is_no_table_is_not_quoted_as_a_whole() {
    let place = Place::new();
    let secrets = "PATH=/bin\0OCTANE_CLIENT_SECRET=".to_owned() + &"s3cret".repeat(50);
    place.file("environ.csv", &secrets);
    let done = place.octane(&["upload", "environ.csv", "--sandbox", "--format", "json"]);
    assert_eq!(done.code, 4, "{done:?}");
    for shown in [&done.stdout, &done.stderr] {
        assert!(shown.matches("s3cret").count() < 14, "{shown}");
    }
}

#[test]
fn an_invalid_command_line_is_a_json_document_too() {
    let place = Place::new();
    for (line, part) in [
        (&["upload", "a.xml", "--nonsense"][..], "--nonsense"),
        (&["upload"], "FILES"),
        (&["nonsense"], "nonsense"),
        (&["uploads"], "subcommand"),
        (&["upload", "a.xml", "--batch-size", "0"], "--batch-size"),
        (&["validate", "a.xml", "--column", "x"], "--column"),
    ] {
        for format in [&["--format", "json"][..], &["--format=json"]] {
            let done = place.octane(&[line, format].concat());
            let error = done.json();
            assert_eq!((done.code, &error["exit_code"]), (2, &2.into()), "{done:?}");
            assert!(
                error["message"].as_str().unwrap().contains(part),
                "{line:?}: {error}"
            );
        }
    }
}

#[test]
fn a_pattern_with_backslashes_gets_a_hint() {
    let place = Place::new();
    place.file("build/a.xml", PASSED);
    if cfg!(unix) {
        let done = place.octane(&["upload", r"build\**\*.xml", "--sandbox"]);
        done.fails(4, &[r"build\**\*.xml", "`build/**/*.xml`"]);
    }
}

#[test]
fn standard_input_without_anything_is_said_to_be_empty() {
    let place = Place::new();
    let done = place.octane(&["upload", "-", "--sandbox"]);
    done.fails(4, &["standard input is empty"]);
}

#[test]
fn a_failed_conversion_leaves_no_output_of_an_earlier_one() {
    let place = Place::new();
    let rows: String = (0..5).map(|row| format!("t{row},passed\n")).collect();
    place.file("a.csv", &format!("name,status\n{rows}"));
    let exists = |name: &str| place.path().join(name).exists();
    let five = [
        "convert",
        "a.csv",
        "-o",
        "out.xml",
        "--split",
        "--batch-size",
        "1",
    ];
    assert_eq!(place.octane(&five).code, 0);
    assert!(exists("out.xml") && exists("out.5.xml"));
    place.file("out.6.xml", "my own notes");
    assert_eq!(
        place
            .octane(&[
                "convert",
                "a.csv",
                "-o",
                "out.xml",
                "--split",
                "--batch-size",
                "3"
            ])
            .code,
        0
    );
    assert!(exists("out.2.xml") && !exists("out.3.xml") && !exists("out.5.xml"));
    for wrong in [
        &["convert", "nowhere.csv", "-o", "out.xml"][..],
        &["convert", "a.csv", "-o", "out.xml", "--payload", "evidence"],
    ] {
        assert_eq!(place.octane(&five).code, 0);
        assert_ne!(place.octane(wrong).code, 0);
        assert!(!exists("out.xml") && !exists("out.2.xml"), "{wrong:?}");
    }
    assert!(exists("out.6.xml"));
}

#[test]
fn output_files_are_checked_before_the_work() {
    let place = Place::new();
    place
        .file("a.csv", "name,status\nx,passed\n")
        .file("r/a.xml", PASSED);
    let convert = |file: &str| place.octane(&["convert", "a.csv", "-o", file]);
    let upload = |file: &str| place.octane(&["upload", "r/a.xml", "--sandbox", "--report", file]);
    for (file, reason) in [
        ("gone/out", "does not exist"),
        ("r", "is a directory"),
        ("./a.csv", "is also an input"),
    ] {
        convert(file).fails(3, &[file, reason]);
        let report = file.replace("a.csv", "r/a.xml");
        upload(&report).fails(3, &[&report, reason]);
        place
            .octane(&["resume", "--all", "--report", "gone/out"])
            .fails(3, &["does not exist"]);
    }
    assert!(!place.path().join("sandbox").exists(), "nothing was sent");
    place
        .octane(&["convert", "r", "-o", "r/a.xml"])
        .fails(3, &["is also an input"]);
    let kept = std::fs::read_to_string(place.path().join("a.csv")).unwrap();
    assert_eq!(kept, "name,status\nx,passed\n");
    assert_eq!(
        std::fs::read_to_string(place.path().join("r/a.xml")).unwrap(),
        PASSED
    );
    if cfg!(unix) {
        assert_eq!(convert("/dev/null").code, 0);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;
    use crate::program::named_pipe;

    #[test]
    fn links_are_followed_inside_a_folder_and_named_if_they_lead_out() {
        let place = Place::new();
        place.file("out/one/a.xml", PASSED);
        place.file("real/b.xml", &PASSED.replace("'a'", "'b'"));
        symlink("../real", place.path().join("out/pkg")).unwrap();
        symlink("one", place.path().join("out/latest")).unwrap();
        symlink("..", place.path().join("out/one/back")).unwrap();
        for pattern in ["out", "out/**/*.xml"] {
            let done = validate(&place, &[pattern]);
            let answer = done.json();
            assert_eq!(
                (done.code, &answer["counts"]["valid"]),
                (0, &1.into()),
                "{answer}"
            );
            let links = messages(&answer["warnings"], "link_outside");
            assert_eq!(links.len(), 1, "{answer}");
            assert!(
                links[0].starts_with("ignored: `out/pkg` ") && links[0].contains("--follow-links"),
                "{links:?}"
            );
            let answer = validate(&place, &[pattern, "--follow-links"]).json();
            assert_eq!(answer["counts"]["valid"], 2, "{answer}");
            assert_eq!(answer["warnings"].as_array().unwrap().len(), 0, "{answer}");
        }
        // A link that is named is meant.
        assert_eq!(validate(&place, &["out/pkg"]).json()["counts"]["valid"], 1);
    }

    #[test]
    fn a_link_to_the_environment_of_the_process_is_not_read() {
        let place = Place::new();
        place.file("r/a.xml", PASSED);
        symlink("/proc/self/environ", place.path().join("r/x.csv")).unwrap();
        let secret = ("OCTANE_CLIENT_SECRET", "hush-hush");
        let upload = ["upload", "r", "--sandbox", "--report", "report.json"];
        let done = place.octane_with(&upload, &[secret]);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(
            done.stderr
                .contains("`r/x.csv` is a symbolic link that points outside"),
            "{done:?}"
        );
        let report = std::fs::read_to_string(place.path().join("report.json")).unwrap();
        for shown in [&done.stdout, &done.stderr, &report] {
            assert!(!shown.contains("hush"), "{shown}");
        }
    }

    #[test]
    fn a_pipe_in_a_folder_is_named_and_not_opened() {
        let place = Place::new();
        place.file("r/a.xml", PASSED);
        let Some(()) = named_pipe(&place.path().join("r/b.xml")) else {
            return;
        };
        let done = validate(&place, &["r"]);
        let answer = done.json();
        assert_eq!(done.code, 0, "{answer}");
        assert_eq!(
            messages(&answer["warnings"], "not_a_file").len(),
            1,
            "{answer}"
        );
    }

    #[test]
    fn a_device_without_an_end_does_not_fill_the_memory() {
        let place = Place::new();
        let done = place.octane(&["validate", "/dev/zero"]);
        done.fails(4, &["/dev/zero", "256 MiB"]);
    }

    #[test]
    fn what_may_not_be_read_is_named_with_the_reason() {
        let place = Place::new();
        place
            .file("r/a.xml", PASSED)
            .file("r/b.xml", PASSED)
            .file("r/sub/c.xml", PASSED);
        let forbid = |name: &str, mode: u32| {
            let path = place.path().join(name);
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        };
        std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o777)).unwrap();
        forbid("r/b.xml", 0);
        forbid("r/sub", 0);
        let validate = |arguments: &[&str]| -> Option<Done> {
            let mut command = Command::new(env!("CARGO_BIN_EXE_octane"));
            command
                .args([&["validate"], arguments].concat())
                .current_dir(place.path());
            if std::fs::read(place.path().join("r/b.xml")).is_ok() {
                // The administrator may read everything.
                use std::os::unix::process::CommandExt;
                command.uid(65534).gid(65534);
            }
            command.output().ok().map(Done::from)
        };
        let Some(done) = validate(&["r"]) else {
            return octane_test_support::skip("the program cannot be run as another user");
        };
        assert_eq!(done.code, 4, "{done:?}");
        for line in [
            "r/sub` cannot be read: permission denied",
            "r/b.xml: cannot be read: permission denied",
        ] {
            assert!(done.stdout.contains(line), "{done:?}");
        }
        let done = validate(&["r/**/*.xml", "--skip-invalid"]).unwrap();
        assert_eq!(done.code, 5, "{done:?}");
        assert!(
            done.stdout.contains("1 passed") && done.stdout.contains("r/sub`"),
            "{done:?}"
        );
        forbid("r/sub", 0o755);
    }
}

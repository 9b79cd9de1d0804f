//! Commands that read results and need no server.

use crate::program::Place;
use crate::transcript::{RESULTS, Transcript};

#[test]
fn validate() {
    let place = Place::new();
    place.file("a.csv", RESULTS);
    place.file("one.csv", "name,status\nx,passed\n");
    place.file("bad.csv", "name,status,duration,started,jira\n,passed,,,\nb,passd,,,\nc,passed,fast,,\nd,passed,\"1,234\",,\ne,passed,,soon,\nf,passed,,,shop\n");
    place.file("columns.csv", "title,outcome\nx,passed\n");
    place.file("old.csv", "name,status,started\nx,passed,0\n");
    place.file("cut.xml", "<testsuite name='s'><testcase name='a'/>");
    place.file("page.xml", "<html><body/></html>");
    place.file("empty.xml", "");
    place.file("none.xml", "<testsuites/>");
    place.file(
        "odd.xml",
        "<testsuite name='s' tests='3'><testcase name='a' time='soon'><testcase name='b'/></testcase></testsuite>",
    );
    place.file(
        "names.xml",
        "<testsuite name='s'><testcase name=''/></testsuite>",
    );
    std::fs::create_dir(place.path().join("empty")).unwrap();
    let mut transcript = Transcript::of(&place);
    for inputs in [
        &["a.csv"][..],
        &["one.csv"],
        &["a.csv", "one.csv"],
        &["odd.xml"],
        &["names.xml"],
        &["old.csv"],
    ] {
        transcript.offline(&[&["validate"], inputs].concat());
    }
    transcript.check("validate");
    let mut transcript = Transcript::of(&place);
    for arguments in [
        &[][..],
        &["nowhere.csv"],
        &["nowhere/*.xml"],
        &["a.csv", "--exclude", "*.csv"],
        &["empty"],
        &["bad.csv"],
        &["bad.csv", "--skip-invalid"],
        &["columns.csv"],
        &["columns.csv", "--column", "title=nome"],
        &["a.csv", "--column", "title=name"],
        &["a.csv", "--input-format", "nunit"],
        &["cut.xml"],
        &["page.xml"],
        &["empty.xml"],
        &["none.xml"],
        &["a.csv", "cut.xml", "bad.csv"],
    ] {
        transcript.offline(&[&["validate"], arguments].concat());
    }
    transcript.check("validate_mistakes");
}

#[test]
fn convert() {
    let place = Place::new();
    place.file("a.csv", RESULTS);
    place.file(
        "long.csv",
        &format!("name,status\n{},passed\n", "n".repeat(300)),
    );
    let mut transcript = Transcript::of(&place);
    transcript.offline(&["convert", "a.csv", "-o", "out.xml"]);
    transcript.offline(&[
        "convert",
        "a.csv",
        "-o",
        "out.xml",
        "--suite",
        "5001",
        "--batch-size",
        "2",
    ]);
    transcript.offline(&["convert", "long.csv", "-o", "out.xml"]);
    transcript.check("convert");
    let mut transcript = Transcript::of(&place);
    for arguments in [
        &["convert", "a.csv"][..],
        &["convert", "a.csv", "-o", "no/such/out.xml"],
        &["convert", "a.csv", "-o", "-", "--batch-size", "1"],
        &["convert", "a.csv", "-o", "out.xml", "--batch-size", "0"],
        &["convert", "a.csv", "-o", "out.xml", "--suite", "Nightly"],
        &["convert", "a.csv", "-o", "out.xml", "--suite-run", "n"],
        &["convert", "a.csv", "-o", "out.xml", "--payload", "evidence"],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
        ],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
            "--suite-run",
            "n",
            "--module",
            "2",
        ],
        &[
            "convert",
            "a.csv",
            "-o",
            "out.xml",
            "--payload",
            "evidence",
            "--suite",
            "1",
            "--suite-run",
            "n",
            "--module",
            "2",
            "--release",
            "7",
        ],
        &[
            "convert",
            "long.csv",
            "-o",
            "out.xml",
            "--long-names",
            "refuse",
        ],
        &["convert", "a.csv", "-o", "out.xml", "--batch-bytes", "10"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("convert_mistakes");
}

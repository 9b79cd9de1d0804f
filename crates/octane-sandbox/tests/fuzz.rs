//! Runs the fuzz targets on stable: they compile, and all seeds pass.

#[expect(unreachable_pub, reason = "in the fuzz crate these are public")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use std::panic::RefUnwindSafe;
use std::path::Path;

use octane_results::Format;

fn feed(name: &str, target: impl Fn(&[u8]) + RefUnwindSafe) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(name);
    let seeds: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(seeds.len() > 5, "{} is nearly empty", folder.display());
    for seed in seeds {
        let bytes = std::fs::read(&seed).unwrap();
        // A panic does not say which seed caused it.
        let fed = std::panic::catch_unwind(|| target(&bytes));
        assert!(fed.is_ok(), "{}", seed.display());
    }
}

#[test]
fn every_seed_of_a_payload_is_read_or_explained() {
    feed("payload", targets::payload);
}

#[test]
fn every_seed_of_a_query_is_parsed_or_explained() {
    feed("query", targets::query);
}

#[test]
fn every_seed_of_fields_is_read_or_explained() {
    feed("fields", targets::fields);
}

#[test]
fn every_seed_of_a_request_gets_a_response() {
    feed("request", targets::request);
}

#[test]
fn every_seed_of_a_report_is_read_or_explained() {
    feed("report", targets::report);
}

#[test]
fn every_seed_of_a_report_is_read_or_explained_as_any_format() {
    for format in Format::ALL {
        feed("report", |seed| {
            targets::report_as(Some(format), &seed[1..]);
        });
    }
}

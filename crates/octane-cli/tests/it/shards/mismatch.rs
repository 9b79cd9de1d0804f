//! Shards that do not belong together.

use super::{export, export_from, linked, merge, table, upload, writes};
use crate::server::{SECRET, Server};

#[test]
fn shards_that_do_not_belong_together_are_not_merged() {
    let server = Server::new();
    export(&server, "1/2");
    export(&server, "2/3");
    let before = writes(&server);
    merge(&server, &[]).fails(3, &["numbers of shards `2` and `3`", "nothing was merged"]);
    std::fs::remove_dir_all(server.place.path().join("last-job")).unwrap();
    std::fs::remove_dir_all(server.place.path().join("artifacts")).unwrap();
    export(&server, "1/2");
    let other = ["--suite-run", "other"];
    server.place.file("a.csv", &table("x"));
    let upload = [
        "upload", "a.csv", "--suite", "S", "--shard", "2/2", "--spool", "m",
    ];
    assert_eq!(
        server.octane(&[&upload[..], &other].concat(), SECRET).code,
        0
    );
    export_from(&server, "m");
    merge(&server, &[]).fails(3, &["suite runs `r` and `other`", "--suite-run NAME"]);
    assert_eq!(linked(&server), 0);
    let done = merge(&server, &["--suite-run", "r"]);
    assert_eq!(done.code, 5, "{done:?}");
    assert!(done.stdout.contains("shard 2 has not arrived"), "{done:?}");
    assert!(writes(&server) > before);
}

#[test]
fn the_commands_after_a_merge_of_different_numbers_of_shards_work_as_they_are_printed() {
    let server = Server::new();
    export(&server, "1/1");
    export(&server, "2/3");
    let dry = merge(&server, &["--dry-run"]);
    dry.fails(3, &["numbers of shards", "nothing would be merged"]);
    assert!(!dry.stderr.contains("octane uploads delete"), "{dry:?}");
    let done = merge(&server, &[]);
    done.fails(
        3,
        &["numbers of shards", "then run `octane suite-run close "],
    );
    let commands: Vec<&str> = done
        .stderr
        .split('`')
        .filter(|part| part.starts_with("octane "))
        .collect();
    let [first, second, again] = commands[..] else {
        panic!("{commands:?}");
    };
    let variables = server.variables(SECRET);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    // Which of them does not belong to the suite run, a person knows.
    let of_three = if done.stderr.contains("`3` and `1`") {
        first
    } else {
        second
    };
    assert_eq!(server.place.shell(of_three, &variables).code, 0);
    let merged = server.place.shell(again, &variables);
    assert_eq!(merged.code, 0, "{merged:?}");
}

#[test]
fn a_shard_of_another_number_of_shards_is_delivered_and_reported_and_fails() {
    let server = Server::new();
    assert_eq!(upload(&server, "1/2", "shared").code, 0);
    let wrong = upload(&server, "2/3", "shared");
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(wrong.stdout.contains("Ingested  1 ·"), "{wrong:?}");
    let said = "not merged with the other shards: uploads";
    assert!(wrong.stdout.contains(said), "{wrong:?}");
    let deletes = "octane uploads delete u-";
    assert!(wrong.stdout.contains(deletes), "{wrong:?}");

    let output = server.place.path().join("output").display().to_string();
    server.place.file("b.csv", &table("2/2"));
    let line = "upload b.csv --suite S --suite-run r --shard 2/2 --spool shared --format json";
    let line: Vec<&str> = line.split(' ').collect();
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", &*output)];
    let right = server.octane_with(&line, SECRET, &variables);
    let output = std::fs::read_to_string(output).unwrap();
    assert!(
        output.starts_with("outcome=configuration\ningested=1\n"),
        "{output}"
    );
    assert_eq!(right.code, 3, "{right:?}");
    let report = right.json();
    assert_eq!(report["counts"]["ingested"], 1, "{report}");
    assert_eq!(report["exit_code"], 3, "{report}");
    let problems = report["problems"].as_array().unwrap();
    assert!(
        problems
            .iter()
            .any(|problem| problem["code"] == "shard_mismatch"),
        "{report}"
    );
    let list = server.octane(&["uploads", "list", "--spool", "shared"], SECRET);
    assert!(list.stdout.contains("r (shard 2/3)"), "{list:?}");
    assert_eq!(linked(&server), 0);
}

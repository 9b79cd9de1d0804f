//! Shards: jobs that upload parts of one test run, and the last step that merges them.

mod mismatch;
mod policies;

use std::collections::BTreeMap;

use octane_client::Spool;
use octane_sandbox::Fault;
use serde_json::{Value, json};

use crate::program::{Done, Place, upload_in};
use crate::server::{SECRET, Server};

/// Uploads one result a shard, with a Jira key, into `spool`.
fn upload_with(server: &Server, shard: &str, table: &str, spool: &str, more: &[&str]) -> Done {
    let file = format!("{}.csv", shard.replace('/', "-"));
    server.place.file(&file, table);
    let upload = [
        "upload",
        &file,
        "--suite",
        "S",
        "--suite-run",
        "r",
        "-y",
        "--shard",
        shard,
    ];
    server.octane(&[&upload[..], &["--spool", spool], more].concat(), SECRET)
}

fn table(shard: &str) -> String {
    format!("name,status,jira\nt{shard},passed,SHOP-101\n")
}

fn upload(server: &Server, shard: &str, spool: &str) -> Done {
    upload_with(server, shard, &table(shard), spool, &[])
}

/// Uploads a shard on a machine of its own, and exports it; returns its ID.
fn export(server: &Server, shard: &str) -> String {
    let spool = format!("machine-{}", shard.replace('/', "-"));
    let done = upload(server, shard, &spool);
    assert_eq!(done.code, 0, "{done:?}");
    export_from(server, &spool)
}

/// Exports the newest upload of a machine.
fn export_from(server: &Server, spool: &str) -> String {
    let list = server.octane(
        &["uploads", "list", "--spool", spool, "--format", "json"],
        SECRET,
    );
    let id = list.json()["uploads"][0]["id"].as_str().unwrap().to_owned();
    std::fs::create_dir_all(server.place.path().join("artifacts")).unwrap();
    let file = format!("artifacts/{id}.octane");
    let export = ["uploads", "export", &id, "-o", &file, "--spool", spool];
    assert_eq!(server.octane(&export, SECRET).code, 0);
    id
}

/// Merges what is in `artifacts` on a machine that has nothing.
fn merge(server: &Server, more: &[&str]) -> Done {
    let merge = ["merge", "artifacts", "--spool", "last-job"];
    server.octane(&[&merge[..], more].concat(), SECRET)
}

fn merged(server: &Server) -> (i32, Value) {
    let done = merge(server, &["--format", "json"]);
    (done.code, done.json())
}

/// What each run of the workspace shows: its status, and how many stories it is linked to.
fn runs(server: &Server) -> BTreeMap<String, (String, usize)> {
    let list = [
        "api",
        "GET",
        "automated_runs?fields=name,native_status,covered_content",
    ];
    let answer = server.octane(&list, SECRET).json();
    let run = |run: &Value| {
        let status = run["native_status"]["id"].as_str().unwrap_or_default();
        let status = status.rsplit('.').next().unwrap_or_default().to_owned();
        let links = run["covered_content"]["data"]
            .as_array()
            .map_or(0, Vec::len);
        (run["name"].as_str().unwrap().to_owned(), (status, links))
    };
    answer["data"].as_array().unwrap().iter().map(run).collect()
}

fn linked(server: &Server) -> usize {
    runs(server)
        .values()
        .filter(|(_, links)| *links > 0)
        .count()
}

/// How many requests changed something.
fn writes(server: &Server) -> usize {
    let requests = server.requests();
    let is_write = |path: &str, method: &str| method != "GET" && !path.contains("/authentication/");
    requests
        .iter()
        .filter(|request| is_write(&request.path, &request.method))
        .count()
}

#[test]
fn a_last_job_merges_exported_shards_and_names_those_that_are_missing() {
    let server = Server::new();
    for shard in ["1/8", "2/8", "3/8", "5/8", "6/8", "8/8"] {
        export(&server, shard);
    }
    assert_eq!((runs(&server).len(), linked(&server)), (6, 0));
    let done = merge(&server, &[]);
    assert_eq!(done.code, 5, "{done:?}");
    for part in [
        "Shards    6 of 8\n",
        "shards 4 and 7 have not arrived",
        "Read      6 results",
        "Linked    6 runs to 1 story (1 Jira key)",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {done:?}");
    }
    assert_eq!(linked(&server), 6);

    // Once more: nothing is sent or linked twice.
    let before = writes(&server);
    let (code, report) = merged(&server);
    assert_eq!(
        (code, &report["exit_code"], &report["outcome"]),
        (5, &json!(5), &json!("partial"))
    );
    assert_eq!(report["shards"]["missing"], json!([4, 7]));
    assert_eq!(report["shards"]["is_merged"], true);
    assert_eq!(report["links"]["unchanged"], 6);
    assert_eq!(report["counts"]["ingested"], 6);
    assert_eq!(writes(&server), before);

    // The missing ones arrive after all.
    export(&server, "4/8");
    export(&server, "7/8");
    let (code, report) = merged(&server);
    assert_eq!((code, &report["shards"]["missing"]), (0, &json!([])));
    assert_eq!(report["problems"][0]["code"], "late_shards");
    assert_eq!(
        (report["links"]["linked"].as_u64(), linked(&server)),
        (Some(8), 8)
    );
    let (code, report) = merged(&server);
    assert_eq!((code, &report["problems"]), (0, &json!([])));
}

#[test]
fn all_shards_together_are_compared_with_the_suite_run_before() {
    let server = Server::new();
    let before = "name,status\nfails,passed\nmended,failed\nstays,passed\ngone,passed\n";
    server.place.file("before.csv", before);
    let line = [
        "upload",
        "before.csv",
        "--suite",
        "S",
        "--suite-run",
        "n 1",
        "-y",
    ];
    assert_eq!(server.octane(&line, SECRET).code, 0);
    let shard = |shard: &str, rows: &str, spool: &str| {
        let table = format!("name,status\n{rows}");
        let done = upload_with(&server, shard, &table, spool, &["--format", "json"]);
        assert_eq!(done.code, 0, "{done:?}");
        done.json()
    };
    // One shard alone is not compared: most tests would have vanished.
    let alone = shard("1/2", "fails,failed\n", "machine-1");
    assert_eq!(alone["comparison"], Value::Null);
    shard(
        "2/2",
        "mended,passed\nstays,passed\nadded,passed\n",
        "machine-2",
    );
    export_from(&server, "machine-1");
    export_from(&server, "machine-2");
    let (code, report) = merged(&server);
    let since = &report["comparison"];
    assert_eq!(
        (code, &since["suite_run"]["name"]),
        (0, &json!("n 1")),
        "{report}"
    );
    assert_eq!(since["newly_failed"], json!(["fails"]));
    assert_eq!(since["fixed"], json!(["mended"]));
    assert_eq!(since["new"], json!(["added"]));
    assert_eq!(since["vanished"], json!(["gone"]));
    let done = merge(&server, &[]);
    assert!(done.stdout.contains("Since     n 1 ("), "{done:?}");
    // While a shard is missing, its tests have not vanished.
    let table = "name,status\nfails,passed\n";
    let close = [
        "suite-run",
        "close",
        "r",
        "--spool",
        "shared",
        "--suite",
        "Other",
    ];
    let more = ["--suite", "Other"];
    let mut upload = vec![
        "upload",
        "one.csv",
        "--suite-run",
        "r",
        "-y",
        "--shard",
        "1/2",
    ];
    upload.extend(["--spool", "shared"]);
    upload.extend(more);
    server.place.file("one.csv", table);
    server
        .place
        .file("before.csv", "name,status\nfails,failed\ngone,passed\n");
    let line = ["upload", "before.csv", "--suite-run", "n 1", "-y"];
    assert_eq!(server.octane(&[&line[..], &more].concat(), SECRET).code, 0);
    assert_eq!(server.octane(&upload, SECRET).code, 0);
    let done = server.octane(&[&close[..], &["--format", "json"]].concat(), SECRET);
    let since = &done.json()["comparison"];
    assert_eq!(
        (done.code, &since["fixed"], &since["vanished"]),
        (5, &json!(["fails"]), &Value::Null)
    );
}

#[test]
fn a_run_with_results_of_several_shards_is_linked_once_and_keys_are_looked_up_once() {
    let server = Server::new();
    for (shard, row) in [
        ("1/3", "both,passed,SHOP-101\na,passed,SHOP-102"),
        ("2/3", "both,passed,SHOP-102\nb,passed,NONE-1"),
        ("3/3", "both,passed,SHOP-101"),
    ] {
        let spool = format!("machine-{}", &shard[..1]);
        let table = format!("name,status,jira\n{row}\n");
        let done = upload_with(&server, shard, &table, &spool, &[]);
        assert_eq!(done.code, 0, "{done:?}");
        export_from(&server, &spool);
    }
    let lookups = || {
        let requests = server.requests();
        let looks = requests
            .iter()
            .filter(|request| request.path.contains("/work_items"));
        looks.count()
    };
    let before = lookups();
    let (code, report) = merged(&server);
    let links = &report["links"];
    assert_eq!(
        (code, &links["keys"], &links["stories"]),
        (0, &json!(3), &json!(2)),
        "{report}"
    );
    assert_eq!(
        (&links["linked"], &links["unchanged"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(links["unknown"], json!(["NONE-1"]));
    assert_eq!(runs(&server)["both"].1, 2);
    assert_eq!(lookups() - before, 1);
    let (_, report) = merged(&server);
    let links = &report["links"];
    assert_eq!(
        (&links["linked"], &links["unchanged"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn the_last_shard_to_arrive_completes_a_suite_run_in_a_shared_directory() {
    let server = Server::new();
    for shard in ["2/3", "3/3"] {
        let done = upload(&server, shard, "shared");
        assert_eq!(done.code, 0, "{done:?}");
        let line = format!("Shard     {shard}; runs are linked once all shards are there");
        assert!(done.stdout.contains(&line), "{done:?}");
    }
    assert_eq!(linked(&server), 0);
    let list = ["uploads", "list", "--spool", "shared", "--format", "json"];
    let listed = server.octane(&list, SECRET).json();
    assert_eq!(listed["uploads"][0]["state"], "awaiting_shards");
    assert_eq!(
        listed["uploads"][0]["shard"],
        json!({"index": 3, "total": 3})
    );
    let status = server.octane(&["status", "--spool", "shared"], SECRET);
    for part in [
        "awaiting other shards",
        "Shard     3/3\n",
        "octane suite-run close r --suite S --spool",
    ] {
        assert!(status.stdout.contains(part), "no `{part}` in {status:?}");
    }
    // They are delivered, so there is nothing to resume.
    let resume = ["resume", "--all", "--spool", "shared"];
    server
        .octane(&resume, SECRET)
        .fails(0, &["nothing to resume"]);

    let done = upload_with(
        &server,
        "1/3",
        &table("1/3"),
        "shared",
        &["--format", "json"],
    );
    let report = done.json();
    assert_eq!(
        (done.code, &report["counts"]["ingested"]),
        (0, &json!(3)),
        "{done:?}"
    );
    assert_eq!(report["shards"]["uploads"].as_array().unwrap().len(), 3);
    assert_eq!(
        (report["links"]["linked"].as_u64(), linked(&server)),
        (Some(3), 3)
    );
    let listed = server.octane(&list, SECRET).json();
    assert_eq!(listed["uploads"][2]["state"], "finished");
}

#[test]
fn a_shard_that_another_process_still_reads_is_merged_once_that_has_ended() {
    let server = Server::new();
    assert_eq!(upload(&server, "1/2", "shared").code, 0);
    let spool = Spool::at(server.place.path().join("shared"));
    let reading = spool.open(&spool.list().unwrap()[0].id).unwrap();
    server.place.file("last.csv", &table("2/2"));
    let line = "upload last.csv --suite S --suite-run r --shard 2/2 --spool shared";
    let mut last = server.start(&line.split(' ').collect::<Vec<_>>());
    last.says("waiting for other shards: 1");
    drop(reading);
    let done = last.wait();
    assert_eq!((done.code, linked(&server)), (0, 2), "{done:?}");
}

#[test]
fn a_shard_without_all_of_its_results_is_no_success_for_those_who_wait_for_it() {
    let server = Server::new();
    let table = "name,status\nt,passed\nodd,perhaps\n";
    let done = upload_with(&server, "1/2", table, "shared", &["--skip-invalid"]);
    assert_eq!(done.code, 5, "{done:?}");
    let list = server.octane(&["uploads", "list", "--spool", "shared"], SECRET);
    let state = "awaiting other shards, 1 invalid";
    assert!(list.stdout.contains(state), "{list:?}");
    let spool = Spool::at(server.place.path().join("shared"));
    let id = spool.list().unwrap()[0].id.to_string();
    let waited = server.octane(&["wait", &id, "--spool", "shared"], SECRET);
    assert_eq!(waited.code, 5, "{waited:?}");
}

#[test]
fn a_suite_run_is_closed_without_missing_shards_and_a_late_one_is_merged_with_the_others() {
    let server = Server::new();
    for shard in ["1/3", "3/3"] {
        assert_eq!(upload(&server, shard, "shared").code, 0);
    }
    let close = ["suite-run", "close", "r", "--spool", "shared"];
    let done = server.octane(&close, SECRET);
    assert_eq!(done.code, 5, "{done:?}");
    assert!(
        done.stdout.contains("shard 2 has not arrived (of 3)"),
        "{done:?}"
    );
    assert_eq!(linked(&server), 2);
    let done = upload(&server, "2/3", "shared");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout.contains("shard 2 has arrived after"),
        "{done:?}"
    );
    assert!(done.stdout.contains("Shards    3 of 3\n"), "{done:?}");
    assert_eq!(linked(&server), 3);
    // Closing it again changes nothing, and is a success now.
    let before = writes(&server);
    assert_eq!(server.octane(&close, SECRET).code, 0);
    assert_eq!(writes(&server), before);
    let unknown = ["suite-run", "close", "other", "--spool", "shared"];
    server
        .octane(&unknown, SECRET)
        .fails(4, &["no shards of a suite run `other`"]);
}

#[test]
fn a_shard_that_was_uploaded_twice_counts_twice_and_the_report_says_so() {
    let server = Server::new();
    export(&server, "1/2");
    let failed = "name,status,jira\nt,failed,SHOP-101\n";
    let passed = "name,status,jira\nt,passed,SHOP-101\n";
    for table in [failed, passed] {
        assert_eq!(upload_with(&server, "2/2", table, "machine", &[]).code, 0);
        export_from(&server, "machine");
    }
    let (code, report) = merged(&server);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["shards"]["uploads"].as_array().unwrap().len(), 3);
    let problems = report["problems"].as_array().unwrap();
    let codes: Vec<_> = problems.iter().map(|problem| &problem["code"]).collect();
    assert_eq!(codes, ["repeated_shard", "flaky"]);
    let counts = &report["counts"];
    let numbers = ["read", "passed", "failed", "repeats", "flaky", "runs"]
        .map(|name| counts[name].as_u64().unwrap());
    assert_eq!(numbers, [3, 2, 1, 1, 1, 2]);
    // The retry came later.
    assert_eq!(runs(&server)["t"].0, "passed");
}

#[test]
fn a_failure_is_not_hidden_by_the_pass_of_another_shard() {
    for order in [["failed", "passed"], ["passed", "failed"]] {
        let server = Server::new();
        for (shard, status) in ["1/2", "2/2"].into_iter().zip(order) {
            let table = format!("name,status,jira\nt,{status},SHOP-101\n");
            let spool = shard.replace('/', "-");
            assert_eq!(upload_with(&server, shard, &table, &spool, &[]).code, 0);
            export_from(&server, &spool);
        }
        let (code, report) = merged(&server);
        assert_eq!(code, 0, "{report}");
        let problem = &report["problems"][0];
        let message = format!(
            "{} in shard 1, {} in shard 2; the run shows `failed`",
            order[0], order[1]
        );
        assert_eq!(
            (&problem["code"], &problem["message"]),
            (&json!("flaky"), &json!(message))
        );
        assert_eq!(problem["test"], "t");
        let hidden = if order[0] == "failed" {
            "2-2.csv"
        } else {
            "1-2.csv"
        };
        assert_eq!(problem["file"], hidden);
        let counts = ["failed", "flaky", "runs"].map(|name| report["counts"][name].as_u64());
        assert_eq!(counts, [Some(1); 3]);
        assert_eq!(runs(&server)["t"], ("failed".to_owned(), 1));
        // The next merge finds it as it should be.
        let before = writes(&server);
        assert_eq!(merged(&server).0, 0);
        assert_eq!(
            (writes(&server), &*runs(&server)["t"].0),
            (before, "failed")
        );
    }
}

#[test]
fn of_results_with_start_times_the_later_one_is_shown() {
    let server = Server::new();
    for (shard, status, hour) in [("1/2", "failed", 1), ("2/2", "passed", 2)] {
        let table = format!("name,status,started\nt,{status},2026-11-28T0{hour}:00:00Z\n");
        let spool = shard.replace('/', "-");
        assert_eq!(upload_with(&server, shard, &table, &spool, &[]).code, 0);
        export_from(&server, &spool);
    }
    let (code, report) = merged(&server);
    assert_eq!(
        (code, &report["counts"]["flaky"]),
        (0, &json!(1)),
        "{report}"
    );
    assert_eq!(runs(&server)["t"].0, "passed");
}

#[test]
fn a_failed_row_is_as_late_as_the_last_row_of_its_shard() {
    for (hour, expected) in [(4, "failed"), (6, "passed")] {
        let server = Server::new();
        let rows = [("passed", 1), ("failed", 2), ("passed", 5)];
        for (shard, rows) in [("1/2", &rows[..]), ("2/2", &[("passed", hour)])] {
            let row =
                |(status, hour): &(&str, u8)| format!("t,{status},2026-11-28T0{hour}:00:00Z\n");
            let table = format!(
                "name,status,started\n{}",
                rows.iter().map(row).collect::<String>()
            );
            let spool = shard.replace('/', "-");
            assert_eq!(upload_with(&server, shard, &table, &spool, &[]).code, 0);
            export_from(&server, &spool);
        }
        let (code, report) = merged(&server);
        assert_eq!(code, 0, "{report}");
        assert_eq!(runs(&server)["t"].0, expected, "{report}");
    }
}

#[test]
fn what_ran_without_a_start_time_in_one_shard_is_the_worst_and_a_skip_hides_nothing() {
    let early = "t,failed,\nt,failed,2026-11-28T01:00:00Z\n";
    let (passed, skipped) = ("t,passed,2026-11-28T02:00:00Z\n", "t,skipped,\n");
    for (shards, expected) in [
        (vec![early, passed], "failed"),
        (vec![passed, skipped], "passed"),
        (vec![early, passed, skipped], "failed"),
    ] {
        let server = Server::new();
        for (number, rows) in (1..).zip(&shards) {
            let table = format!("name,status,started\n{rows}");
            let shard = format!("{number}/{}", shards.len());
            let done = upload_with(&server, &shard, &table, "shared", &[]);
            assert_eq!(done.code, 0, "{done:?}");
        }
        assert_eq!(runs(&server)["t"].0, expected, "{shards:?}");
    }
}

#[test]
fn a_shard_without_results_has_arrived() {
    let server = Server::new();
    assert_eq!(upload(&server, "1/2", "shared").code, 0);
    let empty = "name,status\n";
    let done = upload_with(
        &server,
        "2/2",
        empty,
        "shared",
        &["--allow-empty", "--format", "json"],
    );
    let report = done.json();
    assert_eq!(
        (done.code, &report["shards"]["missing"]),
        (0, &json!([])),
        "{done:?}"
    );
    assert_eq!(report["counts"]["read"], 1);
    assert_eq!(linked(&server), 1);
}

#[test]
fn what_is_pending_of_a_shard_is_sent_when_it_is_merged() {
    let mut server = Server::new();
    export(&server, "1/2");
    server.go_away();
    let done = upload_with(&server, "2/2", &table("2/2"), "away", &["--retries", "0"]);
    assert_eq!(done.code, 8, "{done:?}");
    export_from(&server, "away");
    server.come_back();
    // The server at this address is empty, so the other shard is gone as well: it is named, and not taken for granted.
    let (code, report) = merged(&server);
    assert_ne!(code, 0, "{report}");
    assert!(runs(&server).contains_key("t2/2"), "{report}");
    assert_eq!(report["shards"]["uploads"][1]["outcome"], "success");
}

#[test]
fn an_interrupted_shard_completes_the_suite_run_when_it_is_resumed() {
    let server = Server::new();
    let busy = Fault::status(503)
        .method("POST")
        .path("**/test-results")
        .times(1);
    server.fail_next(busy);
    let done = upload_with(&server, "1/2", &table("1/2"), "shared", &["--retries", "0"]);
    assert_eq!(done.code, 8, "{done:?}");
    let id = upload_in(&done.stdout);
    // The other one finds it pending, and finishes it.
    let done = upload(&server, "2/2", "shared");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("Shards    2 of 2"), "{done:?}");
    let done = server.octane(&["resume", &id, "--spool", "shared"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(linked(&server), 2);
}

#[test]
fn all_pending_shards_are_resumed_once() {
    let mut server = Server::new();
    server.go_away();
    for shard in ["1/2", "2/2"] {
        let more = ["--retries", "0"];
        let done = upload_with(&server, shard, &table(shard), "shared", &more);
        assert_eq!(done.code, 8, "{done:?}");
    }
    server.come_back();
    let resume = ["resume", "--all", "--spool", "shared", "--format", "json"];
    let done = server.octane(&resume, SECRET);
    let resumed = done.json();
    assert_eq!((done.code, linked(&server)), (0, 2), "{done:?}");
    assert_eq!(
        resumed["uploads"].as_array().map(Vec::len),
        Some(1),
        "{done:?}"
    );
    let list = ["uploads", "list", "--spool", "shared", "--format", "json"];
    let listed = server.octane(&list, SECRET).json();
    for upload in [0, 1] {
        assert_eq!(listed["uploads"][upload]["state"], "finished", "{listed}");
    }
}

#[test]
fn merged_shards_that_move_to_another_server_are_merged_there_once_all_have_moved() {
    let place = Place::new();
    for shard in ["1/2", "2/2"] {
        place.file("a.csv", &table(shard));
        let sandbox = ["--sandbox", "--sandbox-data", "old", "--spool", "shared"];
        let upload = ["upload", "a.csv", "--suite", "S", "--suite-run", "r"];
        let done = place.octane(&[&upload[..], &sandbox, &["--shard", shard]].concat());
        assert_eq!(done.code, 0, "{done:?}");
    }
    let list = ["uploads", "list", "--spool", "shared", "--format", "json"];
    let listed = place.octane(&list).json();
    let id = |upload: usize| listed["uploads"][upload]["id"].as_str().unwrap();
    let new = ["--sandbox", "--sandbox-data", "new"];
    let get = ["api", "GET", "automated_runs?fields=id"];
    assert_eq!(place.octane(&[&get[..], &new].concat()).code, 0);
    let moved = |id: &str| {
        let resume = ["resume", id, "--spool", "shared", "--format", "json"];
        let done = place.octane(&[&resume[..], &new].concat());
        assert_eq!(done.code, 0, "{done:?}");
        done.json()
    };
    // The newest is the first of the list.
    assert_eq!(moved(id(1))["shards"]["is_merged"], false);
    assert_eq!(moved(id(0))["links"]["linked"], 2);
}

#[test]
fn a_shard_does_not_wait_for_others_longer_than_it_is_told() {
    let server = Server::new();
    let done = upload_with(
        &server,
        "2/3",
        &table("2/3"),
        "shared",
        &["--shard-timeout", "0"],
    );
    assert_eq!(done.code, 5, "{done:?}");
    assert!(
        done.stdout.contains("shards 1 and 3 have not arrived"),
        "{done:?}"
    );
    assert_eq!(linked(&server), 1);
}

#[test]
fn the_ci_system_names_the_shard_if_that_is_asked_for() {
    let server = Server::new();
    server.place.file("a.csv", &table("x"));
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "octo/shop"),
        ("CI_PIPELINE_ID", "15"),
        ("CI_NODE_INDEX", "2"),
        ("CI_NODE_TOTAL", "2"),
    ];
    let env = server.octane_with(&["ci", "env", "--format", "json"], SECRET, &gitlab);
    assert_eq!(env.json()["shard"]["value"], "2/2");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--format", "json"];
    let auto = [&upload[..], &["--shard", "auto"]].concat();
    let done = server.octane_with(&auto, SECRET, &gitlab);
    let report = done.json();
    assert_eq!(
        (done.code, &report["shards"]["total"]),
        (0, &json!(2)),
        "{done:?}"
    );
    assert_eq!(report["shards"]["uploads"][0]["shard"], 2);
    assert_eq!(report["links"], Value::Null);
    // Without asking, a parallel job is no shard; outside of one, there is none.
    let done = server.octane_with(&upload, SECRET, &gitlab);
    assert_eq!(done.json()["shards"], Value::Null);
    let done = server.octane_with(&auto, SECRET, &gitlab[..3]);
    assert_eq!((done.code, &done.json()["shards"]), (0, &Value::Null));
    assert!(done.stderr.contains("note: `--shard auto`"), "{done:?}");
}

#[test]
fn a_shard_that_could_never_be_merged_is_refused_before_anything_is_sent() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--shard", "1/2"];
    server
        .octane(&upload, SECRET)
        .fails(3, &["needs a name of the suite run", "--suite-run NAME"]);
    let off = [&upload[..], &["--suite-run", "r", "--spool", "off"]].concat();
    server
        .octane(&off, SECRET)
        .fails(3, &["needs a journal", "`--spool DIR`"]);
    let wrong = ["upload", "a.csv", "--shard", "9/8"];
    server
        .octane(&wrong, SECRET)
        .fails(2, &["`9/8` is not a shard"]);
    assert_eq!(writes(&server), 0);
}

#[test]
fn directories_of_journals_are_merged_as_they_are_and_a_damaged_file_is_named() {
    let server = Server::new();
    for shard in ["1/2", "2/2"] {
        let spool = format!("artifacts/job-{}", &shard[..1]);
        assert_eq!(upload(&server, shard, &spool).code, 0);
    }
    // Not a shard, and of no concern.
    server.place.file("b.csv", "name,status\nx,passed\n");
    let other = [
        "upload",
        "b.csv",
        "--suite",
        "S",
        "--spool",
        "artifacts/job-1",
    ];
    assert_eq!(server.octane(&other, SECRET).code, 0);
    let done = merge(&server, &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("Shards    2 of 2\n"), "{done:?}");
    assert!(done.stderr.contains("is not a shard"), "{done:?}");
    assert_eq!(linked(&server), 2);

    server.place.file(
        "artifacts/damaged",
        "octane-upload/1 u-01jd8x2m5k3q7r 9 00\nhalf",
    );
    merge(&server, &[]).fails(4, &["artifacts/damaged", "cut off"]);
    let nothing = server.octane(&["merge", "b.csv", "--spool", "x"], SECRET);
    nothing.fails(4, &["`b.csv` is not an exported upload"]);
    std::fs::create_dir(server.place.path().join("empty")).unwrap();
    let nothing = server.octane(&["merge", "empty", "--spool", "x"], SECRET);
    nothing.fails(4, &["no uploads of shards are in `empty`"]);
}

#[test]
fn an_upload_that_is_given_and_not_finished_is_no_success_of_a_merge() {
    let mut server = Server::new();
    server.place.file("b.csv", &table("b"));
    let other = [
        "upload",
        "b.csv",
        "--suite",
        "S",
        "--suite-run",
        "r",
        "--spool",
        "artifacts",
        "--retries",
        "0",
    ];
    server.go_away();
    let first = server.octane(&other, SECRET);
    assert_eq!(first.code, 8, "{first:?}");
    let first = upload_in(&first.stderr);
    let elsewhere: Vec<&str> = other
        .iter()
        .map(|word| if *word == "r" { "x" } else { word })
        .collect();
    assert_eq!(server.octane(&elsewhere, SECRET).code, 8);
    server.come_back();
    let shard = upload(&server, "1/1", "artifacts");
    assert_eq!(shard.code, 0, "{shard:?}");
    merge(&server, &["--dry-run"]).fails(5, &["is not a shard", "it is not finished"]);

    let done = merge(&server, &["--format", "json"]);
    let report = done.json();
    let problems = report["problems"].as_array().unwrap();
    let is_named = |problem: &&Value| problem["code"] == "unfinished_upload";
    assert_eq!(problems.iter().filter(is_named).count(), 2, "{report}");
    let here = |problem: &&Value| problem["message"].to_string().contains(&first);
    let named = problems.iter().find(here).unwrap();
    let message = named["message"].as_str().unwrap();
    assert_eq!(
        (done.code, &report["exit_code"], &report["outcome"]),
        (5, &json!(5), &json!("partial")),
        "{report}"
    );
    // The command works as it is printed.
    let (_, command) = message.split_once("run `").unwrap();
    let variables = server.variables(SECRET);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let resumed = server
        .place
        .shell(command.trim_end_matches('`'), &variables);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    // Uploads of other suite runs were not asked for.
    let done = merge(&server, &["--suite", "S", "--suite-run", "r"]);
    done.fails(0, &["is not a shard: it was uploaded without `--shard`"]);
    assert_eq!(merge(&server, &[]).code, 5);
}

#[test]
fn shards_in_the_sandbox_are_merged_in_it() {
    let place = Place::new();
    for shard in ["1/2", "2/2"] {
        let file = format!("{}.csv", &shard[..1]);
        place.file(&file, &table(shard));
        let upload = [
            "upload",
            &file,
            "--sandbox",
            "--suite",
            "S",
            "--suite-run",
            "r",
            "--shard",
            shard,
        ];
        let done = place.octane(&[&upload[..], &["--spool", &shard[..1]]].concat());
        assert_eq!(done.code, 0, "{done:?}");
    }
    let done = place.octane(&["merge", "1", "2", "--format", "json"]);
    assert_eq!(
        (done.code, &done.json()["links"]["linked"]),
        (0, &json!(2)),
        "{done:?}"
    );
}

#[test]
fn a_test_with_results_in_several_shards_is_one_test_of_the_merged_report() {
    let server = Server::new();
    for (shard, table) in [
        (
            "1/2",
            "name,status,jira\nboth,failed,SHOP-101\nonce,passed,SHOP-101\n",
        ),
        (
            "2/2",
            "name,status,jira\nboth,failed,SHOP-101\nboth,passed,SHOP-101\nlast,failed,\n",
        ),
    ] {
        let spool = format!("machine-{}", &shard[..1]);
        let done = upload_with(&server, shard, table, &spool, &[]);
        assert_eq!(done.code, 0, "{done:?}");
        export_from(&server, &spool);
    }
    let more = [
        "--format",
        "json",
        "--tolerate",
        "unstable",
        "--report",
        "merged.md",
    ];
    let done = merge(&server, &more);
    assert_eq!(done.code, 0, "{done:?}");
    let report = done.json();
    let failed = report["failed_tests"].as_array().unwrap();
    let failed: Vec<&Value> = failed.iter().map(|test| &test["test"]).collect();
    assert_eq!(failed, ["both", "last"], "{report}");
    // It is so in shard 2, and because shard 1 and what shard 2 ends with differ.
    assert_eq!(report["counts"]["flaky"], 1, "{report}");
    let page = std::fs::read_to_string(server.place.path().join("merged.md")).unwrap();
    let story = page.lines().find(|line| line.starts_with(r"| SHOP\-101"));
    assert!(story.unwrap().contains("| 1 flaky, 1 passed"), "{page}");
}

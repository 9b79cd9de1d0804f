//! What the server finds out about runs from earlier results.

use serde_json::json;

use super::query;
use crate::tests::Client;
use crate::tests::ingestion::{payload, suite};

/// A result of a test, by its letter and its position in the history.
fn run(test: &str, letter: char, number: usize) -> String {
    let status = match letter {
        'P' => "Passed",
        'F' => "Failed",
        'N' => "Planned",
        _ => "Skipped",
    };
    let started = 1_750_000_000_000 + 60_000 * number;
    format!("<test_run name='{test}' status='{status}' duration='1' started='{started}'/>")
}

/// Uploads results of one test, the oldest first, each in a suite run of its own; returns the latest run.
async fn results(client: &Client, suite: &str, test: &str, letters: &str) -> String {
    for (number, letter) in letters.chars().enumerate() {
        let xml = payload(
            &format!("<suite_ref id='{suite}' external_run_id='{test} {number}'/>"),
            &run(test, letter, number),
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    }
    let condition = format!("test EQ {{name EQ '{test}'}}");
    let mut ids = client.names("automated_runs", "id", &condition).await;
    ids.pop().unwrap()
}

/// The rows of the table that `octane-client` is tested with too.
fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = include_str!("../../../../octane-tests/problem_classes.txt").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.split_whitespace();
        (words.next().unwrap(), words.collect())
    });
    rows.collect()
}

#[tokio::test]
async fn problems_follow_from_the_latest_results_of_a_test() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let rows = table();
    let longest = rows.iter().map(|(letters, _)| letters.len()).max();
    for number in 0..longest.unwrap() {
        // All histories end at the same time.
        let runs: String = rows
            .iter()
            .filter_map(|(letters, _)| {
                let letter = letters.chars().rev().nth(longest? - 1 - number)?;
                Some(run(letters, letter, number))
            })
            .collect();
        let suite_run = format!("<suite_ref id='{suite}' external_run_id='{number}'/>");
        let task = client.upload(&payload(&suite_run, &runs), "").await;
        assert_eq!(task["status"], "success", "{task}");
    }
    for (letters, expected) in rows {
        let condition = format!("test EQ {{name EQ '{letters}'}}");
        let ids = client.names("automated_runs", "id", &condition).await;
        let path = format!("automated_runs/{}?fields=problem", ids.last().unwrap());
        let read = client.get(&path).await.ok();
        let mut problems: Vec<&str> = read["problem"]["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem["id"].as_str().unwrap().rsplit('.').next().unwrap())
            .collect();
        problems.sort_unstable();
        assert_eq!(problems, expected, "{letters}");
    }
    // All runs of a test have its problems.
    let condition = "problem EQ {id EQ 'list_node.run_problem.continuously_skipped'};test EQ {name EQ 'SSSSSSSS'}";
    let found = client.names("automated_runs", "id", condition).await;
    assert_eq!(found.len(), 8);
}

#[tokio::test]
async fn runs_without_a_result_do_not_count_for_problems() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    for (letters, expected) in [
        ("FFFFNFFFFNN", Some("continuously_failing")),
        ("FFFFFFFNNN", None),
        ("PPNFN", Some("regression")),
        ("PPNPF", Some("regression")),
    ] {
        let last = results(&client, &suite, letters, letters).await;
        let path = format!("automated_runs/{last}?fields=problem");
        let problem = client.get(&path).await.ok()["problem"]["data"][0]["id"].clone();
        let expected = expected.map(|name| format!("list_node.run_problem.{name}"));
        assert_eq!(problem.as_str(), expected.as_deref(), "{letters}");
    }
}

#[tokio::test]
async fn only_the_last_run_of_a_test_counts_for_what_it_covers() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    let last = results(&client, &suite, "pays", "FFP").await;
    let story = crate::tests::entities::story(&client, "Pay").await;
    let test = client.only_id("automated_tests").await;
    let covered = json!({ "covered_content": { "data": [{ "type": "story", "id": story }] } });
    client
        .put(&format!("automated_tests/{test}"), &covered)
        .await
        .ok();
    let path = client
        .get(&format!("stories/{story}?fields=path,last_runs"))
        .await
        .ok();
    assert_eq!(path["last_runs"]["passed"], 1);
    assert_eq!(path["last_runs"]["failed"], 0);
    let path = path["path"].as_str().unwrap();
    let condition = format!(
        "test_of_last_run={{covered_content={{path='{path}*'}}}};!test_of_last_run={{null}}"
    );
    let groups = client
        .get(&format!(
            "runs/groups?group_by=status&{}",
            query(&condition)
        ))
        .await
        .ok();
    assert_eq!(groups["groupsTotalCount"], 1, "{groups}");
    assert_eq!(groups["groups"][0]["count"], 1);
    assert_eq!(
        groups["groups"][0]["value"]["id"],
        "list_node.run_status.passed"
    );
    assert_eq!(
        client.names("runs", "id", &condition).await,
        [last.as_str()]
    );
    let condition = format!("work_items_of_last_run={{id={story}}}");
    assert_eq!(client.names("tests", "name", &condition).await, ["pays"]);
    // Newer versions of the Jira plug-in count runs by it (`OctaneRestManager`).
    let condition = format!(
        "((work_items_of_last_run={{(id='{story}')}})||(work_items_of_last_run={{\
         (subtype IN 'story','defect','feature';path='{path}*')}}))"
    );
    let path = format!("runs/groups?{}&group_by=status", query(&condition));
    assert_eq!(client.get(&path).await.ok(), groups);
    assert_eq!(
        client.names("runs", "id", &condition).await,
        [last.as_str()]
    );
    // A run that covers something by itself counts, too.
    let other = crate::tests::entities::story(&client, "Refund").await;
    let covered = json!({ "covered_content": { "data": [{ "type": "story", "id": other }] } });
    let path = format!("automated_runs/{last}");
    client.put(&path, &covered).await.ok();
    let condition = format!("work_items_of_last_run={{id={other}}}");
    assert_eq!(client.names("runs", "id", &condition).await, [last]);
}

#[tokio::test]
async fn a_run_tells_for_how_many_results_it_has_failed() {
    let client = Client::empty().await;
    let suite = suite(&client, "Nightly").await;
    for (build, status) in [("1", "Passed"), ("2", "Failed"), ("3", "Failed")] {
        let xml = payload(
            &format!(
                "<build server_id='s' job_id='j' build_id='{build}'/><suite_ref id='{suite}' external_run_id='r'/>"
            ),
            &format!("<test_run name='a' status='{status}' duration='1'/>"),
        );
        assert_eq!(client.upload(&xml, "").await["status"], "success");
    }
    let second = client
        .names("ci_builds", "id", "build_ci_id EQ '2'")
        .await
        .remove(0);
    let fields = "failed_build_age,status_age,failed_since_build,failed_since_build_info,latest_pipeline_run,full_error_details";
    let run = client
        .list(&format!("automated_runs?fields={fields}"))
        .await[0]
        .clone();
    assert_eq!(
        (&run["failed_build_age"], &run["status_age"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(run["failed_since_build"].to_string(), second);
    assert_eq!(run["failed_since_build_info"], "2");
    assert_eq!(
        (&run["latest_pipeline_run"], &run["full_error_details"]),
        (&json!(true), &json!(false))
    );
}

//! How long the URLs of requests become.

use super::*;

/// A name that is as long as Octane allows.
fn name(n: i64) -> String {
    format!("t{n}{}", "x".repeat(240))
}

#[tokio::test(start_paused = true)]
async fn long_names_fit_into_the_urls_that_servers_allow() {
    let renamed = |mut run: Value, n| {
        run["name"] = json!(name(n));
        run["test_name"] = json!(name(n));
        run
    };
    // Every second one was created long before the others, so that many are looked for by name.
    let runs = (1..=60).map(|n| {
        let mut run = renamed(same(n), n);
        run["id"] = json!((4000 + n + 10_000 * (n % 2)).to_string());
        run
    });
    let octane = octane_with(runs.collect(), |received| {
        if received.query.len() > 8000 {
            Answer::Text(414, "<html>URI Too Long</html>".to_owned())
        } else {
            Answer::Default
        }
    });
    let runs = tests(60).into_iter().zip(1..).map(|(mut test, n)| {
        test.identity.name = name(n);
        test
    });
    let upload = ended(&octane, runs.collect(), 1, &["success"; 60]);
    assert!(matches!(verified(&upload).await, Lookup::Runs { .. }));
    assert_eq!(upload.counts(), (60, 0, 0));
}

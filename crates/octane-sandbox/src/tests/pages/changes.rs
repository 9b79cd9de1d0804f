//! What a suite run says of the one before it.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::super::{Client, response};
use super::{holds, page};
use crate::{Clock, Sandbox, Settings};

/// A suite whose suite runs are uploaded one after the other.
pub(super) struct Suite {
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) suite: String,
}

/// The letters of results: passed, failed, skipped.
fn status(letter: char) -> &'static str {
    match letter {
        'P' => "Passed",
        'F' => "Failed",
        _ => "Skipped",
    }
}

impl Suite {
    pub(super) async fn new() -> Self {
        let clock = Clock::paused("2025-03-04T05:06:07Z".parse().unwrap());
        let settings = Settings::default().seed_data(false);
        let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
        let client = Client::of(&sandbox).await;
        let suite = client
            .create("test_suites", json!({ "name": "Nightly" }))
            .await;
        Self {
            client,
            clock,
            suite,
        }
    }

    /// Uploads results of tests, each with a letter, into a suite run. Returns its ID.
    pub(super) async fn upload(&self, name: &str, results: &[(&str, char)]) -> String {
        let runs: String = results
            .iter()
            .map(|(test, letter)| {
                let error = match letter {
                    'F' => format!(
                        "<error type='Timeout' message='{test}: no answer after {} ms'>at line 7</error>",
                        test.len() * 100
                    ),
                    _ => String::new(),
                };
                format!(
                    "<test_run name='{test}' status='{}' duration='700'>{error}</test_run>",
                    status(*letter)
                )
            })
            .collect();
        self.send(name, "", &runs).await
    }

    /// Uploads a payload with other elements before the runs.
    pub(super) async fn send(&self, name: &str, before: &str, runs: &str) -> String {
        let suite = &self.suite;
        let xml = format!(
            "<test_result>{before}<suite_ref id='{suite}' external_run_id='{name}'/><test_runs>{runs}</test_runs></test_result>"
        );
        assert_eq!(self.client.upload(&xml, "").await["status"], "success");
        let query = format!("name EQ ^{name}^");
        self.client.names("suite_run", "id", &query).await.remove(0)
    }

    pub(super) async fn page(&self, suite_run: &str, query: &str) -> String {
        page(&self.client, &format!("/suite-runs/{suite_run}{query}")).await
    }
}

/// The names of the listed runs.
fn listed(html: &str) -> Vec<String> {
    let ends = html.match_indices("</a> <small>");
    let mut names: Vec<String> = ends
        .map(|(end, _)| {
            html[..end]
                .rsplit('>')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

/// The number of a change on a page.
pub(super) fn number_of<'a>(html: &'a str, label: &str) -> &'a str {
    // One failure is not "failures".
    let label = label.strip_suffix('s').unwrap_or(label);
    let end = html.find(&format!("</b> {label}")).unwrap();
    html[..end].rsplit('>').next().unwrap_or_default()
}

#[tokio::test]
async fn a_suite_run_says_what_is_new_still_failing_fixed_and_flaky() {
    let suite = Suite::new().await;
    let before = [
        ("adds", 'P'),
        ("breaks", 'F'),
        ("flickers", 'P'),
        ("gone", 'F'),
        ("heals", 'F'),
        ("idles", 'F'),
    ];
    let earlier = suite.upload("night 1", &before).await;
    let first = [("flickers", 'F'), ("heals", 'P')];
    suite.upload("night 2", &first).await;
    let rest = [
        ("adds", 'F'),
        ("breaks", 'F'),
        ("comes", 'F'),
        ("flickers", 'P'),
        ("idles", 'S'),
    ];
    let now = suite.upload("night 2", &rest).await;
    let html = suite.page(&now, "").await;
    for (label, word, number, names) in [
        ("New failures", "new", "2", &["adds", "comes"][..]),
        ("Still failing", "still-failing", "1", &["breaks"]),
        ("Flaky", "flaky", "1", &["flickers"]),
        ("Fixed", "fixed", "1", &["heals"]),
        (
            "Failed before, not run now",
            "no-longer-run",
            "2",
            &["gone", "idles"],
        ),
    ] {
        assert_eq!(number_of(&html, label), number, "{label}");
        let html = suite.page(&now, &format!("?change={word}")).await;
        assert_eq!(listed(&html), names, "{label}");
        assert!(
            html.contains(&format!("Only runs in “{label}”.")),
            "{label}"
        );
    }
    let of_before = format!("Since <a href=\"/suite-runs/{earlier}\">night 1</a>");
    holds(
        &html,
        &[
            &of_before,
            "6 runs, as many as before.",
            ">still failing</span>",
        ],
    );
    let missing = suite.page(&now, "?change=no-longer-run").await;
    holds(
        &missing,
        &[
            ">Runs of this suite run and of the one before</caption>",
            "Those that are missing now are the runs of the suite run before.",
        ],
    );
    let searched = suite.page(&now, "?change=new&search=come").await;
    assert_eq!(listed(&searched), ["comes"]);
}

#[tokio::test]
async fn the_first_suite_run_has_nothing_to_compare_with_and_planned_ones_are_passed_over() {
    let suite = Suite::new().await;
    let first = suite.upload("night 1", &[("a", 'F')]).await;
    let html = suite.page(&first, "").await;
    assert!(html.contains("nothing to compare it with"));
    assert!(!html.contains("New failures"));
    let fields = json!({ "name": "aborted", "test": { "type": "test_suite", "id": suite.suite } });
    // Its runs are planned, and nothing was executed.
    let empty = suite.client.create("suite_run", fields).await;
    let html = suite.page(&empty, "").await;
    assert_eq!(number_of(&html, "Failed before, not run now"), "1");
    let third = suite.upload("night 3", &[("a", 'F')]).await;
    let html = suite.page(&third, "").await;
    assert_eq!(number_of(&html, "Still failing"), "1");
    let previous = format!("rel=\"prev\" href=\"/suite-runs/{empty}\">← <bdi>aborted</bdi></a>");
    holds(&html, &[&previous]);
    let next = format!("rel=\"next\" href=\"/suite-runs/{third}\"><bdi>night 3</bdi> →</a>");
    holds(&suite.page(&empty, "").await, &[&next]);
}

#[tokio::test]
async fn runs_in_different_environments_are_different_runs() {
    let suite = Suite::new().await;
    let run = |browser: &str, letter| {
        format!(
            "<test_run name='pays' run_name='{browser}' status='{}' duration='1'/>",
            status(letter)
        )
    };
    let runs = [run("Firefox", 'F'), run("Chrome", 'P')].concat();
    suite.send("night 1", "", &runs).await;
    let runs = [run("Firefox", 'P'), run("Chrome", 'F')].concat();
    let now = suite.send("night 2", "", &runs).await;
    let html = suite.page(&now, "").await;
    for label in ["New failures", "Fixed"] {
        assert_eq!(number_of(&html, label), "1", "{label}");
    }
}

#[tokio::test]
async fn failures_are_grouped_by_what_their_errors_have_in_common() {
    let suite = Suite::new().await;
    let failed = |name: &str, error: &str| {
        format!("<test_run name='{name}' status='Failed' duration='1'>{error}</test_run>")
    };
    let runs = [
        failed(
            "a",
            "<error type='Timeout' message='no answer after 12 ms'>x</error>",
        ),
        failed(
            "b",
            "<error type='Timeout' message='no answer after 4,711.5 ms'>y</error>",
        ),
        failed("c", "<error>boom at /tmp/x/1.txt\nat line 2</error>"),
        failed("d", ""),
    ];
    let now = suite.send("night 1", "", &runs.concat()).await;
    let html = suite.page(&now, "").await;
    holds(
        &html,
        &[
            ">Timeout: no answer after &lt;number&gt; ms</a>",
            ">boom at &lt;path&gt;</a>",
            ">no error text<",
        ],
    );
    let start = html.find("?error=").unwrap();
    let link = html[start..].split('#').next().unwrap();
    assert_eq!(listed(&suite.page(&now, link).await), ["a", "b"]);
    let errors: String = ('a'..='p')
        .map(|letter| {
            let name = letter.to_string();
            failed(&name, &format!("<error>{}</error>", name.repeat(9)))
        })
        .collect();
    let many = suite.send("night 2", "", &errors).await;
    holds(
        &suite.page(&many, "").await,
        &["And 1 more error (1 failure)."],
    );
    let unknown = suite.page(&now, "?error=nonsense").await;
    assert_eq!(listed(&unknown), Vec::<String>::new());
}

#[tokio::test]
async fn a_suite_run_shows_its_duration_its_slowest_runs_and_where_it_was_executed() {
    let suite = Suite::new().await;
    let report = "external_report_url='https://ci.example/job/7'";
    let runs = format!(
        "<test_run name='quick' status='Passed' duration='500' {report}/>\
         <test_run name='slow' status='Passed' duration='2500' {report}/>\
         <test_run name='slower' status='Failed' duration='57000' {report}/>"
    );
    let build = "<build server_id='jenkins' job_id='shop-nightly' build_id='7'/>";
    let now = suite.send("night 1", build, &runs).await;
    let html = suite.page(&now, "").await;
    holds(
        &html,
        &[
            "took 1 min 0 s in total",
            "CI: <a href=\"https://ci.example/job/7\" rel=\"noreferrer\">jenkins › shop-nightly › 7</a>",
        ],
    );
    let place = |name: &str| {
        let from = html.find("Slowest runs").unwrap();
        html[from..].find(&format!(">{name}</a></span>"))
    };
    assert!(place("slower") < place("slow"));
    assert_eq!(place("quick"), None);
    let quick = suite.upload("night 2", &[("quick", 'P')]).await;
    holds(
        &suite.page(&quick, "").await,
        &["No run took a second or more."],
    );
}

#[tokio::test]
async fn the_problems_of_tests_are_shown_with_their_meaning() {
    let suite = Suite::new().await;
    let mut latest = String::new();
    for (night, letter) in "PPF".chars().enumerate() {
        let name = format!("night {night}");
        latest = suite
            .upload(&name, &[("pays", letter), ("adds", 'P')])
            .await;
    }
    let html = suite.page(&latest, "").await;
    assert_eq!(html.matches(">regression</span>").count(), 1);
    let query = "name EQ ^pays^";
    let test = suite
        .client
        .names("automated_tests", "id", query)
        .await
        .remove(0);
    let html = page(&suite.client, &format!("/tests/{test}")).await;
    holds(
        &html,
        &["<b>Regression</b>: failed after at least 2 results that passed"],
    );
}

#[tokio::test]
async fn the_number_of_statements_of_a_page_does_not_depend_on_the_number_of_runs() {
    use crate::store::pages::statement_count;

    let count = async |tests: usize, nights: usize| {
        let suite = Suite::new().await;
        let mut latest = String::new();
        for night in 0..nights {
            let names: Vec<String> = (0..tests).map(|number| format!("t{number}")).collect();
            let results: Vec<(&str, char)> = names
                .iter()
                .enumerate()
                .map(|(number, name)| (name.as_str(), ['P', 'F', 'S'][(number + night) % 3]))
                .collect();
            latest = suite.upload(&format!("night {night}"), &results).await;
        }
        let test = suite
            .client
            .names("automated_tests", "id", "id GT 0")
            .await
            .remove(0);
        let mut counts = Vec::new();
        for path in [
            "/".to_owned(),
            format!("/suites/{}", suite.suite),
            format!("/suite-runs/{latest}"),
            format!("/suite-runs/{latest}?change=new"),
            format!("/tests/{test}"),
            "/matrix".to_owned(),
        ] {
            statement_count();
            let request = Request::get(&path).body(Body::empty()).unwrap();
            assert_eq!(response(&suite.client.app, request).await.status, 200);
            counts.push((path, statement_count()));
        }
        counts
    };
    let few: Vec<usize> = count(3, 2)
        .await
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    let many = count(60, 8).await;
    for ((path, many), few) in many.into_iter().zip(&few) {
        assert_eq!(many, *few, "{path}");
        assert!(many <= 19, "{path} has {many} statements");
    }
}

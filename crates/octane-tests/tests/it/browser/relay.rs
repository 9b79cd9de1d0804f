//! The pages of a relay: they work, and everybody can read them.

use std::sync::Arc;
use std::time::Duration;

use octane_client::{CancellationToken, ReportedProblem, SuiteChoice, TargetSpec, UploadId};
use octane_model::Workspace;
use octane_relay::{
    DoorSettings, End, Hosts, Lane, NewUpload, Server, SqliteStore, State, Store, Token,
    Workspaces, routes, system_clock,
};
use octane_results::{Status, TestRun};
use octane_tests::{Axe, Browser, Key, Scheme, World};
use serde_json::Value;
use tempfile::TempDir;

use super::access::{FAINT, FOCUS, UNREADABLE};

/// A relay with an upload of which Octane has rejected a result, and one that no relay has worked on, and a browser.
struct Relay {
    browser: Browser,
    store: Arc<dyn Store>,
    token: Token,
    url: String,
    rejected: UploadId,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Relay {
    /// `None` if there is no browser.
    async fn open() -> Option<Self> {
        let browser = Browser::start()?;
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.db");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file, system_clock()).unwrap());
        let token = Token::operator();
        store.add_token(&token).await.unwrap();
        let rejected = rejected(&*store, &world).await;
        hand_over(
            &*store,
            "A suite run with a rather long name that has no place in a column",
        )
        .await;
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", server.address());
        let workspace = Workspace {
            space: 1001.into(),
            workspace: 1002.into(),
        };
        let address = world.sandbox.url().parse().unwrap();
        let mut settings = DoorSettings::new(address, workspace, folder.path().join("door"));
        settings.hosts = Some(Hosts::new(&[]));
        let routes = routes(Arc::clone(&store), settings, || {});
        let stop = CancellationToken::new();
        tokio::spawn({
            let stop = stop.clone();
            async move { server.serve(routes, &stop).await }
        });
        Some(Self {
            browser,
            store,
            token,
            url,
            rejected,
            stop,
            _folder: folder,
        })
    }

    fn open_page(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.url));
    }

    fn sign_in(&self) {
        let field = self.browser.find("input[name=token]");
        field.press(self.token.text.expose());
        self.browser.find("main form .primary").click();
    }

    /// All kinds of pages, for a user who is signed in.
    fn pages(&self) -> [String; 4] {
        self.open_page("/");
        self.sign_in();
        self.browser.find(".figures");
        [
            "/".to_owned(),
            format!("/uploads/{}", self.rejected),
            "/sign-in".to_owned(),
            NOT_FOUND.to_owned(),
        ]
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A page that is not found.
const NOT_FOUND: &str = "/uploads/u-00000000000000";

async fn hand_over(store: &dyn Store, suite_run: &str) -> UploadId {
    let id = UploadId::new();
    let upload = NewUpload {
        id: id.clone(),
        digest: "0".repeat(64),
        project: "shop".to_owned(),
        lane: Lane::new("https://octane.example/", 1001, 1002, "Nightly", suite_run),
        shard: None,
        results: 2,
        is_compared: false,
        journal: Vec::new(),
    };
    store.put(upload, 100).await.unwrap();
    id
}

/// An upload that waits for a person, with the report of a real one and a problem as Octane names them.
async fn rejected(store: &dyn Store, world: &World) -> UploadId {
    let runs = [TestRun::new("pays", Status::Passed)
        .class("PaymentTest")
        .jira(["PAY-1"])];
    let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "4711").create_missing(true);
    let target = world.client.resolve_target(&spec).await.unwrap();
    let mut report = world.client.upload(runs, target).send().await.unwrap();
    report.counts.rejected = 1;
    let problem = ReportedProblem::new("rejected", "the release `2026.9` does not exist");
    report.problems.push(problem.of_test(&"PaymentTest.pays"));
    let id = hand_over(store, "4711").await;
    let workspace = Workspace {
        space: 1001.into(),
        workspace: 1002.into(),
    };
    let workspaces = Workspaces::new("https://octane.example".parse().unwrap(), workspace);
    let lease = store
        .lease(&workspaces, "one", Duration::from_secs(60))
        .await
        .unwrap()
        .unwrap();
    let job = store.begin(&lease).await.unwrap().unwrap();
    let end = End {
        journal: None,
        state: State::Incomplete,
        pause: Duration::ZERO,
        shards_awaited: None,
        report: Some(serde_json::to_string(&report).unwrap()),
        reason: Some("1 of 2 results was rejected".to_owned()),
    };
    store.end(&lease, vec![(job.id, end)]).await.unwrap();
    store.release(&lease, Duration::ZERO).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_signs_in_tries_an_upload_again_and_deletes_it() {
    let Some(relay) = Relay::open().await else {
        return;
    };
    let own = format!("/uploads/{}", relay.rejected);
    relay.open_page(&own);
    relay.sign_in();
    // It leads to where one wanted to go.
    relay.browser.find(".note.failed");
    assert_eq!(relay.browser.address(), format!("{}{own}", relay.url));
    relay.open_page("/");
    relay.browser.find(".card button").click();
    relay.browser.find(".trail");
    let status = relay.store.status(&relay.rejected).await.unwrap();
    assert_eq!(status.unwrap().state, State::Stored);
    relay.browser.find(".danger summary").click();
    relay.browser.find(".danger button").click();
    relay.browser.find(".empty");
    assert_eq!(relay.browser.address(), format!("{}/", relay.url));
    assert_eq!(relay.store.status(&relay.rejected).await.unwrap(), None);
    relay
        .browser
        .find("form[action='/sign-out'] button")
        .click();
    relay.browser.find("input[name=token]");
    relay.open_page("/");
    relay.browser.find("input[name=token]");
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_and_a_screen_reader_find_nothing_wrong_on_any_page_of_a_relay() {
    let Some(relay) = Relay::open().await else {
        return;
    };
    let axe = Axe::install();
    let pages = relay.pages();
    let mut found = Vec::new();
    for (scheme, width) in [
        (Scheme::Light, 400),
        (Scheme::Light, 1280),
        (Scheme::Dark, 400),
        (Scheme::Dark, 1280),
    ] {
        relay.browser.prefer(scheme);
        relay.browser.emulate(width, 1000);
        for path in &pages {
            relay.open_page(path);
            let place = format!("{path} {scheme:?} {width}");
            for check in [UNREADABLE, FAINT] {
                let wrong = relay.browser.run(check);
                assert_eq!(wrong, Value::Array(Vec::new()), "{place}");
            }
            let excess = "return document.documentElement.scrollWidth - innerWidth";
            let excess = relay.browser.run(excess).as_i64().unwrap();
            assert!(excess <= 0, "{place} is {excess} pixels too wide");
            let findings = axe.iter().flat_map(|axe| axe.findings(&relay.browser));
            found.extend(findings.map(|one| format!("{place}: {one}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // Chromium itself logs the page that is not found.
    let mut said = relay.browser.console();
    said.retain(|line| !(line.contains(NOT_FOUND) && line.contains("404")));
    assert_eq!(said, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_reaches_everything_on_the_pages_of_a_relay() {
    let Some(relay) = Relay::open().await else {
        return;
    };
    relay.pages();
    relay.open_page("/");
    let tab = Key::Tab.code().to_string();
    let mut reached = Vec::new();
    for _ in 0..20 {
        relay.browser.focused().press(&tab);
        let focus: Option<(String, bool)> =
            serde_json::from_value(relay.browser.run(FOCUS)).unwrap();
        let Some((name, is_seen)) = focus else { break };
        assert!(is_seen, "the focus is invisible on {name}");
        reached.push(name);
    }
    let id = &relay.rejected;
    let wanted = [
        "Skip to the content".to_owned(),
        "Octane relay".to_owned(),
        "Queue".to_owned(),
        id.to_string(),
        format!("Try again with {id}"),
        format!("Delete … {id}"),
    ];
    assert_eq!(reached[..wanted.len()], wanted, "{reached:?}");
    assert_eq!(reached.last().map(String::as_str), Some("Sign out"));
}

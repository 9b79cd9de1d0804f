//! The pages of the sandbox and of the relay in a headless Chromium.

mod access;
mod filters;
mod matrix;
mod query;
mod relay;
mod requests;

use octane_client::{SuiteChoice, TargetSpec};
use octane_results::{Failure, Status, TestRun};
use octane_tests::{Browser, World};

/// A sandbox with uploaded results, and a browser.
///
/// The suite `Nightly` has two suite runs. In `nightly 1` all passed; in `nightly 2`, `pays` failed. Both
/// runs of `applies voucher` cover the story SHOP-117, those of `pays` cover PAY-1.
pub(crate) struct Shop {
    world: World,
    browser: Browser,
}

impl Shop {
    /// `None` if there is no browser.
    pub(crate) async fn open() -> Option<Self> {
        let browser = Browser::start()?;
        let world = World::new().await;
        for (night, pays) in [(1, Status::Passed), (2, Status::Failed)] {
            upload(&world, &format!("nightly {night}"), pays).await;
        }
        Some(Self { world, browser })
    }

    /// Opens a page of the sandbox.
    pub(crate) fn open_page(&self, path: &str) {
        self.browser
            .open(&format!("{}{path}", self.world.sandbox.url()));
    }

    /// The path of the latest suite run, as the front page links to it.
    pub(crate) fn latest_suite_run(&self) -> String {
        self.open_page("/");
        let link = self.browser.find(".cards a[href^='/suite-runs/']");
        link.attribute("href")
    }
}

async fn upload(world: &World, suite_run: &str, pays: Status) {
    let mut paying = TestRun::new("pays", pays)
        .class("PaymentTest")
        .jira(["PAY-1"]);
    if pays == Status::Failed {
        paying = paying.failure(Failure {
            error_type: Some("Timeout".into()),
            message: Some("no answer from the bank".into()),
            details: "at line 7".into(),
        });
    }
    let runs = [
        TestRun::new("applies voucher", Status::Passed)
            .class("CartTest")
            .jira(["SHOP-117"]),
        TestRun::new("adds a product", Status::Skipped).class("CartTest"),
        paying,
    ];
    let destination =
        TargetSpec::new(SuiteChoice::Named("Nightly".into()), suite_run).create_missing(true);
    let target = world.client.resolve_target(&destination).await.unwrap();
    let report = world.client.upload(runs, target).send().await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

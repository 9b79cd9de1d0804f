//! Linking: additive, exact, repeatable, and at the level that the workspace supports.

use octane_client::{LinkLevel, Target};
use octane_model::{References, RunId, WorkItemId};
use octane_results::{Status, TestRun};
use octane_sandbox::Settings;
use octane_tests::World;

struct Uploaded {
    world: World,
    runs: Vec<RunId>,
    stories: [WorkItemId; 2],
}

async fn uploaded(settings: Settings) -> Uploaded {
    let world = World::with(settings).await;
    let suite = world
        .client
        .suites()
        .create("Links", None)
        .await
        .unwrap()
        .id;
    let runs = || (0..5).map(|n| TestRun::new(format!("t{n}"), Status::Passed));
    let report = world
        .client
        .upload(runs, Target::new(suite, "one"))
        .send()
        .await
        .unwrap();
    let suite_run = report.target.suite_run_id().unwrap();
    let runs = world.client.runs().of(suite_run).all().await.unwrap();
    let found = world
        .client
        .jira()
        .resolve(["SHOP-101", "SHOP-102"])
        .await
        .unwrap()
        .found;
    let stories = [found["SHOP-101"].id, found["SHOP-102"].id];
    Uploaded {
        world,
        runs: runs.iter().map(|run| run.id).collect(),
        stories,
    }
}

impl Uploaded {
    /// The stories of each run, or of its test.
    async fn links(&self, level: LinkLevel) -> Vec<Vec<i64>> {
        let collection = match level {
            LinkLevel::Runs => "automated_runs",
            LinkLevel::Tests => "automated_tests",
        };
        let select = octane_model::Select::names(["covered_content"]);
        let list = self
            .world
            .client
            .endpoint()
            .collection(collection)
            .list()
            .select(select);
        let numbers = |links: References| {
            links
                .data
                .iter()
                .map(|link| link.id.as_str().parse().unwrap())
                .collect()
        };
        let all = list.all().await.unwrap();
        all.iter()
            .map(|entity| numbers(entity.references("covered_content")))
            .collect()
    }
}

async fn linking_adds_and_unlinking_removes_exactly_one(settings: Settings, level: LinkLevel) {
    let uploaded = uploaded(settings).await;
    let links = uploaded.world.client.links();
    let [one, two] = uploaded.stories;
    let (first, some) = (&uploaded.runs[..1], &uploaded.runs[..3]);
    assert_eq!(links.field().await.unwrap().level, level);

    let report = links.link(one, some).await.unwrap();
    assert_eq!(
        (report.level, report.changed, report.unchanged),
        (level, 3, 0)
    );
    let report = links.link(one, some).await.unwrap();
    assert_eq!(
        (report.changed, report.unchanged),
        (0, 3),
        "a repetition changes nothing"
    );
    let report = links.link(two, &uploaded.runs).await.unwrap();
    assert_eq!((report.changed, report.failed.len()), (5, 0));
    let both = vec![one.get(), two.get()];
    let only_two = vec![two.get()];
    let expected = [&both, &both, &both, &only_two, &only_two].map(Clone::clone);
    assert_eq!(uploaded.links(level).await, expected);

    let report = links.unlink(one, first).await.unwrap();
    assert_eq!((report.changed, report.unchanged), (1, 0));
    let report = links.unlink(one, first).await.unwrap();
    assert_eq!((report.changed, report.unchanged), (0, 1));
    let expected = [&only_two, &both, &both, &only_two, &only_two].map(Clone::clone);
    assert_eq!(uploaded.links(level).await, expected);
}

#[tokio::test]
async fn runs_are_linked_if_they_have_an_editable_field() {
    linking_adds_and_unlinking_removes_exactly_one(Settings::default(), LinkLevel::Runs).await;
}

#[tokio::test]
async fn tests_are_linked_if_runs_have_no_such_field() {
    let settings = Settings::default().run_backlog_field(false);
    linking_adds_and_unlinking_removes_exactly_one(settings, LinkLevel::Tests).await;
}

#[tokio::test]
async fn a_run_that_does_not_exist_is_reported_and_the_others_are_linked() {
    let uploaded = uploaded(Settings::default()).await;
    let runs = [uploaded.runs[0], RunId::new(987_654)];
    let report = uploaded
        .world
        .client
        .links()
        .link(uploaded.stories[0], &runs)
        .await
        .unwrap();
    assert_eq!((report.changed, report.failed.len()), (1, 1));
    assert_eq!(report.failed[0].id.as_str(), "987654");
}

#[tokio::test]
async fn a_story_that_does_not_exist_is_reported() {
    let uploaded = uploaded(Settings::default()).await;
    let error = uploaded
        .world
        .client
        .links()
        .link(WorkItemId::new(999_999), &uploaded.runs)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no backlog item with ID 999999 in this workspace"
    );
}

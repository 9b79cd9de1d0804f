//! Many uploads into one suite run: what each of them reads does not grow with the others.

use octane_client::{Outcome, Report, Target, UploadSettings};
use octane_model::SuiteId;
use octane_results::{Status, TestRun};
use octane_tests::World;

/// The results of one job; all jobs have tests of the same names in packages of their own.
fn results(job: &str, count: u32) -> Vec<TestRun> {
    let result = |number| {
        TestRun::new(format!("test {number}"), Status::Passed)
            .package(job)
            .class("CartTest")
    };
    (0..count).map(result).collect()
}

async fn upload(world: &World, suite: SuiteId, runs: Vec<TestRun>, nonce: &str) -> Report {
    let mut settings = UploadSettings::default();
    settings.nonce = Some(nonce.to_owned());
    let upload = world.client.upload(runs, Target::new(suite, "nightly"));
    let report = upload.settings(settings).send().await.unwrap();
    assert_eq!(report.outcome, Outcome::Success, "{report:?}");
    report
}

/// How many requests read runs so far.
fn reads(world: &World) -> usize {
    let requests = world.sandbox.sandbox().requests();
    let reads = requests
        .iter()
        .filter(|request| request.path.ends_with("/automated_runs"));
    reads.count()
}

#[tokio::test]
async fn a_job_reads_its_own_runs_and_not_those_of_all_others() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let report = upload(&world, suite, results("one", 700), "first").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world), 2);
    let report = upload(&world, suite, results("others", 6000), "first").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (6000, 6000));
    let before = reads(&world);
    // Its runs are the oldest of 6,700, which are 7 pages: the ends of its 2 batches by name, and what is between them.
    let report = upload(&world, suite, results("one", 700), "second").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world) - before, 2);
}

#[tokio::test]
async fn runs_that_lie_scattered_are_found_by_their_names() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let own: Vec<TestRun> = results("one", 40);
    for (number, run) in own.iter().enumerate().step_by(13) {
        let nonce = format!("part {number}");
        let runs = [vec![run.clone()], results(&nonce, 120)].concat();
        let _ = upload(&world, suite, runs, &nonce).await;
    }
    let _ = upload(&world, suite, results("others", 2000), "first").await;
    let report = upload(&world, suite, own, "all").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (40, 40));
}

#[tokio::test]
async fn runs_with_names_of_their_own_are_found_by_them() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Nightly", None)
        .await
        .unwrap()
        .id;
    let mut own = results("one", 700);
    for run in &mut own {
        run.run_name = Some(format!("{} [firefox]", run.identity.name));
    }
    let _ = upload(&world, suite, own.clone(), "first").await;
    let _ = upload(&world, suite, results("others", 3000), "first").await;
    let before = reads(&world);
    let report = upload(&world, suite, own, "second").await;
    assert_eq!((report.counts.ingested, report.counts.runs), (700, 700));
    assert_eq!(reads(&world) - before, 2);
}

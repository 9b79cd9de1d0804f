//! Uploads that arrive as files in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use octane_client::{CancellationToken, Status as TestStatus};
use octane_relay::{Audit, DoorSettings, Folder, NewUpload, State, Workspaces};
use octane_sandbox::Settings;
use serde_json::Value;

use crate::agents::{World, results, workspace};

/// A folder that a relay looks through, and what it says in its audit log.
struct Case {
    world: World,
    settings: DoorSettings,
    folder: PathBuf,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Case {
    async fn new() -> Self {
        let world = World::new(1000).await;
        let sandbox = Settings::default();
        let workspace = octane_model::Workspace {
            space: sandbox.space,
            workspace: sandbox.workspace,
        };
        let server = world.sandbox.url().parse().unwrap();
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let mut settings = DoorSettings::new(server, workspace, world.folder.path().join("door"));
        settings.audit = Audit::new({
            let lines = Arc::clone(&lines);
            move |line| {
                let line = serde_json::from_str(line).unwrap();
                lines.lock().unwrap().push(line);
                Ok(())
            }
        });
        let folder = world.folder.path().join("in");
        fs::create_dir_all(folder.join("shop")).unwrap();
        Self {
            world,
            settings,
            folder,
            lines,
        }
    }

    /// A relay that has just been started.
    fn relay(&self) -> Folder {
        let store = self.world.store.clone();
        Folder::new(store, self.settings.clone(), &self.folder, None, || {})
    }

    /// Puts a file into the folder.
    fn put(&self, path: &str, content: &[u8]) {
        fs::write(self.folder.join(path), content).unwrap();
    }

    fn plan(&self, suite_run: &str) -> (Vec<u8>, octane_client::UploadSummary) {
        let runs = results(0..3, TestStatus::Passed);
        self.world.plan(suite_run, &runs, None)
    }

    async fn state(&self, upload: &octane_client::UploadSummary) -> Option<State> {
        let status = self.world.store.status(&upload.id).await.unwrap();
        status.map(|status| status.state)
    }

    /// What the audit log says of each file.
    fn said(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let lines = lines.iter().map(|line| {
            let (event, code) = (word(&line["event"]), word(&line["code"]));
            format!("{} {event} {code}", word(&line["actor"]["id"]))
        });
        lines.collect()
    }

    /// The paths of all files, sorted.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        add(&self.folder, &self.folder, &mut files);
        files.sort();
        files
    }
}

fn add(base: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            add(base, &path, files);
        } else {
            let below = path.strip_prefix(base).unwrap();
            files.push(below.display().to_string());
        }
    }
}

/// Looks twice: what is new is looked into the second time.
async fn look(relay: &mut Folder) {
    let stop = CancellationToken::new();
    relay.look(&stop).await;
    relay.look(&stop).await;
}

/// Lets time pass for a relay alone.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_complete_file_is_stored_and_then_moved_and_the_same_one_again_changes_nothing() {
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let mut relay = case.relay();
    for expected in [&["shop/done/a"][..], &["shop/done/a", "shop/done/a.2"]] {
        case.put("shop/a", &journal);
        look(&mut relay).await;
        assert_eq!(case.files(), expected);
        assert_eq!(case.state(&upload).await, Some(State::Stored));
    }
    assert_eq!(case.said(), ["shop/a stored -", "shop/a already_stored -"]);
    let stored = case.world.store.status(&upload.id).await.unwrap();
    assert_eq!(stored.unwrap().project, "shop");
    assert_eq!(fs::read(case.folder.join("shop/done/a")).unwrap(), journal);
}

#[tokio::test]
async fn a_relay_that_dies_between_the_commit_and_the_move_goes_on_where_it_was() {
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    case.put("shop/a", &journal);
    // The folder `done` cannot be made, as if the relay had died before it did.
    case.put("shop/done", b"in the way");
    let mut dying = case.relay();
    look(&mut dying).await;
    assert_eq!(case.state(&upload).await, Some(State::Stored));
    // It does not say so again and again.
    look(&mut dying).await;
    assert_eq!(case.said().len(), 1);
    drop(dying);
    fs::remove_file(case.folder.join("shop/done")).unwrap();
    let relay = case.world.relay("one");
    let ids = [upload.id.clone()];
    let states = case.world.until_ended(&relay, &ids).await;
    assert_eq!(states, [State::Delivered]);
    look(&mut case.relay()).await;
    assert_eq!(case.files(), ["shop/done/a"]);
    assert_eq!(case.state(&upload).await, Some(State::Delivered));
    assert_eq!(case.said(), ["shop/a stored -", "shop/a already_stored -"]);
}

#[tokio::test]
async fn a_half_written_file_is_left_alone_until_it_is_complete() {
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let mut relay = case.relay();
    for end in [0, 50, journal.len() / 2, journal.len() - 1] {
        case.put("shop/a", &journal[..end]);
        look(&mut relay).await;
        assert_eq!(case.files(), ["shop/a"], "{end}");
    }
    // Programs write into files with such names, and rename them at the end.
    case.put("shop/b.part", &journal);
    case.put("shop/.b", &journal);
    look(&mut relay).await;
    assert_eq!(case.state(&upload).await, None);
    case.put("shop/a", &journal);
    look(&mut relay).await;
    assert_eq!(case.files(), ["shop/.b", "shop/b.part", "shop/done/a"]);
    assert_eq!(case.state(&upload).await, Some(State::Stored));
}

#[tokio::test]
async fn what_stays_incomplete_is_refused_with_the_reason_beside_it() {
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let mut damaged = journal.clone();
    damaged[500] ^= 1;
    case.put("shop/cut", &journal[..journal.len() - 1]);
    case.put("shop/damaged", &damaged);
    case.put("shop/readme.txt", b"Uploads go here\n\x1b[31m");
    let mut relay = case.relay();
    look(&mut relay).await;
    pass(Duration::from_secs(599)).await;
    look(&mut relay).await;
    assert_eq!(
        case.files(),
        ["shop/cut", "shop/damaged", "shop/readme.txt"]
    );
    pass(Duration::from_secs(1)).await;
    look(&mut relay).await;
    let mut refused = Vec::new();
    for name in ["cut", "damaged", "readme.txt"] {
        refused.push(format!("shop/refused/{name}"));
        refused.push(format!("shop/refused/{name}.reason.txt"));
    }
    assert_eq!(case.files(), refused);
    for (name, reason) in [("cut", "cut off after"), ("damaged", "checksum")] {
        let file = format!("shop/refused/{name}.reason.txt");
        let text = fs::read_to_string(case.folder.join(file)).unwrap();
        assert!(
            text.contains(reason) && text.contains("(not_an_upload)"),
            "{text}"
        );
        assert!(!text.contains(&*case.folder.to_string_lossy()), "{text}");
    }
    assert_eq!(case.state(&upload).await, None);
    assert_eq!(case.said()[0], "shop/cut refused not_an_upload");
}

#[tokio::test]
async fn a_file_that_was_repaired_is_stored_also_if_its_length_and_time_are_the_same() {
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let mut damaged = journal.clone();
    *damaged.last_mut().unwrap() ^= 1;
    case.put("shop/a", &damaged);
    let file = case.folder.join("shop/a");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    let mut relay = case.relay();
    look(&mut relay).await;
    case.put("shop/a", &journal);
    let written = fs::File::options().write(true).open(&file).unwrap();
    written.set_modified(modified).unwrap();
    pass(TEN_MINUTES).await;
    look(&mut relay).await;
    assert_eq!(case.files(), ["shop/done/a"]);
    assert!(case.state(&upload).await.is_some());
}

#[tokio::test]
async fn what_the_relay_cannot_deliver_is_refused_at_once() {
    let mut case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    case.put("shop/a", &journal);
    case.put("b", &journal);
    let own = case.settings.workspaces.clone();
    case.settings.workspaces = Workspaces::new(own.server().clone(), workspace(1003));
    look(&mut case.relay()).await;
    let refused = ["refused/b", "shop/refused/a"];
    let refused = refused.map(|file| [file.to_owned(), format!("{file}.reason.txt")]);
    assert_eq!(case.files(), refused.concat());
    let mut said = case.said();
    said.sort();
    assert_eq!(
        said,
        ["b refused no_project", "shop/a refused other_workspace"]
    );
    case.settings.workspaces = own;
    case.settings.journal_bytes_max = journal.len() - 1;
    case.put("shop/a", &journal);
    look(&mut case.relay()).await;
    assert_eq!(case.said()[2], "shop/a refused too_large");
    assert!(
        case.files()
            .contains(&"shop/refused/a.2.reason.txt".to_owned())
    );
    case.settings.journal_bytes_max = journal.len();
    assert_eq!(case.state(&upload).await, None);
    // The same ID with other bytes: a copy that was worked on.
    let (other, _) = case.plan("4712");
    let stored = NewUpload {
        id: upload.id.clone(),
        digest: "0".repeat(64),
        project: "shop".to_owned(),
        lane: octane_relay::Lane::of(&upload).unwrap(),
        shard: None,
        results: 3,
        is_compared: false,
        journal: other,
    };
    case.world.store.put(stored, 1000).await.unwrap();
    case.put("shop/a", &journal);
    look(&mut case.relay()).await;
    assert_eq!(case.said()[3], "shop/a refused conflict");
    let reason = fs::read_to_string(case.folder.join("shop/refused/a.3.reason.txt")).unwrap();
    assert!(reason.contains("its bytes or its project"), "{reason}");
}

#[tokio::test]
async fn a_full_quota_lets_files_wait_and_the_oldest_is_stored_first() {
    let mut case = Case::new().await;
    case.settings.uploads_max = 1;
    let (first, second) = (case.plan("4711"), case.plan("4711"));
    case.put("shop/b", &first.0);
    case.put("shop/a", &second.0);
    let old = std::time::SystemTime::UNIX_EPOCH + TEN_MINUTES;
    let file = fs::File::options()
        .write(true)
        .open(case.folder.join("shop/b"));
    file.unwrap().set_modified(old).unwrap();
    let mut relay = case.relay();
    look(&mut relay).await;
    assert_eq!(case.files(), ["shop/a", "shop/done/b"]);
    let ids = [first.1.id.clone()];
    case.world.until_ended(&case.world.relay("one"), &ids).await;
    pass(Duration::from_secs(10)).await;
    look(&mut relay).await;
    assert_eq!(case.files(), ["shop/done/a", "shop/done/b"]);
    assert_eq!(case.state(&second.1).await, Some(State::Stored));
}

#[tokio::test]
async fn a_file_that_waits_for_room_is_not_overtaken_by_later_ones_of_its_project() {
    let mut case = Case::new().await;
    case.settings.uploads_max = 1;
    fs::create_dir_all(case.folder.join("bank")).unwrap();
    let (first, second, third) = (case.plan("4711"), case.plan("4711"), case.plan("4711"));
    let blocking = case
        .world
        .hand_over("other", &results(0..3, TestStatus::Passed), None)
        .await;
    case.put("shop/1", &first.0);
    let mut relay = case.relay();
    look(&mut relay).await;
    assert_eq!(case.state(&first.1).await, None);
    // Now there is room, and the first one is not due yet.
    case.world
        .until_ended(&case.world.relay("one"), &[blocking])
        .await;
    case.put("shop/2", &second.0);
    case.put("bank/3", &third.0);
    look(&mut relay).await;
    assert_eq!(case.state(&second.1).await, None);
    assert_eq!(case.state(&third.1).await, Some(State::Stored));
    pass(Duration::from_secs(10)).await;
    look(&mut relay).await;
    assert_eq!(case.state(&first.1).await, Some(State::Stored));
    assert_eq!(case.state(&second.1).await, None);
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_neither_read_nor_followed() {
    use std::os::unix::fs::symlink;
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let elsewhere = case.world.folder.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("a"), &journal).unwrap();
    symlink(elsewhere.join("a"), case.folder.join("shop/link")).unwrap();
    symlink(&elsewhere, case.folder.join("depot")).unwrap();
    let mut relay = case.relay();
    look(&mut relay).await;
    assert_eq!(case.state(&upload).await, None);
    let mut said = case.said();
    said.sort();
    assert_eq!(
        said,
        [
            "depot refused not_an_upload",
            "shop/link refused not_an_upload"
        ]
    );
    assert_eq!(fs::read(elsewhere.join("a")).unwrap(), journal);
    // Nothing is moved to where a link leads.
    symlink(&elsewhere, case.folder.join("shop/done")).unwrap();
    case.put("shop/a", &journal);
    look(&mut relay).await;
    assert_eq!(case.state(&upload).await, Some(State::Stored));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
    assert!(case.folder.join("shop/refused/done").is_symlink());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_later_and_keeps_no_other() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::new().await;
    let (journal, upload) = case.plan("4711");
    let secret = case.folder.join("shop/a");
    case.put("shop/a", &journal);
    fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        octane_test_support::skip("root can read every file");
        return;
    }
    let (other, readable) = case.plan("4712");
    case.put("shop/b", &other);
    let mut relay = case.relay();
    look(&mut relay).await;
    assert_eq!(case.files(), ["shop/a", "shop/done/b"]);
    assert_eq!(case.state(&readable).await, Some(State::Stored));
    pass(TEN_MINUTES).await;
    look(&mut relay).await;
    assert_eq!(case.said()[1], "shop/a refused unreadable");
    assert_eq!(case.state(&upload).await, None);
}

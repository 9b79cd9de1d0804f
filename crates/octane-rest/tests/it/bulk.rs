//! Bulk writes that are rejected in part.

use octane_model::{Entity, ReferenceUpdate};

use crate::script::{Reply, Script};

fn changes(count: i64) -> Vec<Entity> {
    (0..count)
        .map(|id| Entity::with_id(id).set("name", "x"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn rejected_entities_are_named_by_their_position_in_the_whole_input() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(
            200,
            r#"{"total_count":2,"data":[{"type":"story","id":"0"},{"type":"story","id":"1"}]}"#,
        ),
        2 => Reply::new(
            409,
            r#"{"total_count":1,"exceeds_total_count":false,"data":[{"type":"story","id":"3"}],"errors":[{"index":0,"error_code":"platform.entity_not_found","description":"gone"}]}"#,
        ),
        _ => Reply::new(
            409,
            r#"{"total_count":0,"data":[],"errors":[{"entity_index":0,"error_code":"x","description":"bad"}]}"#,
        ),
    });
    let endpoint = script.endpoint_with(|settings| settings.bulk_entities_max = 2);
    let outcome = endpoint
        .collection("stories")
        .update_many(&changes(5), ReferenceUpdate::Append)
        .await
        .unwrap();
    let done: Vec<_> = outcome
        .done
        .iter()
        .map(|entity| entity.id.clone().unwrap().to_string())
        .collect();
    assert_eq!(done, ["0", "1", "3"]);
    let failed: Vec<_> = outcome
        .failed
        .iter()
        .map(|(position, problem)| (*position, problem.error_code.as_str()))
        .collect();
    assert_eq!(failed, [(2, "platform.entity_not_found"), (4, "x")]);
    assert!(!outcome.is_complete());
    let requests = script.requests();
    assert!(
        requests
            .iter()
            .all(|seen| seen.uri.ends_with("stories?reference_update_mode=append"))
    );
    assert_eq!(requests[2].body, r#"{"data":[{"id":"4","name":"x"}]}"#);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_about_the_whole_request_is_an_error() {
    for body in [
        r#"{"error_code":"platform.duplicate_entity_error","description":"taken","business_error":true}"#,
        // It is unknown which of the two failed.
        r#"{"total_count":1,"data":[{"id":"1","type":"story"}],"errors":[{"error_code":"platform.duplicate_entity_error","description":"taken"}]}"#,
        r#"{"total_count":1,"data":[],"errors":[{"index":7,"error_code":"platform.duplicate_entity_error","description":"taken"}]}"#,
    ] {
        let script = Script::new(move |_| Reply::new(409, body));
        let stories = script.endpoint().collection("stories");
        let error = stories.create_many(&changes(2)).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert_eq!(error.code(), Some("platform.duplicate_entity_error"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_does_not_name_all_entities_is_an_error() {
    for (body, missing) in [
        (r#"{"error":"maintenance"}"#, 2),
        (r#"{"total_count":1,"data":[{"id":"0","type":"story"}]}"#, 1),
        // Two problems with one entity say nothing of the other.
        (
            r#"{"data":[],"errors":[{"index":0,"error_code":"a","description":"a"},{"index":0,"error_code":"b","description":"b"}]}"#,
            1,
        ),
    ] {
        let script = Script::new(move |_| Reply::new(200, body));
        let stories = script.endpoint().collection("stories");
        let changes = changes(2);
        let update = stories.update_many(&changes, ReferenceUpdate::Append);
        let error = format!("{:?}", update.await.unwrap_err());
        let expected = format!("{missing} of 2 entities are missing");
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_to_write_sends_nothing() {
    let script = Script::new(|_| Reply::new(500, ""));
    let stories = script.endpoint().collection("stories");
    assert!(
        stories
            .update_many(&[], ReferenceUpdate::Replace)
            .await
            .unwrap()
            .is_complete()
    );
    assert!(script.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partly_rejected_create_is_a_conflict() {
    let script = Script::new(|_| {
        Reply::new(
            409,
            r#"{"total_count":1,"data":[{"id":"1","type":"story"}],"errors":[{"index":1,"error_code":"x","description":"bad"}]}"#,
        )
    });
    let stories = script.endpoint().collection("stories");
    let error = stories.create(&changes(2)).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(error.problem().unwrap().index, Some(1));
    let outcome = stories.create_many(&changes(2)).await.unwrap();
    assert_eq!((outcome.done.len(), outcome.failed.len()), (1, 1));
}

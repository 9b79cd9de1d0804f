//! Releases, sprints and milestones.

use serde_json::json;

use super::{Client, ids, query, release};

#[tokio::test]
async fn a_response_has_exactly_the_requested_fields() {
    let client = Client::empty().await;
    let id = release(&client, "R").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for fields in [
        "attachments",
        "attachments,creation_time,has_attachments",
        "done_work,description,expected_velocity",
    ] {
        let read = client
            .get(&format!("releases/{id}?fields={fields}"))
            .await
            .ok();
        for name in read.as_object().unwrap().keys() {
            let always = ["id", "type", "workspace_id"].contains(&name.as_str());
            assert!(
                always || fields.split(',').any(|field| field == name),
                "{name}"
            );
        }
        for field in fields.split(',') {
            assert!(read.get(field).is_some(), "{field}: {read}");
        }
    }
}

#[tokio::test]
async fn times_without_seconds_are_accepted_and_returned_complete() {
    let client = Client::empty().await;
    // The Java client omits seconds if they are zero.
    let fields =
        json!({ "name": "R", "start_date": "2015-03-14T12:00Z", "end_date": "2016-03-14T12:00Z" });
    let id = client.create("releases", fields).await;
    let read = client
        .get(&format!("releases/{id}?fields=start_date,end_date"))
        .await
        .ok();
    assert_eq!(read["start_date"], "2015-03-14T12:00:00Z");
    let found = client
        .names("releases", "name", "(end_date EQ '2016-03-14T12:00Z')")
        .await;
    assert_eq!(found, ["R"]);
}

#[tokio::test]
async fn a_date_of_many_releases_is_set_by_a_query() {
    let client = Client::empty().await;
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        made.push(
            release(&client, name).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let two = query(&format!("(id EQ '{}')||(id EQ '{}')", made[0], made[2]));
    let body = json!({ "data": [{ "end_date": "2030-01-01T12:00Z" }], "total_count": 1, "exceeds_total_count": false });
    let updated = client.put(&format!("releases?{two}"), &body).await.ok();
    assert_eq!(updated["total_count"], 2);
    let late = client
        .names("releases", "name", "end_date EQ ^2030-01-01T12:00:00Z^")
        .await;
    assert_eq!(late, ["a", "c"]);
}

#[tokio::test]
async fn releases_are_ordered_by_two_fields() {
    let client = Client::empty().await;
    let mut made = Vec::new();
    for name in ["b", "a", "c"] {
        made.push(
            release(&client, name).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let all = query(&format!("(id IN '{}')", made.join("','")));
    for (order, expected) in [("end_date,name", [1, 0, 2]), ("end_date,-name", [2, 0, 1])] {
        let list = client
            .get(&format!("releases?{all}&order_by={order}"))
            .await
            .ok();
        assert_eq!(
            ids(&list),
            expected.map(|position: usize| made[position].as_str()),
            "{order}"
        );
    }
}

#[tokio::test]
async fn a_release_with_a_sprint_duration_has_sprints_at_once() {
    let client = Client::empty().await;
    let release = release(&client, "R").await;
    let id = release["id"].as_str().unwrap();
    let of_release = query(&format!("release={{id='{id}'}}"));
    let sprints = client
        .list(&format!(
            "sprints?{of_release}&fields=name,start_date,end_date,release&order_by=id"
        ))
        .await;
    // Ten days in spans of seven: two, and the second ends with the release.
    assert_eq!(sprints.len(), 2, "{sprints:?}");
    assert_eq!(sprints[0]["release"]["id"], id);
    assert_eq!(sprints[0]["start_date"], "2025-07-01T00:00:00Z");
    assert_eq!(sprints[1]["end_date"], "2025-07-11T00:00:00Z");
}

#[tokio::test]
async fn milestones_belong_to_several_releases() {
    let client = Client::empty().await;
    let release = release(&client, "R").await;
    let id = release["id"].as_str().unwrap();
    for name in ["a", "b"] {
        let releases = json!({ "data": [release], "total_count": 1 });
        let fields = json!({ "name": name, "date": "2025-07-08T00:00:00Z", "releases": releases });
        client.create("milestones", fields).await;
    }
    let found = client
        .names("milestones", "name", &format!("releases={{id='{id}'}}"))
        .await;
    assert_eq!(found, ["a", "b"]);
}

//! The requests of the vendor's Java and C# clients, and what their own tests expect of a live server.
//!
//! The requests are ours, modelled on the public code of those clients; no client runs here. The JavaScript
//! client does, in `conformance/`.

mod attachments;
mod backlog;
mod branches;
mod builds;
mod collections;
mod dump;
mod facts;
mod ide;
mod lists;
mod people;
mod pipelines;
mod planning;
mod problems;
mod security;
mod test_library;
mod wire;

use serde_json::{Value, json};

use super::{Client, WORKSPACE};

/// The space without a workspace.
const SPACE: &str = "/api/shared_spaces/1001";

/// A query as a client puts it into a URL: percent-encoded, in double quotes.
fn query(text: &str) -> String {
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    format!("query=%22{text}%22")
}

/// How many entities of a collection match.
async fn count(client: &Client, collection: &str, text: &str) -> u64 {
    let list = client.get(&format!("{collection}?{}", query(text))).await;
    list.ok()["total_count"].as_u64().unwrap()
}

/// The only entity of a list.
async fn only(client: &Client, path: &str) -> Value {
    let list = client.get(path).await.ok();
    assert_eq!(list["total_count"], 1, "{path}: {list}");
    list["data"][0].clone()
}

fn ids(list: &Value) -> Vec<&str> {
    let entities = list["data"].as_array().unwrap().iter();
    entities
        .map(|entity| entity["id"].as_str().unwrap())
        .collect()
}

/// The root of the backlog, as a client keeps it: with everything that the list contained.
async fn root(client: &Client) -> Value {
    only(client, "work_item_roots?fields=name").await
}

async fn release(client: &Client, name: &str) -> Value {
    // A C# client sends local time with its offset and seven fractional digits.
    let body = json!({ "data": [{
        "type": "release", "name": name, "sprint_duration": 7,
        "start_date": "2025-07-01T02:00:00.1234567+02:00", "end_date": "2025-07-11T02:00:00.1234567+02:00",
    }] });
    let made = client.post("releases?fields=name", &body).await.ok();
    made["data"][0].clone()
}

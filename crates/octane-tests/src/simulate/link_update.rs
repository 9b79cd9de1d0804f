//! What the server was asked to link.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use tokio::time::Instant;

/// A run, or a test, that was linked, with all stories of the request that did it.
#[derive(Debug, Clone)]
pub(super) struct LinkUpdate {
    pub(super) at: Instant,
    pub(super) holder: String,
    pub(super) stories: BTreeSet<String>,
}

/// What a request links.
pub(super) fn link_updates(request: &Request<Bytes>) -> Vec<LinkUpdate> {
    if request.method() != Method::PUT {
        return Vec::new();
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let many = body["data"].as_array().cloned();
    let entities = many.unwrap_or_else(|| vec![body]);
    let updates = entities.iter().filter_map(|entity| {
        let stories = entity["covered_content"]["data"].as_array()?.iter();
        Some(LinkUpdate {
            at: Instant::now(),
            holder: entity["id"].as_str()?.to_owned(),
            stories: stories
                .filter_map(|story| Some(story["id"].as_str()?.to_owned()))
                .collect(),
        })
    });
    updates.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_entity_of_a_bulk_request_is_an_update() {
        let body = r#"{"data":[
            {"type":"run_automated","id":"7","covered_content":{"data":[{"type":"story","id":"3"},{"type":"story","id":"4"}]}},
            {"type":"run_automated","id":"8","name":"renamed"}
        ]}"#;
        let request = |method| {
            let request = Request::builder().method(method).uri("/automated_runs");
            request.body(Bytes::from_static(body.as_bytes())).unwrap()
        };
        let updates = link_updates(&request(Method::PUT));
        assert_eq!(updates.len(), 1);
        assert_eq!(updates[0].holder, "7");
        assert_eq!(Vec::from_iter(&updates[0].stories), ["3", "4"]);
        assert!(link_updates(&request(Method::POST)).is_empty());
    }
}

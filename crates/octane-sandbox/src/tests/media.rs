//! Media types and encodings of requests and responses.

use std::io::Read;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::{Request, header};
use serde_json::json;

use super::{Client, WORKSPACE};
use crate::Settings;

#[tokio::test]
async fn a_long_response_is_compressed_if_gzip_is_accepted() {
    let client = Client::new(Settings::default()).await;
    let path = "list_nodes?fields=name,logical_name&limit=1000";
    let plain = client.get(path).await;
    assert!(!plain.headers.contains_key(header::CONTENT_ENCODING));
    let request = Request::get(format!("{WORKSPACE}/{path}"))
        .header(header::ACCEPT_ENCODING, "gzip, deflate");
    let packed = client.send(request, Body::empty()).await;
    assert_eq!(packed.headers[header::CONTENT_ENCODING], "gzip");
    assert!(packed.body.len() * 2 < plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);

    let request = Request::get(format!("{WORKSPACE}/work_item_roots"))
        .header(header::ACCEPT_ENCODING, "gzip");
    let short = client.send(request, Body::empty()).await;
    assert!(!short.headers.contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn entities_are_json_on_the_way_in_and_out() {
    let client = Client::empty().await;
    let body = json!({ "data": [{ "name": "tag" }] }).to_string();
    let post = |content_type: &str| {
        Request::post(format!("{WORKSPACE}/user_tags")).header(header::CONTENT_TYPE, content_type)
    };
    let refused = client.send(post("text/plain"), body.clone()).await;
    assert_eq!(refused.status, 415);
    assert!(refused.text().contains("text/plain"), "{}", refused.text());
    let content_type = "application/json; charset=utf-8";
    assert_eq!(client.send(post(content_type), body).await.status, 201);

    let get = Request::get(format!("{WORKSPACE}/user_tags")).header(header::ACCEPT, "image/png");
    assert_eq!(client.send(get, Body::empty()).await.status, 406);
    let get = Request::get(format!("{WORKSPACE}/test-results/xsd"))
        .header(header::ACCEPT, "application/xml");
    assert_eq!(client.send(get, Body::empty()).await.status, 200);
}

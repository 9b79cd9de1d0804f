//! Attachments and comments.

use axum::body::Body;
use http::{Request, header};
use serde_json::json;

use super::entities::story;
use super::{Client, Response, WORKSPACE};

const BOUNDARY: &str = "----x7";

/// A form as clients send it: with the parts `entity` and `content`.
async fn upload(client: &Client, entity: &str, content: &[u8]) -> Response {
    let mut body = format!(
        "\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"entity\"; filename=\"blob\"\r\n\
         Content-Type: application/json\r\n\r\n{entity}\r\n--{BOUNDARY}\r\n\
         Content-Disposition: form-data; name=\"content\"; filename=\"log.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let request = Request::post(format!(
        "{WORKSPACE}/attachments?fields=name,owner_work_item,size"
    ))
    .header(
        header::CONTENT_TYPE,
        format!("multipart/form-data; boundary={BOUNDARY}"),
    );
    client.send(request, body).await
}

async fn bytes(client: &Client, path: &str) -> Response {
    let request = Request::get(format!("{WORKSPACE}/{path}"))
        .header(header::ACCEPT, "application/octet-stream");
    client.send(request, Body::empty()).await
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form_and_downloaded_as_bytes() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    let content = b"\x00\xff\r\n--\r\n";
    let entity = json!({ "owner_work_item": { "type": "work_item", "id": id } });
    let response = upload(&client, &entity.to_string(), content).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let made = &response.json()["data"][0];
    assert_eq!(
        made,
        &json!({
            "type": "attachment", "id": "9501", "name": "log.txt", "size": content.len(),
            "owner_work_item": { "type": "story", "id": id },
        })
    );
    for path in ["attachments/9501", "attachments/9501/log.txt"] {
        let response = bytes(&client, path).await;
        assert_eq!(
            response.headers[header::CONTENT_TYPE],
            "application/octet-stream"
        );
        assert_eq!(response.body, content, "{path}");
    }
    // A URL with a name returns the file, whatever is accepted; a URL with only an ID returns the entity
    // unless bytes are requested.
    assert_eq!(client.get("attachments/9501/log.txt").await.body, content);
    assert_eq!(
        client.get("attachments/9501").await.ok()["type"],
        "attachment"
    );
    let item = client
        .get(&format!("stories/{id}?fields=attachments,has_attachments"))
        .await
        .ok();
    assert_eq!(item["has_attachments"], true);
    assert_eq!(item["attachments"]["data"][0]["id"], "9501");
}

#[tokio::test]
async fn a_file_may_be_the_whole_body_with_its_fields_in_the_url() {
    let client = Client::empty().await;
    let id = story(&client, "S").await;
    for owner in [
        format!("{{\"id\":{id},\"type\":\"work_item\"}}"),
        id.clone(),
        format!("\"{id}\""),
    ] {
        let owner: String = url::form_urlencoded::byte_serialize(owner.as_bytes()).collect();
        let address = format!(
            "{WORKSPACE}/attachments?name=%C3%A4.txt&owner_work_item={owner}&fields=name,owner_work_item"
        );
        let request =
            Request::post(address).header(header::CONTENT_TYPE, "application/octet-stream");
        let made = client.send(request, "hello").await.ok();
        assert_eq!(made["data"][0]["name"], "ä.txt");
        assert_eq!(
            made["data"][0]["owner_work_item"],
            json!({ "type": "story", "id": id })
        );
    }
    let query = format!("owner_work_item EQ {{id EQ {id}}}");
    assert_eq!(client.names("attachments", "id", &query).await.len(), 3);
}

#[tokio::test]
async fn an_attachment_is_renamed_and_deleted_but_keeps_its_owner() {
    let client = Client::empty().await;
    let (a, b) = (story(&client, "a").await, story(&client, "b").await);
    let owner = |id: &str| json!({ "type": "work_item", "id": id });
    let entity = json!({ "name": "x", "owner_work_item": owner(&a) });
    upload(&client, &entity.to_string(), b"1").await.ok();
    let body = json!({ "data": [{ "id": "9501", "type": "attachment", "name": "y", "description": "d",
        "owner_work_item": owner(&a) }] });
    let page = client.put("attachments?fields=name", &body).await.ok();
    assert_eq!(page["data"][0]["name"], "y");
    let refusal = client
        .put("attachments/9501", &json!({ "owner_work_item": owner(&b) }))
        .await
        .refusal();
    assert_eq!(
        refusal,
        (403, "platform.modify_non_editable_field".to_owned())
    );
    client.delete(&format!("stories/{a}")).await;
    assert_eq!(client.get("attachments/9501").await.status, 404);
    assert_eq!(client.get("attachments/9501/x").await.status, 404);
}

#[tokio::test]
async fn a_broken_upload_is_explained() {
    let client = Client::empty().await;
    let send = async |content_type: &str, body: &'static str| {
        let request = Request::post(format!("{WORKSPACE}/attachments"));
        let response = client
            .send(request.header(header::CONTENT_TYPE, content_type), body)
            .await;
        (response.status.as_u16(), response.text())
    };
    let (status, text) = send("text/plain", "x").await;
    assert!(
        status == 415 && text.contains("multipart/form-data"),
        "{text}"
    );
    let (status, text) = send("multipart/form-data", "x").await;
    assert!(status == 400 && text.contains("boundary"), "{text}");
    let form = "--b\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{}\r\n--b--";
    let (status, text) = send("multipart/form-data; boundary=b", form).await;
    assert!(
        status == 400 && text.contains("no part `content`"),
        "{text}"
    );
    let (status, text) = send("application/octet-stream", "x").await;
    assert!(
        status == 400 && text.contains("`name` is required"),
        "{text}"
    );
}

#[tokio::test]
async fn a_comment_needs_no_text_and_belongs_to_its_item() {
    let client = Client::empty().await;
    let id = client.create("defects", json!({ "name": "D" })).await;
    let owner = json!({ "type": "defect", "id": id });
    client
        .create("comments", json!({ "owner_work_item": owner }))
        .await;
    client
        .create(
            "comments",
            json!({ "owner_work_item": owner, "text": "<p>Hi</p>" }),
        )
        .await;
    let defect = client
        .get(&format!(
            "defects/{id}?fields=comments{{text,author{{name}}}},has_comments"
        ))
        .await
        .ok();
    assert_eq!(defect["has_comments"], true);
    assert_eq!(defect["comments"]["data"][1]["text"], "<p>Hi</p>");
    assert_eq!(defect["comments"]["data"][1]["author"]["name"], "sandbox");
}

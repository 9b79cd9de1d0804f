//! Attachments in the format of each client family.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use super::{Client, WORKSPACE, ids, query};
use crate::tests::Response;

const CONTENT: &[u8] = b"This is a test\r\n--for attachments\x00\xff";

/// A defect to attach to.
async fn owner(client: &Client) -> String {
    client.create("defects", json!({ "name": "owner" })).await
}

/// A form with the entity and its content, with these headers of each part.
async fn form(
    client: &Client,
    entity: &Value,
    lead: &str,
    entity_head: &str,
    content_head: &str,
) -> Response {
    let boundary = "---------------------------92348603315617859231724135434";
    let mut body = format!("{lead}--{boundary}\r\n{entity_head}\r\n\r\n{entity}\r\n--{boundary}\r\n{content_head}\r\n\r\n")
        .into_bytes();
    body.extend_from_slice(CONTENT);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let request = Request::post(format!(
        "{WORKSPACE}/attachments?fields=owner_work_item,name"
    ))
    .header(
        header::CONTENT_TYPE,
        format!("multipart/form-data; boundary={boundary}"),
    )
    .header(header::ACCEPT, "application/json");
    client.send(request, body).await
}

async fn bytes(client: &Client, path: &str, accept: Option<&str>) -> Response {
    let mut request = Request::get(format!("{WORKSPACE}/{path}"));
    if let Some(accept) = accept {
        request = request.header(header::ACCEPT, accept);
    }
    client.send(request, Body::empty()).await
}

#[tokio::test]
async fn forms_of_all_client_families_are_accepted() {
    let client = Client::empty().await;
    let owner = owner(&client).await;
    let entity = |name: &str| json!({ "name": name, "owner_work_item": { "type": "work_item", "id": owner } });
    for (family, lead, entity_head, content_head) in [
        (
            "java.txt",
            "",
            "Content-Length: 99\r\nContent-Type: application/json\r\ncontent-transfer-encoding: binary\r\n\
             Content-Disposition: form-data; name=\"entity\"; filename=\"blob\"",
            "Content-Type: text/plain\r\ncontent-transfer-encoding: binary\r\n\
             Content-Disposition: form-data; name=\"content\"; filename=\"\"",
        ),
        (
            "csharp.txt",
            "\r\n",
            "Content-Disposition: form-data; name=\"entity\"; filename=\"blob\"\r\nContent-Type: application/json",
            "Content-Disposition: form-data; name=\"content\"; filename=\"test.txt\"\r\nContent-Type: text/plain",
        ),
        (
            "node è.txt",
            "",
            "Content-Disposition: form-data; name=\"entity\"\r\nContent-Type: application/json",
            "Content-Disposition: form-data; name=\"content\"",
        ),
    ] {
        let made = form(&client, &entity(family), lead, entity_head, content_head).await;
        assert_eq!(made.status, 201, "{family}: {}", made.text());
        let made = made.json();
        let attachment = &made["data"][0];
        assert_eq!(attachment["name"], family);
        assert_eq!(
            attachment["owner_work_item"],
            json!({ "type": "defect", "id": owner }),
            "{family}"
        );
        let path = format!("attachments/{}", ids(&made)[0]);
        let read = bytes(&client, &path, Some("application/octet-stream")).await;
        assert_eq!(read.body, CONTENT, "{family}");
    }
}

#[tokio::test]
async fn the_content_alone_is_uploaded_with_name_and_owner_in_the_url() {
    let client = Client::empty().await;
    let owner = owner(&client).await;
    let reference = format!("%7B%22id%22:{owner},%22type%22:%22work_item%22%7D");
    for owner_word in [reference, owner.clone()] {
        let path = format!("{WORKSPACE}/attachments?name=raw.bin&owner_work_item={owner_word}");
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/octet-stream");
        let made = client.send(request, CONTENT).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let id = ids(&made)[0];
        let read = bytes(
            &client,
            &format!("attachments/{id}"),
            Some("application/octet-stream"),
        )
        .await;
        assert_eq!(read.body, CONTENT);
    }
}

#[tokio::test]
async fn the_content_is_downloaded_by_its_name_whatever_the_accept_header() {
    let client = Client::empty().await;
    let owner = owner(&client).await;
    let path = format!("{WORKSPACE}/attachments?name=down.txt&owner_work_item={owner}");
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/octet-stream");
    let made = client.send(request, CONTENT).await.ok();
    let path = format!("attachments/{}/down.txt", ids(&made)[0]);
    for accept in [
        None,
        Some("application/json"),
        Some("application/octet-stream"),
    ] {
        let read = bytes(&client, &path, accept).await;
        assert_eq!(
            (read.status.as_u16(), read.body.as_slice()),
            (200, CONTENT),
            "{accept:?}"
        );
    }
    // One client requires exactly this type to treat the body as bytes.
    let read = bytes(&client, &path, Some("application/octet-stream")).await;
    assert_eq!(
        read.headers[header::CONTENT_TYPE],
        "application/octet-stream"
    );
}

#[tokio::test]
async fn attachments_are_renamed_together_and_deleted_by_a_query() {
    let client = Client::empty().await;
    let owner = owner(&client).await;
    let path = format!("{WORKSPACE}/attachments?name=old.txt&owner_work_item={owner}");
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/octet-stream");
    let made = client.send(request, CONTENT).await.ok();
    let id = ids(&made)[0];
    let change = json!({ "data": [{ "id": id, "type": "attachment", "name": "new.txt", "description": "d" }] });
    assert_eq!(
        client.put("attachments", &change).await.ok()["total_count"],
        1
    );
    let read = client
        .get(&format!("attachments/{id}?fields=name,description"))
        .await
        .ok();
    assert_eq!(
        (&read["name"], &read["description"]),
        (&json!("new.txt"), &json!("d"))
    );
    let by_id = query(&format!("(id EQ '{id}')"));
    client.delete(&format!("attachments?{by_id}")).await.ok();
    assert_eq!(
        client.get(&format!("attachments?{by_id}")).await.ok()["total_count"],
        0
    );
}

//! Input designed to break a parser is rejected with a clear error: limits of queries and of bodies.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::{Request, header};
use serde_json::json;

use super::ingestion::payload;
use super::{Client, Settings, WORKSPACE, response};
use crate::{Limits, Sandbox};

#[tokio::test]
async fn large_and_deep_queries_work_and_too_large_ones_are_rejected() {
    let client = Client::new(Settings::default()).await;
    let many = vec!["name EQ ^a^"; 3000].join("||");
    assert_eq!(client.names("stories", "id", &many).await.len(), 0);
    let wild = format!("name IN {}", vec!["^*a*^"; 2000].join(","));
    assert!(!client.names("stories", "id", &wild).await.is_empty());
    let ids: Vec<String> = (3000..10_000).map(|id| id.to_string()).collect();
    let listed = format!("id IN {}", ids.join(","));
    assert_eq!(client.names("stories", "id", &listed).await.len(), 62);
    let deep = |signs: usize| {
        format!(
            "{}id GT 0{}",
            "parent EQ {".repeat(signs),
            "}".repeat(signs)
        )
    };
    assert_eq!(client.names("stories", "id", &deep(2)).await.len(), 62);
    assert_eq!(client.names("stories", "id", &deep(60)).await.len(), 0);
    let not = format!("{}id GT 0{}", "!(".repeat(30), ")".repeat(30));
    assert_eq!(client.names("stories", "id", &not).await.len(), 62);
    let long = format!("name EQ ^{}*^", "a".repeat(60_000));
    assert_eq!(
        client
            .get(&format!("stories?query={}", long.replace(' ', "%20")))
            .await
            .status,
        400
    );
}

/// Matching is recursive: more wildcards than this overflowed the stack, which cannot be reported.
#[tokio::test]
async fn the_number_of_wildcards_in_a_pattern_is_limited() {
    let client = Client::empty().await;
    let story = json!({
        "name": "s", "description": "a".repeat(60_000), "parent": { "type": "work_item", "id": 3001 },
    });
    client.create("stories", story).await;
    for (wildcards, status) in [(1000, 200), (1001, 400), (24_000, 400)] {
        let query = format!("description=^{}^", "*a".repeat(wildcards));
        let response = client.get(&format!("stories?query={query}")).await;
        assert_eq!(response.status, status, "{wildcards}: {}", response.text());
    }
}

/// What SQLite cannot handle is an error of the query, not of the sandbox.
#[tokio::test]
async fn queries_beyond_the_limits_of_the_database_are_rejected() {
    let mut settings = Settings::default();
    settings.limits.query_depth_max = Limits::QUERY_DEPTH_BOUND;
    let client = Client::new(settings).await;
    let status = async |query: String| {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let response = client
            .get(&format!("stories?fields=id&query={encoded}"))
            .await;
        if response.status != 200 {
            let description = &response.json()["description"];
            assert!(
                description.as_str().unwrap().contains("split"),
                "{description}"
            );
        }
        response.status.as_u16()
    };
    for (open, close, levels, deepest) in [
        ("parent={", "}", 1, 200),
        ("children={", "}", 1, 400),
        ("test={covered_content={", "}}", 2, 400),
        ("!(", ")", 2, 200),
        ("!parent={!(id=1;", ")}", 4, 200),
        ("(id=1||(id=2;", "))", 2, 200),
    ] {
        for (depth, expected) in [(64, 200), (256, deepest), (257 + levels, 400)] {
            let times = depth / levels;
            let query = format!("{}id>0{}", open.repeat(times), close.repeat(times));
            assert_eq!(status(query).await, expected, "{open} {depth} deep");
        }
    }
    for part in [
        "parent={name='a'};",
        "!test={name='a'}||",
        "children={name='a*'}||",
    ] {
        for (count, expected) in [(200, 200), (1500, 400)] {
            let query = format!("{}id>0", part.repeat(count));
            assert_eq!(status(query).await, expected, "{count} times {part}");
        }
    }
    for part in ["name='*a*'||", "id>1;", "phase={id='x'};!"] {
        let query = format!("{}id>0", part.repeat(150));
        assert_eq!(status(query).await, 200, "{part}");
    }
}

#[tokio::test]
async fn endless_lists_orders_and_searches_are_limited() {
    let client = Client::new(Settings::default()).await;
    let status = async |text: String| client.get(&format!("stories?{text}")).await.status.as_u16();
    let ids = |count: usize| format!("query=id+IN+{}", vec!["1"; count].join(","));
    assert_eq!(status(ids(30_000)).await, 200);
    assert_eq!(status(ids(30_001)).await, 400);
    assert_eq!(
        status(format!("order_by={}id", "-name,parent,".repeat(4000))).await,
        200
    );
    assert_eq!(
        status(format!("fields={}id", "name,parent{id},".repeat(3000))).await,
        200
    );
    for (text, expected) in [
        ("a".repeat(1000), 200),
        ("a".repeat(60_000), 400),
        ("a+".repeat(20_000), 400),
        ("[".repeat(1000), 200),
    ] {
        let search = format!(r#"text_search={{"type":"global","text":"{text}"}}"#);
        assert_eq!(status(search).await, expected, "{}", text.len());
    }
    let search = format!("text_search={}", "[".repeat(1000));
    assert_eq!(status(search).await, 400);
}

/// Clients of `test-results` crash if a response is not JSON.
#[tokio::test]
async fn a_path_that_is_not_utf8_is_rejected_with_json() {
    let client = Client::empty().await;
    for path in ["stories/%FF", "%84=/3001", "test-results/%C3%28"] {
        let (status, code) = client.get(path).await.refusal();
        assert_eq!(
            (status, code.as_str()),
            (400, "platform.web_application"),
            "{path}"
        );
    }
    assert_eq!(client.get("stories/%C3%A9").await.status, 404);
}

#[tokio::test]
async fn malicious_payloads_are_rejected_and_explained() {
    let client = Client::empty().await;
    let with_error = |content: &str| {
        let run = format!("<test_run name='a' duration='1' status='Passed'>{content}</test_run>");
        payload("", &run)
    };
    let file = |content: &str| {
        format!(
            "<test_result><test_runs><gherkin_test_run name='' duration='1' status='Passed'>\
             <feature name='' path='p' tag='' started='1'><file>{content}</file></feature>\
             </gherkin_test_run></test_runs></test_result>"
        )
    };
    let many = |count: usize, attribute: &str| {
        let attributes: String = (0..count)
            .map(|n| format!(" {attribute}{n}='u{n}'"))
            .collect();
        file(&format!("<a{attributes}/>"))
    };
    let bomb = "<!DOCTYPE t [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>";
    for (xml, reason) in [
        (file(&("<a>".repeat(250) + &"</a>".repeat(250))), None),
        (
            file(&("<a>".repeat(300) + &"</a>".repeat(300))),
            Some("deeper than 256"),
        ),
        (many(256, "a"), None),
        (many(257, "a"), Some("256 attributes")),
        (many(60, "xmlns:n"), None),
        (many(100, "xmlns:n"), Some("namespaces")),
        (format!("{bomb}{}", with_error("")), Some("document type")),
        (with_error("<error>&b;</error>"), Some("&b;")),
        (
            "<!DOCTYPE t SYSTEM 'file:///etc/passwd'><t/>".to_owned(),
            Some("document type"),
        ),
    ] {
        let response = client.submit(&xml, "").await;
        let start: String = xml.chars().take(200).collect();
        match reason {
            None => assert_eq!(response.status, 202, "{start}: {}", response.text()),
            Some(reason) => {
                assert_eq!(response.status, 400, "{start}");
                let description = response.json()["description"].to_string();
                assert!(description.contains(reason), "{description}");
                assert!(description.len() < 4000, "{description}");
            }
        }
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_rejected() {
    let settings = Settings::default().seed_data(false);
    let client = Client::new(settings.body_limits(100_000, 1_000_000)).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; 50_000_000]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000);
    let request = Request::post(format!("{WORKSPACE}/test-results"))
        .header(header::CONTENT_TYPE, "application/xml")
        .header(header::CONTENT_ENCODING, "gzip");
    let response = client.send(request, packed).await;
    assert_eq!(response.status, 413);
    let description = response.json()["description"].to_string();
    assert!(description.contains("1000000 bytes"), "{description}");
}

#[tokio::test]
async fn a_payload_with_too_many_elements_is_rejected_before_it_is_built() {
    let mut settings = Settings::default();
    settings.limits.payload_elements_max = 3;
    let client = Client::new(settings).await;
    let xml = |runs: usize| {
        let run = "<test_run name='a' duration='1' status='Passed'/>".repeat(runs);
        format!("<test_result><test_runs>{run}</test_runs></test_result>")
    };
    assert_eq!(client.submit(&xml(1), "").await.status, 202);
    let refused = client.submit(&xml(2), "").await;
    assert_eq!(
        refused.refusal(),
        (413, "testbox.invalid_payload".to_owned())
    );
    assert!(
        refused.text().contains("4 elements; the limit is 3"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn a_body_with_too_many_entities_or_values_is_rejected_before_it_is_built() {
    let mut settings = Settings::default().seed_data(false);
    settings.limits.entities_max = 3;
    settings.limits.payload_elements_max = 40;
    let client = Client::new(settings).await;
    let body = |entities: usize| json!({ "data": vec![json!({ "name": "a" }); entities] });
    assert_eq!(client.post("test_suites", &body(3)).await.status, 201);
    let refused = client.post("test_suites", &body(4)).await;
    assert_eq!(refused.refusal(), (413, "platform.bad_request".to_owned()));
    let text = refused.text();
    assert!(text.contains("4 entities; the limit is 3"), "{text}");
    assert_eq!(client.ids("test_suites").await.len(), 3);
    assert_eq!(client.put("test_suites", &body(4)).await.status, 413);
    let suite = client.ids("test_suites").await.remove(0);
    let tags = vec![json!({ "id": "1" }); 40];
    let many = json!({ "user_tags": { "data": tags } });
    let refused = client.put(&format!("test_suites/{suite}"), &many).await;
    assert_eq!(refused.status, 413);
    assert!(
        refused.text().contains("82 values; the limit is 40"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn bodies_of_those_who_are_not_signed_in_are_not_kept() {
    let sandbox = Sandbox::open(Settings::default()).unwrap();
    let app = sandbox.app();
    let large = "x".repeat(70_000);
    for (path, status) in [
        (format!("{WORKSPACE}/user_tags"), 401),
        ("/authentication/sign_in".to_owned(), 413),
        ("/authentication/grant_tool_token".to_owned(), 413),
        ("/osp/a/au/auth/oauth2/token".to_owned(), 413),
        ("/nowhere".to_owned(), 404),
    ] {
        let request = Request::post(&path)
            .body(Body::from(large.clone()))
            .unwrap();
        assert_eq!(response(&app, request).await.status, status, "{path}");
        assert_eq!(
            sandbox.requests().last().unwrap().body_bytes,
            70_000,
            "{path}"
        );
    }
    let body = "x".repeat(2_000_000);
    let request = Request::post("/_sandbox/faults")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(response(&app, request).await.status, 413);
    // The same body is fine for those who are.
    let client = Client::of(&sandbox).await;
    let description = serde_json::json!({ "data": [{ "name": "a", "description": large }] });
    assert_eq!(client.post("programs", &description).await.status, 201);
}

#[tokio::test]
async fn endlessly_nested_json_is_rejected() {
    let client = Client::empty().await;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [200, 100_000] {
        let body = format!(r#"{{"data":[{{"name":"a","parent":{}}}]}}"#, nested(depth));
        for request in [
            Request::post(format!("{WORKSPACE}/stories")),
            Request::put(format!("{WORKSPACE}/stories")),
            Request::put(format!("{WORKSPACE}/stories/3001")),
            Request::post("/authentication/sign_in"),
        ] {
            let response = client.send(request, Body::from(body.clone())).await;
            assert_eq!(response.status, 400, "{}", response.text());
            assert!(response.json()["description"].is_string());
        }
    }
    let body = json!({ "data": [{ "name": "a", "parent": { "type": [[[[[[]]]]]] } }] });
    assert_eq!(client.post("stories", &body).await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_times_out() {
    let client = Client::empty().await;
    let request = Request::post(format!("{WORKSPACE}/stories"));
    let nothing = stream::pending::<io::Result<Bytes>>();
    let response = client.send(request, Body::from_stream(nothing)).await;
    let expected = (408, "platform.web_application".to_owned());
    assert_eq!(response.refusal(), expected);
}

#[tokio::test]
async fn an_invalid_value_is_reported_with_what_is_expected() {
    let client = Client::empty().await;
    for (query, expected) in [
        ("id EQ ^abc^", "must be a whole number, not `abc`"),
        ("creation_time EQ 5", "must be a time such as"),
        ("has_children EQ ^x^", "must be `true` or `false`, not `x`"),
    ] {
        let query = query.replace(' ', "%20").replace('^', "%5E");
        let response = client.get(&format!("features?query=\"{query}\"")).await;
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(response.text().contains(expected), "{}", response.text());
    }
}

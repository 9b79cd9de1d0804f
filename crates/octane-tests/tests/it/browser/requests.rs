//! The live list of requests.

use octane_sandbox::Fault;

use super::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_fault_shows_up_without_a_reload() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/requests?show=faults");
    shop.browser.find("#results .empty");
    let sandbox = shop.world.sandbox.sandbox();
    sandbox
        .fail_next(Fault::status(503).path("**/defects"))
        .unwrap();
    // The client retries the refused request, so this succeeds in the end.
    shop.world.count("defects").await;
    let row = shop.browser.find("#results tr.faulted").text();
    assert!(row.contains("503"), "{row}");
    assert!(row.contains("GET /api/shared_spaces/1001"), "{row}");
    assert_eq!(shop.browser.find(".faulted .flag").text(), "fault: status");
    assert!(shop.browser.console().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_shows_its_headers_with_secrets_masked_and_the_list_can_be_paused() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/requests?path=test-results&method=POST");
    let pause = shop.browser.find("button[data-pause]");
    assert_eq!(pause.attribute("aria-pressed"), "false");
    pause.click();
    shop.browser.find("button[data-pause][aria-pressed=true]");
    shop.browser.find(".requests summary").click();
    let headers = shop.browser.find(".requests .headers").text();
    assert!(headers.contains("application/xml"), "{headers}");
    let source = shop
        .browser
        .run("return document.documentElement.outerHTML");
    let secret = shop.world.sandbox.client_secret();
    assert!(!source.as_str().unwrap().contains(secret));
}

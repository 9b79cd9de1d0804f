//! Filters, with script and without.

use octane_tests::Key;

use super::Shop;

/// The names of the runs that are listed.
fn names(shop: &Shop) -> Vec<String> {
    let names = shop.browser.run(
        "return [...document.querySelectorAll('.runs tbody .name a')].map(link => link.textContent)",
    );
    serde_json::from_value(names).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_filtered_by_status_and_by_text_as_it_is_typed() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let path = shop.latest_suite_run();
    shop.open_page(&path);
    assert_eq!(names(&shop), ["pays", "adds a product", "applies voucher"]);

    shop.browser.find("input[name=search]").press("carttest");
    shop.browser.find("#results[data-summary='2 runs shown']");
    assert_eq!(names(&shop), ["adds a product", "applies voucher"]);
    let announced = shop
        .browser
        .find_path("//*[@role='status'][text()='2 runs shown']");
    assert_eq!(announced.attribute("id"), "announcement");
    assert!(
        shop.browser.address().ends_with("?search=carttest"),
        "{}",
        shop.browser.address()
    );

    shop.browser.find(".chips .skipped").click();
    shop.browser.find("#results[data-summary='1 run shown']");
    assert_eq!(names(&shop), ["adds a product"], "both filters apply");
    let address = shop.browser.address();
    shop.browser.open(&address);
    assert_eq!(
        names(&shop),
        ["adds a product"],
        "an address can be kept and shared"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_work_without_script() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let path = shop.latest_suite_run();
    shop.browser.allow_script(false);
    shop.open_page(&path);
    let search = shop.browser.find("input[name=search]");
    search.press("answer from the BANK");
    search.press(&Key::Enter.code().to_string());
    shop.browser.find("#results[data-summary='1 run shown']");
    assert_eq!(shop.browser.find(".runs tbody .name a").text(), "pays");
    let summary = shop.browser.find(".runs .error summary");
    assert_eq!(summary.text(), "Timeout: no answer from the bank");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_can_be_filtered_and_announces_it() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/matrix");
    shop.browser
        .find("select[name=show] option[value=failing]")
        .click();
    shop.browser
        .find("#results[data-summary='1 backlog item shown']");
    assert_eq!(
        shop.browser.find(".matrix tbody th").text(),
        "PAY-1 Pay by credit card"
    );
    shop.browser
        .find("select[name=show] option[value='']")
        .click();
    shop.browser.find("#results tr.uncovered");
    shop.browser.find("input[name=search]").press("SHOP-117");
    shop.browser
        .find("#results[data-summary='1 backlog item shown'] .matrix td.passed");
    assert_eq!(
        shop.browser.find(".matrix tbody th").text(),
        "SHOP-117 Apply a voucher"
    );
}

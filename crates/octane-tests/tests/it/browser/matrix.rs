//! The traceability matrix.

use super::Shop;

/// The row of a story and its cells: their visible text, and their text for screen readers.
fn row(shop: &Shop, key: &str) -> (String, Vec<String>, Vec<String>) {
    let path = format!("//tr[th//*[@class='tag' and text()='{key}']]");
    let text = shop.browser.find_path(&format!("{path}/th")).text();
    let cells = |number: usize| shop.browser.find_path(&format!("{path}/td[{number}]"));
    let seen = |number: usize| {
        let cell = cells(number).text();
        cell.lines().next().unwrap_or_default().to_owned()
    };
    let heard = |number: usize| {
        let inner = shop
            .browser
            .find_path(&format!("{path}/td[{number}]//*[@class='unseen']"));
        inner.hidden_text()
    };
    (
        text,
        (1..=2).map(seen).collect(),
        (1..=2).map(heard).collect(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_shows_what_was_uploaded() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/matrix");
    let heads: Vec<String> = (2..=3)
        .map(|n| {
            shop.browser
                .find(&format!(".matrix thead th:nth-child({n})"))
                .text()
        })
        .collect();
    assert_eq!(
        heads,
        ["nightly 1", "nightly 2"],
        "the oldest suite run comes first"
    );

    let (voucher, seen, heard) = row(&shop, "SHOP-117");
    assert_eq!(voucher, "SHOP-117 Apply a voucher");
    assert_eq!(seen, ["P", "P"]);
    assert_eq!(heard, ["1 passed", "1 passed"]);
    let (card, seen, heard) = row(&shop, "PAY-1");
    assert_eq!(card, "PAY-1 Pay by credit card");
    assert_eq!(seen, ["P", "F"]);
    assert_eq!(heard, ["1 passed", "1 failed"]);
    let (uncovered, _, heard) = row(&shop, "SHOP-118");
    assert!(uncovered.ends_with("uncovered"), "{uncovered}");
    assert_eq!(heard, ["no run", "no run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn uncovered_stories_come_first_and_a_cell_links_to_its_runs() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/matrix");
    let order = shop.browser.run(
        "return [...document.querySelectorAll('.matrix tbody tr')].map(row => row.className === 'uncovered')",
    );
    let order: Vec<bool> = serde_json::from_value(order).unwrap();
    assert_eq!(
        order.iter().filter(|is_uncovered| !**is_uncovered).count(),
        2
    );
    assert!(
        order.is_sorted_by_key(|is_uncovered| !is_uncovered),
        "{order:?}"
    );

    shop.browser.find(".matrix td.failed a").click();
    assert_eq!(shop.browser.find("h1").text(), "nightly 2");
    let note = shop.browser.find(".note").text();
    assert!(note.contains("PAY-1 Pay by credit card"), "{note}");
    assert_eq!(shop.browser.find(".runs tbody .name a").text(), "pays");
    assert_eq!(
        shop.browser
            .run("return document.querySelectorAll('.runs tbody tr').length"),
        1
    );
}

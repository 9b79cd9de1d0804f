//! The query box.

use octane_tests::Key;

use super::Shop;

fn ask(shop: &Shop, query: &str) {
    shop.open_page("/query?collection=automated_runs");
    let area = shop.browser.find("textarea[name=query]");
    area.press(query);
    area.press(&format!("{}{}", Key::Control.code(), Key::Enter.code()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_shows_its_matches() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    ask(
        &shop,
        "native_status EQ {id EQ ^list_node.run_native_status.failed^}",
    );
    let announced = "//*[@role='status']/h2[text()='1 entry found']";
    assert_eq!(shop.browser.find_path(announced).text(), "1 entry found");
    let row = shop.browser.find("#results tbody tr").text();
    for part in ["pays", "Failed", "nightly 2"] {
        assert!(row.contains(part), "`{part}` is missing in {row}");
    }
}

/// The left and right edge of the carets, and those of some text in the row above, in pixels.
const EDGES: &str = "
    const diagram = document.querySelector('#problem .diagram');
    const row = diagram.firstChild;
    const range = document.createRange();
    const start = row.data.indexOf('EQUALS');
    range.setStart(row, start);
    range.setEnd(row, start + 'EQUALS'.length);
    const text = range.getBoundingClientRect();
    const caret = diagram.querySelector('.caret').getBoundingClientRect();
    return [caret.left - text.left, caret.right - text.right, caret.top - text.bottom].map(Math.round);";

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_query_shows_a_caret_below_the_error_and_a_suggestion() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    ask(&shop, "name EQUALS ^pays^");
    let problem = shop.browser.find("#problem");
    assert_eq!(problem.attribute("role"), "alert");
    let text = problem.text();
    assert!(text.contains("name EQUALS ^pays^\n"), "{text}");
    assert!(text.contains("^^^^^^"), "{text}");
    assert!(text.contains("Character 6:"), "{text}");
    let suggestion = shop.browser.find("#problem .suggestion").text();
    assert!(suggestion.contains("EQ"), "{suggestion}");
    let edges: Vec<i64> = serde_json::from_value(shop.browser.run(EDGES)).unwrap();
    assert_eq!(
        edges[..2],
        [0, 0],
        "the caret is as wide as the mistake and below it"
    );
    assert!(edges[2] >= -2, "{edges:?}");
    let kept = shop.browser.find("textarea[name=query]").text();
    assert_eq!(kept, "name EQUALS ^pays^", "the text can be corrected");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_marked_and_the_nearest_name_suggested() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    ask(&shop, "id GT 0; durations GT 5");
    let text = shop.browser.find("#problem").text();
    assert!(text.contains("did you mean duration?"), "{text}");
    assert!(text.contains("^^^^^^^^^"), "{text}");
}

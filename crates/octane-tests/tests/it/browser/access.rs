//! Accessibility of every page: keyboard, screen reader, colours, small screens; and no console messages.

use octane_tests::{Axe, Key, Scheme};
use serde_json::Value;

use super::Shop;

/// All kinds of pages.
fn pages(shop: &Shop) -> Vec<String> {
    let suite_run = shop.latest_suite_run();
    let href = |selector: &str| shop.browser.find(selector).attribute("href");
    let suite = href(".cards h2 a");
    shop.open_page(&suite_run);
    let (test, story) = (href(".runs .name a"), href(".stories a"));
    [
        "/",
        &suite,
        &suite_run,
        &format!("{suite_run}?search=nothing+has+this"),
        &format!("{suite_run}?change=new"),
        &test,
        &story,
        "/matrix",
        "/query",
        "/query?collection=automated_runs",
        "/query?collection=automated_runs&query=name+EQUALS+1",
        // Pages of a list that has several.
        "/query?collection=list_nodes",
        "/query?collection=list_nodes&page=2",
        "/requests",
        "/sandbox",
        "/suites/1",
        "/nowhere",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Pages that are not found.
const NOT_FOUND: [&str; 2] = ["/suites/1", "/nowhere"];

/// The faults of a page for users of a screen reader.
pub(super) const UNREADABLE: &str = "
    const wrong = [];
    const count = (selector, number) => {
        const found = document.querySelectorAll(selector).length;
        if (found !== number) wrong.push(`${found} of ${selector}`);
    };
    count('main', 1); count('h1', 1); count('header nav', 1); count('footer', 1); count('.skip', 1);
    if (!document.title || document.documentElement.lang !== 'en') wrong.push('title or lang');
    for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
        if (!field.labels.length) wrong.push(`no label: ${field.name}`);
    for (const table of document.querySelectorAll('table'))
        if (!table.caption?.textContent.trim()) wrong.push('no caption');
    for (const head of document.querySelectorAll('th'))
        if (!head.scope) wrong.push(`no scope: ${head.textContent}`);
    for (const picture of document.querySelectorAll('svg'))
        if (picture.ariaHidden !== 'true' && !picture.ariaLabel) wrong.push('a silent picture');
    for (const link of document.querySelectorAll('a, button, summary'))
        if (!link.textContent.trim()) wrong.push(`no words: ${link.outerHTML}`);
    for (const list of document.querySelectorAll('nav'))
        if (!list.ariaLabel) wrong.push('a nameless nav');
    const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
    if (new Set(ids).size !== ids.length) wrong.push('an id twice');
    return wrong;";

/// Text with too little contrast to its background (WCAG 2.1, 1.4.3: 4.5 to 1 for ordinary text).
pub(super) const FAINT: &str = "
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const channels = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const color = channels(getComputedStyle(one).backgroundColor);
            if (color[3] === 255) return color;
        }
        return channels('white');
    };
    const light = (color) => {
        const [r, g, b] = color.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const faint = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || element.closest('.unseen, [aria-hidden=true], svg, option')) continue;
        const [text, ground] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
        const ratio = (Math.max(text, ground) + .05) / (Math.min(text, ground) + .05);
        if (ratio < 4.5) faint.add(`${ratio.toFixed(2)} ${element.className || element.tagName}`);
    }
    return [...faint];";

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reader_can_read_every_page_and_the_console_is_empty() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    for path in pages(&shop) {
        shop.open_page(&path);
        assert_eq!(
            shop.browser.run(UNREADABLE),
            Value::Array(Vec::new()),
            "{path}"
        );
        // Chromium itself logs a 404, which some of the pages are expected to return.
        let said: Vec<String> = shop
            .browser
            .console()
            .into_iter()
            .filter(|line| !(NOT_FOUND.contains(&path.as_str()) && line.contains("404")))
            .collect();
        assert_eq!(said, Vec::<String>::new(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_readable_in_light_and_dark() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let pages = pages(&shop);
    let mut grounds = Vec::new();
    for scheme in [Scheme::Light, Scheme::Dark] {
        shop.browser.prefer(scheme);
        for path in &pages {
            shop.open_page(path);
            let faint = shop.browser.run(FAINT);
            assert_eq!(faint, Value::Array(Vec::new()), "{path} {scheme:?}");
        }
        grounds.push(
            shop.browser
                .run("return getComputedStyle(document.body).backgroundColor"),
        );
    }
    assert_ne!(grounds[0], grounds[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_a_small_screen() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let pages = pages(&shop);
    let mut found = Vec::new();
    for width in [400, 320] {
        shop.browser.emulate(width, 800);
        for path in &pages {
            shop.open_page(path);
            assert_eq!(shop.browser.run("return innerWidth"), width);
            let excess = shop
                .browser
                .run("return document.documentElement.scrollWidth - innerWidth");
            if excess.as_i64().unwrap() > 0 {
                found.push(format!("{path} with {width} pixels by {excess}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_the_matrix_are_readable_on_a_small_screen() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let path = shop.latest_suite_run();
    shop.browser.emulate(400, 800);
    shop.open_page(&path);
    let width = "return Math.min(...[...document.querySelectorAll('.runs .name')].map(one => one.offsetWidth))";
    let width = shop.browser.run(width);
    assert!(width.as_f64().unwrap() > 250.0, "names have {width} pixels");
    let overlaps = "return [...document.querySelectorAll('.runs tbody tr')].filter(row =>
        row.querySelector('.chip').getBoundingClientRect().right >
        row.querySelector('.took').getBoundingClientRect().left).length";
    assert_eq!(
        shop.browser.run(overlaps),
        0,
        "a status is below a duration"
    );
    for path in ["/matrix", "/matrix?last=12"] {
        shop.open_page(path);
        let excess = "const table = document.querySelector('.matrix').closest('.scroll');
            return table.scrollWidth - table.clientWidth";
        assert_eq!(shop.browser.run(excess), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let Some(axe) = Axe::install() else {
        return;
    };
    let pages = pages(&shop);
    let mut found = Vec::new();
    for (scheme, width) in [
        (Scheme::Light, 400),
        (Scheme::Light, 1280),
        (Scheme::Dark, 400),
        (Scheme::Dark, 1280),
    ] {
        shop.browser.prefer(scheme);
        shop.browser.emulate(width, 1000);
        for path in &pages {
            shop.open_page(path);
            let findings = axe.findings(&shop.browser);
            let findings = findings.iter();
            found.extend(findings.map(|one| format!("{path} {scheme:?} {width}: {one}")));
        }
    }
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// Which element has the focus, and whether that is visible.
pub(super) const FOCUS: &str = "
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.top > -1;
    return one === document.body ? null : [one.textContent.trim() || one.name, isSeen];";

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_reaches_everything_and_the_focus_is_visible() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    let path = shop.latest_suite_run();
    shop.open_page(&path);
    let tab = Key::Tab.code().to_string();
    let mut reached = Vec::new();
    for _ in 0..48 {
        shop.browser.focused().press(&tab);
        let focus: Option<(String, bool)> =
            serde_json::from_value(shop.browser.run(FOCUS)).unwrap();
        let Some((name, is_seen)) = focus else { break };
        assert!(is_seen, "the focus is invisible on {name}");
        reached.push(name);
    }
    let wanted = [
        "Skip to the content",
        "Octane sandbox",
        "Suites",
        "Traceability",
        "Query",
        "Requests",
        "Sandbox",
        "Test suites",
        "Nightly",
        "← nightly 1",
        "nightly 1",
        "1 New failure",
        "pays",
        "Timeout: no answer from the bank",
        "pays",
        "search",
        "Filter",
        "All 3",
        "Failed 1",
        "Skipped 1",
        "Passed 1",
        "pays",
        "Timeout: no answer from the bank",
        "Pay by credit card",
        "adds a product",
    ];
    assert_eq!(reached[..wanted.len()], wanted, "{reached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_skips_to_the_content() {
    let Some(shop) = Shop::open().await else {
        return;
    };
    shop.open_page("/matrix");
    let skip = shop.browser.find(".skip");
    assert_eq!(skip.label(), "Skip to the content");
    shop.browser
        .find("body")
        .press(&Key::Tab.code().to_string());
    shop.browser.focused().press(&Key::Enter.code().to_string());
    assert_eq!(shop.browser.focused().attribute("id"), "main");
}

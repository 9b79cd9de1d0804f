//! Generates the files in `samples/`, so that they are never edited by hand.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

/// Rows in the sample: as many as a web shop's nightly run could have.
const ROWS: u64 = 3_200;
/// 2026-11-20T22:00:00Z in milliseconds.
const NIGHT: u64 = 1_795_212_000_000;

/// Writes `samples/nightly.csv`, and `samples/self-junit.xml` if a test run has left a report.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = root.join("samples");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("nightly.csv"), nightly())
        .context("cannot write samples/nightly.csv")?;
    let report = root.join("target/nextest/default/junit.xml");
    if report.exists() {
        std::fs::copy(&report, folder.join("self-junit.xml"))
            .context("cannot write samples/self-junit.xml")?;
    }
    Ok(())
}

/// Pseudo-random numbers, the same on every machine (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let position = usize::try_from(self.below(from.len() as u64)).unwrap_or_default();
        from[position]
    }
}

/// Module, package and classes of a test.
const AREAS: [(&str, &str, [&str; 4]); 6] = [
    (
        "shop",
        "checkout.cart",
        [
            "CartTotalsTest",
            "CouponTest",
            "ShippingCostTest",
            "TaxTest",
        ],
    ),
    (
        "shop",
        "checkout.payment",
        [
            "CardPaymentTest",
            "InvoiceTest",
            "RefundTest",
            "ThreeDSecureTest",
        ],
    ),
    (
        "shop",
        "catalog.search",
        [
            "SearchRankingTest",
            "FacetTest",
            "SynonymTest",
            "TypoToleranceTest",
        ],
    ),
    (
        "account",
        "login",
        [
            "PasswordLoginTest",
            "PasskeyTest",
            "LockoutTest",
            "SessionTest",
        ],
    ),
    (
        "account",
        "profile",
        [
            "AddressBookTest",
            "NewsletterTest",
            "AvatarUploadTest",
            "LocaleTest",
        ],
    ),
    (
        "warehouse",
        "stock",
        [
            "ReservationTest",
            "ReplenishmentTest",
            "StocktakeTest",
            "ReturnsTest",
        ],
    ),
];

const VERBS: [&str; 10] = [
    "accepts",
    "rejects",
    "keeps",
    "rounds",
    "recovers from",
    "shows",
    "hides",
    "logs",
    "retries",
    "expires",
];

const OBJECTS: [&str; 16] = [
    "an empty cart",
    "a second coupon",
    "prices in ¥, € and £",
    "a name like O'Brien & Søn <GmbH>",
    "the word \"null\"",
    "Größe XL",
    "東京 as a city",
    "an emoji 🛒 in a note",
    "a quantity of 0",
    "10,000 line items",
    "a closed session",
    "]]> inside a comment",
    "a back\\slash",
    "a slow bank",
    "a {brace} and a ^caret^",
    "100 % discount",
];

const FAILURES: [(&str, &str); 5] = [
    ("AssertionError", "expected <19.00> but was <18.99>"),
    (
        "TimeoutException",
        "no answer from bank & acquirer within 30000 ms",
    ),
    (
        "NullPointerException",
        "Cannot invoke \"Cart.total()\" because \"cart\" is null",
    ),
    (
        "ElementNotFound",
        "no element //button[@id='pay' and text()=\"Größe\"]",
    ),
    (
        "IllegalStateException",
        "terminal says \u{1b}[31mred\u{1b}[0m and bell \u{7}",
    ),
];

fn nightly() -> String {
    let mut random = Random(4711);
    let mut csv = String::from(
        "module,package,class,name,status,duration,started,error_type,error_message,error_details,jira,tags,report_url\n",
    );
    for row in 0..ROWS {
        let (module, package, classes) = random.pick(&AREAS);
        let class = random.pick(&classes);
        let name = format!("{} {} #{row}", random.pick(&VERBS), random.pick(&OBJECTS));
        let status = match random.below(100) {
            0..=4 => "Failed",
            5..=8 => "Skipped",
            _ => "Passed",
        };
        let magnitude = random.below(15);
        let duration = match status {
            "Skipped" => 0,
            _ => 3 + random.below(1 << magnitude),
        };
        let started = NIGHT + row * 731 + random.below(500);
        let (error_type, message, details) = match status {
            "Failed" => failure(&mut random, package, class),
            _ => Default::default(),
        };
        let url = if status == "Failed" {
            format!("https://ci.example/nightly/4711/{row}?log=1&raw=2")
        } else {
            String::new()
        };
        let cells = [
            module.to_owned(),
            package.to_owned(),
            class.to_owned(),
            name,
            status.to_owned(),
            duration.to_string(),
            started.to_string(),
            error_type,
            message,
            details,
            jira(&mut random),
            ["OS:Linux; Browser:Firefox", "OS:Windows; Browser:Edge"][usize::from(row % 3 == 0)]
                .to_owned(),
            url,
        ];
        for (position, cell) in cells.iter().enumerate() {
            csv.push_str(if position == 0 { "" } else { "," });
            write_cell(&mut csv, cell);
        }
        csv.push('\n');
    }
    csv
}

fn failure(random: &mut Random, package: &str, class: &str) -> (String, String, String) {
    let (error_type, message) = random.pick(&FAILURES);
    let mut trace = format!("{error_type}: {message}\n");
    for _ in 0..3 + random.below(9) {
        let _ = writeln!(
            trace,
            "\tat example.{package}.{class}.<init>({class}.java:{})",
            10 + random.below(400)
        );
    }
    trace.push_str("Caused by: java.io.IOException: \"Überlauf\" & <end of stream>\n");
    (error_type.to_owned(), message.to_owned(), trace)
}

/// About every eighth test covers a story; some keys match no story, and one matches two.
fn jira(random: &mut Random) -> String {
    match random.below(160) {
        0..=12 => format!("SHOP-{}", 101 + random.below(40)),
        13..=15 => format!("PAY-{}", 1 + random.below(20)),
        16 | 17 => format!(
            "SHOP-{}, PAY-{}",
            101 + random.below(40),
            1 + random.below(20)
        ),
        18 => format!("SHOP-{}", random.pick(&[901, 902, 903])),
        19 if random.below(4) == 0 => "SHOP-150".to_owned(),
        _ => String::new(),
    }
}

fn write_cell(csv: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        let _ = write!(csv, "\"{}\"", cell.replace('"', "\"\""));
    } else {
        csv.push_str(cell);
    }
}

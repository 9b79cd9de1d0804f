//! What converting results costs, against the least that reading them could cost: a scan of the bytes, and a bare loop over
//! the parts of the document. All in memory, and on one core but for the last line.
//!
//! `cargo bench --package octane-results`; `-- CSV` after it for one format.

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use octane_results::{
    PayloadSettings, PayloadWriter, Process, Processed, ReadOptions, Record, Source, TestRun, read,
    read_processed,
};

const RESULTS: usize = 100_000;
const ROUNDS: usize = 15;

fn main() {
    println!(
        "{RESULTS} results, {ROUNDS} rounds; medians of the times, and of how many times the bare loop of the same round that is\n"
    );
    // Cargo adds an option of its own.
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |name| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if is_wanted("JUnit") {
        compare("JUnit", &junit(), bare_xml);
    }
    if is_wanted("CSV") {
        compare("CSV", &table(), bare_csv);
    }
}

/// A report with a failure, a skipped test and a Jira key here and there.
fn junit() -> Vec<u8> {
    let mut report = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for number in 0..RESULTS {
        let suite = number / 500;
        if number % 500 == 0 {
            let _ = writeln!(
                report,
                "<testsuite name=\"com.example.shop.module{suite}\" tests=\"500\" timestamp=\"2026-11-20T10:00:00\">"
            );
        }
        let _ = write!(
            report,
            "<testcase classname=\"com.example.shop.module{suite}.CartService{}Test\" name=\"adds_the_item_{number}_to_the_cart_and_checks_the_total\" time=\"0.{:03}\"",
            number % 23,
            number % 1000
        );
        let _ = match number % 100 {
            0..3 => writeln!(
                report,
                "><failure type=\"java.lang.AssertionError\" message=\"expected &lt;{number}&gt;\">{}</failure></testcase>",
                "\tat com.example.shop.Cart.call(Cart.java:17)\n".repeat(20)
            ),
            3..5 => writeln!(report, "><skipped message=\"not today\"/></testcase>"),
            key => writeln!(
                report,
                "><properties><property name=\"jira\" value=\"SHOP-{key}\"/></properties></testcase>"
            ),
        };
        if number % 500 == 499 {
            report.push_str("</testsuite>\n");
        }
    }
    report.push_str("</testsuites>\n");
    report.into_bytes()
}

fn table() -> Vec<u8> {
    let mut table = String::from("package,class,name,status,duration,started,jira,error_message\n");
    for number in 0..RESULTS {
        let status = if number % 33 == 0 { "failed" } else { "passed" };
        let _ = writeln!(
            table,
            "com.example.shop.module{},CartService{}Test,adds_the_item_{number}_to_the_cart_and_checks_the_total,{status},{},2026-11-20T10:00:{:02}Z,SHOP-{},\"expected {number}, was nothing at all\"",
            number / 500,
            number % 23,
            number % 1000,
            number % 60,
            number % 100
        );
    }
    table.into_bytes()
}

/// Every event and every attribute, and nothing done with them.
fn bare_xml(bytes: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut found = 0;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) | Err(_) => return found,
            Ok(quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start)) => {
                for attribute in start.attributes().with_checks(false).flatten() {
                    found += attribute.value.len();
                }
            }
            Ok(_) => found += 1,
        }
    }
}

/// Every cell, and nothing done with it.
fn bare_csv(bytes: &[u8]) -> usize {
    let mut rows = csv::Reader::from_reader(bytes);
    let mut row = csv::ByteRecord::new();
    let mut found = 0;
    while rows.read_byte_record(&mut row).unwrap_or(false) {
        found += row.iter().map(<[u8]>::len).sum::<usize>();
    }
    found
}

/// Passes on all results, and returns how many there are.
fn each(source: &Source, mut pass_on: impl FnMut(&TestRun)) -> usize {
    let mut records = read(source, &ReadOptions::default()).expect("what was made here is valid");
    let mut count = 0;
    while let Some(record) = records.next() {
        if let Ok(Record::Run(run)) = record {
            pass_on(&run);
            records.recycle(run);
            count += 1;
        }
    }
    count
}

/// Renders results on the threads that read them.
struct Render(PayloadWriter);

impl Process for Render {
    type Output = Vec<u8>;

    fn begin(&self) -> Vec<u8> {
        Vec::new()
    }

    fn run(&self, run: &mut TestRun, body: &mut Vec<u8>) {
        self.0.write_run(run, body).expect("any run can be written");
    }
}

/// Renders all results on several threads, and returns how many bytes that makes.
fn on_threads(source: &Source, render: &Arc<Render>, threads: usize) -> usize {
    let options = ReadOptions::default();
    let parts = read_processed(source, &options, render, threads);
    let parts = parts.expect("what was made here is valid");
    let bodies = parts.map(|part| match part {
        Ok(Processed::Runs(body)) => body.len(),
        _ => 0,
    });
    bodies.sum()
}

fn compare(name: &str, bytes: &[u8], bare: fn(&[u8]) -> usize) {
    let megabytes = bytes.len() / 1_000_000;
    println!("{name}, {megabytes} MB");
    let source = Source::bytes("in", bytes);
    let writer = || PayloadWriter::new(PayloadSettings::default()).expect("these are valid");
    let (own, render) = (writer(), Arc::new(Render(writer())));
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let converting = || {
        let mut body = Vec::new();
        each(&source, |run| {
            own.write_run(run, &mut body)
                .expect("any run can be written");
            if body.len() > 4_000_000 {
                black_box(&body);
                body.clear();
            }
        })
    };
    let scan = || memchr::memchr3_iter(b'<', b'>', b'"', bytes).count();
    let works: [(&str, &dyn Fn() -> usize); 5] = [
        ("bare loop", &|| bare(bytes)),
        ("scan of the bytes", &scan),
        ("reading", &|| each(&source, |_| {})),
        ("reading and rendering", &converting),
        (&format!("on {threads} threads"), &|| {
            on_threads(&source, &render, threads)
        }),
    ];
    // One after the other in each round, so that what slows the machine down for a while slows all of them down.
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in works.iter().zip(&mut times) {
            times.push(seconds(work));
        }
    }
    let floors = times[0].clone();
    for ((work, _), times) in works.iter().zip(&times) {
        let ratios = times.iter().zip(&floors).map(|(time, floor)| time / floor);
        println!(
            "  {work:<22} {:>7.1} ms {:>6.2}",
            median(times.iter().copied()) * 1000.0,
            median(ratios)
        );
    }
}

/// How long it takes.
fn seconds(work: &dyn Fn() -> usize) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

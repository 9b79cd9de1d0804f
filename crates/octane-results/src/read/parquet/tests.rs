//! Tables in Parquet, written here, and the results read from them.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, DictionaryArray, DurationMicrosecondArray,
    Float64Array, Int64Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field};

use super::*;
use crate::format::Format;
use crate::read::report::listing::listing_of;

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn written(table: &RecordBatch, compression: Compression, rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(rows))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties)).unwrap();
    writer.write(table).unwrap();
    writer.into_inner().unwrap()
}

fn plain(table: &RecordBatch) -> Vec<u8> {
    written(table, Compression::UNCOMPRESSED, 1000)
}

fn shown(table: Vec<u8>) -> String {
    listing_of(&Source::bytes("in", table), &ReadOptions::default())
}

/// A table as data frames write it, with a column of structs before those that count.
fn results() -> RecordBatch {
    let names = StringArray::from(vec!["adds", "pays", "ships"]);
    let inner = Arc::new(Field::new("x", DataType::Utf8, true));
    let structs = StructArray::from(vec![(inner, array(names.clone()))]);
    let status: DictionaryArray<Int32Type> = vec!["passed", "FAILED", "skip"].into_iter().collect();
    let took = DurationMicrosecondArray::from(vec![Some(1_250_000), None, Some(0)]);
    let started = TimestampMicrosecondArray::from(vec![Some(1_795_842_000_000_000), None, None]);
    let mut jira = ListBuilder::new(StringBuilder::new());
    jira.append_value([Some("SHOP-1"), Some("SHOP-2")]);
    jira.append_null();
    jira.append_value([Some("SHOP-3")]);
    let amounts = Decimal128Array::from(vec![Some(125), None, None]);
    let amounts = amounts.with_precision_and_scale(9, 2).unwrap();
    RecordBatch::try_from_iter_with_nullable([
        ("details", array(structs), true),
        ("name", array(names), true),
        ("status", array(status), true),
        ("duration", array(took), true),
        ("started", array(started.with_timezone("UTC")), true),
        ("jira", array(jira.finish()), true),
        ("external_id", array(amounts), true),
        ("day", array(Date32Array::from(vec![0, 1, 2])), true),
    ])
    .unwrap()
}

#[test]
fn a_table_is_read_whatever_its_compression() {
    let expected = shown(plain(&results()));
    insta::assert_snapshot!(expected, @"
    warning in:1: column `details` is not used
    warning in:1: column `day` is not used
    1: adds = Passed 1.25s at 2026-11-28T05:00:00Z covers SHOP-1 SHOP-2
    2: pays = Failed
    3: ships = Skipped covers SHOP-3
    ");
    for compression in [
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        assert_eq!(
            shown(written(&results(), compression, 2)),
            expected,
            "{compression:?}"
        );
    }
}

#[test]
fn rows_are_counted_through_all_row_groups() {
    let names = StringArray::from_iter_values((1..=5000).map(|row| format!("t{row}")));
    let table = RecordBatch::try_from_iter([
        ("name", array(names)),
        ("status", array(StringArray::from(vec!["ok"; 5000]))),
        (
            "duration_s",
            array(Float64Array::from_iter_values((0..5000).map(f64::from))),
        ),
    ])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.parquet");
    std::fs::write(&path, written(&table, Compression::SNAPPY, 1500)).unwrap();
    let listing = listing_of(&Source::path(path), &ReadOptions::default());
    assert_eq!(listing.lines().count(), 5000);
    assert!(
        listing.ends_with("\n5000: t5000 = Passed 4999s"),
        "{listing}"
    );
}

#[test]
fn what_is_no_table_of_results_is_reported() {
    let other = RecordBatch::try_from_iter([
        ("sku", array(StringArray::from(vec!["t"]))),
        ("price", array(Int64Array::from(vec![7]))),
    ])
    .unwrap();
    insta::assert_snapshot!(shown(plain(&other)), @"error in: required columns `name`, `status` are missing; columns found: `sku`, `price`");
    insta::assert_snapshot!(shown(plain(&results().slice(0, 0))), @"
    warning in:1: column `details` is not used
    warning in:1: column `day` is not used
    warning in:1: contains no test results
    ");
    let untyped = RecordBatch::try_from_iter([
        ("name", array(StringArray::from(vec!["t"]))),
        ("status", array(StringArray::from(vec!["ok"]))),
        ("duration", array(Int64Array::from(vec![7]))),
    ])
    .unwrap();
    insta::assert_snapshot!(shown(plain(&untyped)), @"error in: column `duration` has numbers without a unit; say which it is: `--column 'duration=duration_s'` for seconds, `--column 'duration=duration'` for milliseconds");
}

#[test]
fn a_table_that_is_cut_off_or_damaged_never_makes_it_panic() {
    let whole = written(&results(), Compression::SNAPPY, 2);
    let options = ReadOptions::default().format(Format::Parquet);
    let shown = |bytes: &[u8]| listing_of(&Source::bytes("in", bytes), &options);
    for length in 0..whole.len() {
        let listing = shown(&whole[..length]);
        assert!(listing.starts_with("error in: "), "{length}: {listing}");
    }
    for at in (0..whole.len()).step_by(7) {
        for byte in [0, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            _ = shown(&damaged);
        }
    }
}

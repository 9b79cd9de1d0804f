//! Tables in Arrow's formats, written here, and the results read from them.

use std::collections::HashMap;
use std::slice::from_ref;
use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeListBuilder, LargeListBuilder, LargeListViewBuilder, ListBuilder, ListViewBuilder,
    StringBuilder, StringDictionaryBuilder,
};
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal256Type, Float16Type, Int8Type,
    Int32Type, IntervalDayTimeType, IntervalMonthDayNanoType, UInt16Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowNativeTypeOp, BinaryArray, BinaryViewArray, BooleanArray, Date32Array,
    Date64Array, Decimal128Array, DictionaryArray, DurationMicrosecondArray,
    DurationMillisecondArray, DurationNanosecondArray, DurationSecondArray, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    IntervalDayTimeArray, IntervalMonthDayNanoArray, IntervalYearMonthArray, LargeBinaryArray,
    LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray,
    StructArray, Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray,
    Time64NanosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use jiff::tz::TimeZone;

use super::*;
use crate::format::Format;
use crate::read::columns::Columns;
use crate::read::read;
use crate::read::record::Record;
use crate::read::report::listing::listing_of;

/// 2026-11-28T05:00:00Z
const START: i64 = 1_795_842_000;

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

/// A batch with a name and a status in each row, and these columns.
fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let rows = columns.first().map_or(1, |(_, array)| array.len());
    let names = (1..=rows).map(|row| format!("t{row}"));
    let mut all = vec![
        ("name", array(StringArray::from_iter_values(names))),
        ("status", array(StringArray::from(vec!["passed"; rows]))),
    ];
    all.extend(columns);
    let all = all.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(all).unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn file(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default();
    let options = options.try_with_compression(compression).unwrap();
    let schema = batches[0].schema();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn shown_with(options: &ReadOptions, table: Vec<u8>) -> String {
    listing_of(&Source::bytes("in", table), options)
}

fn shown(table: Vec<u8>) -> String {
    shown_with(&ReadOptions::default(), table)
}

/// What is read of one column, without what all rows have.
fn column(name: &str, cells: ArrayRef) -> String {
    let listing = shown(stream(&[batch(vec![(name, cells)])]));
    let lines = listing.lines().map(|line| {
        let line = line.strip_prefix("invalid in:").unwrap_or(line);
        let rest = line.split_once(": ").map_or(line, |(_, rest)| rest);
        rest.split_once(" = Passed").map_or_else(
            || rest.to_owned(),
            |(before, after)| {
                let test = before.rsplit_once(" | ").map_or("", |(class, _)| class);
                format!("{test}{after}")
            },
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn texts_of_all_types_are_texts() {
    let texts = vec![Some("a"), None, Some("N/A")];
    let bytes = vec![Some(&b"a"[..]), None, Some(b"N/A")];
    let dictionary: DictionaryArray<Int8Type> = texts.clone().into_iter().collect();
    let mut large = StringDictionaryBuilder::<Int32Type>::new();
    large.extend(texts.clone());
    let keys = UInt16Array::from(vec![Some(0), None, Some(1)]);
    let values = array(StringViewArray::from(vec!["a", "-"]));
    for cells in [
        array(StringArray::from(texts.clone())),
        array(LargeStringArray::from(texts.clone())),
        array(StringViewArray::from(texts.clone())),
        array(BinaryArray::from(bytes.clone())),
        array(LargeBinaryArray::from(bytes.clone())),
        array(BinaryViewArray::from(bytes)),
        array(dictionary),
        array(large.finish()),
        array(DictionaryArray::<UInt16Type>::new(keys, values)),
    ] {
        let data_type = cells.data_type().clone();
        assert_eq!(column("class", cells), "a\n\n", "{data_type}");
    }
    let bytes = array(BinaryArray::from(vec![&b"a\xE4"[..]]));
    assert!(column("class", bytes).starts_with("column `class`: `a\u{FFFD}` contains bytes"));
}

/// One value, 1, of a type.
fn one<T: ArrowPrimitiveType<Native: ArrowNativeTypeOp>>() -> PrimitiveArray<T> {
    PrimitiveArray::from_iter_values([T::Native::ONE])
}

#[test]
fn numbers_of_all_types_are_digits_and_durations_with_a_unit() {
    let decimals = Decimal128Array::from(vec![Some(12), None]);
    let decimals = decimals.with_precision_and_scale(38, 0).unwrap();
    for cells in [
        array(Int8Array::from(vec![Some(12), None])),
        array(Int16Array::from(vec![Some(12), None])),
        array(Int32Array::from(vec![Some(12), None])),
        array(Int64Array::from(vec![Some(12), None])),
        array(UInt8Array::from(vec![Some(12), None])),
        array(UInt16Array::from(vec![Some(12), None])),
        array(UInt32Array::from(vec![Some(12), None])),
        array(UInt64Array::from(vec![Some(12), None])),
        array(Float32Array::from(vec![12.0, f32::NAN])),
        array(Float64Array::from(vec![Some(12.0), None])),
        array(Float64Array::from(vec![12.0, f64::NAN])),
        array(decimals),
        array(DictionaryArray::<Int8Type>::new(
            Int8Array::from(vec![Some(0), None]),
            array(Int64Array::from(vec![12])),
        )),
    ] {
        let data_type = cells.data_type().clone();
        let column = |name| column(name, Arc::clone(&cells));
        assert_eq!(column("class"), "12\n", "{data_type}");
        assert_eq!(column("duration_ms"), " 12ms\n", "{data_type}");
        assert_eq!(column("duration_s"), " 12s\n", "{data_type}");
        let refused = column("duration");
        assert!(
            refused.starts_with("column `duration` has numbers without a unit"),
            "{refused}"
        );
    }
    for (cells, expected) in [
        (
            array(UInt64Array::from(vec![u64::MAX])),
            "18446744073709551615",
        ),
        (array(Float32Array::from(vec![0.1])), "0.1"),
        (array(one::<Float16Type>()), "1"),
        (
            array(
                one::<Decimal32Type>()
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
            "0.01",
        ),
        (
            array(
                one::<Decimal64Type>()
                    .with_precision_and_scale(18, 1)
                    .unwrap(),
            ),
            "0.1",
        ),
        (
            array(
                one::<Decimal256Type>()
                    .with_precision_and_scale(76, 3)
                    .unwrap(),
            ),
            "0.001",
        ),
    ] {
        assert_eq!(column("class", cells), expected);
    }
    let said = Columns::default().with("duration", ResultField::DurationSeconds);
    let options = ReadOptions::default().columns(said);
    let numbers = batch(vec![("duration", array(Float64Array::from(vec![0.35])))]);
    insta::assert_snapshot!(shown_with(&options, stream(from_ref(&numbers))), @"1: t1 = Passed 350ms");
    insta::assert_snapshot!(shown(stream(&[numbers])), @"error in: column `duration` has numbers without a unit; say which it is: `--column 'duration=duration_s'` for seconds, `--column 'duration=duration'` for milliseconds");
}

#[test]
fn times_of_all_types_are_start_times() {
    let seconds = TimestampSecondArray::from(vec![Some(START), None]);
    let millis = TimestampMillisecondArray::from(vec![Some(START * 1000), None]);
    let micros = TimestampMicrosecondArray::from(vec![Some(START * 1_000_000), None]);
    let nanos = TimestampNanosecondArray::from(vec![Some(START * 1_000_000_000), None]);
    for (naive, aware) in [
        (
            array(seconds.clone()),
            array(seconds.with_timezone("Europe/Berlin")),
        ),
        (array(millis.clone()), array(millis.with_timezone("UTC"))),
        (array(micros.clone()), array(micros.with_timezone("+01:00"))),
        (array(nanos.clone()), array(nanos.with_timezone("UTC"))),
    ] {
        let data_type = naive.data_type().clone();
        let berlin = ReadOptions::default().time_zone(TimeZone::get("Europe/Berlin").unwrap());
        let shown = |cells: &ArrayRef| {
            let cells = batch(vec![("started", Arc::clone(cells))]);
            shown_with(&berlin, stream(&[cells]))
        };
        let at_five = "1: t1 = Passed at 2026-11-28T05:00:00Z\n2: t2 = Passed";
        assert_eq!(shown(&aware), at_five, "{data_type}");
        assert_eq!(shown(&naive), at_five.replace("05:", "04:"), "{data_type}");
        assert_eq!(
            column("started", naive),
            "start time `2026-11-28T05:00:00` has no time zone; counted as UTC\n at 2026-11-28T05:00:00Z\n",
            "{data_type}"
        );
    }
    for cells in [
        array(Date32Array::from(vec![20_785])),
        array(Date64Array::from(vec![20_785 * 86_400_000])),
    ] {
        assert_eq!(
            column("started", cells),
            "start time `2026-11-28T00:00:00` has no time zone; counted as UTC\n at 2026-11-28T00:00:00Z"
        );
    }
    assert_eq!(
        column("started", array(Float64Array::from(vec![1_795_842_000.25]))),
        " at 2026-11-28T05:00:00.25Z"
    );
    let far = array(TimestampSecondArray::from(vec![i64::MAX]));
    insta::assert_snapshot!(column("started", far), @"column `started`: `9223372036854775807` has the type `timestamp outside of the years -9999 to 9999`, which is not supported; use a date and time");
    let time = array(Time32SecondArray::from(vec![90]));
    insta::assert_snapshot!(column("started", time), @"column `started`: `1m 30s` is a duration; use a date and time");
}

#[test]
fn spans_of_all_types_are_durations() {
    let days = IntervalDayTimeType::make_value(1, 1500);
    let nanos = IntervalMonthDayNanoType::make_value(0, 1, 1_500_000_000);
    for (cells, expected) in [
        (array(DurationSecondArray::from(vec![2])), " 2s"),
        (array(DurationMillisecondArray::from(vec![1500])), " 1.5s"),
        (array(DurationMicrosecondArray::from(vec![1500])), " 2ms"),
        (
            array(DurationNanosecondArray::from(vec![1_500_000])),
            " 2ms",
        ),
        (array(Time32SecondArray::from(vec![90])), " 90s"),
        (array(Time32MillisecondArray::from(vec![1500])), " 1.5s"),
        (array(Time64MicrosecondArray::from(vec![1500])), " 2ms"),
        (array(Time64NanosecondArray::from(vec![1_500_000])), " 2ms"),
        (array(IntervalDayTimeArray::from(vec![days])), " 86401.5s"),
        (
            array(IntervalMonthDayNanoArray::from(vec![nanos])),
            " 86401.5s",
        ),
        (array(StringArray::from(vec!["1.5 s"])), " 1.5s"),
        (array(NullArray::new(1)), ""),
    ] {
        let data_type = cells.data_type().clone();
        assert_eq!(column("duration", cells), expected, "{data_type}");
    }
    let month = IntervalMonthDayNanoType::make_value(1, 0, 0);
    let refused = [
        array(IntervalMonthDayNanoArray::from(vec![month])),
        array(IntervalYearMonthArray::from(vec![3])),
        array(DurationSecondArray::from(vec![-1])),
        array(TimestampSecondArray::from(vec![START])),
    ];
    let refused = refused.map(|cells| column("duration", cells)).join("\n");
    insta::assert_snapshot!(refused, @"
    column `duration`: `1 month` has the type `interval with months`, which is not supported; use a number or a duration
    column `duration`: has the type `interval of months`, which is not supported; use a number or a duration
    column `duration`: `-1s` is negative
    column `duration`: `2026-11-28T05:00:00` is a date and time; use a number or a duration
    ");
}

fn lists<B: ListLike>(mut builder: B) -> ArrayRef {
    builder.add(&[Some("SHOP-1"), Some("SHOP-2")]);
    builder.add(&[None, Some("SHOP-3")]);
    builder.add(&[None, None]);
    builder.end()
}

/// Builders of lists, which have the same methods and no trait.
trait ListLike {
    fn add(&mut self, texts: &[Option<&str>; 2]);
    fn end(&mut self) -> ArrayRef;
}

macro_rules! list_like {
    ($($builder:ident)*) => {$(
        impl ListLike for $builder<StringBuilder> {
            fn add(&mut self, texts: &[Option<&str>; 2]) {
                for text in texts {
                    self.values().append_option(*text);
                }
                self.append(true);
            }

            fn end(&mut self) -> ArrayRef {
                Arc::new(self.finish())
            }
        }
    )*};
}

list_like!(ListBuilder LargeListBuilder ListViewBuilder LargeListViewBuilder FixedSizeListBuilder);

#[test]
fn lists_of_all_types_are_keys_and_lines() {
    for cells in [
        lists(ListBuilder::new(StringBuilder::new())),
        lists(LargeListBuilder::new(StringBuilder::new())),
        lists(ListViewBuilder::new(StringBuilder::new())),
        lists(LargeListViewBuilder::new(StringBuilder::new())),
        lists(FixedSizeListBuilder::new(StringBuilder::new(), 2)),
    ] {
        let data_type = cells.data_type().clone();
        // Slices of arrays have offsets of their own.
        let table = batch(vec![("jira", Arc::clone(&cells)), ("description", cells)]);
        let read = |table: &RecordBatch| shown(stream(from_ref(table)));
        assert_eq!(
            read(&table),
            "1: t1 = Passed (SHOP-1\nSHOP-2) covers SHOP-1 SHOP-2\n2: t2 = Passed (SHOP-3) covers SHOP-3\n3: t3 = Passed",
            "{data_type}"
        );
        assert_eq!(
            read(&table.slice(1, 1)),
            "1: t2 = Passed (SHOP-3) covers SHOP-3"
        );
        let refused = column("class", Arc::clone(table.column(2)));
        assert!(
            refused.starts_with("column `class`: `SHOP-1, SHOP-2` is a list; use one value"),
            "{refused}"
        );
    }
    let mut numbers = ListBuilder::new(arrow_array::builder::Int64Builder::new());
    numbers.append_value([Some(1), None]);
    assert_eq!(column("description", array(numbers.finish())), " (1)");
    let empty = array(ListBuilder::new(arrow_array::builder::NullBuilder::new()).finish());
    assert_eq!(column("jira", empty), "contains no test results");
}

#[test]
fn what_no_column_accepts_is_refused_by_name_and_only_where_it_matters() {
    let inner = Arc::new(Field::new("key", DataType::Utf8, true));
    let structs = StructArray::from(vec![(inner, array(StringArray::from(vec!["SHOP-1"])))]);
    let cells = [
        ("jira", array(structs.clone())),
        (
            "class",
            array(FixedSizeBinaryArray::try_from_iter([[0_u8; 8]].into_iter()).unwrap()),
        ),
        ("package", array(TimestampSecondArray::from(vec![START]))),
        ("module", array(DurationSecondArray::from(vec![90]))),
    ];
    let refused = cells.map(|(name, cells)| column(name, cells)).join("\n");
    insta::assert_snapshot!(refused, @"
    column `jira`: has the type `struct`, which is not supported; use a text or a list of texts
    column `class`: has the type `fixed-size binary`, which is not supported; use a text
    column `package`: `2026-11-28T05:00:00` is a date and time; use a text
    column `module`: `1m 30s` is a duration; use a text
    ");
    assert_eq!(
        column("class", array(BooleanArray::from(vec![true]))),
        "true"
    );

    // A period of pandas: what it is says the name in the metadata, not the type.
    let names = Field::new("name", DataType::Utf8, true);
    let status = Field::new("status", DataType::Utf8, true);
    let period = |name: &str, data_type| {
        let metadata = [(
            "ARROW:extension:name".to_owned(),
            "pandas.period".to_owned(),
        )];
        Field::new(name, data_type, true).with_metadata(HashMap::from(metadata))
    };
    let fields = vec![
        names,
        status,
        period("started", DataType::Int64),
        period("class", DataType::Utf8),
        period("duration", DataType::Int64),
        Field::new("extra", structs.data_type().clone(), true),
        Field::new("__index_level_0__", DataType::Int64, true),
    ];
    let arrays = vec![
        array(StringArray::from(vec!["t"])),
        array(StringArray::from(vec!["ok"])),
        array(Int64Array::from(vec![672])),
        array(StringArray::from(vec!["2026-11"])),
        array(Int64Array::from(vec![672])),
        array(structs),
        array(Int64Array::from(vec![0])),
    ];
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    insta::assert_snapshot!(shown(stream(&[table])), @"
    warning in:1: column `extra` is not used
    invalid in:1: column `started`: has the type `pandas.period`, which is not supported; use a date and time; column `duration`: has the type `pandas.period`, which is not supported; use a number or a duration
    ");

    let flags = RecordBatch::try_from_iter([
        ("name", array(Int64Array::from(vec![7]))),
        ("status", array(BooleanArray::from(vec![true]))),
    ]);
    insta::assert_snapshot!(shown(stream(&[flags.unwrap()])), @"invalid in:1: column `status`: `true` is not a valid status; map `true` and `false` to passed, failed, skipped or planned");
}

/// A table with many rows, in batches of several sizes.
fn large() -> Vec<RecordBatch> {
    let numbers = array(Int64Array::from_iter_values(0..3000));
    let all = batch(vec![("duration_ms", numbers)]);
    vec![all.slice(0, 2500), all.slice(2500, 0), all.slice(2500, 500)]
}

#[test]
fn files_and_streams_read_the_same_whatever_the_compression() {
    let batches = large();
    let expected = shown(stream(&batches));
    assert_eq!(expected.lines().count(), 3000);
    assert!(expected.ends_with("\n3000: t3000 = Passed 2.999s"));
    for compression in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        assert_eq!(shown(file(&batches, compression)), expected);
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &file(&batches, None)).unwrap();
    assert_eq!(shown(packed.finish().unwrap()), expected);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.feather");
    std::fs::write(&path, file(&batches, None)).unwrap();
    let options = ReadOptions::default().format(Format::Arrow);
    assert_eq!(listing_of(&Source::path(path), &options), expected);
}

#[test]
fn a_table_without_rows_or_status_is_reported() {
    let empty = batch(vec![]).slice(0, 0);
    assert_eq!(
        shown(stream(from_ref(&empty))),
        "warning in:1: contains no test results"
    );
    assert_eq!(
        shown(file(&[empty], None)),
        "warning in:1: contains no test results"
    );
    let other = RecordBatch::try_from_iter([
        ("name", array(StringArray::from(vec!["t"]))),
        ("price", array(Int64Array::from(vec![7]))),
    ]);
    let similar = RecordBatch::try_from_iter([
        ("name", array(StringArray::from(vec!["t"]))),
        ("Verdict", array(StringArray::from(vec!["failed"]))),
    ]);
    for (table, is_other) in [(other, true), (similar, false)] {
        let source = Source::bytes("in", file(&[table.unwrap()], None));
        let error = read(&source, &ReadOptions::default()).unwrap_err();
        assert_eq!(error.is_other_kind(), is_other, "{error}");
    }
}

/// Whatever is missing of a table, that is an error: no result is lost in silence.
#[test]
fn a_table_that_is_cut_off_anywhere_ends_with_an_error() {
    let batches: Vec<RecordBatch> = (0..3)
        .map(|_| {
            batch(vec![(
                "jira",
                array(StringArray::from(vec!["SHOP-1", "SHOP-2"])),
            )])
        })
        .collect();
    for whole in [stream(&batches), file(&batches, None)] {
        assert_eq!(shown(whole.clone()).lines().count(), 6);
        for length in 8..whole.len() {
            let options = ReadOptions::default().format(Format::Arrow);
            let listing = shown_with(&options, whole[..length].to_vec());
            let last = listing.lines().last().unwrap_or_default();
            assert!(last.starts_with("error in: "), "{length}: {listing}");
        }
    }
    let mut twice = stream(&batches);
    twice.extend(stream(&batches));
    let listing = shown(twice);
    assert!(
        listing.ends_with("something follows after the end of the stream"),
        "{listing}"
    );
}

#[test]
fn damaged_bytes_never_make_it_panic() {
    let table = batch(vec![(
        "jira",
        lists(ListBuilder::new(StringBuilder::new())),
    )]);
    for whole in [stream(from_ref(&table)), file(&[table], None)] {
        for at in (0..whole.len()).step_by(5) {
            for byte in [0, 0xFF] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                let options = ReadOptions::default().format(Format::Arrow);
                _ = shown_with(&options, damaged);
            }
        }
    }
}

#[test]
fn rows_have_the_labels_of_the_caller() {
    let table = batch(vec![(
        "duration",
        array(DurationSecondArray::from(vec![1, -1])),
    )]);
    let started = array(TimestampSecondArray::from(vec![START, START]));
    let naive = batch(vec![("started", started)]);
    let records = |table: RecordBatch, is_strict: bool| {
        let options = ReadOptions::default();
        let mut arrow = ArrowTable::new("frame", table.schema(), &options).unwrap();
        if is_strict {
            arrow = arrow.require_time_zone();
        }
        let records = ArrowRecords::new(arrow, [Ok(table)].into_iter());
        let records = records.with_labels(|row| Some(format!("r{row}")));
        records.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let found = records(table, false);
    let [Record::Run(_), Record::Invalid(row)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(
        row.to_string()
            .starts_with("frame: row `r2`: column `duration`: "),
        "{row}"
    );
    let found = records(naive, true);
    assert!(
        found
            .iter()
            .all(|record| matches!(record, Record::Invalid(_))),
        "{found:?}"
    );
}

#[test]
fn only_the_needed_columns_are_asked_for() {
    let texts = |text| array(StringArray::from(vec![text]));
    let table = RecordBatch::try_from_iter([
        ("extra", texts("x")),
        ("status", texts("ok")),
        ("outcome", texts("failed")),
        ("name", texts("t")),
    ])
    .unwrap();
    let arrow = || ArrowTable::new("frame", table.schema(), &ReadOptions::default()).unwrap();
    assert_eq!(arrow().projection(), [1, 2, 3]);
    let mut projected = arrow().projected();
    let batch = table.project(projected.projection()).unwrap();
    projected.read_batch(&batch, |_| None).unwrap();
    let last = projected.table().records().last();
    assert!(matches!(&last, Some(Record::Invalid(_))), "{last:?}");
    assert!(arrow().projected().read_batch(&table, |_| None).is_ok());
    let numbers = table.project(&[0, 1]).unwrap();
    assert!(arrow().read_batch(&numbers, |_| None).is_err());
}

//! The cells of a column of a batch.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, OffsetSizeTrait, PrimitiveArray};
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use octane_model::plural::plural;

use crate::read::cell::Cell;

/// Returns the cell of a row.
pub type ArrowCells<'a> = Box<dyn Fn(usize) -> Cell<'a> + 'a>;

/// The key of the metadata of a column with the name of its extension type.
const EXTENSION: &str = "ARROW:extension:name";

const HOURS_OF_A_DAY: i64 = 24;

/// The cells of `array`, a column as `field` describes it.
///
/// An extension type says that values are not what they look like: a period in pandas is stored as a number. Only those that
/// are stored as text, such as JSON, are what they look like.
pub fn arrow_cells<'a>(field: &Field, array: &'a dyn Array) -> ArrowCells<'a> {
    match field.metadata().get(EXTENSION) {
        Some(name) if !is_text(array.data_type()) => other(array, name.clone()),
        _ => values(array),
    }
}

/// Whether the type is numbers without a unit.
#[cfg(feature = "arrow")]
pub(super) fn is_number(field: &Field) -> bool {
    let data_type = match field.data_type() {
        DataType::Dictionary(_, values) => values,
        data_type => data_type,
    };
    let is_number = data_type.is_numeric() || data_type.is_decimal();
    is_number && !field.metadata().contains_key(EXTENSION)
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn values(array: &dyn Array) -> ArrowCells<'_> {
    match array.data_type() {
        DataType::Null => Box::new(|_| Cell::Absent),
        DataType::Boolean => {
            let flags = array.as_boolean();
            nullable(array, move |row| Cell::Flag(flags.value(row)))
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            nullable(array, move |row| Cell::text(texts.value(row)))
        }
        DataType::LargeUtf8 => {
            let texts = array.as_string::<i64>();
            nullable(array, move |row| Cell::text(texts.value(row)))
        }
        DataType::Utf8View => {
            let texts = array.as_string_view();
            nullable(array, move |row| Cell::text(texts.value(row)))
        }
        DataType::Binary => {
            let texts = array.as_binary::<i32>();
            nullable(array, move |row| Cell::from_bytes(texts.value(row), false))
        }
        DataType::LargeBinary => {
            let texts = array.as_binary::<i64>();
            nullable(array, move |row| Cell::from_bytes(texts.value(row), false))
        }
        DataType::BinaryView => {
            let texts = array.as_binary_view();
            nullable(array, move |row| Cell::from_bytes(texts.value(row), false))
        }
        DataType::Int8 => primitive::<Int8Type>(array, |value| Cell::Whole(value.into())),
        DataType::Int16 => primitive::<Int16Type>(array, |value| Cell::Whole(value.into())),
        DataType::Int32 => primitive::<Int32Type>(array, |value| Cell::Whole(value.into())),
        DataType::Int64 => primitive::<Int64Type>(array, Cell::Whole),
        DataType::UInt8 => primitive::<UInt8Type>(array, |value| Cell::Whole(value.into())),
        DataType::UInt16 => primitive::<UInt16Type>(array, |value| Cell::Whole(value.into())),
        DataType::UInt32 => primitive::<UInt32Type>(array, |value| Cell::Whole(value.into())),
        DataType::UInt64 => primitive::<UInt64Type>(array, |value| {
            i64::try_from(value).map_or_else(|_| decimal(value.to_string()), Cell::Whole)
        }),
        DataType::Float16 => primitive::<Float16Type>(array, |value| single(value.to_f32())),
        DataType::Float32 => primitive::<Float32Type>(array, single),
        DataType::Float64 => primitive::<Float64Type>(array, Cell::Real),
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::Timestamp(unit, zone) => timestamps(array, *unit, zone.is_some()),
        DataType::Date32 => primitive::<Date32Type>(array, |days| {
            let seconds = i64::from(days) * HOURS_OF_A_DAY * 3600;
            naive(Timestamp::from_second(seconds), seconds)
        }),
        DataType::Date64 => primitive::<Date64Type>(array, |millis| {
            naive(Timestamp::from_millisecond(millis), millis)
        }),
        DataType::Time32(TimeUnit::Second) => primitive::<Time32SecondType>(array, |seconds| {
            Cell::Span(SignedDuration::from_secs(seconds.into()))
        }),
        DataType::Time32(_) => primitive::<Time32MillisecondType>(array, |millis| {
            Cell::Span(SignedDuration::from_millis(millis.into()))
        }),
        DataType::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(array, |micros| {
                Cell::Span(SignedDuration::from_micros(micros))
            })
        }
        DataType::Time64(_) => primitive::<Time64NanosecondType>(array, |nanos| {
            Cell::Span(SignedDuration::from_nanos(nanos))
        }),
        DataType::Duration(unit) => durations(array, *unit),
        DataType::Interval(unit) => intervals(array, *unit),
        DataType::Dictionary(..) => dictionary(array),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..) => lists(array),
        DataType::FixedSizeBinary(_)
        | DataType::Struct(_)
        | DataType::Union(..)
        | DataType::Map(..)
        | DataType::RunEndEncoded(..) => other(array, type_name(array.data_type())),
    }
}

/// The cells of a column, absent where it is null.
fn nullable<'a>(array: &'a dyn Array, cell: impl Fn(usize) -> Cell<'a> + 'a) -> ArrowCells<'a> {
    match array.nulls() {
        None => Box::new(cell),
        Some(nulls) => Box::new(move |row| {
            if nulls.is_null(row) {
                Cell::Absent
            } else {
                cell(row)
            }
        }),
    }
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    cell: impl Fn(T::Native) -> Cell<'a> + 'a,
) -> ArrowCells<'a> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    nullable(array, move |row| cell(values.value(row)))
}

/// Values of a type that no column accepts.
fn other(array: &dyn Array, type_name: String) -> ArrowCells<'_> {
    nullable(array, move |_| Cell::other(type_name.clone(), ""))
}

fn decimals<T: DecimalType>(array: &dyn Array) -> ArrowCells<'_> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    nullable(array, move |row| decimal(values.value_as_string(row)))
}

fn decimal<'a>(digits: String) -> Cell<'a> {
    Cell::Decimal(digits.into())
}

/// A number of single precision, whose shortest digits are not those of the same number in double precision.
fn single<'a>(value: f32) -> Cell<'a> {
    if value.is_nan() {
        Cell::Absent
    } else {
        decimal(value.to_string())
    }
}

fn timestamps(array: &dyn Array, unit: TimeUnit, has_zone: bool) -> ArrowCells<'_> {
    let cell = move |time: Result<Timestamp, jiff::Error>, value: i64| {
        if has_zone {
            time.map_or_else(|_| out_of_range(value), Cell::Instant)
        } else {
            naive(time, value)
        }
    };
    match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(array, move |value| {
            cell(Timestamp::from_second(value), value)
        }),
        TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, move |value| {
            cell(Timestamp::from_millisecond(value), value)
        }),
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, move |value| {
            cell(Timestamp::from_microsecond(value), value)
        }),
        TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, move |value| {
            cell(Timestamp::from_nanosecond(value.into()), value)
        }),
    }
}

/// The date and time that UTC shows at `time`, which is how those without a time zone are stored.
fn naive<'a>(time: Result<Timestamp, jiff::Error>, value: i64) -> Cell<'a> {
    time.map_or_else(
        |_| out_of_range(value),
        |time| Cell::Naive(Offset::UTC.to_datetime(time)),
    )
}

fn out_of_range<'a>(value: i64) -> Cell<'a> {
    Cell::other(
        "timestamp outside of the years -9999 to 9999",
        value.to_string(),
    )
}

fn durations(array: &dyn Array, unit: TimeUnit) -> ArrowCells<'_> {
    match unit {
        TimeUnit::Second => primitive::<DurationSecondType>(array, |value| {
            Cell::Span(SignedDuration::from_secs(value))
        }),
        TimeUnit::Millisecond => primitive::<DurationMillisecondType>(array, |value| {
            Cell::Span(SignedDuration::from_millis(value))
        }),
        TimeUnit::Microsecond => primitive::<DurationMicrosecondType>(array, |value| {
            Cell::Span(SignedDuration::from_micros(value))
        }),
        TimeUnit::Nanosecond => primitive::<DurationNanosecondType>(array, |value| {
            Cell::Span(SignedDuration::from_nanos(value))
        }),
    }
}

/// Intervals are durations unless they have months, which have no length. Days have 24 hours.
fn intervals(array: &dyn Array, unit: IntervalUnit) -> ArrowCells<'_> {
    let span = |days: i32, rest: SignedDuration| {
        let days = SignedDuration::from_hours(i64::from(days) * HOURS_OF_A_DAY);
        Cell::Span(days.saturating_add(rest))
    };
    match unit {
        IntervalUnit::DayTime => primitive::<IntervalDayTimeType>(array, move |value| {
            span(
                value.days,
                SignedDuration::from_millis(value.milliseconds.into()),
            )
        }),
        IntervalUnit::MonthDayNano => {
            primitive::<IntervalMonthDayNanoType>(array, move |value| match value.months {
                0 => span(value.days, SignedDuration::from_nanos(value.nanoseconds)),
                months => {
                    let months = plural(months.unsigned_abs() as usize, "month");
                    Cell::other("interval with months", months)
                }
            })
        }
        IntervalUnit::YearMonth => other(array, "interval of months".to_owned()),
    }
}

fn dictionary(array: &dyn Array) -> ArrowCells<'_> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        return Box::new(|_| Cell::Absent);
    }
    let keys = dictionary.normalized_keys();
    let cell = values(&**dictionary.values());
    nullable(array, move |row| cell(keys[row]))
}

fn lists(array: &dyn Array) -> ArrowCells<'_> {
    match array.data_type() {
        DataType::List(item) => offset_lists::<i32>(array, item),
        DataType::LargeList(item) => offset_lists::<i64>(array, item),
        DataType::ListView(item) => list_views::<i32>(array, item),
        DataType::LargeListView(item) => list_views::<i64>(array, item),
        DataType::FixedSizeList(item, length) => {
            let lists = array.as_fixed_size_list();
            let length = usize::try_from(*length).unwrap_or_default();
            words(array, item, &**lists.values(), move |row| {
                row * length..(row + 1) * length
            })
        }
        data_type => other(array, type_name(data_type)),
    }
}

fn offset_lists<'a, O: OffsetSizeTrait>(array: &'a dyn Array, item: &Field) -> ArrowCells<'a> {
    let lists = array.as_list::<O>();
    let offsets = lists.value_offsets();
    words(array, item, &**lists.values(), move |row| {
        offsets[row].as_usize()..offsets[row + 1].as_usize()
    })
}

fn list_views<'a, O: OffsetSizeTrait>(array: &'a dyn Array, item: &Field) -> ArrowCells<'a> {
    let lists = array.as_list_view::<O>();
    let (offsets, sizes) = (lists.value_offsets(), lists.value_sizes());
    words(array, item, &**lists.values(), move |row| {
        let start = offsets[row].as_usize();
        start..start + sizes[row].as_usize()
    })
}

/// Lists as their texts, without those that are null.
fn words<'a>(
    array: &'a dyn Array,
    item: &Field,
    items: &'a dyn Array,
    range: impl Fn(usize) -> Range<usize> + 'a,
) -> ArrowCells<'a> {
    let cell = arrow_cells(item, items);
    nullable(array, move |row| {
        let mut words = Vec::new();
        for at in range(row) {
            words.push(match cell(at) {
                Cell::Absent => continue,
                Cell::Text(text) | Cell::Decimal(text) => text,
                Cell::Whole(number) => number.to_string().into(),
                Cell::Real(number) if number.is_nan() => continue,
                Cell::Real(number) => number.to_string().into(),
                _ => {
                    let items = type_name(items.data_type());
                    return Cell::other(format!("list of {items}"), "");
                }
            });
        }
        Cell::Words(words)
    })
}

/// What a type is called in messages.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        DataType::Union(..) => "union".to_owned(),
        DataType::RunEndEncoded(..) => "run-end encoded".to_owned(),
        DataType::FixedSizeBinary(_) => "fixed-size binary".to_owned(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => format!("list of {}", type_name(item.data_type())),
        data_type => data_type.to_string().to_lowercase(),
    }
}

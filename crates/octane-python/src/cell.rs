//! Python objects as cells.
//!
//! | object | cell |
//! | --- | --- |
//! | `None`, NaN, `NaT`, `pandas.NA`, `numpy.ma.masked` | absent |
//! | `str`, also one that is an `Enum`; `UUID` | text |
//! | `bool`, `int`, `float`, `Decimal`, and the scalars of numpy | a number or a flag |
//! | `datetime` with a time zone, without one; `date` | a moment; a time without a zone; midnight |
//! | `timedelta`, `time` | a length of time |
//! | `list`, `tuple`, `set`, an array | texts, without those that are absent |
//! | an `Enum` | its value |
//! | anything else | an error in each column |

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use octane_results::{Cell, LossyText};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

/// How much of a value that cannot be used is shown.
const SHOWN_CHARS_MAX: usize = 80;

/// The type of a `datetime` that is too late for a moment.
const TOO_LATE: &str = "datetime later than 9999-12-30 22:00 UTC";

/// How deeply a value may be in others: a scalar of numpy in an `Enum` in a list, for example. A list can contain itself.
const DEPTH_MAX: u8 = 4;

/// The object as a cell.
pub(crate) fn cell(object: &Bound<'_, PyAny>) -> Cell<'static> {
    nested(object, 0)
}

/// The object in `depth` others.
fn nested(object: &Bound<'_, PyAny>, depth: u8) -> Cell<'static> {
    if depth > DEPTH_MAX {
        return unusable(object);
    }
    plain(object).unwrap_or_else(|| {
        // Whatever fails here is a property of an object that no column accepts.
        other_type(object, depth + 1).unwrap_or_else(|_| unusable(object))
    })
}

/// The types of the language itself.
fn plain(object: &Bound<'_, PyAny>) -> Option<Cell<'static>> {
    if object.is_none() {
        return Some(Cell::Absent);
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Some(self::text(text));
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Some(Cell::Flag(flag.is_true()));
    }
    if object.is_instance_of::<PyFloat>() {
        let number: f64 = object.extract().ok()?;
        return Some(if number.is_nan() {
            Cell::Absent
        } else {
            Cell::Real(number)
        });
    }
    if object.is_instance_of::<PyInt>() {
        // An `Enum` whose values are numbers stands for its value, too.
        let whole = object.extract::<i64>().map(Cell::Whole);
        return whole.or_else(|_| digits(object)).ok();
    }
    None
}

fn text(text: &Bound<'_, PyString>) -> Cell<'static> {
    match text.to_str() {
        Ok(text) => Cell::text(text.to_owned()),
        // A lone surrogate.
        Err(_) => {
            let text = text.to_string_lossy().into_owned();
            let invalid_bytes = text.matches('\u{FFFD}').count() as u64;
            Cell::Lossy(Box::new(LossyText {
                text,
                invalid_bytes,
            }))
        }
    }
}

fn digits(object: &Bound<'_, PyAny>) -> PyResult<Cell<'static>> {
    Ok(Cell::Decimal(object.str()?.to_str()?.to_owned().into()))
}

/// Types of the standard library, of pandas and of numpy, which are recognised by their names: importing them to ask
/// would load what the program does not use.
fn other_type(object: &Bound<'_, PyAny>, depth: u8) -> PyResult<Cell<'static>> {
    let kind = object.get_type();
    let name = kind.name()?;
    let module = kind.module()?;
    let module = module.to_str()?;
    let module = module.split('.').next().unwrap_or_default();
    match (module, name.to_str()?) {
        // Both count as what they stand for: NaT is a datetime, and NA has a truth value that cannot be asked.
        // What a masked array has where it has no value is a number, 0.
        ("pandas", "NaTType" | "NAType") | ("numpy", "MaskedConstant") => return Ok(Cell::Absent),
        ("pandas", "Period" | "Interval") => return Ok(unusable(object)),
        // The only one that is not equal to itself is NaT.
        ("numpy", "datetime64" | "timedelta64") if object.ne(object)? => return Ok(Cell::Absent),
        ("numpy", "datetime64" | "timedelta64") => {
            // In nanoseconds, `item` would return a number, as it does outside of what Python's types can hold.
            let unit = format!("{}[us]", name.to_str()?);
            let micros = object.call_method1("astype", (unit,))?;
            let item = micros.call_method0("item")?;
            return Ok(if item.is_instance_of::<PyInt>() {
                let kind = format!("{} out of range", name.to_str()?);
                Cell::other(kind, shown(object))
            } else {
                nested(&item, depth)
            });
        }
        ("numpy", "ndarray") => return words(object, depth),
        // What Python's own numbers cannot hold: `item` would return it as it is.
        ("numpy", "longdouble") => return Ok(nested(&object.call_method0("__float__")?, depth)),
        ("numpy", _) if object.hasattr("item")? => {
            return Ok(nested(&object.call_method0("item")?, depth));
        }
        ("decimal", "Decimal") => {
            let is_nan = object.call_method0("is_nan")?.is_truthy()?;
            return if is_nan {
                Ok(Cell::Absent)
            } else {
                digits(object)
            };
        }
        ("uuid", "UUID") => return Ok(Cell::text(object.str()?.to_str()?.to_owned())),
        _ => {}
    }
    if object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyFrozenSet>()
    {
        return words(object, depth);
    }
    let datetime = object.py().import("datetime")?;
    if object.is_instance(&datetime.getattr("datetime")?)? {
        return moment(object);
    }
    if object.is_instance(&datetime.getattr("date")?)? {
        return Ok(civil(object)?.map_or_else(|| unusable(object), Cell::Naive));
    }
    if object.is_instance(&datetime.getattr("timedelta")?)? {
        return Ok(Cell::Span(span(object)?));
    }
    if object.is_instance(&datetime.getattr("time")?)? {
        let part = |name: &str| object.getattr(name)?.extract::<i64>();
        let seconds = part("hour")? * 3600 + part("minute")? * 60 + part("second")?;
        let micros = part("microsecond")?;
        return Ok(Cell::Span(SignedDuration::from_micros(
            seconds * 1_000_000 + micros,
        )));
    }
    if kind.hasattr("__members__")? {
        return Ok(nested(&object.getattr("value")?, depth));
    }
    Ok(unusable(object))
}

/// A `datetime`, also one of pandas.
fn moment(object: &Bound<'_, PyAny>) -> PyResult<Cell<'static>> {
    let Some(civil) = civil(object)? else {
        return Ok(unusable(object));
    };
    let offset = object.call_method0("utcoffset")?;
    if offset.is_none() {
        return Ok(Cell::Naive(civil));
    }
    let offset = span(&offset)?;
    let moment = Offset::UTC.to_timestamp(civil).ok();
    let moment = moment.and_then(|moment| moment.checked_sub(offset).ok());
    let late = || Cell::other(TOO_LATE, shown(object));
    Ok(moment.map_or_else(late, Cell::Instant))
}

/// The fields of a `datetime` or a `date`; `None` if they are out of range.
fn civil(object: &Bound<'_, PyAny>) -> PyResult<Option<DateTime>> {
    let date = |name: &str| object.getattr(name)?.extract::<i16>();
    let time = |name: &str| {
        if object.hasattr(name)? {
            object.getattr(name)?.extract::<i32>()
        } else {
            Ok(0)
        }
    };
    let small = |number: i32| i8::try_from(number).unwrap_or(-1);
    let (year, month, day) = (date("year")?, date("month")?, date("day")?);
    let nanos = time("microsecond")? * 1000;
    let civil = DateTime::new(
        year,
        small(month.into()),
        small(day.into()),
        small(time("hour")?),
        small(time("minute")?),
        small(time("second")?),
        nanos,
    );
    Ok(civil.ok())
}

/// A `timedelta`, also one of pandas.
fn span(object: &Bound<'_, PyAny>) -> PyResult<SignedDuration> {
    let part = |name: &str| object.getattr(name)?.extract::<i64>();
    let seconds = part("days")? * 86_400 + part("seconds")?;
    let span = SignedDuration::from_secs(seconds);
    Ok(span + SignedDuration::from_micros(part("microseconds")?))
}

/// The texts of a list; numbers are texts there, as in a list of keys or IDs.
fn words(object: &Bound<'_, PyAny>, depth: u8) -> PyResult<Cell<'static>> {
    let mut words: Vec<Cow<'static, str>> = Vec::new();
    for item in object.try_iter()? {
        match nested(&item?, depth) {
            Cell::Absent => {}
            Cell::Text(text) => words.push(text),
            Cell::Whole(number) => words.push(number.to_string().into()),
            _ => return Ok(unusable(object)),
        }
    }
    // A set has no order, and bytes must not depend on chance.
    if object.is_instance_of::<PySet>() || object.is_instance_of::<PyFrozenSet>() {
        words.sort();
    }
    Ok(Cell::Words(words))
}

fn unusable(object: &Bound<'_, PyAny>) -> Cell<'static> {
    let kind = object.get_type().name();
    let kind = kind.map_or_else(|_| "object".to_owned(), |name| name.to_string());
    Cell::other(kind, shown(object))
}

/// The beginning of the object as a text.
fn shown(object: &Bound<'_, PyAny>) -> String {
    let shown = if object.is_instance_of::<PyBytes>() {
        object.repr()
    } else {
        object.str()
    };
    shown.map_or_else(
        |_| String::new(),
        |text| {
            text.to_string_lossy()
                .chars()
                .take(SHOWN_CHARS_MAX)
                .collect()
        },
    )
}

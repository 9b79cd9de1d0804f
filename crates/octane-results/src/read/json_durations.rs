//! Finds the durations in tables in JSON, to see what their commas mean.

use std::io::Read;
use std::ops::ControlFlow;

use super::columns::Columns;
use super::commas::SeeDuration;
use super::json_reader::{JsonError, JsonKind, JsonReader};
use super::options::ReadOptions;
use super::text::DecodedText;

/// Shows the durations of a document, or of lines, up to where it is malformed.
pub(super) fn see_durations<R: Read>(
    input: R,
    head: &[u8],
    options: &ReadOptions,
    see: &mut SeeDuration<'_>,
) {
    let Ok(text) = DecodedText::new(input, head, options.encoding) else {
        return;
    };
    let mut durations = Durations {
        json: JsonReader::new(text),
        columns: &options.columns,
        see,
    };
    while matches!(durations.json.has_next(), Ok(true)) {
        if !matches!(durations.value(""), Ok(ControlFlow::Continue(()))) {
            return;
        }
    }
}

struct Durations<'s, 'c, R> {
    json: JsonReader<DecodedText<R>>,
    columns: &'s Columns,
    see: &'s mut SeeDuration<'c>,
}

impl<R: Read> Durations<'_, '_, R> {
    /// Shows the durations in the next value, whose column is `key`.
    fn value(&mut self, key: &str) -> Result<ControlFlow<()>, JsonError> {
        let kind = self.json.peek()?;
        match kind {
            JsonKind::Object | JsonKind::Array => {
                self.json.begin()?;
                while self.json.has_next()? {
                    let key = match kind {
                        JsonKind::Object => self.key(key)?,
                        _ => String::new(),
                    };
                    if self.value(&key)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                self.json.end()?;
            }
            JsonKind::Number if self.columns.is_duration(key) => {
                let value = self.json.exact_value()?;
                // Its point is decimal, which says nothing of the commas in texts.
                if value.as_str().is_some_and(|number| number.contains('.')) {
                    let _ = (self.see)("0,5");
                    return Ok((self.see)("0.5"));
                }
            }
            JsonKind::String if self.columns.is_duration(key) => {
                let value = self.json.exact_value()?;
                return Ok((self.see)(value.as_str().unwrap_or_default().trim()));
            }
            _ => self.json.skip()?,
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The column of the next value in an object that is in the column `outer`.
    fn key(&mut self, outer: &str) -> Result<String, JsonError> {
        let name = self.json.name()?;
        Ok(if outer.is_empty() {
            name
        } else {
            format!("{outer}.{name}")
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::read::columns::Columns;
    use crate::read::field::ResultField;
    use crate::read::options::ReadOptions;
    use crate::read::read;
    use crate::read::record::Record;
    use crate::source::Source;

    #[test]
    fn texts_of_a_table_in_json_decide_what_their_points_mean_as_cells_of_csv_do() {
        let columns = Columns::default().with("took.all", ResultField::DurationSeconds);
        let given = ReadOptions::default().columns(columns);
        let plain = ReadOptions::default();
        for (options, name, values, expected) in [
            (
                &plain,
                "duration_s",
                ["\"0,5\"", "\"1.234\"", "\"12,75\""],
                1_234_000,
            ),
            (
                &plain,
                "duration_s",
                ["\"0,5 s\"", "\"1.234 s\"", "\"12,75 s\""],
                1_234_000,
            ),
            (
                &plain,
                "duration_s",
                ["\"0.5\"", "\"1.234\"", "\"12.75\""],
                1234,
            ),
            (&plain, "duration_s", ["0.5", "1.234", "12.75"], 1234),
            (&plain, "duration_s", ["\"0,5\"", "1.234", "12.75"], 1234),
            (&plain, "duration_s", ["\"0,5\"", "1.234", "3"], 1234),
            (
                &given,
                "all",
                ["\"0,5\"", "\"1.234\"", "\"12,75\""],
                1_234_000,
            ),
        ] {
            let rows = values.map(|value| {
                let took = format!("{{\"{name}\":{value}}}");
                let took = match name {
                    "all" => format!("{{\"took\":{took}}}"),
                    _ => took,
                };
                format!("{{\"name\":\"a\",\"status\":\"ok\",{}", &took[1..])
            });
            for text in [
                rows.join("\n"),
                format!("[{}]", rows.join(",")),
                format!("{{\"tests\":[{}]}}", rows.join(",")),
            ] {
                let records = read(&Source::bytes("in.json", text.as_bytes()), options).unwrap();
                let runs = records.filter_map(|record| match record.unwrap() {
                    Record::Run(run) => Some(run.duration.as_millis()),
                    Record::Invalid(row) => panic!("{row}"),
                    Record::Warning(_) => None,
                });
                assert_eq!(runs.collect::<Vec<_>>()[1], expected, "{text}");
            }
        }
    }
}

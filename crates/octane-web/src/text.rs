//! Human-readable values, and text that is safe in HTML.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;

/// Untrusted text, escaped for HTML.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

/// A message in which words between backticks are shown as code.
pub fn message(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(position, piece)| {
        if position % 2 == 1 {
            format!("<code>{}</code>", Text(piece))
        } else {
            Text(piece).to_string()
        }
    });
    pieces.collect()
}

/// A time, with a machine-readable `datetime`; a dash for `None`.
pub fn time(millisecond: Option<i64>) -> String {
    let time = millisecond.and_then(|number| Timestamp::from_millisecond(number).ok());
    time.map_or_else(
        || "<span class=\"quiet\">–</span>".to_owned(),
        |time| {
            format!(
                "<time datetime=\"{time}\">{}</time>",
                time.strftime("%-d %b %Y, %H:%M:%S UTC")
            )
        },
    )
}

/// A duration in a suitable unit; a dash for `None`.
pub fn duration(milliseconds: Option<i64>) -> String {
    let Some(ms) = milliseconds else {
        return "–".to_owned();
    };
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// 1234567 → `1,234,567`.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 run`, `2 runs`.
pub fn count(number_of: i64, noun: &str) -> String {
    let ending = if number_of == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number(number_of))
}

/// Thousandths as percent: 949 → `94.9 %`, 1000 → `100 %`.
pub fn percent(per_mille: i64) -> String {
    if per_mille == 1000 {
        "100 %".to_owned()
    } else {
        format!("{}.{} %", per_mille / 10, per_mille % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let text = Text("<script>alert('&\"')</script>").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"
        );
    }

    #[test]
    fn durations_have_a_suitable_unit() {
        let texts = [0, 999, 1_000, 61_500, 7_260_000].map(|ms| duration(Some(ms)));
        assert_eq!(texts, ["0 ms", "999 ms", "1.0 s", "1 min 1 s", "2 h 1 min"]);
        assert_eq!(duration(None), "–");
    }

    #[test]
    fn long_numbers_are_grouped_in_threes() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(count(1, "run"), "1 run");
        assert_eq!(percent(949), "94.9 %");
    }
}

//! JSON as text: on several lines, with the values of some members masked. Everything else stays as it was written, the
//! order of members and the spelling of numbers included.

use serde_json::Value;

use super::exchange::MASK;

/// How deep JSON in a file begins, below `request` and `body`.
const DEPTH_OF_BODY: usize = 3;
/// Deeper values are not indented further, so that the text cannot become much longer than it was.
const DEPTH_MAX: usize = 32;

/// JSON on several lines, in which the values of the members that `is_secret` names are masked; `learn` gets those that are
/// text. The JSON must be valid.
pub(super) fn masked(
    json: &str,
    is_secret: impl Fn(&str) -> bool,
    mut learn: impl FnMut(&str),
) -> String {
    let mut text = Text::default();
    let mut tokens = Tokens(json).peekable();
    // Whether each container that is open is an object.
    let mut open: Vec<bool> = Vec::new();
    let mut key: Option<String> = None;
    let mut is_value = false;
    while let Some(token) = tokens.next() {
        let is_masked = is_value && key.as_deref().is_some_and(&is_secret);
        match token {
            "{" | "[" if is_masked => {
                let mut depth = 1;
                while depth > 0 {
                    match tokens.next() {
                        Some("{" | "[") => depth += 1,
                        Some("}" | "]") => depth -= 1,
                        Some(inner) => learn_text(inner, &mut learn),
                        None => break,
                    }
                }
                text.add(&format!("\"{MASK}\""));
                is_value = false;
            }
            "{" | "[" => {
                if matches!(tokens.peek(), Some(&"}" | &"]")) {
                    text.add(token);
                    text.add(tokens.next().unwrap_or_default());
                } else {
                    open.push(token == "{");
                    text.open(token);
                }
                is_value = false;
            }
            "}" | "]" => {
                open.pop();
                text.close(token);
            }
            "," => {
                text.add(token);
                text.line();
            }
            ":" => {
                text.add(": ");
                is_value = true;
            }
            scalar if is_masked => {
                learn_text(scalar, &mut learn);
                // An empty or missing value is no secret, and which of them it is matters.
                let is_plain = matches!(scalar, "null" | "true" | "false" | "\"\"");
                let masked = format!("\"{MASK}\"");
                text.add(if is_plain { scalar } else { &masked });
                is_value = false;
            }
            scalar => {
                if open.last() == Some(&true) && !is_value {
                    key = serde_json::from_str(scalar).ok();
                }
                text.add(scalar);
                is_value = false;
            }
        }
    }
    text.0
}

fn learn_text(scalar: &str, learn: &mut impl FnMut(&str)) {
    if let Ok(Value::String(text)) = serde_json::from_str(scalar) {
        learn(&text);
    }
}

#[derive(Default)]
struct Text(String, usize);

impl Text {
    fn add(&mut self, token: &str) {
        self.0.push_str(token);
    }

    fn open(&mut self, token: &str) {
        self.add(token);
        self.1 += 1;
        self.line();
    }

    fn close(&mut self, token: &str) {
        self.1 = self.1.saturating_sub(1);
        self.line();
        self.add(token);
    }

    fn line(&mut self) {
        self.0.push('\n');
        for _ in 0..DEPTH_OF_BODY + self.1.min(DEPTH_MAX) {
            self.0.push_str("  ");
        }
    }
}

/// The tokens of valid JSON: texts with their quotes, other scalars, and each of `{}[],:`.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
        let length = match rest.bytes().next()? {
            b'"' => {
                let mut is_escaped = false;
                let end = rest.bytes().skip(1).position(|byte| {
                    let is_end = byte == b'"' && !is_escaped;
                    is_escaped = byte == b'\\' && !is_escaped;
                    is_end
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest
                .find([' ', '\t', '\n', '\r', ',', ']', '}'])
                .unwrap_or(rest.len()),
        };
        let (token, rest) = rest.split_at(length);
        self.0 = rest;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(json: &str) -> (String, Vec<String>) {
        let mut learned = Vec::new();
        let text = masked(
            json,
            |name| name == "secret",
            |text| learned.push(text.to_owned()),
        );
        (text, learned)
    }

    #[test]
    fn members_keep_their_order_and_numbers_their_spelling() {
        let (text, learned) = mask(r#"{"b":1.50,"a":[1e3,{}, []],"é":"x\"y, {"}"#);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "{",
                "\"b\": 1.50,",
                "\"a\": [",
                "1e3,",
                "{},",
                "[]",
                "],",
                r#""é": "x\"y, {""#,
                "}"
            ]
        );
        assert_eq!(learned, [] as [&str; 0]);
    }

    #[test]
    fn secrets_are_masked_whatever_their_type_and_absent_ones_stay() {
        for (json, masked, expected) in [
            (r#"{"secret":"hush"}"#, r#"{"secret":"***"}"#, vec!["hush"]),
            (r#"{"secret":12}"#, r#"{"secret":"***"}"#, vec![]),
            (
                r#"{"secret":{"a":["hush",{"b":"hu\"sh"}]},"b":"x"}"#,
                r#"{"secret":"***","b":"x"}"#,
                vec!["a", "hush", "b", "hu\"sh"],
            ),
            (
                r#"{"secret":null,"a":"secret"}"#,
                r#"{"secret":null,"a":"secret"}"#,
                vec![],
            ),
            (r#"{"secret":""}"#, r#"{"secret":""}"#, vec![""]),
            (r#"["secret",{"a":"b"}]"#, r#"["secret",{"a":"b"}]"#, vec![]),
        ] {
            let (text, learned) = mask(json);
            let plain: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(plain, serde_json::from_str::<Value>(masked).unwrap());
            assert_eq!(learned, expected, "{json}");
        }
    }

    #[test]
    fn deep_json_does_not_become_much_longer() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(mask(&deep).0.len() < 5000 * 200);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a\"\\\\{:,é\n]{0,5}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"{]{1,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_means_the_same_on_several_lines(value in json()) {
            let (text, _) = mask(&value.to_string());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}

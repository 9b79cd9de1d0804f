//! What holds for every kind of output, whatever the text is.

use octane_client::ReportedProblem;
use octane_model::is_unsafe;
use proptest::prelude::*;

use super::annotate::System;
use super::diagnostic::failure_json;
use super::text::Label;
use super::{Text, json, markdown, table};
use crate::exit::Exit;
use crate::failure::Failure;

/// Text made of what steers terminals, CI systems and Markdown.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "##vso[",
            "##[",
            "##",
            "[",
            "]",
            ";",
            "::",
            ":",
            "set-output",
            "error",
            "error ",
            " ",
            "\n",
            "\r",
            "\t",
            "\u{1b}[2J",
            "\u{9b}",
            "\u{202e}",
            "\u{200b}",
            "\u{2028}",
            "---",
            "+++",
            "~~~",
            "section_start:1",
            "travis_fold:",
            "<b>",
            "](",
            "|",
            "`",
            "\"",
            "\\",
            "%",
            "%0A",
            "x",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
}

/// One line for people.
fn assert_line(line: &str) -> Result<(), TestCaseError> {
    prop_assert!(!line.chars().any(is_unsafe), "{line:?}");
    prop_assert!(!has_command(line), "{line:?}");
    for start in ["::", "---", "+++", "~~~"] {
        prop_assert!(!line.trim_start().starts_with(start), "{line:?}");
    }
    Ok(())
}

/// Whether a system would find a command anywhere in a line.
fn has_command(text: &str) -> bool {
    let text = text.to_lowercase();
    let commands = [
        "##[",
        "##vso[",
        "::set-output::",
        "::set-output ",
        "::error::",
        "::error ",
        "travis_fold:",
        "section_start:1",
    ];
    commands.iter().any(|command| text.contains(command))
}

proptest! {
    #[test]
    fn no_kind_of_text_for_people_is_steered(text in hostile(), other in hostile()) {
        let mut several = Text::line(&text);
        several.push_labelled(Label::ERROR, &text);
        writeln!(several, "{text}: {other}").unwrap();
        several.append(table(&["A", "B"], [[text.clone(), other.clone()]]));
        let shown = anstream::adapter::strip_str(&several.styled()).to_string();
        let lines: Vec<&str> = shown.split('\n').collect();
        prop_assert_eq!(lines.len(), 5, "{:?}", shown);
        for line in lines {
            assert_line(line)?;
        }
        for line in Text::document(&format!("{text}\n{other}")).styled().split('\n') {
            assert_line(line)?;
        }
    }

    #[test]
    fn an_annotation_is_one_command(text in hostile(), file in hostile()) {
        for (system, start) in [(System::Github, "::error file="), (System::Azure, "##vso[task.logissue type=error;sourcepath=")] {
            let line = system.line(true, &text, Some((&file, 7)));
            prop_assert!(!line.chars().any(is_unsafe), "{line:?}");
            let rest = line.strip_prefix(start).unwrap();
            // Where the text starts.
            prop_assert!(!has_command(&rest.replacen("title=Octane::", "", 1)), "{line:?}");
            // What the file is called does not end the properties.
            let properties = match system {
                System::Azure => rest.split(']').next().unwrap(),
                _ => rest.split("::").next().unwrap(),
            };
            prop_assert!(properties.contains("line=7") || properties.ends_with("linenumber=7"), "{line:?}");
        }
    }

    #[test]
    fn a_service_message_is_one_command(text in hostile(), file in hostile()) {
        for is_error in [true, false] {
            let line = System::TeamCity.line(is_error, &text, Some((&file, 7)));
            prop_assert!(!line.chars().any(is_unsafe), "{line:?}");
            prop_assert!(!has_command(&line), "{line:?}");
            // Quotes and brackets outside of the command's own are escaped by an odd number of bars.
            let (start, end) = if is_error {
                ("##teamcity[buildProblem description='", "']")
            } else {
                ("##teamcity[message text='", "' status='WARNING']")
            };
            let value = line.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).unwrap();
            let mut bars = 0;
            for character in value.chars() {
                let is_special = matches!(character, '\'' | '[' | ']');
                prop_assert!(!is_special || bars % 2 == 1, "{line:?}");
                bars = if character == '|' { bars + 1 } else { 0 };
            }
        }
    }

    #[test]
    fn json_is_valid_and_means_the_same(text in hostile(), other in hostile()) {
        let failure = Failure::message(Exit::Input, &text)
            .hint(&other)
            .problems(vec![ReportedProblem::new("invalid_row", &text)]);
        let value = failure_json(&failure, Exit::Input);
        for json in [json::pretty(&value).unwrap(), json::compact(&value).unwrap()] {
            prop_assert!(!json.chars().any(|character| is_unsafe(character) && character != '\n'), "{json:?}");
            prop_assert!(!has_command(&json), "{json:?}");
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&read, &value);
        }
    }

    #[test]
    fn a_job_summary_has_no_foreign_markup(text in hostile()) {
        let escaped = markdown::escaped(&text);
        assert_line(&escaped)?;
        prop_assert!(!escaped.contains('<') && !escaped.contains('>'), "{escaped:?}");
        let mut before = ' ';
        for character in escaped.chars() {
            let is_markup = matches!(character, '|' | '`' | '[' | ']' | '(' | '*' | '_' | '#');
            prop_assert!(!is_markup || before == '\\', "{escaped:?}");
            // A backslash before a backslash escapes nothing that follows.
            before = if before == '\\' && character == '\\' { ' ' } else { character };
        }
    }
}

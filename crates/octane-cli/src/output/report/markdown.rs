//! Reports in Markdown with the tables of GitHub, for files and for the summaries of CI jobs.

use super::document::{Block, Cell, Document, Part, Table, percent};
use crate::output::markdown::escaped;

/// A document whose title is a heading of this level.
pub(crate) fn markdown(document: &Document, level: usize) -> String {
    let title = escaped(&document.title);
    let title = match &document.url {
        Some(url) => format!("[{title}]({})", url_escaped(url)),
        None => title,
    };
    let mut text = format!("{} Octane: {title}\n", "#".repeat(level));
    for block in &document.blocks {
        text.push('\n');
        write_block(&mut text, block, level + 1);
    }
    text
}

fn write_block(text: &mut String, block: &Block, level: usize) {
    match block {
        Block::Heading(heading) => {
            text.push_str(&format!("{} {}\n", "#".repeat(level), escaped(heading)));
        }
        Block::Text(_, parts) => {
            for part in parts {
                match part {
                    Part::Own(own) => text.push_str(own),
                    Part::Foreign(foreign) => text.push_str(&escaped(foreign)),
                }
            }
            text.push('\n');
        }
        Block::Chart(shares) => {
            let total = shares.iter().map(|share| share.count).sum();
            text.push_str("| status | results | share |\n| :--- | ---: | ---: |\n");
            for share in shares {
                let percent = percent(share.count, total);
                text.push_str(&format!(
                    "| {} | {} | {percent} |\n",
                    share.label, share.count
                ));
            }
        }
        Block::Table(table) => write_table(text, table),
        Block::List { label, items, more } => {
            text.push_str(&format!("**{label}**\n\n"));
            for item in items {
                text.push_str(&format!("- {}\n", escaped(item)));
            }
            if *more > 0 {
                text.push_str(&format!("- and {more} more\n"));
            }
        }
    }
}

fn write_table(text: &mut String, table: &Table) {
    let is_number = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column));
        cells.all(|cell| matches!(cell, Cell::Number(_)))
    };
    text.push_str(&format!("| {} |\n|", table.header.join(" | ")));
    for column in 0..table.header.len() {
        text.push_str(if is_number(column) {
            " ---: |"
        } else {
            " :--- |"
        });
    }
    text.push('\n');
    for row in &table.rows {
        text.push('|');
        for cell in row {
            let shown = match cell {
                Cell::Text(foreign) | Cell::Word(foreign) => escaped(foreign),
                Cell::Number(number) => number.to_string(),
                Cell::State(_, word) => (*word).to_owned(),
                Cell::Names {
                    summary,
                    names,
                    more,
                } => {
                    let mut lines = vec![summary.clone()];
                    lines.extend(
                        names
                            .iter()
                            .map(|(word, name)| format!("{word}: {}", escaped(name))),
                    );
                    if *more > 0 {
                        lines.push(format!("and {more} more"));
                    }
                    lines.join("<br>")
                }
            };
            text.push_str(&format!(" {shown} |"));
        }
        text.push('\n');
    }
    if table.more > 0 {
        text.push_str(&format!("\nand {} more\n", table.more));
    }
}

/// A URL that cannot end the link that it is in.
fn url_escaped(url: &str) -> String {
    url.chars()
        .map(|character| match character {
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '\\' => "%5C".to_owned(),
            character if character.is_whitespace() || character.is_control() => "%20".to_owned(),
            character => character.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::document::{Share, Tone};
    use super::*;

    #[test]
    fn foreign_text_is_no_markup_wherever_it_is() {
        let evil = "a|b\n# <img src=x> [c](https://d)";
        let document = Document {
            title: evil.to_owned(),
            url: Some("https://octane.example/ui?a=(b) c".to_owned()),
            blocks: vec![
                Block::Heading(evil.to_owned()),
                Block::Text(
                    Tone::Bad,
                    vec![
                        Part::Own("exit 5: ".to_owned()),
                        Part::Foreign(evil.to_owned()),
                    ],
                ),
                Block::Chart(vec![Share {
                    label: "passed",
                    count: 3,
                }]),
                Block::List {
                    label: "new".to_owned(),
                    items: vec![evil.to_owned()],
                    more: 2,
                },
                Block::Table(Table {
                    caption: "Tests",
                    header: vec!["test", "results"],
                    rows: vec![vec![
                        Cell::Names {
                            summary: "1 failed".to_owned(),
                            names: vec![("failed", evil.to_owned())],
                            more: 1,
                        },
                        Cell::Number(7),
                    ]],
                    more: 0,
                }),
            ],
        };
        insta::assert_snapshot!(markdown(&document, 1));
    }
}

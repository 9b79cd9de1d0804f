//! Reports in HTML: one file that needs no network and no script.

use octane_model::plural::thousands;

use super::document::{Block, Cell, Document, Part, Share, Table, Tone, percent};
use crate::output::xml::escaped;

/// What a browser may load for the page: nothing, not even if foreign text were markup.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("report.css");

/// A page of these documents.
pub(crate) fn page(documents: &[Document], mark: &str) -> String {
    let title = match documents {
        [document] => escaped(&document.title),
        documents => format!("{} uploads", documents.len()),
    };
    let mut html = format!(
        "<!DOCTYPE html>\n{mark}\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Octane: {title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    let level = if documents.len() == 1 {
        1
    } else {
        html.push_str(&format!("<h1>Octane: {title}</h1>\n"));
        2
    };
    for document in documents {
        write_document(&mut html, document, level);
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn write_document(html: &mut String, document: &Document, level: usize) {
    let title = escaped(&document.title);
    html.push_str(&format!(
        "<article>\n<h{level}>Octane: {title}</h{level}>\n"
    ));
    if let Some(url) = document.url.as_deref().filter(|url| is_web_page(url)) {
        let url = escaped(url);
        html.push_str(&format!(
            "<p><a href=\"{url}\" rel=\"noreferrer\">Suite run in Octane</a></p>\n"
        ));
    }
    for block in &document.blocks {
        write_block(html, block, level + 1);
    }
    html.push_str("</article>\n");
}

/// Whether a link cannot be a script.
fn is_web_page(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn write_block(html: &mut String, block: &Block, level: usize) {
    match block {
        Block::Heading(heading) => {
            html.push_str(&format!("<h{level}>{}</h{level}>\n", escaped(heading)));
        }
        Block::Text(tone, parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Own(text) | Part::Foreign(text) => escaped(text),
            });
            let text: String = parts.collect();
            html.push_str(&format!("<p{}>{text}</p>\n", class(*tone)));
        }
        Block::Chart(shares) => write_chart(html, shares),
        Block::Table(table) => write_table(html, table),
        Block::List { label, items, more } => {
            let level = level + 1;
            html.push_str(&format!("<h{level}>{}</h{level}>\n<ul>\n", escaped(label)));
            for item in items {
                html.push_str(&format!("<li>{}</li>\n", escaped(item)));
            }
            if *more > 0 {
                html.push_str(&format!("<li>and {} more</li>\n", thousands(*more)));
            }
            html.push_str("</ul>\n");
        }
    }
}

/// The class of a tone, after another one.
fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => " good",
        Tone::Bad => " bad",
        Tone::Neutral => "",
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => " class=\"good\"",
        Tone::Bad => " class=\"bad\"",
        Tone::Neutral => "",
    }
}

/// A bar of the shares, and a table of their numbers, which is the legend too.
fn write_chart(html: &mut String, shares: &[Share]) {
    let total: usize = shares.iter().map(|share| share.count).sum();
    let counts: Vec<String> = shares
        .iter()
        .map(|share| format!("{} {}", thousands(share.count), share.label))
        .collect();
    let label = counts.join(", ");
    if total > 0 {
        html.push_str(&format!(
            "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" aria-label=\"{label}\">\n"
        ));
        let mut start = 0;
        for (place, width) in widths(shares, total).into_iter().enumerate() {
            if width > 0 {
                html.push_str(&format!(
                    "<rect class=\"share{place}\" x=\"{start}\" y=\"0\" width=\"{width}\" height=\"40\"><title>{}</title></rect>\n",
                    counts[place]
                ));
            }
            start += width;
        }
        html.push_str("</svg>\n");
    }
    html.push_str(
        "<table>\n<caption>Results by status</caption>\n<thead><tr><th scope=\"col\">Status</th>\
         <th scope=\"col\" class=\"number\">Results</th><th scope=\"col\" class=\"number\">Share</th></tr></thead>\n<tbody>\n",
    );
    for (place, share) in shares.iter().enumerate() {
        html.push_str(&format!(
            "<tr><th scope=\"row\"><span class=\"key share{place}\"></span>{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
            share.label,
            thousands(share.count),
            percent(share.count, total)
        ));
    }
    html.push_str("</tbody>\n</table>\n");
}

/// The widths of the parts of a bar, 1000 together. However few results there are of a kind, they can be seen.
fn widths(shares: &[Share], total: usize) -> Vec<usize> {
    let width = |share: &Share| match share.count {
        0 => 0,
        count => (count * 1000 / total).max(4),
    };
    let mut widths: Vec<usize> = shares.iter().map(width).collect();
    let sum: usize = widths.iter().sum();
    if let Some(widest) = widths.iter_mut().max() {
        *widest = (*widest + 1000).saturating_sub(sum);
    }
    widths
}

fn write_table(html: &mut String, table: &Table) {
    let is_number = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column));
        cells.all(|cell| matches!(cell, Cell::Number(_)))
    };
    html.push_str(&format!(
        "<table>\n<caption>{}</caption>\n<thead><tr>",
        table.caption
    ));
    for (column, name) in table.header.iter().enumerate() {
        let class = if is_number(column) {
            " class=\"number\""
        } else {
            ""
        };
        html.push_str(&format!("<th scope=\"col\"{class}>{name}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            write_cell(html, cell, column == 0);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    if table.more > 0 {
        html.push_str(&format!("<p>and {} more</p>\n", thousands(table.more)));
    }
}

fn write_cell(html: &mut String, cell: &Cell, is_first: bool) {
    let cell = match cell {
        Cell::Number(number) => format!("<td class=\"number\">{}</td>", thousands(*number)),
        Cell::Word(text) if is_first => {
            format!("<th scope=\"row\" class=\"word\">{}</th>", escaped(text))
        }
        Cell::Word(text) => format!("<td class=\"word\">{}</td>", escaped(text)),
        Cell::Text(text) if is_first => format!("<th scope=\"row\">{}</th>", escaped(text)),
        Cell::Text(text) => format!("<td>{}</td>", escaped(text)),
        Cell::State(tone, word) => format!("<td class=\"word{}\">{word}</td>", tone_class(*tone)),
        Cell::Names {
            summary,
            names,
            more,
        } => {
            let items = names
                .iter()
                .map(|(word, name)| format!("<li>{word}: {}</li>", escaped(name)));
            let mut items: Vec<String> = items.collect();
            if *more > 0 {
                items.push(format!("<li>and {} more</li>", thousands(*more)));
            }
            format!(
                "<td><details><summary>{}</summary><ul>{}</ul></details></td>",
                escaped(summary),
                items.concat()
            )
        }
    };
    html.push_str(&cell);
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "</title></td><script>alert(1)</script>\n\"'&";

    fn evil() -> Document {
        Document {
            title: EVIL.to_owned(),
            url: Some("https://octane.example/ui?a=\"b\"".to_owned()),
            blocks: vec![
                Block::Heading(EVIL.to_owned()),
                Block::Text(Tone::Bad, vec![Part::Foreign(EVIL.to_owned())]),
                Block::Chart(vec![
                    Share {
                        label: "failed",
                        count: 1,
                    },
                    Share {
                        label: "passed",
                        count: 1999,
                    },
                ]),
                Block::List {
                    label: EVIL.to_owned(),
                    items: vec![EVIL.to_owned()],
                    more: 2,
                },
                Block::Table(Table {
                    caption: "Tests",
                    header: vec!["Test", "State", "Results", "Names"],
                    rows: vec![vec![
                        Cell::text(EVIL),
                        Cell::State(Tone::Bad, "failed"),
                        Cell::Number(7),
                        Cell::Names {
                            summary: EVIL.to_owned(),
                            names: vec![("failed", EVIL.to_owned())],
                            more: 1,
                        },
                    ]],
                    more: 1200,
                }),
            ],
        }
    }

    #[test]
    fn foreign_text_is_no_markup_wherever_it_is() {
        let html = page(&[evil()], "<!-- mark -->");
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("</title>").count(), 3, "{html}");
        insta::assert_snapshot!(html.replace(STYLE, "\n"));
    }

    #[test]
    fn a_page_loads_nothing_and_runs_nothing() {
        let html = page(&[evil()], "");
        for part in [
            "<script",
            "<link",
            "<img",
            "<iframe",
            "src=",
            "@import",
            "url(",
            "javascript:",
        ] {
            assert!(!html.contains(part), "{part}");
        }
        let mut script = evil();
        script.url = Some("javascript:alert(1)".to_owned());
        assert!(!page(&[script], "").contains("javascript:"));
    }

    #[test]
    fn several_uploads_have_one_title_and_a_heading_each() {
        let html = page(&[evil(), evil()], "");
        assert_eq!(html.matches("<h1>").count(), 1);
        assert!(html.contains("<title>Octane: 2 uploads</title>"), "{html}");
        assert_eq!(page(&[evil()], "").matches("<h1>").count(), 1);
    }

    #[test]
    fn even_a_single_failure_among_many_can_be_seen_in_the_chart() {
        let share = |count| Share { label: "", count };
        let of = |counts: &[usize]| {
            let shares: Vec<Share> = counts.iter().map(|count| share(*count)).collect();
            widths(&shares, counts.iter().sum())
        };
        assert_eq!(of(&[1, 1999]), [4, 996]);
        assert_eq!(of(&[0, 3, 0]), [0, 1000, 0]);
        assert_eq!(of(&[1, 1, 1]).iter().sum::<usize>(), 1000);
    }
}

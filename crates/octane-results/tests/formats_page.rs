//! `docs/formats.md` is made of the documentation of the readers.

use std::fs;
use std::path::{Path, PathBuf};

use octane_results::Format;

const TITLE: &str = "# What is read, format by format

Each file is recognised by its content, whatever it is called, and may be compressed with gzip. `--input-format` sets the format of
all files. Attachments, tags, owners, links and properties are read where a format has them, and not sent yet.
`--status-map WORD=STATUS` wins over what a format understands by a word, except in Playwright, Cucumber, Mocha, `go test` and TAP,
where a status follows from several fields; there it only adds words.

A scenario of Cucumber is a result, whatever it becomes in Octane: a test of its own, or a part of the Gherkin test of its feature
([identity.md](identity.md#scenarios-or-features)).

This page is the documentation of the readers. `OCTANE_UPDATE_DOCS=1 cargo test --package octane-results --test formats_page` writes
it again.
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The module that documents a format.
fn module(format: Format) -> String {
    match format {
        Format::Json => "json_table".to_owned(),
        Format::Ndjson => "ndjson_table".to_owned(),
        other => other.as_str().replace('-', "_"),
    }
}

/// The documentation of a module, without what only makes sense there.
fn documentation(module: &str) -> String {
    let file = folder().join(format!("src/read/{module}.rs"));
    let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{module}: {error}"));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    without_links(&text.join("\n"))
}

/// `[text](target)` becomes `text` where the target is an item of the code.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let link = &rest[start + 1..];
        let parts = link.find("](").and_then(|middle| {
            let target = &link[middle + 2..];
            let end = target.find(')')?;
            target[..end]
                .contains("::")
                .then(|| (&link[..middle], &target[end + 1..]))
        });
        match parts {
            Some((name, after)) if !name.contains('\n') => {
                plain.push_str(&rest[..start]);
                plain.push_str(name);
                rest = after;
            }
            _ => {
                plain.push_str(&rest[..=start]);
                rest = link;
            }
        }
    }
    plain + rest
}

#[test]
fn the_page_of_formats_is_up_to_date() {
    let mut page = TITLE.to_owned();
    for format in Format::ALL {
        page.push_str(&format!("\n## `{format}`\n\n"));
        page.push_str(&documentation(&module(format)));
        page.push('\n');
        if format == Format::Ndjson {
            page.push_str("\n## Tables in JSON\n\n");
            page.push_str(&documentation("objects"));
            page.push('\n');
        }
    }
    let file = folder().join("../../docs/formats.md");
    if std::env::var_os("OCTANE_UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "docs/formats.md is not what the readers say; \
         `OCTANE_UPDATE_DOCS=1 cargo test --package octane-results --test formats_page` writes it again"
    );
}

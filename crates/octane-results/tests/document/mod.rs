//! Valid and invalid documents similar to payloads, generated from a seed.

mod mutate;
mod node;
mod random;
mod sample;
mod systematic;

pub(crate) use random::Random;
pub(crate) use systematic::every_change;

use mutate::mutate;

/// Snippets that are significant in XML.
const SNIPPETS: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "=",
    "/",
    " ",
    "\t",
    "\r\n",
    "]]>",
    "<x/>",
    "<!---->",
    "<!-- a -->",
    "<!-- - -->",
    "<!-- -- -->",
    "<?p?>",
    "<?p q?>",
    "<?xml p?>",
    "<??>",
    "<![CDATA[]]>",
    "<![CDATA[ ]]>",
    "<![CDATA[x<]]>",
    "&amp;",
    "&amp",
    "&lt;",
    "&nbsp;",
    "&#32;",
    "&#10;",
    "&#0;",
    "&#x1F600;",
    "&#xD800;",
    "&#xFFFE;",
    "&#x110000;",
    "&#;",
    "&#x;",
    "&#X20;",
    "&#+32;",
    "&;",
    "\u{1}",
    "\u{FFFE}",
    "\u{FFFF}",
    "\u{85}",
    "\u{2028}",
    "é",
    "😀",
    "x",
    "0",
    "-",
    "+",
    ".",
    "</test_run>",
    "<test_run>",
    "<steps/>",
    " a='1'",
    " name='1'",
    " manual='1'",
    " manual=' true '",
    " started='+01'",
    " run_name=''",
];

/// `payload` with one to three changes in its characters.
pub(crate) fn mutated_text(payload: &str, random: &mut Random) -> String {
    // The declaration is kept: encodings are tested elsewhere.
    let (head, body) = payload.split_once("?>").unwrap();
    let mut characters: Vec<char> = body.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(characters.len());
        let end = (at + 1 + random.below(12)).min(characters.len());
        let insert: Vec<char> = match random.below(6) {
            // Changes near markup are more interesting than changes inside a long text.
            0..3 => {
                let places: Vec<_> = (0..characters.len())
                    .filter(|at| "<>\"=/&".contains(characters[*at]))
                    .collect();
                let at = random.pick(&places) + random.below(2);
                let snippet: Vec<char> = random.pick(SNIPPETS).chars().collect();
                characters.splice(at..at, snippet);
                continue;
            }
            3 => Vec::new(),
            4 => characters[at..end].repeat(2),
            _ => random.pick(SNIPPETS).chars().collect(),
        };
        // An undeclared prefix is an error for us but part of the name for libxml2.
        if !characters[at..end].contains(&':') && !insert.contains(&':') {
            characters.splice(at..end, insert);
        }
    }
    format!("{head}?>{}", characters.into_iter().collect::<String>())
}

/// A document generated from the schema, with up to three nodes changed.
pub(crate) fn schema_document(random: &mut Random) -> String {
    let mut root = sample::payload(random);
    for _ in 0..random.below(4) {
        mutate(&mut root, random);
    }
    root.print(random)
}

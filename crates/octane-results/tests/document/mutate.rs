//! Changes to a document that may or may not make it invalid.

use super::Random;
use super::node::{Item, Node};

/// Names of elements; all but two are in the schema.
const NAMES: &str = "build suite_ref program_ref release release_ref milestone_ref backlog_items \
    backlog_item_ref product_areas product_area_ref test_fields test_field environment taxonomy \
    test_runs test_run gherkin_test_run error description steps step error_message input_parameters \
    output_parameters parameter feature file scenarios background scenario test_result release_name unknown";

/// Names of attributes; all but three are in the schema.
const ATTRIBUTES: &str = "id name value type field_type status duration started manual module iteration \
    external_run_id external_report_url run_name message tag path colour xml:lang outlineIndex";

/// Content that may or may not be allowed between elements.
const RAW: &[&str] = &[
    " ",
    "\r\n",
    "\t",
    "x",
    "<![CDATA[ ]]>",
    "<![CDATA[]]>",
    "<![CDATA[x]]>",
    "&#32;",
    "&#13;",
    "&#120;",
    "&amp;",
    "<!--x-->",
    "<?x y?>",
    "\u{A0}",
    "&undefined;",
    "]]>",
];

/// Changes one node of a document.
pub(super) fn mutate(root: &mut Node, random: &mut Random) {
    let copy = root.any(random).clone();
    let node = root.any(random);
    match random.below(6) {
        0 | 1 => change_attribute(node, random),
        2 | 3 => change_items(node, copy, random),
        4 => word(NAMES, random).clone_into(&mut node.name),
        _ => change_namespace(node, random),
    }
}

fn word(words: &'static str, random: &mut Random) -> &'static str {
    let words: Vec<_> = words.split_whitespace().collect();
    random.pick(&words)
}

fn change_attribute(node: &mut Node, random: &mut Random) {
    let name = word(ATTRIBUTES, random);
    let is_new = node.attributes.iter().all(|(known, _)| known != name);
    if is_new && random.once_in(5) {
        node.attributes.push((name.to_owned(), value(random)));
    }
    if node.attributes.is_empty() {
        return;
    }
    let at = random.below(node.attributes.len());
    match random.below(6) {
        0 => _ = node.attributes.remove(at),
        1 if is_new => name.clone_into(&mut node.attributes[at].0),
        2..5 => node.attributes[at].1 = value(random),
        _ => {}
    }
}

fn change_items(node: &mut Node, copy: Node, random: &mut Random) {
    let place = random.below(node.items.len() + 1);
    match random.below(4) {
        0 => node.items.insert(place, Item::Node(copy)),
        1 => {
            let stranger = Node::new(word(NAMES, random));
            node.items.insert(place, Item::Node(stranger));
        }
        2 => node.items.insert(place, Item::Raw(random.pick(RAW))),
        _ if node.items.is_empty() => {}
        _ => {
            let at = random.below(node.items.len());
            match random.below(3) {
                0 => _ = node.items.remove(at),
                1 => node.items.insert(place, node.items[at].clone()),
                _ => {
                    let other = random.below(node.items.len());
                    node.items.swap(at, other);
                }
            }
        }
    }
}

/// Declares a namespace and possibly uses it. Undeclared prefixes are not among the changes: they are errors
/// for us but parts of the name for libxml2.
fn change_namespace(node: &mut Node, random: &mut Random) {
    const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    let is_known = |name: &str, node: &Node| node.attributes.iter().any(|(known, _)| known == name);
    match random.below(5) {
        0 => *node = node.clone().with("xmlns", "urn:other"),
        1 => *node = node.clone().with("xmlns", ""),
        2 => *node = node.clone().with("xmlns:p", "urn:other"),
        3 if !is_known("xmlns:i", node) => {
            let (name, value) = random.pick(&[
                ("i:schemaLocation", "urn:a nowhere.xsd"),
                ("i:noNamespaceSchemaLocation", "nowhere.xsd"),
                ("i:nil", "false"),
                ("i:nil", "true"),
                ("i:other", "x"),
            ]);
            *node = node.clone().with("xmlns:i", INSTANCE).with(name, value);
        }
        _ if !node.name.contains(':') && !is_known("xmlns:q", node) => {
            node.name = format!("q:{}", node.name);
            *node = node.clone().with("xmlns:q", "urn:other");
        }
        _ => {}
    }
}

/// Values of attributes: valid for some types and invalid for others.
fn value(random: &mut Random) -> String {
    const VALUES: &[&str] = &[
        "",
        " ",
        "x",
        "0",
        "-1",
        "+7",
        "007",
        "-0",
        "+-1",
        "1.5",
        "1e3",
        "0x1",
        "９",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "00000000000000000000000000000001",
        "true",
        "false",
        "1",
        " true",
        "0\n",
        "TRUE",
        "yes",
        "Passed",
        "passed",
        "Passed ",
        " Failed",
        "Skipped",
        "Planned",
        "Blocked",
        "Test_Level",
        "Framework",
        "http://a",
        "http:/a",
        "HTTPS://a",
        "https:a",
        "td://a",
        "tds:/",
        "testdirector",
        "testdirectors::x",
        "Testdirector:",
        "http://a\nb",
        "http://a\rb",
        "http://a\tb",
        "ftp://abc",
        "http:/",
        "http://é😀",
        " http://a",
        "a\u{85}b",
        "\u{2028}",
    ];
    match random.below(8) {
        0 => {
            let character = random.pick(&["x", "é", "😀", " ", "\n", "&"]);
            let count = random.pick(&[254, 255, 256, 505, 511, 512, 513, 3799, 3800, 3801]);
            character.repeat(count)
        }
        1 => format!("http://{}", "é".repeat(random.pick(&[504, 505, 506]))),
        _ => (random.pick(VALUES)).to_owned(),
    }
}

//! Systematic changes at every position of the schema.

use std::collections::BTreeSet;

use super::node::{Item, Node};
use super::{Random, sample};

/// The number of samples that are searched for new positions.
const SAMPLES: usize = 300;

/// The values that every attribute is set to: around the limits of each type.
fn values() -> Vec<String> {
    const WORDS: &[&str] = &[
        "",
        " ",
        "x",
        "1.5",
        "+7",
        "-9223372036854775808",
        "9223372036854775808",
        "true",
        "TRUE",
        "Passed",
        "passed",
        "Planned ",
        "Test_Level",
        "Framework",
        "http:/a",
        "td://a",
        "http:",
        "http://a\nb",
    ];
    let bounds = [255, 256, 512, 513, 3800, 3801];
    let texts = bounds.map(|length| "é".repeat(length));
    let links = bounds.map(|length| format!("{:x<length$}", "https://"));
    let words = WORDS.iter().map(|word| (*word).to_owned());
    words.chain(texts).chain(links).collect()
}

/// Documents that differ from a valid one in one position. Every position of the schema is covered: each
/// element by its path, and each of its attributes.
pub(crate) fn every_change(random: &mut Random) -> Vec<String> {
    let values = values();
    let mut seen = BTreeSet::new();
    let mut documents = Vec::new();
    for _ in 0..SAMPLES {
        let root = sample::payload(random);
        for path in paths(&root) {
            let names = names(&root, &path);
            let mut changed = |change: &dyn Fn(&mut Node)| {
                let mut copy = root.clone();
                change(node_at(&mut copy, &path));
                documents.push(copy.print(random));
            };
            for (at, (name, _)) in node_at(&mut root.clone(), &path)
                .attributes
                .iter()
                .enumerate()
            {
                if seen.insert(format!("{names}@{name}")) {
                    changed(&|node| _ = node.attributes.remove(at));
                    for value in &values {
                        changed(&|node| node.attributes[at].1.clone_from(value));
                    }
                }
            }
            if seen.insert(names) {
                changed(&|node| node.name.push('x'));
                changed(&|node| node.attributes.push(("x".to_owned(), String::new())));
                changed(&|node| node.items.clear());
                changed(&|node| node.items.push(Item::Node(Node::new("x"))));
                for raw in [" ", "&#32;", "<![CDATA[ ]]>", "x", "<!-- -->"] {
                    changed(&|node| node.items.push(Item::Raw(raw)));
                }
                // Each child is removed, duplicated, and moved after the next one.
                for at in 0..node_at(&mut root.clone(), &path).items.len() {
                    changed(&|node| _ = node.items.remove(at));
                    changed(&|node| node.items.insert(at, node.items[at].clone()));
                    changed(&|node| node.items[at..].rotate_left(1));
                }
            }
        }
    }
    documents
}

/// The paths of all nodes, as indices from the root.
fn paths(node: &Node) -> Vec<Vec<usize>> {
    let mut paths = vec![Vec::new()];
    for (index, item) in node.items.iter().enumerate() {
        if let Item::Node(child) = item {
            for mut path in self::paths(child) {
                path.insert(0, index);
                paths.push(path);
            }
        }
    }
    paths
}

fn names(root: &Node, path: &[usize]) -> String {
    match path.split_first() {
        None => root.name.clone(),
        Some((index, rest)) => match &root.items[*index] {
            Item::Node(child) => format!("{}/{}", root.name, names(child, rest)),
            Item::Text(_) | Item::Raw(_) => unreachable!("a path consists of nodes"),
        },
    }
}

fn node_at<'n>(root: &'n mut Node, path: &[usize]) -> &'n mut Node {
    match path.split_first() {
        None => root,
        Some((index, rest)) => match &mut root.items[*index] {
            Item::Node(child) => node_at(child, rest),
            Item::Text(_) | Item::Raw(_) => unreachable!("a path consists of nodes"),
        },
    }
}

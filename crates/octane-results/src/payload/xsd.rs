//! Prints the schema as an XSD document.

use std::fmt::Write as _;

use super::schema::{Attribute, Content, Element, Kind, Particle, ROOT, Sequence};
use super::value::{LINK_CHARS, LINK_PATTERN, Value};

/// The project's own XSD of a payload in the standard dialect.
///
/// It accepts what the official schema of ALM Octane accepts, in other words. A server's own schema, at
/// `test-results/xsd`, is the one that counts for that server.
pub fn test_results_xsd() -> String {
    let mut kinds = Vec::new();
    collect(ROOT.kind, &mut kinds);
    let mut values = Vec::new();
    for attribute in kinds.iter().flat_map(|kind| kind.attributes) {
        if is_named(attribute.value) && !values.contains(&attribute.value) {
            values.push(attribute.value);
        }
    }

    let mut out = Printer::default();
    out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.line("<!-- A payload of test results for ALM Octane. Printed from a table in the code: do not edit. -->");
    out.open("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">");
    out.line(&format!(
        "<xs:element name=\"{}\" type=\"{}\"/>",
        ROOT.name, ROOT.kind.name
    ));
    for kind in kinds {
        print_kind(kind, &mut out);
    }
    for value in values {
        print_value(value, &mut out);
    }
    out.close("</xs:schema>");
    out.text
}

/// All kinds with a type of their own, in the order in which a reader of the document meets them.
fn collect(kind: &'static Kind, kinds: &mut Vec<&'static Kind>) {
    if !has_type(kind) || kinds.iter().any(|known| known.name == kind.name) {
        return;
    }
    kinds.push(kind);
    if let Content::Children(sequences) = &kind.content {
        for element in sequences
            .iter()
            .copied()
            .flatten()
            .flat_map(|at| at.options)
        {
            collect(element.kind, kinds);
        }
    }
}

/// Whether a kind is written as a type; plain text and anything are known to XML Schema.
fn has_type(kind: &Kind) -> bool {
    !matches!(kind.content, Content::Text | Content::Anything)
}

fn is_named(value: &Value) -> bool {
    !matches!(value, Value::AnyText | Value::Long | Value::Boolean)
}

fn type_name(value: &Value) -> String {
    match value {
        Value::AnyText => "xs:string".to_owned(),
        Value::Long => "xs:long".to_owned(),
        Value::Boolean => "xs:boolean".to_owned(),
        Value::Text { min, max } => format!("text-{min}-{max}"),
        Value::Word { name, .. } => (*name).to_owned(),
        Value::Link => "link".to_owned(),
    }
}

fn print_kind(kind: &Kind, out: &mut Printer) {
    let mixed = match kind.content {
        Content::Mixed => " mixed=\"true\"",
        _ => "",
    };
    out.open(&format!("<xs:complexType name=\"{}\"{mixed}>", kind.name));
    match &kind.content {
        Content::Children([sequence]) => print_sequence(sequence, out),
        Content::Children(sequences) => {
            out.open("<xs:choice>");
            for sequence in *sequences {
                print_sequence(sequence, out);
            }
            out.close("</xs:choice>");
        }
        _ => {}
    }
    for attribute in kind.attributes {
        let Attribute {
            name,
            value,
            is_required,
            also: _,
        } = attribute;
        let required = if *is_required {
            " use=\"required\""
        } else {
            ""
        };
        out.line(&format!(
            "<xs:attribute name=\"{name}\" type=\"{}\"{required}/>",
            type_name(value)
        ));
    }
    out.close("</xs:complexType>");
}

fn print_sequence(sequence: Sequence, out: &mut Printer) {
    out.open("<xs:sequence>");
    for particle in sequence {
        let Particle { options, min, max } = particle;
        let mut times = String::new();
        if *min != 1 {
            _ = write!(times, " minOccurs=\"{min}\"");
        }
        match max {
            Some(1) => {}
            Some(max) => _ = write!(times, " maxOccurs=\"{max}\""),
            None => times.push_str(" maxOccurs=\"unbounded\""),
        }
        if let [element] = options {
            out.line(&format!("<xs:element {}{times}/>", declaration(element)));
        } else {
            out.open(&format!("<xs:choice{times}>"));
            for element in *options {
                out.line(&format!("<xs:element {}/>", declaration(element)));
            }
            out.close("</xs:choice>");
        }
    }
    out.close("</xs:sequence>");
}

fn declaration(element: &Element) -> String {
    let Element { name, kind } = element;
    match kind.content {
        Content::Anything => format!("name=\"{name}\" type=\"xs:anyType\""),
        Content::Text => format!("name=\"{name}\" type=\"xs:string\""),
        _ => format!("name=\"{name}\" type=\"{}\"", kind.name),
    }
}

fn print_value(value: &Value, out: &mut Printer) {
    out.open(&format!("<xs:simpleType name=\"{}\">", type_name(value)));
    out.open("<xs:restriction base=\"xs:string\">");
    let lengths = |(min, max): (usize, usize), out: &mut Printer| {
        out.line(&format!("<xs:minLength value=\"{min}\"/>"));
        out.line(&format!("<xs:maxLength value=\"{max}\"/>"));
    };
    match value {
        Value::Text { min, max } => lengths((*min, *max), out),
        Value::Word { words, .. } => {
            for word in *words {
                out.line(&format!("<xs:enumeration value=\"{word}\"/>"));
            }
        }
        Value::Link => {
            out.line(&format!("<xs:pattern value=\"{LINK_PATTERN}\"/>"));
            lengths(LINK_CHARS, out);
        }
        Value::AnyText | Value::Long | Value::Boolean => {}
    }
    out.close("</xs:restriction>");
    out.close("</xs:simpleType>");
}

#[derive(Default)]
struct Printer {
    text: String,
    depth: usize,
}

impl Printer {
    fn line(&mut self, line: &str) {
        let indent = 2 * self.depth;
        _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    fn close(&mut self, line: &str) {
        self.depth -= 1;
        self.line(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_printed_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/test-results.xsd");
        let printed = test_results_xsd();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &printed).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            printed,
            "run this test with UPDATE_SCHEMA=1 to write `schema/test-results.xsd` anew"
        );
    }
}

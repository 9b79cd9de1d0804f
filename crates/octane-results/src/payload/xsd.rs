//! Prints the schema as an XSD document.

use std::fmt::Write as _;

use super::schema::{Attribute, Content, Element, ElementType, Particle, ROOT, Sequence};
use super::value::{LINK_CHARS, LINK_PATTERN, Value};

/// This project's own XSD of payloads in the standard dialect.
///
/// It is equivalent to the official schema of ALM Octane. For a particular server, its own schema at
/// `test-results/xsd` is authoritative.
pub fn test_results_xsd() -> String {
    let mut element_types = Vec::new();
    collect(ROOT.element_type, &mut element_types);
    let mut values = Vec::new();
    for attribute in element_types
        .iter()
        .flat_map(|element_type| element_type.attributes)
    {
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
        ROOT.name, ROOT.element_type.name
    ));
    for element_type in element_types {
        print_element_type(element_type, &mut out);
    }
    for value in values {
        print_value(value, &mut out);
    }
    out.close("</xs:schema>");
    out.text
}

/// All element types that are written as XSD types, in the order of their first use.
fn collect(element_type: &'static ElementType, element_types: &mut Vec<&'static ElementType>) {
    if !has_type(element_type)
        || element_types
            .iter()
            .any(|known| known.name == element_type.name)
    {
        return;
    }
    element_types.push(element_type);
    if let Content::Children(sequences) = &element_type.content {
        for element in sequences
            .iter()
            .copied()
            .flatten()
            .flat_map(|at| at.options)
        {
            collect(element.element_type, element_types);
        }
    }
}

/// Whether an element type is written as an XSD type; plain text and open content are built in.
fn has_type(element_type: &ElementType) -> bool {
    !matches!(element_type.content, Content::Text | Content::Anything)
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

fn print_element_type(element_type: &ElementType, out: &mut Printer) {
    let mixed = match element_type.content {
        Content::Mixed => " mixed=\"true\"",
        _ => "",
    };
    out.open(&format!(
        "<xs:complexType name=\"{}\"{mixed}>",
        element_type.name
    ));
    match &element_type.content {
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
    for attribute in element_type.attributes {
        let Attribute {
            name,
            value,
            is_required,
            alias: _,
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
    let Element { name, element_type } = element;
    match element_type.content {
        Content::Anything => format!("name=\"{name}\" type=\"xs:anyType\""),
        Content::Text => format!("name=\"{name}\" type=\"xs:string\""),
        _ => format!("name=\"{name}\" type=\"{}\"", element_type.name),
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
            "run this test with UPDATE_SCHEMA=1 to update `schema/test-results.xsd`"
        );
    }
}

//! The attributes of one element: read from its tag, then checked against the schema.

use std::borrow::Cow;

use crate::payload::namespace::{Namespace, Namespaces};
use crate::payload::schema::{Attribute, Content, Element};
use crate::payload::tag::{Malformed, RawAttribute, attributes};
use crate::payload::value::excerpt;

/// A rule that an attribute breaks, and the offset at which it does.
pub(super) type Violation = (usize, String);

/// The attributes of the element that was opened last.
#[derive(Debug, Default)]
pub(super) struct Attributes<'x> {
    /// As they are written.
    raw: Vec<RawAttribute<'x>>,
    /// Those that the schema defines, by the name that it gives them.
    known: Vec<(&'static str, Cow<'x, str>)>,
}

impl<'x> Attributes<'x> {
    /// The maximum number of attributes of an element.
    const COUNT_MAX: usize = 256;

    /// Splits a tag into its attributes.
    pub(super) fn read(&mut self, tag: &'x str, offset: usize) -> Result<(), Malformed> {
        self.raw.clear();
        for attribute in attributes(tag, offset) {
            let attribute = attribute?;
            if self.raw.iter().any(|known| known.name == attribute.name) {
                let message = format!("duplicate attribute `{}`", excerpt(attribute.name));
                return Err(Malformed::new(attribute.offset, message));
            }
            if self.raw.len() == Self::COUNT_MAX {
                let message = format!("an element has more than {} attributes", Self::COUNT_MAX);
                return Err(Malformed::new(attribute.offset, message));
            }
            self.raw.push(attribute);
        }
        Ok(())
    }

    /// Adds the namespaces that the element, `depth` levels deep, declares.
    pub(super) fn declare_namespaces(
        &self,
        depth: usize,
        namespaces: &mut Namespaces,
        violations: &mut Vec<Violation>,
    ) -> Result<(), Malformed> {
        for attribute in &self.raw {
            if attribute.name.starts_with("xmlns") {
                let uri = attribute.normalized()?;
                if let Err(error) = namespaces.declare(depth, attribute.name, &uri) {
                    violations.push((attribute.offset, error));
                }
            }
        }
        Ok(())
    }

    /// The value of the attribute that the schema calls `name`.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.known
            .iter()
            .find_map(|(known, value)| (*known == name).then_some(value.as_ref()))
    }

    /// Checks the attributes of `element`, which starts at `offset`, or of an element that the schema
    /// does not define.
    pub(super) fn check(
        &mut self,
        element: Option<&'static Element>,
        offset: usize,
        within_open: bool,
        namespaces: &Namespaces,
        violations: &mut Vec<Violation>,
    ) -> Result<(), Malformed> {
        let rules = element.map_or([].as_slice(), |element| element.element_type.attributes);
        let accepts_any = match element {
            Some(element) => matches!(element.element_type.content, Content::Anything),
            None => true,
        };
        self.known.clear();
        for index in 0..self.raw.len() {
            let attribute = self.raw[index];
            let RawAttribute { name, offset, .. } = attribute;
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            let value = attribute.normalized()?;
            let (namespace, local) = match namespaces.of_attribute(name) {
                Ok(found) => found,
                Err(error) => {
                    violations.push((offset, error));
                    continue;
                }
            };
            if namespace != Namespace::None && self.is_repeated(&attribute, local, namespaces) {
                violations.push((offset, format!("duplicate attribute `{name}`")));
            }
            let is_known_here = element.is_some() || within_open;
            let message = match namespace {
                Namespace::SchemaInstance if local == "type" && is_known_here => {
                    format!("`{name}` is not supported: the type of an element cannot be changed")
                }
                Namespace::SchemaInstance if local == "nil" && element.is_some() => {
                    format!("`{name}` is not allowed: no element is nillable")
                }
                Namespace::SchemaInstance
                    if matches!(local, "schemaLocation" | "noNamespaceSchemaLocation") =>
                {
                    continue;
                }
                _ if accepts_any => continue,
                Namespace::None => match find_rule(rules, name) {
                    Some(rule) => {
                        self.check_value(rule, name, value, offset, violations);
                        continue;
                    }
                    None => format!("unknown attribute `{}`", excerpt(name)),
                },
                Namespace::SchemaInstance | Namespace::Other => format!(
                    "attribute `{}` belongs to a namespace, which is not allowed here",
                    excerpt(name)
                ),
            };
            violations.push((offset, message));
        }

        for rule in rules {
            if rule.is_required && self.value(rule.name).is_none() {
                violations.push((offset, format!("attribute `{}` is missing", rule.name)));
            }
        }
        Ok(())
    }

    fn check_value(
        &mut self,
        rule: &'static Attribute,
        name: &str,
        value: Cow<'x, str>,
        offset: usize,
        violations: &mut Vec<Violation>,
    ) {
        if self.value(rule.name).is_some() {
            let message = format!("attribute `{name}` repeats another attribute under its alias");
            violations.push((offset, message));
        }
        if let Err(predicate) = rule.value.check(&value) {
            violations.push((offset, format!("attribute `{name}` {predicate}")));
        }
        self.known.push((rule.name, value));
    }

    /// Whether an earlier attribute is the same one under another prefix.
    fn is_repeated(
        &self,
        attribute: &RawAttribute<'_>,
        local: &str,
        namespaces: &Namespaces,
    ) -> bool {
        let uri = namespaces.uri(attribute.name);
        self.raw
            .iter()
            .take_while(|other| other.name != attribute.name)
            .filter(|other| {
                other
                    .name
                    .split_once(':')
                    .is_some_and(|(_, name)| name == local)
            })
            .any(|other| namespaces.uri(other.name) == uri)
    }
}

fn find_rule(rules: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    rules
        .iter()
        .find(|rule| rule.name == name || rule.alias == Some(name))
}

//! What an element says of itself.

use std::borrow::Cow;

use super::super::namespace::Place;
use super::super::schema::{Attribute, Content, Element};
use super::super::tag::{Malformed, RawAttribute, attributes};
use super::super::value::excerpt;
use super::Walk;

impl<'x> Walk<'x> {
    /// An element may have so many attributes.
    const ATTRIBUTES_MAX: usize = 256;

    /// Takes the attributes of a tag apart.
    pub(super) fn read_attributes(&mut self, tag: &'x str, offset: usize) -> Result<(), Malformed> {
        self.raw.clear();
        for attribute in attributes(tag, offset) {
            let attribute = attribute?;
            if self.raw.iter().any(|known| known.name == attribute.name) {
                let message = format!("attribute `{}` is there twice", excerpt(attribute.name));
                return Err(Malformed::new(attribute.offset, message));
            }
            if self.raw.len() == Self::ATTRIBUTES_MAX {
                let message = format!(
                    "an element has more than {} attributes",
                    Self::ATTRIBUTES_MAX
                );
                return Err(Malformed::new(attribute.offset, message));
            }
            self.raw.push(attribute);
        }
        Ok(())
    }

    /// Checks the attributes of `element`, or of one that the schema does not know.
    pub(super) fn check_attributes(
        &mut self,
        element: Option<&'static Element>,
        within_open: bool,
    ) -> Result<(), Malformed> {
        let rules = element.map_or([].as_slice(), |element| element.kind.attributes);
        let takes_any = match element {
            Some(element) => matches!(element.kind.content, Content::Anything),
            None => true,
        };
        self.attributes.clear();
        let raw = std::mem::take(&mut self.raw);
        for attribute in &raw {
            let RawAttribute { name, offset, .. } = *attribute;
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            let value = attribute.normalized()?;
            let (place, local) = match self.namespaces.of_attribute(name) {
                Ok(found) => found,
                Err(refused) => {
                    self.note(offset, refused);
                    continue;
                }
            };
            if place != Place::None && self.is_repeated(attribute, local, &raw) {
                self.note(offset, format!("attribute `{name}` is there twice"));
            }
            let is_known_here = element.is_some() || within_open;
            match place {
                Place::Instance if local == "type" && is_known_here => {
                    self.note(
                        offset,
                        format!("`{name}` changes types, which no payload needs"),
                    );
                }
                Place::Instance if local == "nil" && element.is_some() => {
                    self.note(
                        offset,
                        format!("`{name}` is for elements that may be nil, none may"),
                    );
                }
                Place::Instance
                    if matches!(local, "schemaLocation" | "noNamespaceSchemaLocation") => {}
                _ if takes_any => {}
                Place::None => match find_rule(rules, name) {
                    Some(rule) => self.check_value(rule, name, value, offset),
                    None => self.note(
                        offset,
                        format!("there is no attribute `{}` here", excerpt(name)),
                    ),
                },
                Place::Instance | Place::Other => {
                    self.note(
                        offset,
                        format!(
                            "attribute `{}` of a namespace has no place here",
                            excerpt(name)
                        ),
                    );
                }
            }
        }
        self.raw = raw;

        for rule in rules {
            if rule.is_required && self.attribute(rule.name).is_none() {
                let offset = self.frames.last().map_or(0, |frame| frame.offset);
                self.note(offset, format!("attribute `{}` is missing", rule.name));
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
    ) {
        if self.attribute(rule.name).is_some() {
            let message = format!("attribute `{name}` says what another one says already");
            self.note(offset, message);
        }
        if let Err(predicate) = rule.value.check(&value) {
            self.note(offset, format!("attribute `{name}` {predicate}"));
        }
        self.attributes.push((rule.name, value));
    }

    /// Whether another attribute before this one is the same by another prefix.
    fn is_repeated(
        &self,
        attribute: &RawAttribute<'_>,
        local: &str,
        raw: &[RawAttribute<'_>],
    ) -> bool {
        let address = self.namespaces.address(attribute.name);
        raw.iter()
            .take_while(|other| other.name != attribute.name)
            .filter(|other| {
                other
                    .name
                    .split_once(':')
                    .is_some_and(|(_, name)| name == local)
            })
            .any(|other| self.namespaces.address(other.name) == address)
    }
}

fn find_rule(rules: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    rules
        .iter()
        .find(|rule| rule.name == name || rule.also == Some(name))
}

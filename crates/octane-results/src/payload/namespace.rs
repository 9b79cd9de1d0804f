//! Which namespace a prefix means.

/// The namespace of `xsi:…` attributes.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of `xml:…`, bound without being declared.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The declarations in force.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    declared: Vec<Declaration>,
}

#[derive(Debug)]
struct Declaration {
    depth: usize,
    prefix: String,
    address: String,
}

/// What an attribute's or an element's name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// No namespace.
    None,
    /// XML Schema's own attributes, `xsi:…`.
    Instance,
    /// Any other.
    Other,
}

/// A name that namespaces do not allow.
pub(super) type Refused = String;

impl Namespaces {
    /// So many declarations may be in force at once.
    const DECLARED_MAX: usize = 64;

    /// Takes the attribute `name` if it declares a namespace for an element `depth` levels deep; says
    /// whether it does.
    pub(super) fn declare(
        &mut self,
        depth: usize,
        name: &str,
        address: &str,
    ) -> Result<bool, Refused> {
        let prefix = match name.strip_prefix("xmlns") {
            Some("") => "",
            Some(rest) if rest.starts_with(':') => &rest[1..],
            _ => return Ok(false),
        };
        let is_proper = match prefix {
            "" => name == "xmlns" && address != XML,
            "xml" => address == XML,
            _ => {
                !address.is_empty() && address != XML && prefix != "xmlns" && !prefix.contains(':')
            }
        };
        if !is_proper {
            return Err(format!("`{name}` declares no proper namespace"));
        }
        if self.declared.len() == Self::DECLARED_MAX {
            return Err(format!(
                "more than {} namespaces are declared",
                Self::DECLARED_MAX
            ));
        }
        self.declared.push(Declaration {
            depth,
            prefix: prefix.to_owned(),
            address: address.to_owned(),
        });
        Ok(true)
    }

    /// Forgets what was declared `depth` levels deep or deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|last| last.depth >= depth) {
            self.declared.pop();
        }
    }

    /// The place of an element's name.
    pub(super) fn of_element(&self, name: &str) -> Result<Place, Refused> {
        match split(name)? {
            (None, _) => Ok(self.find("").map_or(Place::None, place)),
            (Some(prefix), _) => self.of_prefix(prefix, name),
        }
    }

    /// The place of an attribute's name, and the name without its prefix.
    pub(super) fn of_attribute<'n>(&self, name: &'n str) -> Result<(Place, &'n str), Refused> {
        match split(name)? {
            (None, local) => Ok((Place::None, local)),
            (Some(prefix), local) => Ok((self.of_prefix(prefix, name)?, local)),
        }
    }

    /// The address of the namespace of an attribute with a prefix.
    pub(super) fn address(&self, name: &str) -> Option<&str> {
        let (prefix, _) = name.split_once(':')?;
        self.find(prefix)
    }

    fn of_prefix(&self, prefix: &str, name: &str) -> Result<Place, Refused> {
        self.find(prefix)
            .map(place)
            .ok_or_else(|| format!("the prefix of `{name}` is not declared"))
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        let declared = self.declared.iter().rev();
        declared
            .filter(|declaration| declaration.prefix == prefix)
            .map(|declaration| declaration.address.as_str())
            .next()
            .or((prefix == "xml").then_some(XML))
    }
}

fn place(address: &str) -> Place {
    match address {
        "" => Place::None,
        INSTANCE => Place::Instance,
        _ => Place::Other,
    }
}

fn split(name: &str) -> Result<(Option<&str>, &str), Refused> {
    match name.split_once(':') {
        None => Ok((None, name)),
        Some((prefix, local)) if prefix.is_empty() || local.is_empty() || local.contains(':') => {
            Err(format!("`{name}` is no name with a prefix"))
        }
        Some((prefix, local)) => Ok((Some(prefix), local)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_means_what_the_nearest_declaration_says() {
        let mut namespaces = Namespaces::default();
        assert_eq!(namespaces.declare(1, "xmlns:x", INSTANCE), Ok(true));
        assert_eq!(namespaces.declare(2, "xmlns:x", "urn:other"), Ok(true));
        assert_eq!(namespaces.declare(2, "xmlns", "urn:other"), Ok(true));
        assert_eq!(namespaces.of_attribute("x:nil"), Ok((Place::Other, "nil")));
        assert_eq!(namespaces.of_element("a"), Ok(Place::Other));
        namespaces.leave(2);
        assert_eq!(
            namespaces.of_attribute("x:nil"),
            Ok((Place::Instance, "nil"))
        );
        assert_eq!(namespaces.of_element("a"), Ok(Place::None));
        assert_eq!(
            namespaces.of_attribute("xml:lang"),
            Ok((Place::Other, "lang"))
        );
        assert!(namespaces.of_attribute("y:nil").is_err());
    }

    #[test]
    fn improper_declarations_are_refused() {
        let mut namespaces = Namespaces::default();
        for (name, address) in [
            ("xmlns:a", ""),
            ("xmlns:xmlns", "u"),
            ("xmlns:", "u"),
            ("xmlns:xml", "u"),
        ] {
            assert!(namespaces.declare(1, name, address).is_err(), "{name}");
        }
        assert_eq!(namespaces.declare(1, "xmlnsa", "u"), Ok(false));
        assert_eq!(namespaces.declare(1, "xmlns", ""), Ok(true));
    }
}

//! XML namespaces and their prefixes.

/// The namespace of `xsi:…` attributes.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of `xml:…`, bound without being declared.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The declarations in scope.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    declared: Vec<Declaration>,
}

#[derive(Debug)]
struct Declaration {
    depth: usize,
    prefix: String,
    uri: String,
}

/// The namespace of an element or of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    /// No namespace.
    None,
    /// The namespace of XML Schema instances, `xsi:…`.
    SchemaInstance,
    /// Any other namespace.
    Other,
}

/// Why a name or a declaration is invalid.
pub(super) type NamespaceError = String;

impl Namespaces {
    /// The maximum number of declarations in scope.
    const DECLARED_MAX: usize = 64;

    /// Adds the attribute `name` if it is a namespace declaration, of an element `depth` levels deep; returns
    /// whether it is one.
    pub(super) fn declare(
        &mut self,
        depth: usize,
        name: &str,
        uri: &str,
    ) -> Result<bool, NamespaceError> {
        let prefix = match name.strip_prefix("xmlns") {
            Some("") => "",
            Some(rest) if rest.starts_with(':') => &rest[1..],
            _ => return Ok(false),
        };
        let is_proper = match prefix {
            "" => name == "xmlns" && uri != XML,
            "xml" => uri == XML,
            _ => !uri.is_empty() && uri != XML && prefix != "xmlns" && !prefix.contains(':'),
        };
        if !is_proper {
            return Err(format!("invalid namespace declaration `{name}`"));
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
            uri: uri.to_owned(),
        });
        Ok(true)
    }

    /// Removes the declarations of elements `depth` levels deep or deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|last| last.depth >= depth) {
            self.declared.pop();
        }
    }

    /// The namespace of an element.
    pub(super) fn of_element(&self, name: &str) -> Result<Namespace, NamespaceError> {
        match split(name)? {
            (None, _) => Ok(self.find("").map_or(Namespace::None, namespace)),
            (Some(prefix), _) => self.of_prefix(prefix, name),
        }
    }

    /// The namespace of an attribute, and its name without the prefix.
    pub(super) fn of_attribute<'n>(
        &self,
        name: &'n str,
    ) -> Result<(Namespace, &'n str), NamespaceError> {
        match split(name)? {
            (None, local) => Ok((Namespace::None, local)),
            (Some(prefix), local) => Ok((self.of_prefix(prefix, name)?, local)),
        }
    }

    /// The namespace URI of an attribute with a prefix.
    pub(super) fn uri(&self, name: &str) -> Option<&str> {
        let (prefix, _) = name.split_once(':')?;
        self.find(prefix)
    }

    fn of_prefix(&self, prefix: &str, name: &str) -> Result<Namespace, NamespaceError> {
        self.find(prefix)
            .map(namespace)
            .ok_or_else(|| format!("undeclared prefix of `{name}`"))
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        let declared = self.declared.iter().rev();
        declared
            .filter(|declaration| declaration.prefix == prefix)
            .map(|declaration| declaration.uri.as_str())
            .next()
            .or((prefix == "xml").then_some(XML))
    }
}

fn namespace(uri: &str) -> Namespace {
    match uri {
        "" => Namespace::None,
        INSTANCE => Namespace::SchemaInstance,
        _ => Namespace::Other,
    }
}

fn split(name: &str) -> Result<(Option<&str>, &str), NamespaceError> {
    match name.split_once(':') {
        None => Ok((None, name)),
        Some((prefix, local)) if prefix.is_empty() || local.is_empty() || local.contains(':') => {
            Err(format!("invalid qualified name `{name}`"))
        }
        Some((prefix, local)) => Ok((Some(prefix), local)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_declaration_of_a_prefix_applies() {
        let mut namespaces = Namespaces::default();
        assert_eq!(namespaces.declare(1, "xmlns:x", INSTANCE), Ok(true));
        assert_eq!(namespaces.declare(2, "xmlns:x", "urn:other"), Ok(true));
        assert_eq!(namespaces.declare(2, "xmlns", "urn:other"), Ok(true));
        assert_eq!(
            namespaces.of_attribute("x:nil"),
            Ok((Namespace::Other, "nil"))
        );
        assert_eq!(namespaces.of_element("a"), Ok(Namespace::Other));
        namespaces.leave(2);
        assert_eq!(
            namespaces.of_attribute("x:nil"),
            Ok((Namespace::SchemaInstance, "nil"))
        );
        assert_eq!(namespaces.of_element("a"), Ok(Namespace::None));
        assert_eq!(
            namespaces.of_attribute("xml:lang"),
            Ok((Namespace::Other, "lang"))
        );
        assert!(namespaces.of_attribute("y:nil").is_err());
    }

    #[test]
    fn invalid_declarations_are_rejected() {
        let mut namespaces = Namespaces::default();
        for (name, uri) in [
            ("xmlns:a", ""),
            ("xmlns:xmlns", "u"),
            ("xmlns:", "u"),
            ("xmlns:xml", "u"),
        ] {
            assert!(namespaces.declare(1, name, uri).is_err(), "{name}");
        }
        assert_eq!(namespaces.declare(1, "xmlnsa", "u"), Ok(false));
        assert_eq!(namespaces.declare(1, "xmlns", ""), Ok(true));
    }
}

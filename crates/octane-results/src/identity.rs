//! The identity of a test, by which results of the same test are recognised.

use std::fmt;

/// The four texts by which Octane recognises a test.
///
/// An empty text means "none". Two results with the same identity belong to the same automated test. If
/// they also have the same `run_name` and suite run, they belong to the same run: the later one is its
/// current state, the earlier one its history (ALM test result collection tool, readme).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identity {
    /// The component under test; the field `component` of an automated test.
    pub module: String,
    /// The package or namespace; the field `package`.
    pub package: String,
    /// The class, file or fixture; the field `class_name`.
    pub class: String,
    /// The test itself; the field `name`. Never empty in a payload.
    pub name: String,
}

impl Identity {
    /// A test with a name only.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// `module/package.class.name`, without the empty parts.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            package,
            class,
            name,
        } = self;
        if !module.is_empty() {
            write!(f, "{module}/")?;
        }
        for outer in [package, class] {
            if !outer.is_empty() {
                write!(f, "{outer}.")?;
            }
        }
        f.write_str(name)
    }
}

/// The path of a suite, which provides the module and the package of tests without one.
///
/// The path is split at `/` and `\`. Its first segment is the **module**; the remaining segments, joined
/// with `.`, are the **package**: `Shop/Checkout/Payment` gives the module `Shop` and the package
/// `Checkout.Payment`; `Shop` gives a module only. The module and the package are filled in independently;
/// a result keeps the one that it already has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuitePath {
    module: String,
    package: String,
}

impl SuitePath {
    /// Parses a path; empty segments are ignored.
    pub fn new(path: &str) -> Self {
        let mut segments = path
            .split(['/', '\\'])
            .map(str::trim)
            .filter(|segment| !segment.is_empty());
        let module = segments.next().unwrap_or_default().to_owned();
        let package = segments.collect::<Vec<_>>().join(".");
        Self { module, package }
    }

    /// The module of the path; empty if it has no segments.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The package of the path; empty if it has fewer than two segments.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// Fills in the module and the package of `identity` if they are empty.
    pub fn complete(&self, identity: &mut Identity) {
        for (own, from_path) in [
            (&mut identity.module, &self.module),
            (&mut identity.package, &self.package),
        ] {
            if own.is_empty() {
                own.clone_from(from_path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(path: &str, mut identity: Identity) -> Identity {
        SuitePath::new(path).complete(&mut identity);
        identity
    }

    #[test]
    fn the_first_segment_is_the_module_and_the_rest_the_package() {
        let identity = completed("Shop/Checkout\\Payment", Identity::named("pays"));
        assert_eq!(
            (identity.module.as_str(), identity.package.as_str()),
            ("Shop", "Checkout.Payment")
        );
    }

    #[test]
    fn the_own_module_of_a_result_is_kept() {
        let own = Identity {
            module: "cart".into(),
            ..Identity::named("adds")
        };
        let identity = completed("/Shop//Checkout/", own);
        assert_eq!(
            (identity.module.as_str(), identity.package.as_str()),
            ("cart", "Checkout")
        );
    }

    #[test]
    fn an_identity_prints_without_its_empty_parts() {
        let identity = Identity {
            class: "CartTest".into(),
            ..Identity::named("adds")
        };
        assert_eq!(identity.to_string(), "CartTest.adds");
    }
}

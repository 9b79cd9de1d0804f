//! What makes two results results of the same test.

use std::fmt;

/// The four texts by which Octane recognises a test.
///
/// An empty text means "none". Two results with the same identity belong to the same automated test; with
/// the same `run_name` and suite run as well, the later one becomes the current state of the same run
/// and the earlier one its history (ALM test result collection tool, readme).
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
    /// A test known by its name alone.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// `module/package.class.name`, leaving out what is empty.
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

/// The place of a suite in a tree of suites, from which tests without a module or package take theirs.
///
/// The path is cut at `/` or `\`. Its first segment is the **module**, the remaining segments joined
/// with `.` are the **package**: `Shop/Checkout/Payment` gives module `Shop` and package
/// `Checkout.Payment`; `Shop` gives a module only. A result that has a module keeps it, and one that has
/// a package keeps that; each of the two is filled on its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuitePath {
    module: String,
    package: String,
}

impl SuitePath {
    /// Reads a path; blank segments are left out.
    pub fn new(path: &str) -> Self {
        let mut segments = path
            .split(['/', '\\'])
            .map(str::trim)
            .filter(|segment| !segment.is_empty());
        let module = segments.next().unwrap_or_default().to_owned();
        let package = segments.collect::<Vec<_>>().join(".");
        Self { module, package }
    }

    /// The module that the path stands for, empty if it has no segment.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The package that the path stands for, empty if it has fewer than two segments.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// Gives `identity` the module and the package that it lacks.
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
    fn what_a_result_says_itself_stays() {
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
    fn an_identity_prints_what_it_has() {
        let identity = Identity {
            class: "CartTest".into(),
            ..Identity::named("adds")
        };
        assert_eq!(identity.to_string(), "CartTest.adds");
    }
}

//! How the identity of a test is made from what its report says.

use crate::identity::Identity;
use crate::run::TestRun;

mod field;
mod parse;
mod template;

pub use parse::IdentityTemplateError;
use template::Template;

/// How module, package, class and name of each test are made from what its report says; see [`Self::with`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityTemplate {
    module: Option<Template>,
    package: Option<Template>,
    class: Option<Template>,
    name: Option<Template>,
}

impl IdentityTemplate {
    /// Adds the templates in `text`: `module={suite} class={file:stem}`. What has no template stays as it is.
    ///
    /// A template is text with fields in braces:
    ///
    /// | field | what it is |
    /// |---|---|
    /// | `{module}`, `{package}`, `{class}`, `{name}` | the identity as it is without a template |
    /// | `{classname}` | package and class, joined with a dot |
    /// | `{suite}` | the names of the suites around the test, from the outermost to the innermost: `Shop > Cart` |
    /// | `{file}` | the file that holds the test |
    /// | `{project}`, `{hostname}` | the project or browser, the machine |
    /// | `{report}` | the name of the report, without its folder |
    /// | `{suite:first}`, `{suite:last}` | the first or the last segment |
    /// | `{suite:rest}`, `{suite:parent}` | all segments but the first, or but the last |
    /// | `{file:stem}`, `{file:path}` | the name of the file without its extension; the path without the extension |
    /// | `{file:path:dots}` | with dots between the segments; selectors apply from left to right |
    /// | `{package\|suite:first}` | the first of several that is not empty |
    /// | `{package "."}{class}`, `{name}{" (" project ")"}` | with text before or after it, unless it is empty |
    /// | `{{`, `}}` | a brace |
    ///
    /// The segments of `file` and `report` are those of a path, those of `classname` are between dots. Of other fields, they are separated by the first of
    /// ` > `, ` › `, `/`, `\`, `::` and `.` that occurs. A name that would be empty stays as it is.
    ///
    /// ```
    /// use octane_results::{IdentityTemplate, Status, TestRun};
    ///
    /// let template = IdentityTemplate::default().with("module={suite:first} class={package \".\"}{class} package=")?;
    /// let mut run = TestRun::new("adds", Status::Passed).package("shop.cart").class("TaxTest");
    /// template.apply(&mut run);
    /// assert_eq!(run.identity.to_string(), "shop.cart.TaxTest.adds");
    /// assert_eq!(run.identity.class, "shop.cart.TaxTest");
    ///
    /// let error = IdentityTemplate::default().with("class={clas}").unwrap_err();
    /// assert_eq!(error.column, 8);
    /// # Ok::<(), octane_results::IdentityTemplateError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `text` is malformed, or has a template for something that has one.
    pub fn with(mut self, text: &str) -> Result<Self, IdentityTemplateError> {
        for parsed in parse::parse(text)? {
            match self.template_mut(parsed.target) {
                Some(slot @ None) => *slot = Some(parsed.template),
                _ => {
                    return Err(IdentityTemplateError {
                        column: parsed.column,
                        reason: format!("`{}` is given twice", parsed.target),
                    });
                }
            }
        }
        Ok(self)
    }

    /// Whether there is no template.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes the identity of `run`.
    pub fn apply(&self, run: &mut TestRun) {
        let made = |template: &Option<Template>, old: &str| {
            let made = template.as_ref().map(|template| template.of(run));
            made.unwrap_or_else(|| old.to_owned())
        };
        let old = &run.identity;
        let mut identity = Identity {
            module: made(&self.module, &old.module),
            package: made(&self.package, &old.package),
            class: made(&self.class, &old.class),
            name: made(&self.name, &old.name),
        };
        if identity.name.is_empty() {
            identity.name.clone_from(&old.name);
        }
        run.identity = identity;
    }

    fn template_mut(&mut self, word: &str) -> Option<&mut Option<Template>> {
        Some(match word {
            "module" => &mut self.module,
            "package" => &mut self.package,
            "class" => &mut self.class,
            "name" => &mut self.name,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;
    use crate::status::Status;

    fn run() -> TestRun {
        let mut run = TestRun::new("adds tax", Status::Passed)
            .package("shop.cart")
            .class("TaxTest")
            .hostname("vm1");
        run.origin.suite = Some("Nightly > Cart > Tax".into());
        run.origin.file = Some("tests/cart/tax.spec.ts".into());
        run.position = Some(Position::new("build/TEST-tax.xml", 3));
        run
    }

    /// Module, package, class and name by a template.
    fn made(template: &str) -> String {
        let mut run = run();
        let template = IdentityTemplate::default().with(template).unwrap();
        template.apply(&mut run);
        let Identity {
            module,
            package,
            class,
            name,
        } = run.identity;
        [module, package, class, name].join("|")
    }

    #[test]
    fn an_identity_is_made_of_fields_and_their_segments() {
        for (template, expected) in [
            ("", "|shop.cart|TaxTest|adds tax"),
            (
                "module={suite:first} package= class={suite:rest}",
                "Nightly||Cart > Tax|adds tax",
            ),
            (
                "module={suite:rest:first}  name={class}: {name} ",
                "Cart|shop.cart|TaxTest|TaxTest: adds tax",
            ),
            (
                "class={file:stem} package={file:parent:dots}",
                "|tests.cart|tax.spec|adds tax",
            ),
            (
                "class={file:path:dots}",
                "|shop.cart|tests.cart.tax.spec|adds tax",
            ),
            ("class={file:last}", "|shop.cart|tax.spec.ts|adds tax"),
            (
                "module={report:stem}",
                "TEST-tax|shop.cart|TaxTest|adds tax",
            ),
            ("package={package:last}", "|cart|TaxTest|adds tax"),
            (
                "module={project|hostname}",
                "vm1|shop.cart|TaxTest|adds tax",
            ),
            (
                r#"class={package "."}{class} package="#,
                "||shop.cart.TaxTest|adds tax",
            ),
            (
                r#"name={name}{" [" project "]"}{" on " hostname}"#,
                "|shop.cart|TaxTest|adds tax on vm1",
            ),
            ("name={{{name}}}", "|shop.cart|TaxTest|{adds tax}"),
            ("name={project}", "|shop.cart|TaxTest|adds tax"),
            ("module=a name=b{name}", "a|shop.cart|TaxTest|badds tax"),
            (
                "module=the name {class}",
                "the name TaxTest|shop.cart|TaxTest|adds tax",
            ),
        ] {
            assert_eq!(made(template), expected, "{template}");
        }
    }

    #[test]
    fn several_texts_add_up() {
        let template = IdentityTemplate::default().with("module=a").unwrap();
        let template = template.with("class=b").unwrap();
        let mut run = run();
        template.apply(&mut run);
        assert_eq!(run.identity.to_string(), "a/shop.cart.b.adds tax");
        let error = template.with("package=c module=d").unwrap_err();
        assert_eq!(
            (error.column, error.to_string()),
            (11, "column 11: `module` is given twice".to_owned())
        );
    }
}

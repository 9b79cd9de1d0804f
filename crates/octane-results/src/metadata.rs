//! What reports say of a test besides its result.

use crate::scenario::FeatureScenario;

/// What a report says of a test besides its result. Not part of the payload.
///
/// ```
/// use octane_results::{Metadata, Property};
///
/// let metadata = Metadata { owner: Some("payments".into()), ..Metadata::default() };
/// assert_eq!(metadata.properties, [] as [Property; 0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The person or team that the test belongs to.
    pub owner: Option<String>,
    /// Tags, labels and categories, in order.
    pub tags: Vec<String>,
    /// The values that the test was called with.
    pub parameters: Vec<Property>,
    /// Other named values.
    pub properties: Vec<Property>,
    /// Links to issues, test cases and pages.
    pub links: Vec<Link>,
    /// Files that belong to the result, such as screenshots.
    pub attachments: Vec<Attachment>,
    /// The scenario of a feature file that it is a result of.
    pub scenario: Option<FeatureScenario>,
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Property {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Property {
    /// A property with this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Link {
    /// The name, if there is one.
    pub name: Option<String>,
    /// The address, as in the report.
    pub url: String,
}

/// A file that a report names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// The name, if there is one.
    pub name: Option<String>,
    /// The path, as in the report: mostly relative to it. Empty if the content is in the report itself, which is not
    /// kept.
    pub path: String,
    /// The media type, such as `image/png`, if it is known.
    pub media_type: Option<String>,
}

impl Metadata {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self {
            owner,
            tags,
            parameters,
            properties,
            links,
            attachments,
            scenario,
        } = self;
        owner.is_none()
            && tags.is_empty()
            && parameters.is_empty()
            && properties.is_empty()
            && links.is_empty()
            && attachments.is_empty()
            && scenario.is_none()
    }
}

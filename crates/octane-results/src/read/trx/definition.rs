//! The definitions of tests.

use std::collections::HashMap;
use std::sync::Arc;

use crate::metadata::Property;
use crate::read::report::dotnet;
use crate::read::report::xml::Element;

/// The id of a test.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum TestId {
    Guid([u8; 16]),
    /// Something else, as it is.
    Other(Box<str>),
}

impl TestId {
    pub(super) fn new(text: &str) -> Self {
        const DIGITS: usize = 32;
        let digits: String = text
            .chars()
            .filter(|char| !matches!(char, '-' | '{' | '}'))
            .collect();
        let number = u128::from_str_radix(&digits, 16).ok();
        match number.filter(|_| digits.len() == DIGITS) {
            Some(number) => Self::Guid(number.to_be_bytes()),
            None => Self::Other(text.into()),
        }
    }
}

/// The definitions of tests by their ids.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    by_id: HashMap<TestId, Definition>,
    /// The names of classes and files, each kept once.
    names: HashMap<String, Arc<str>>,
}

/// What a definition says of a test.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// The full name of the class; empty if there is none.
    pub(super) class: Arc<str>,
    /// The file that holds the test.
    pub(super) file: Option<Arc<str>>,
    /// Whether bytes of it were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    pub(super) more: Option<Box<Described>>,
}

/// What few definitions say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) tags: Vec<String>,
    pub(super) owner: Option<String>,
    pub(super) properties: Vec<Property>,
    pub(super) description: Option<String>,
}

impl Definitions {
    pub(super) fn get(&self, id: &TestId) -> Option<&Definition> {
        self.by_id.get(id)
    }

    /// Adds the definition in an element such as `UnitTest`.
    pub(super) fn add(&mut self, element: &Element) {
        let Some(id) = element.attribute("id") else {
            return;
        };
        let method = element.child("TestMethod");
        let class = method.and_then(|method| method.attribute("className"));
        let file = method
            .and_then(|method| method.attribute("codeBase"))
            .or(element.attribute("storage"));
        let file = file.map(|file| self.shared(&file.replace('\\', "/")));
        let described = Described::of(element);
        let definition = Definition {
            class: self.shared(dotnet::without_assembly(class.unwrap_or_default())),
            file,
            has_invalid_bytes: element.has_invalid_bytes,
            more: (described != Described::default()).then(|| Box::new(described)),
        };
        self.by_id.insert(TestId::new(id), definition);
    }

    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = name.into();
        self.names.insert(name.to_owned(), Arc::clone(&shared));
        shared
    }
}

impl Described {
    fn of(element: &Element) -> Self {
        let items = |outer, inner| {
            let outer = element.children(outer);
            outer.flat_map(move |outer| outer.children(inner))
        };
        let tags = items("TestCategory", "TestCategoryItem");
        let tags = tags.filter_map(|item| item.attribute("TestCategory"));
        let mut owners = items("Owners", "Owner").filter_map(|owner| owner.attribute("name"));
        let mut described = Self {
            tags: tags.map(str::to_owned).collect(),
            owner: owners.next().map(str::to_owned),
            properties: owners.map(|owner| Property::new("Owner", owner)).collect(),
            description: element.text_of(&["Description"]).map(str::to_owned),
        };
        for property in items("Properties", "Property") {
            if let (Some(name), Some(value)) =
                (property.text_of(&["Key"]), property.text_of(&["Value"]))
            {
                described
                    .properties
                    .push(Property::new(name.trim(), value.trim()));
            }
        }
        described
    }
}

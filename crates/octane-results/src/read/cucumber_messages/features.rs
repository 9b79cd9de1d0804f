//! What is to be tested, as messages describe it before it runs.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::metadata::Property;
pub(super) use crate::read::report::fields::text_or_empty as field;
use crate::read::report::json::items;
use crate::scenario::{FeatureFile, FeatureScenario};

/// A scenario, or a row of examples.
#[derive(Debug, Clone, Default)]
pub(super) struct Scenario {
    pub(super) uri: Arc<str>,
    pub(super) feature: Arc<str>,
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) parameters: Vec<Property>,
    /// Where it is, if its pickle is known.
    pub(super) place: Option<FeatureScenario>,
    /// How many steps and hooks its test case has.
    pub(super) steps: usize,
    /// How many of its steps are not in its test case.
    pub(super) missing: usize,
}

/// A step or a hook.
#[derive(Debug, Clone, Default)]
pub(super) struct StepText {
    pub(super) text: String,
    pub(super) is_hook: bool,
}

/// All that is described.
#[derive(Debug, Default)]
pub(super) struct Features {
    /// By the ids of scenarios in their documents.
    scenarios: HashMap<String, Described>,
    /// By the ids of rows of examples.
    rows: HashMap<String, Row>,
    /// The keywords of steps by their ids in their documents.
    keywords: HashMap<String, Arc<str>>,
    pickles: HashMap<String, Pickle>,
    /// The texts of feature files that have no document yet, by their addresses.
    sources: HashMap<String, String>,
    hooks: HashMap<String, String>,
    test_cases: HashMap<String, TestCase>,
    /// How many scenarios of a file have this name.
    names: HashMap<(Arc<str>, String), usize>,
}

#[derive(Debug)]
struct Described {
    file: Arc<FeatureFile>,
    feature: Arc<str>,
    rule: Arc<str>,
    name: String,
    line: Option<u64>,
}

#[derive(Debug)]
struct Row {
    line: Option<u64>,
    examples: String,
    /// The number of the examples and of the row in them, both from 1.
    number: (usize, usize),
    values: Vec<Property>,
}

#[derive(Debug)]
struct Pickle {
    scenario: Scenario,
    /// The texts of its steps, by their ids.
    steps: HashMap<String, String>,
}

#[derive(Debug)]
struct TestCase {
    pickle: String,
    /// By their ids.
    steps: HashMap<String, TestStep>,
    /// How many of them are no hooks.
    own_steps: usize,
}

#[derive(Debug)]
struct TestStep {
    pickle_step: String,
    hook: String,
}

impl Features {
    pub(super) fn add_source(&mut self, source: &Value) {
        let uri = field(source, "uri").to_owned();
        self.sources.insert(uri, field(source, "data").to_owned());
    }

    pub(super) fn add_document(&mut self, document: &Value) {
        let Some(feature) = document.get("feature") else {
            return;
        };
        let name: Arc<str> = Arc::from(field(feature, "name"));
        let uri = field(document, "uri");
        let tags = items(feature.get("tags")).iter();
        let file = Arc::new(FeatureFile {
            path: FeatureFile::path_of(uri),
            name: name.to_string(),
            tags: tags.map(|tag| field(tag, "name").to_owned()).collect(),
            text: self.sources.remove(uri),
        });
        for child in items(feature.get("children")) {
            self.add_child(child, &file, &name, &Arc::from(""));
            if let Some(rule) = child.get("rule") {
                let rule_name = Arc::from(field(rule, "name"));
                for child in items(rule.get("children")) {
                    self.add_child(child, &file, &name, &rule_name);
                }
            }
        }
    }

    fn add_child(
        &mut self,
        child: &Value,
        file: &Arc<FeatureFile>,
        feature: &Arc<str>,
        rule: &Arc<str>,
    ) {
        let scenario = child.get("scenario");
        let steps = scenario.or_else(|| child.get("background"));
        for step in items(steps.and_then(|steps| steps.get("steps"))) {
            let keyword = Arc::from(field(step, "keyword"));
            self.keywords.insert(field(step, "id").to_owned(), keyword);
        }
        let Some(scenario) = scenario else {
            return;
        };
        let described = Described {
            file: Arc::clone(file),
            feature: Arc::clone(feature),
            rule: Arc::clone(rule),
            name: field(scenario, "name").to_owned(),
            line: line(scenario),
        };
        let id = field(scenario, "id").to_owned();
        self.scenarios.insert(id, described);
        for (at, examples) in items(scenario.get("examples")).iter().enumerate() {
            self.add_examples(at + 1, examples);
        }
    }

    fn add_examples(&mut self, number: usize, examples: &Value) {
        let header = examples.get("tableHeader").map_or(&[][..], cells);
        for (at, row) in items(examples.get("tableBody")).iter().enumerate() {
            let values = header
                .iter()
                .zip(cells(row))
                .map(|(name, value)| Property::new(field(name, "value"), field(value, "value")))
                .collect();
            let described = Row {
                line: line(row),
                examples: field(examples, "name").to_owned(),
                number: (number, at + 1),
                values,
            };
            self.rows.insert(field(row, "id").to_owned(), described);
        }
    }

    /// Documents are described before their pickles.
    pub(super) fn add_pickle(&mut self, pickle: &Value) {
        let nodes = || {
            items(pickle.get("astNodeIds"))
                .iter()
                .filter_map(Value::as_str)
        };
        let described = nodes().find_map(|id| self.scenarios.get(id));
        let row = nodes().find_map(|id| self.rows.get(id));
        let uri: Arc<str> = Arc::from(field(pickle, "uri"));
        let mut name = match described {
            Some(described) => described.name_with(row),
            None => field(pickle, "name").to_owned(),
        };
        let place = FeatureScenario {
            file: described.map_or_else(
                || {
                    Arc::new(FeatureFile {
                        path: FeatureFile::path_of(&uri),
                        ..FeatureFile::default()
                    })
                },
                |known| Arc::clone(&known.file),
            ),
            name: field(pickle, "name").to_owned(),
            line: row.map_or_else(|| described.and_then(|known| known.line), |row| row.line),
        };
        let feature = described.map(|known| Arc::clone(&known.feature));
        let feature = feature.filter(|name| !name.is_empty());
        let count = (self.names.entry((Arc::clone(&uri), name.clone()))).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name} ({count})");
        }
        let tags = items(pickle.get("tags")).iter();
        let scenario = Scenario {
            feature: feature.unwrap_or_else(|| Arc::clone(&uri)),
            uri,
            name,
            tags: tags.map(|tag| field(tag, "name").to_owned()).collect(),
            parameters: row.map(|row| row.values.clone()).unwrap_or_default(),
            place: Some(place),
            steps: 0,
            missing: 0,
        };
        let steps = items(pickle.get("steps")).iter().map(|step| {
            let keyword = items(step.get("astNodeIds"))
                .iter()
                .filter_map(Value::as_str)
                .find_map(|id| self.keywords.get(id));
            let keyword = keyword.map_or("", |keyword| &**keyword);
            let text = format!("{keyword}{}", field(step, "text"));
            (field(step, "id").to_owned(), text)
        });
        let steps = steps.collect();
        let id = field(pickle, "id").to_owned();
        self.pickles.insert(id, Pickle { scenario, steps });
    }

    pub(super) fn add_hook(&mut self, hook: &Value) {
        let kind = match field(hook, "type") {
            "BEFORE_TEST_CASE" => "Before",
            "AFTER_TEST_CASE" => "After",
            "BEFORE_TEST_STEP" => "BeforeStep",
            "AFTER_TEST_STEP" => "AfterStep",
            _ => "Hook",
        };
        let name = match field(hook, "name") {
            "" => kind.to_owned(),
            name => format!("{kind} {name}"),
        };
        self.hooks.insert(field(hook, "id").to_owned(), name);
    }

    pub(super) fn add_test_case(&mut self, test_case: &Value) {
        let steps = items(test_case.get("testSteps")).iter();
        let own_steps = steps
            .clone()
            .filter(|step| field(step, "hookId").is_empty());
        let own_steps = own_steps.count();
        let steps = steps.map(|step| {
            let described = TestStep {
                pickle_step: field(step, "pickleStepId").to_owned(),
                hook: field(step, "hookId").to_owned(),
            };
            (field(step, "id").to_owned(), described)
        });
        let described = TestCase {
            pickle: field(test_case, "pickleId").to_owned(),
            steps: steps.collect(),
            own_steps,
        };
        let id = field(test_case, "id").to_owned();
        self.test_cases.insert(id, described);
    }

    /// The scenario of a test case; without a name if its pickle is not known.
    pub(super) fn scenario(&self, test_case: &str) -> Option<Scenario> {
        let test_case = self.test_cases.get(test_case)?;
        let pickle = self.pickles.get(&test_case.pickle);
        let planned = pickle.map_or(0, |pickle| pickle.steps.len());
        Some(Scenario {
            steps: test_case.steps.len(),
            missing: planned.saturating_sub(test_case.own_steps),
            ..pickle.map_or_else(Scenario::default, |pickle| pickle.scenario.clone())
        })
    }

    pub(super) fn scenario_of_pickle(&self, pickle: &str) -> Option<Scenario> {
        let pickle = self.pickles.get(pickle)?;
        Some(pickle.scenario.clone())
    }

    /// The step of a test case.
    pub(super) fn step(&self, test_case: &str, step: &str) -> StepText {
        let test_case = self.test_cases.get(test_case);
        let found = test_case.and_then(|test_case| {
            let step = test_case.steps.get(step)?;
            Some((test_case, step))
        });
        let Some((test_case, step)) = found else {
            return StepText::default();
        };
        if !step.hook.is_empty() {
            let name = self.hooks.get(&step.hook);
            return StepText {
                text: name.map_or_else(|| "Hook".to_owned(), String::clone),
                is_hook: true,
            };
        }
        let pickle = self.pickles.get(&test_case.pickle);
        let text = pickle.and_then(|pickle| pickle.steps.get(&step.pickle_step));
        StepText {
            text: text.cloned().unwrap_or_default(),
            is_hook: false,
        }
    }
}

impl Described {
    fn name_with(&self, row: Option<&Row>) -> String {
        let number = row.map(|row| format!("Example #{}.{}", row.number.0, row.number.1));
        let parts = [
            Some(&*self.rule),
            Some(&*self.name),
            row.map(|row| &*row.examples),
            number.as_deref(),
        ];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" - ")
    }
}

fn line(node: &Value) -> Option<u64> {
    node.get("location")?.get("line")?.as_u64()
}

fn cells(row: &Value) -> &[Value] {
    items(row.get("cells"))
}

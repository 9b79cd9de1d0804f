//! Entities as JSON, in the shape in which the server sends them.

use octane_model::{
    ApplicationModule, AutomatedRun, Reference, Resource, SuiteRun, TestSuite, WorkItem,
};
use serde_json::{Value, json};

/// An entity as the server sends it: IDs are strings.
pub(crate) trait ToJson {
    fn to_json(&self) -> Value;
}

fn reference(reference: Option<&Reference>) -> Value {
    let reference = reference.map(serde_json::to_value);
    reference.and_then(Result::ok).unwrap_or_default()
}

impl ToJson for ApplicationModule {
    fn to_json(&self) -> Value {
        json!({
            "type": Self::TYPE,
            "id": self.id.to_string(),
            "name": self.name,
            "parent": reference(self.parent.as_ref()),
        })
    }
}

impl ToJson for TestSuite {
    fn to_json(&self) -> Value {
        json!({
            "type": Self::TYPE,
            "id": self.id.to_string(),
            "name": self.name,
            "product_areas": serde_json::to_value(&self.product_areas).unwrap_or_default(),
        })
    }
}

impl ToJson for SuiteRun {
    fn to_json(&self) -> Value {
        json!({
            "type": Self::TYPE,
            "id": self.id.to_string(),
            "name": self.name,
            "test": reference(self.test.as_ref()),
            "status": reference(self.status.as_ref()),
        })
    }
}

impl ToJson for AutomatedRun {
    fn to_json(&self) -> Value {
        let test = self.test.as_ref();
        let is_feature = test.is_some_and(|test| test.entity_type == "gherkin_test");
        json!({
            "type": if is_feature { "gherkin_automated_run" } else { Self::TYPE },
            "id": self.id.to_string(),
            "name": self.name,
            "test_name": self.test_name,
            "component": self.component,
            "package": self.package,
            "class_name": self.class_name,
            "test": test.map(|test| json!({ "type": test.entity_type, "id": test.id.to_string() })),
            "native_status": reference(self.native_status.as_ref()),
            "started": self.started,
        })
    }
}

impl ToJson for WorkItem {
    fn to_json(&self) -> Value {
        json!({
            "type": Self::TYPE,
            "id": self.id.to_string(),
            "name": self.name,
            "subtype": self.subtype,
            "phase": reference(self.phase.as_ref()),
        })
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToJson::to_json)
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(ToJson::to_json).collect()
    }
}

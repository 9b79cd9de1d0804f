//! Sample data: the backlog of a web shop, with Jira keys.

mod stories;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::store::Writer;
use stories::{DEFECTS, FEATURES, PAYMENTS};

/// The key of two stories, so that it is ambiguous.
const DOUBLED: &str = "SHOP-150";

/// Fills a new workspace.
pub(crate) fn fill(writer: Writer<'_>) -> Result<(), ApiError> {
    let seed = Seed {
        writer,
        jira_field: &writer.catalog.jira_field,
    };
    let release = seed.releases()?;
    let areas = seed.modules()?;
    seed.backlog(release, &areas)
}

struct Seed<'a> {
    writer: Writer<'a>,
    jira_field: &'a str,
}

impl Seed<'_> {
    fn create(&self, entity_type: &str, fields: Value) -> Result<i64, ApiError> {
        let Value::Object(fields) = fields else {
            return Err(ApiError::Internal("sample data is an object".to_owned()));
        };
        self.writer
            .create(self.writer.catalog.known_type(entity_type), &fields)
    }

    /// The initial root entity of a type.
    fn root(&self, entity_type: &str) -> i64 {
        let entity_type = self.writer.catalog.known_type(entity_type);
        self.writer.catalog.table_of(entity_type).first_id
    }

    fn releases(&self) -> Result<i64, ApiError> {
        let spring = self.create(
            "release",
            json!({
                "name": "Shop 25.2",
                "start_date": "2025-04-01T00:00:00Z",
                "end_date": "2025-06-30T00:00:00Z",
            }),
        )?;
        let release = self.create(
            "release",
            json!({
                "name": "Shop 25.3",
                "start_date": "2025-07-01T00:00:00Z",
                "end_date": "2025-09-30T00:00:00Z",
            }),
        )?;
        for (name, date, of) in [
            ("Spring freeze", "2025-06-10T00:00:00Z", spring),
            ("Holiday readiness", "2025-09-12T00:00:00Z", release),
        ] {
            let of = json!({ "type": "release", "id": of });
            self.create(
                "milestone",
                json!({ "name": name, "date": date, "release": of }),
            )?;
        }
        self.create("program", json!({ "name": "Shop renewal" }))?;
        Ok(release)
    }

    /// The module of each feature.
    fn modules(&self) -> Result<Vec<i64>, ApiError> {
        let below = |name: &str, parent: i64| {
            let parent = json!({ "type": "application_module", "id": parent });
            self.create(
                "application_module",
                json!({ "name": name, "parent": parent }),
            )
        };
        let shop = below("Web Shop", self.root("application_module"))?;
        let mut areas = Vec::new();
        for (module, ..) in FEATURES {
            areas.push(below(module, shop)?);
        }
        let checkout = areas.get(2).copied().unwrap_or(shop);
        areas.push(below("Payment", checkout)?);
        Ok(areas)
    }

    fn backlog(&self, release: i64, areas: &[i64]) -> Result<(), ApiError> {
        let root = self.root("work_item");
        let item = |entity_type: &str,
                    parent: i64,
                    name: &str,
                    key: Option<String>,
                    area: Option<&i64>| {
            let mut fields = json!({
                "name": name,
                "parent": { "type": "work_item", "id": parent },
                "release": { "type": "release", "id": release },
            });
            if let Some(key) = key {
                fields[self.jira_field] = Value::String(key);
            }
            if let Some(area) = area {
                fields["product_areas"] =
                    json!({ "data": [{ "type": "product_area", "id": area }] });
            }
            self.create(entity_type, fields)
        };
        let shop = item("epic", root, "Shop renewal", None, None)?;
        let payments = item("epic", root, "Pay any way", None, None)?;
        let mut number = 100;
        for (position, (_, name, stories)) in FEATURES.iter().enumerate() {
            let area = areas.get(position);
            let key = format!("SHOP-{}", 11 + position);
            let feature = item("feature", shop, name, Some(key), area)?;
            for story in *stories {
                number += 1;
                item(
                    "story",
                    feature,
                    story,
                    Some(format!("SHOP-{number}")),
                    area,
                )?;
            }
            if position == 2 {
                for name in [
                    "Pick a delivery window",
                    "Pick a delivery window in the app",
                ] {
                    item("story", feature, name, Some(DOUBLED.to_owned()), area)?;
                }
            }
            let third = DEFECTS.len().div_ceil(FEATURES.len());
            for (offset, defect) in DEFECTS
                .iter()
                .enumerate()
                .skip(position * third)
                .take(third)
            {
                item(
                    "defect",
                    feature,
                    defect,
                    Some(format!("SHOP-{}", 201 + offset)),
                    area,
                )?;
            }
        }
        let feature = item("feature", payments, "Payment methods", None, areas.last())?;
        for (position, story) in PAYMENTS.iter().enumerate() {
            let key = format!("PAY-{}", position + 1);
            item("story", feature, story, Some(key), areas.last())?;
        }
        Ok(())
    }
}

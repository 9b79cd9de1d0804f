//! Jira keys and the backlog items that carry them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use octane_model::{Entity, EntityId, FieldMetadata, Literal, Query, Resource, WorkItem};

use crate::client::Client;
use crate::error::ClientError;
use crate::in_list::list_in;
use crate::report::ReportedProblem;

/// The backlog items that may carry a Jira key (Jira coverage plug-in of the vendor).
const SUBTYPES: [&str; 3] = ["story", "feature", "defect"];

/// Jira keys, which the workspace keeps in a user-defined field of its backlog items.
pub struct Jira<'a> {
    client: &'a Client,
}

/// The backlog items of a set of Jira keys. Every requested key is in exactly one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Resolution {
    /// Keys that match exactly one backlog item.
    pub found: BTreeMap<String, WorkItem>,
    /// Keys that match no backlog item.
    pub missing: Vec<String>,
    /// Keys that match several backlog items.
    pub ambiguous: BTreeMap<String, Vec<WorkItem>>,
}

impl Resolution {
    /// The same for some of the keys only.
    pub(crate) fn of_keys(&self, keys: &[String]) -> Self {
        let keys: BTreeSet<&str> = keys.iter().map(|key| key.trim()).collect();
        let has = |key: &String| keys.contains(key.as_str());
        let found = self.found.iter().filter(|(key, _)| has(key));
        let ambiguous = self.ambiguous.iter().filter(|(key, _)| has(key));
        Self {
            found: found
                .map(|(key, item)| (key.clone(), item.clone()))
                .collect(),
            missing: self
                .missing
                .iter()
                .filter(|key| has(key))
                .cloned()
                .collect(),
            ambiguous: ambiguous
                .map(|(key, items)| (key.clone(), items.clone()))
                .collect(),
        }
    }

    /// A problem for each key that does not match exactly one backlog item.
    pub fn problems(&self) -> Vec<ReportedProblem> {
        let ambiguous = self.ambiguous.iter().map(|(key, items)| {
            let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
            let message = format!(
                "Jira key {key} matches several backlog items: {}",
                ids.join(", ")
            );
            ReportedProblem::new("ambiguous_key", message)
        });
        let missing = self.missing.iter().map(|key| {
            let message = format!("Jira key {key} matches no backlog item");
            ReportedProblem::new("unknown_key", message)
        });
        ambiguous.chain(missing).collect()
    }
}

impl Client {
    /// Jira keys.
    pub fn jira(&self) -> Jira<'_> {
        Jira { client: self }
    }
}

impl Jira<'_> {
    /// Finds the backlog items of `keys`, with one query per hundred keys.
    ///
    /// Keys are compared without regard to case and surrounding spaces; the result contains them as they were
    /// given, trimmed.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let keys = octane.jira().resolve(["SHOP-101", "SHOP-150", "NONE-1"]).await?;
    /// assert_eq!(keys.found["SHOP-101"].subtype, "story");
    /// assert_eq!(keys.ambiguous["SHOP-150"].len(), 2);
    /// assert_eq!(keys.missing, ["NONE-1"]);
    /// # Ok(()) }) }
    /// ```
    pub async fn resolve<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Resolution, ClientError> {
        let keys: BTreeSet<String> = keys
            .into_iter()
            .map(|key| key.as_ref().trim().to_owned())
            .filter(|key| !key.is_empty())
            .collect();
        if keys.is_empty() {
            return Ok(Resolution::default());
        }
        let field = self.field().await?;
        let mut items: BTreeMap<String, Vec<WorkItem>> = BTreeMap::new();
        // Some databases compare with regard to case, and keys are usually in capitals.
        let folded = keys.iter().map(|key| key.to_uppercase());
        let wanted: BTreeSet<String> = keys.iter().cloned().chain(folded).collect();
        let wanted = Vec::from_iter(wanted);
        for entity in self.items_with(&field, &field, &wanted).await? {
            let Some(key) = entity.text(&field).map(|key| key.trim().to_uppercase()) else {
                continue;
            };
            let item = entity.into_typed::<WorkItem>();
            // The fields of a work item were selected; an entity without them is not one.
            let Ok(item) = item else { continue };
            let same = items.entry(key).or_default();
            // The spellings of one key may end up in several queries.
            if same.iter().all(|other| other.id != item.id) {
                same.push(item);
            }
        }
        let mut resolution = Resolution::default();
        for key in keys {
            let mut found = items.get(&key.to_uppercase()).cloned().unwrap_or_default();
            match found.len() {
                0 => resolution.missing.push(key),
                1 => {
                    resolution.found.extend(found.pop().map(|item| (key, item)));
                }
                _ => {
                    resolution.ambiguous.insert(key, found);
                }
            }
        }
        Ok(resolution)
    }

    /// The Jira keys of backlog items that a key can match (stories, features and defects), by ID; those without a key are excluded.
    pub(crate) async fn keys_of(
        &self,
        items: &BTreeSet<EntityId>,
    ) -> Result<BTreeMap<EntityId, String>, ClientError> {
        let field = self.field().await?;
        let mut keys = BTreeMap::new();
        let items: Vec<EntityId> = items.iter().cloned().collect();
        for entity in self.items_with("id", &field, &items).await? {
            let key = entity.text(&field).unwrap_or_default().trim();
            if let (Some(id), false) = (&entity.id, key.is_empty()) {
                keys.insert(id.clone(), key.to_owned());
            }
        }
        Ok(keys)
    }

    /// The field that holds Jira keys: the configured one, or the only candidate in the metadata.
    pub async fn field(&self) -> Result<String, ClientError> {
        let field = self.client.jira_field.get_or_try_init(async || {
            let fields = self.client.endpoint.field_metadata("story").await?;
            match &self.client.settings.jira_field {
                Some(name) if fields.iter().any(|field| field.name == *name) => Ok(name.clone()),
                Some(name) => Err(ClientError::UnknownJiraField(name.clone())),
                None => discover(&fields),
            }
        });
        field.await.cloned()
    }

    /// The items whose field `by` has one of these values, with `field`.
    async fn items_with<V: Sync>(
        &self,
        by: &str,
        field: &str,
        values: &[V],
    ) -> Result<Vec<Entity>, ClientError>
    where
        for<'v> &'v V: Into<Literal>,
    {
        let list = self.client.endpoint.collection(WorkItem::COLLECTION).list();
        let list = match Query::field("subtype").is_in(SUBTYPES) {
            Some(query) => list.matching(query),
            None => list,
        };
        let list = list.select(WorkItem::select().with(field));
        Ok(list_in(list, by, values).try_concat().await?)
    }
}

fn discover(fields: &[FieldMetadata]) -> Result<String, ClientError> {
    let is_candidate = |field: &&FieldMetadata| {
        field.is_user_defined
            && field.field_type == "string"
            && field.name.to_lowercase().contains("jira")
    };
    let mut names: Vec<String> = fields
        .iter()
        .filter(is_candidate)
        .map(|field| field.name.clone())
        .collect();
    names.sort();
    match names.len() {
        0 => Err(ClientError::NoJiraField),
        1 => Ok(names.swap_remove(0)),
        _ => Err(ClientError::AmbiguousJiraField(names)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake_octane::{FakeOctane, page};

    fn field(name: &str, field_type: &str, is_user_defined: bool) -> FieldMetadata {
        let mut field = FieldMetadata::new("story", name, field_type);
        field.is_user_defined = is_user_defined;
        field
    }

    #[test]
    fn the_only_user_defined_text_field_with_jira_in_its_name_holds_the_keys() {
        let fields = [
            field("jira_like", "string", false),
            field("jira_link_udf", "memo", true),
            field("my_Jira_key_udf", "string", true),
        ];
        assert_eq!(discover(&fields).unwrap(), "my_Jira_key_udf");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_found_in_capitals_by_a_server_that_compares_exactly() {
        let server = FakeOctane::new(|request| match request.path.as_str() {
            "metadata/fields" => page(
                &[json!({
                    "entity_name": "story", "name": "jira_udf", "field_type": "string", "is_user_defined": true,
                })],
                1,
            ),
            "work_items" if request.query.contains("SHOP-12%5E") => {
                let item = json!({
                    "id": "3001", "type": "work_item", "subtype": "story", "name": "Pay", "jira_udf": "SHOP-12",
                });
                page(&[item], 1)
            }
            _ => page(&[], 0),
        });
        let client = server.client(1);
        let found = client.jira().resolve(["shop-12"]).await.unwrap().found;
        assert_eq!(found["shop-12"].id.get(), 3001);
        client.jira().resolve(["SHOP-12"]).await.unwrap();
        let asked = server.received("work_items");
        let spellings = |at: usize| asked[at].query.to_lowercase().matches("shop-12").count();
        assert_eq!((spellings(0), spellings(1), asked.len()), (2, 1, 2));
    }

    #[test]
    fn no_candidate_and_several_candidates_are_different_errors() {
        assert!(matches!(discover(&[]), Err(ClientError::NoJiraField)));
        let two = [
            field("jira_b_udf", "string", true),
            field("jira_a_udf", "string", true),
        ];
        let error = discover(&two).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ambiguous Jira key field: jira_a_udf, jira_b_udf"
        );
    }
}

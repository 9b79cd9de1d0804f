//! Which values of the recorded server are which of the other one: IDs, lock stamps and entity tags.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::answer::Answer;
use super::shape::entity_type;

/// Values of the recorded server, and what the other server has in their place.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// By a type or a collection, and the recorded ID.
    known: HashMap<(String, String), String>,
    /// By the recorded ID alone; none if it means several entities.
    alone: HashMap<String, Option<String>>,
    /// By the recorded ID and the recorded stamp.
    stamps: HashMap<(String, i64), i64>,
    /// By the recorded tag.
    tags: HashMap<String, String>,
}

impl Ids {
    /// Learns from two answers to the same request. A request that creates says which entity is which; in other answers, an
    /// entity that is not known yet corresponds to the one with the same ID, the same name, or in the same place.
    pub(super) fn learn(
        &mut self,
        collection: &str,
        is_creating: bool,
        recorded: &Answer,
        replayed: &Answer,
    ) {
        if !recorded.is_success() || !replayed.is_success() {
            return;
        }
        let (Some(recorded), Some(replayed)) = (recorded.json(), replayed.json()) else {
            return;
        };
        // The members of the answer itself belong to the collection.
        for (recorded, replayed) in pairs(recorded, replayed, is_creating) {
            if let (Some(recorded), Some(replayed)) = (id(recorded), id(replayed)) {
                self.insert(collection, recorded, &replayed, is_creating);
            }
        }
        self.learn_below(recorded, replayed, is_creating);
    }

    /// Learns that a tag of the recorded server is this one here.
    pub(super) fn learn_tag(&mut self, recorded: &str, replayed: &str) {
        self.tags.insert(recorded.to_owned(), replayed.to_owned());
    }

    fn learn_below(&mut self, recorded: &Value, replayed: &Value, is_creating: bool) {
        match (recorded, replayed) {
            (Value::Object(recorded_members), Value::Object(replayed_members)) => {
                self.learn_entity(recorded, replayed, is_creating);
                for (name, member) in recorded_members {
                    if let Some(other) = replayed_members.get(name) {
                        self.learn_below(member, other, is_creating);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(replayed)) => {
                for (one, other) in matching(recorded, replayed, is_creating) {
                    self.learn_below(one, other, is_creating);
                }
            }
            _ => {}
        }
    }

    fn learn_entity(&mut self, recorded: &Value, replayed: &Value, is_creating: bool) {
        let (Some(one), Some(other)) = (id(recorded), id(replayed)) else {
            return;
        };
        if let (Some(entity_type), true) = (
            entity_type(recorded),
            entity_type(recorded) == entity_type(replayed),
        ) {
            self.insert(entity_type, one.clone(), &other, is_creating);
        }
        let stamp = |value: &Value| value.get("client_lock_stamp").and_then(Value::as_i64);
        if let (Some(recorded), Some(replayed)) = (stamp(recorded), stamp(replayed)) {
            self.stamps.insert((one, recorded), replayed);
        }
    }

    fn insert(&mut self, owner: &str, recorded: String, replayed: &str, is_creating: bool) {
        let key = (owner.to_owned(), recorded.clone());
        if !is_creating && self.known.contains_key(&key) {
            return;
        }
        self.known.insert(key, replayed.to_owned());
        let alone = self
            .alone
            .entry(recorded)
            .or_insert_with(|| Some(replayed.to_owned()));
        if alone.as_deref() != Some(replayed) {
            *alone = None;
        }
    }

    /// What is here in the place of a recorded ID: of the type or collection, or whatever it belongs to if that is clear.
    pub(super) fn find(&self, owner: Option<&str>, recorded: &str) -> Option<&str> {
        let own = owner.and_then(|owner| {
            let key = (owner.to_owned(), recorded.to_owned());
            self.known.get(&key)
        });
        own.or_else(|| self.alone.get(recorded)?.as_ref())
            .map(String::as_str)
    }

    /// What is here in the place of a recorded stamp of an entity with a recorded ID.
    pub(super) fn stamp(&self, id: &str, recorded: i64) -> Option<i64> {
        self.stamps.get(&(id.to_owned(), recorded)).copied()
    }

    /// What is here in the place of a recorded entity tag.
    pub(super) fn tag(&self, recorded: &str) -> Option<&str> {
        self.tags.get(recorded).map(String::as_str)
    }
}

/// The ID of an object: text or a number.
pub(super) fn id(value: &Value) -> Option<String> {
    match value.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The entities of two answers that correspond to each other.
fn pairs<'a>(
    recorded: &'a Value,
    replayed: &'a Value,
    is_creating: bool,
) -> Vec<(&'a Value, &'a Value)> {
    match (recorded.get("data"), replayed.get("data")) {
        (Some(Value::Array(recorded)), Some(Value::Array(replayed))) => {
            matching(recorded, replayed, is_creating)
        }
        _ => vec![(recorded, replayed)],
    }
}

/// The items of two lists that correspond to each other. Those that were created do so by their order, unless one of the
/// servers has rejected some.
fn matching<'a>(
    recorded: &'a [Value],
    replayed: &'a [Value],
    is_creating: bool,
) -> Vec<(&'a Value, &'a Value)> {
    if is_creating {
        let is_complete = recorded.len() == replayed.len();
        let pairs = recorded.iter().zip(replayed).filter(|_| is_complete);
        return pairs.collect();
    }
    let mut found: Vec<Option<&Value>> = vec![None; recorded.len()];
    let mut is_free = vec![true; replayed.len()];
    // What has the same type and the same of these corresponds: the ID, the name, or the place.
    let rules: [fn(&Value) -> Option<String>; 3] = [
        id,
        |value| Some(value.get("name")?.as_str()?.to_owned()),
        |_| Some(String::new()),
    ];
    for rule in rules {
        let key = |value: &'a Value| Some((entity_type(value), rule(value)?));
        // In the order of the list. Looking through the list for each item takes long if it is large.
        let mut free: HashMap<_, VecDeque<usize>> = HashMap::new();
        for (place, other) in replayed.iter().enumerate().filter(|(at, _)| is_free[*at]) {
            if let Some(key) = key(other) {
                free.entry(key).or_default().push_back(place);
            }
        }
        for (one, found) in recorded.iter().zip(&mut found) {
            if found.is_none()
                && let Some(places) = key(one).and_then(|key| free.get_mut(&key))
                && let Some(place) = places.pop_front()
            {
                is_free[place] = false;
                *found = Some(&replayed[place]);
            }
        }
    }
    let pairs = recorded.iter().zip(found);
    pairs
        .filter_map(|(one, other)| Some((one, other?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &Value) -> Answer {
        Answer::new(200, Some("application/json"), body.to_string().as_bytes())
    }

    #[test]
    fn what_was_created_is_known_by_its_order() {
        let mut ids = Ids::default();
        let data = |ids: [&str; 2]| {
            let entity = |id| json!({"type": "defect", "id": id, "client_lock_stamp": 3});
            answer(&json!({ "data": ids.map(entity) }))
        };
        ids.learn("defects", true, &data(["7", "8"]), &data(["17", "18"]));
        assert_eq!(ids.find(Some("defects"), "7"), Some("17"));
        assert_eq!(ids.find(Some("defect"), "8"), Some("18"));
        assert_eq!(ids.find(Some("work_items"), "8"), Some("18"));
        assert_eq!(ids.find(Some("defects"), "9"), None);
        assert_eq!(ids.stamp("7", 3), Some(3));
        // Another entity with the same ID: only its own type says which is meant.
        let module = |id: &str| answer(&json!({"type": "application_module", "id": id}));
        ids.learn("application_modules", true, &module("7"), &module("27"));
        assert_eq!(ids.find(Some("application_modules"), "7"), Some("27"));
        assert_eq!(ids.find(Some("defects"), "7"), Some("17"));
        assert_eq!(ids.find(None, "7"), None);
        // A task has no type, and a number.
        let task = |id: i64| answer(&json!({"id": id, "status": "queued"}));
        ids.learn("test-results", true, &task(5), &task(55));
        assert_eq!(ids.find(Some("test-results"), "5"), Some("55"));
    }

    #[test]
    fn what_was_there_before_is_known_by_id_name_or_place() {
        let mut ids = Ids::default();
        let release = |id: &str, name: &str| json!({"type": "release", "id": id, "name": name});
        let recorded = json!({"data": [release("1", "a"), release("2", "b"), release("3", "c")]});
        let replayed = json!({"data": [release("9", "b"), release("3", "z"), release("8", "y")]});
        ids.learn("releases", false, &answer(&recorded), &answer(&replayed));
        let found = ["1", "2", "3"].map(|id| ids.find(Some("release"), id).unwrap().to_owned());
        assert_eq!(found, ["8", "9", "3"]);
        // What is known stays.
        let again = json!({"data": [release("1", "a")]});
        let other = json!({"data": [release("5", "a")]});
        ids.learn("releases", false, &answer(&again), &answer(&other));
        assert_eq!(ids.find(Some("releases"), "1"), Some("8"));
    }

    #[test]
    fn time_grows_with_the_items_of_a_list_and_not_with_their_square() {
        const ITEMS: usize = 30_000;
        let start = std::time::Instant::now();
        let mut ids = Ids::default();
        let list = |first: usize| {
            let names = (0..ITEMS).rev();
            let items =
                names.map(|at| json!({"type": "run", "id": first + at, "name": at.to_string()}));
            answer(&json!({ "data": items.collect::<Vec<_>>() }))
        };
        ids.learn("runs", false, &list(1), &list(1 + ITEMS));
        assert_eq!(ids.find(Some("runs"), "1"), Some("30001"));
        let took = start.elapsed();
        assert!(
            took < std::time::Duration::from_secs(20),
            "it took {took:?}"
        );
    }

    #[test]
    fn references_in_answers_are_learned_too_and_errors_are_not() {
        let mut ids = Ids::default();
        let entity = |id: &str, author: &str| {
            answer(&json!({"id": id, "author": {"type": "workspace_user", "id": author}}))
        };
        ids.learn("runs", false, &entity("1", "2"), &entity("1", "4"));
        assert_eq!(ids.find(Some("workspace_user"), "2"), Some("4"));
        let failed = Answer::new(409, None, br#"{"id":"6"}"#);
        ids.learn("runs", true, &failed, &failed);
        assert_eq!(ids.find(None, "6"), None);
    }
}

//! Queries evaluated by SQL and by a naive implementation return the same entities.

mod naive;
mod questions;
mod world;

use octane_model::Select;
use proptest::prelude::*;

use self::questions::question;
use self::world::{World, id_of, plans};
use crate::store::ListRequest;
use crate::{Sandbox, Settings};

/// The number of worlds, and of queries for each: 4800 in all.
const WORLDS: u32 = 24;
const QUESTIONS: usize = 200;

fn questions() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), QUESTIONS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(WORLDS))]

    #[test]
    fn sql_and_naive_evaluation_agree(plans in plans(), questions in questions()) {
        let sandbox = Sandbox::open(Settings::default().seed_data(false)).unwrap();
        let world = World::new(&sandbox, &plans);
        for bytes in questions {
            let query = question(&bytes);
            // As text, like in a request.
            let request = ListRequest {
                select: Select::names(["name"]),
                query: Some(query.to_string().parse().unwrap()),
                limit: 1000,
                ..ListRequest::default()
            };
            let page = sandbox.state.store.read_now(|reader| {
                reader.list(reader.catalog.known_type("work_item"), &request)
            });
            let page = page.map_err(|error| TestCaseError::fail(format!("{query}: {error:?}")))?;
            let mut expected: Vec<i64> = world
                .of("item")
                .iter()
                .filter(|row| world.holds(row, &query))
                .map(id_of)
                .collect();
            expected.sort_unstable();
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            let found = page.data.iter().map(|entity| entity.id.as_ref().unwrap().to_string());
            let found: Vec<String> = found.collect();
            prop_assert_eq!(page.total_count, Some(expected.len() as u64));
            prop_assert_eq!(found, expected, "{}", query);
        }
    }
}

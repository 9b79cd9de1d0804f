//! Typed entities, one file each.

mod application_module;
mod automated_run;
mod automated_test;
mod release;
mod suite_run;
mod test_suite;
mod work_item;

use serde::de::DeserializeOwned;

use crate::{Entity, Select};

pub use application_module::ApplicationModule;
pub use automated_run::{AutomatedRun, TestOfRun};
pub use automated_test::AutomatedTest;
pub use release::ReleaseEntity;
pub use suite_run::SuiteRun;
pub use test_suite::TestSuite;
pub use work_item::WorkItem;

/// An entity type with a struct of its own: where it lives and which fields the struct needs.
pub trait Resource: DeserializeOwned {
    /// The type, as entities and metadata name it, for example `run_automated`.
    const TYPE: &'static str;
    /// The collection, as URLs name it, for example `automated_runs`.
    const COLLECTION: &'static str;

    /// The fields to ask for.
    fn select() -> Select;
}

impl Entity {
    /// Whether the entity's type is that of `R`.
    pub fn is<R: Resource>(&self) -> bool {
        self.kind == R::TYPE
    }
}

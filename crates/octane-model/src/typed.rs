//! Typed entities, one per file.

pub(crate) mod application_module;
pub(crate) mod automated_run;
pub(crate) mod automated_test;
pub(crate) mod release;
pub(crate) mod suite_run;
pub(crate) mod test_suite;
pub(crate) mod work_item;

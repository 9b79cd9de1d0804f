//! Tests of the whole system, one file per topic.

mod browser;
mod delivery;
mod entities;
mod faults;
mod foreign;
mod futures;
mod gherkin;
mod links;
mod main_job;
mod names;
mod payloads;
mod relay_simulation;
mod repeated_uploads;
mod restored;
mod shards;
mod simulation;

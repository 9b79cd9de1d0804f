//! Tests of the whole, one topic a file.

mod browser;
mod delivery;
mod entities;
mod faults;
mod foreign;
mod links;
mod main_job;
mod payloads;
mod simulation;

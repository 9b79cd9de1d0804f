//! The program as people and scripts use it: a command, its exit code, and its output.

mod annotations;
mod bad_input;
mod ci;
mod commands;
mod comparison;
mod compat;
mod credentials;
mod doctor;
mod doctor_relay;
mod dry_run;
#[cfg(unix)]
mod dry_runs;
mod echoing;
#[cfg(unix)]
mod every_command;
mod examples;
#[cfg(unix)]
mod exec;
mod gherkin;
#[cfg(unix)]
mod hand_over;
mod hostile;
mod identity;
mod input_files;
mod interrupts;
mod json_schema;
mod keeping;
mod killed;
mod killed_sandbox;
mod kills;
mod lists;
mod logging;
mod main_job;
mod names;
mod networks;
mod next_steps;
mod not_octane;
mod options;
mod pages;
#[cfg(unix)]
mod printed;
mod program;
mod races;
#[cfg(unix)]
mod recipes;
#[cfg(unix)]
mod recording;
mod reference;
mod relay;
mod relay_access;
mod relay_process;
mod relay_workspaces;
mod remote;
#[cfg(unix)]
mod replay;
mod reports;
mod reruns;
mod resuming;
mod schemas;
mod secrets;
mod server;
mod settings;
mod shards;
mod shared_session;
// Paths and the texts of the operating system differ elsewhere.
#[cfg(unix)]
mod snapshots;
mod stale_links;
mod stories;
mod tables;
mod test_failures;
mod transcript;
mod waiting;

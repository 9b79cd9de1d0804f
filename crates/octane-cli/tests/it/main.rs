//! The program as people and scripts meet it: a command, its exit code, and what it writes where.

mod annotations;
mod bad_input;
mod commands;
mod examples;
mod interrupts;
mod keeping;
mod killed;
mod kills;
mod main_job;
mod program;
mod server;

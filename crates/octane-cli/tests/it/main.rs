//! The program as people and scripts meet it: a command, its exit code, and what it writes where.

mod bad_input;
mod commands;
mod examples;
mod killed;
mod main_job;
mod program;
mod server;

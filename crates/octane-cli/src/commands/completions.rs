//! `octane completions`

use clap_complete::generate;

use crate::args::{Args, CompletionsArgs};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::write_file;

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    generate(
        args.shell,
        &mut Args::with_all_commands(),
        "octane",
        &mut script,
    );
    write_file(script.trim_ascii_end())?;
    Ok(Exit::Success)
}

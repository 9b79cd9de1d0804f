//! `octane compat --show-command`; without it, the command that it would show is run.

use serde_json::json;

use crate::args::CompatArgs;
use crate::compat::Translated;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text};

pub(super) fn run(args: &CompatArgs, output: Output) -> Result<Exit> {
    let translated = Translated::new(args)?;
    let command = translated.command();
    output.answer(
        || Text::line(&command),
        &json!({ "schema": "octane.compat/1", "command": command }),
    )?;
    for note in translated.notes() {
        output.say(&note);
    }
    Ok(Exit::Success)
}

//! `octane config`

mod init;
mod path;

mod show;

use crate::args::{ConfigCommand, Format, UploadArgs};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, write_file, write_json_line};
use crate::settings::definition::Definitions;
use crate::settings::fill::Effective;
use crate::settings::schema::schema;

pub(super) fn run(
    command: &ConfigCommand,
    effective: &[Effective],
    output: Output,
) -> Result<Exit> {
    match command {
        ConfigCommand::Show(args) => show::run(args, effective, &definitions(), output),
        ConfigCommand::Path => path::run(output),
        ConfigCommand::Init(args) => init::run(args, &definitions(), output),
        ConfigCommand::Schema => {
            let schema = schema(&definitions());
            if output.format == Format::Ndjson {
                write_json_line(&schema)?;
                return Ok(Exit::Success);
            }
            let text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)?;
            write_file(text.as_bytes())?;
            Ok(Exit::Success)
        }
    }
}

fn definitions() -> Definitions {
    Definitions::of(&UploadArgs::command())
}

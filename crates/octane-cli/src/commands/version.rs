//! `octane version`

use serde_json::json;

use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(is_json: bool, output: Output) -> Result<Exit> {
    let format = if is_json && !output.format.is_json() {
        Format::Json
    } else {
        output.format
    };
    let output = Output { format, ..output };
    output.answer(
        || Text::line(format!("octane {VERSION}")),
        &json!({ "schema": "octane.version/1", "name": "octane", "version": VERSION }),
    )?;
    Ok(Exit::Success)
}

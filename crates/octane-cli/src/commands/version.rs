//! `octane version`

use serde_json::json;

use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(output: Output) -> Result<Exit> {
    output.answer(
        || Text::line(format!("octane {VERSION}")),
        &json!({ "schema": "octane.version/1", "name": "octane", "version": VERSION }),
    )?;
    Ok(Exit::Success)
}

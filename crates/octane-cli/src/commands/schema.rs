//! `octane schema`

use serde_json::json;

use crate::args::SchemaArgs;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, write_file};
use crate::schema;

/// Prints a schema as it is published, or the names of all.
pub(super) fn run(args: &SchemaArgs, output: Output) -> Result<Exit> {
    let published = args.name.as_deref().and_then(schema::text);
    if let Some(text) = published {
        write_file(text.trim_end().as_bytes())?;
        return Ok(Exit::Success);
    }
    let names: Vec<&str> = schema::names().collect();
    output.answer(
        || Text::lines(&names),
        &json!({ "schema": "octane.schemas/1", "names": names }),
    )?;
    Ok(Exit::Success)
}

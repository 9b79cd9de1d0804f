//! `octane convert`

use std::path::{Path, PathBuf};

use octane_client::{Plan, Target};
use octane_model::plural::plural;
use octane_model::{ModuleId, SuiteId};
use serde_json::json;

use crate::args::ConvertArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::output::{Output, Text, write_file};

/// Writes the payloads that an upload would send.
pub(super) fn run(args: &ConvertArgs, output: Output) -> Result<Exit> {
    let mut settings = crate::payload::settings(&args.payload)?;
    let input = Input::read(&args.input, &settings.context.environment)?;
    input.check(&args.input)?;
    let target = args.suite.map(|suite| {
        Target::new(
            SuiteId::new(suite),
            args.suite_run.clone().unwrap_or_default(),
        )
    });
    if let Some(module) = args.module {
        settings.context.product_areas.push(ModuleId::new(module));
    }
    let plan = |settings| Plan::new(input.runs(), target.as_ref(), settings);
    // Planned completely before the first file is written, so that a result that exceeds a limit leaves no files.
    let totals = plan(&settings)?.finish()?;
    input.verify_unchanged()?;
    if args.output.as_os_str() == "-" {
        if totals.batches > 1 {
            let message = format!("cannot write {} batches to standard output", totals.batches);
            return Err(Failure::message(Exit::Usage, message)
                .hint("write to a file, or raise `--batch-size`"));
        }
        for batch in plan(&settings)? {
            write_file(batch?.payload())?;
        }
        return Ok(Exit::Success);
    }
    let mut files = Vec::new();
    for batch in plan(&settings)? {
        let batch = batch?;
        let path = numbered(&args.output, batch.number);
        std::fs::write(&path, batch.payload()).map_err(|error| {
            Failure::new(Exit::Configuration, error)
                .context(format!("cannot write `{}`", path.display()))
                .hint("use `--output` with a file in an existing, writable directory")
        })?;
        files.push(json!({ "file": path, "results": batch.results(), "bytes": batch.payload().len(), "sha256": batch.sha256 }));
    }
    let human = || {
        let mut text = format!(
            "wrote {} in {}: {}",
            plural(totals.counts.read, "result"),
            plural(files.len(), "payload"),
            args.output.display()
        );
        match files.len() {
            0 | 1 => {}
            2 => text.push_str(&format!(", {}", numbered(&args.output, 2).display())),
            last => text.push_str(&format!(" … {}", numbered(&args.output, last).display())),
        }
        Text::line(text)
    };
    output.answer(
        human,
        &json!({ "schema": "octane.convert/1", "results": totals.counts.read, "payloads": files }),
    )?;
    Ok(Exit::Success)
}

/// `out.xml` for the first batch, `out.2.xml` for the second.
fn numbered(output: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return output.to_owned();
    }
    let extension = output
        .extension()
        .map(|extension| extension.to_string_lossy().into_owned());
    output.with_extension(match extension {
        Some(extension) => format!("{number}.{extension}"),
        None => number.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_batches_are_numbered_before_the_extension() {
        assert_eq!(numbered(Path::new("a/out.xml"), 1), Path::new("a/out.xml"));
        assert_eq!(
            numbered(Path::new("a/out.xml"), 3),
            Path::new("a/out.3.xml")
        );
        assert_eq!(numbered(Path::new("out"), 2), Path::new("out.2"));
    }
}

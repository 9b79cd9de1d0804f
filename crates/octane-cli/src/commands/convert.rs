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
use crate::input::warnings::WarningsJson;
use crate::output::{Output, Text, write_file};
use crate::output_file::OutputFile;

/// Writes the payloads that an upload would send. Files appear when all of them are complete; a failure leaves none, also
/// not those of an earlier time.
pub(super) fn run(args: &ConvertArgs, output: Output) -> Result<Exit> {
    let is_stdout = args.output.as_os_str() == "-";
    let file = if is_stdout {
        None
    } else {
        Some(output_file(args)?)
    };
    let mut settings = crate::payload::settings(&args.payload)?;
    let input = Input::read(&args.input, &settings.context.environment)?;
    if let Some(file) = &file {
        refuse_inputs(file, &input)?;
    }
    for warning in input.warnings.lines() {
        output.say(&format!("warning: {warning}"));
    }
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
    let problems = input.problems();
    for problem in &problems {
        output.say(&format!("skipped: {}", problem.message));
    }
    let exit = input.exit();
    let Some(file) = file else {
        if totals.batches > 1 {
            let message = format!("cannot write {} batches to standard output", totals.batches);
            return Err(Failure::message(Exit::Usage, message)
                .hint("write to a file, or raise `--batch-size`"));
        }
        for batch in plan(&settings)? {
            write_file(batch?.payload())?;
        }
        return Ok(exit);
    };
    let cannot_write = |path: &Path, error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot write `{}`", path.display()))
    };
    let (mut files, mut written) = (Vec::new(), Vec::new());
    for batch in plan(&settings)? {
        let batch = batch?;
        let path = numbered(file.path(), batch.number);
        let file = match batch.number {
            1 => file.clone(),
            _ => OutputFile::new(&path, "--output", &args.input.inputs)?,
        };
        let complete = file.write(batch.payload());
        written.extend(complete.map_err(|error| cannot_write(&path, error))?);
        files.push(json!({ "file": path, "results": batch.results(), "bytes": batch.payload().len(), "sha256": batch.sha256 }));
    }
    for (file, entry) in written.into_iter().zip(&files) {
        file.finish().map_err(|error| {
            cannot_write(Path::new(entry["file"].as_str().unwrap_or("-")), error)
        })?;
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
    let WarningsJson {
        warnings,
        warning_counts,
    } = input.warnings.json();
    output.answer(
        human,
        &json!({
            "schema": "octane.convert/1", "results": totals.counts.read, "payloads": files, "problems": problems,
            "warnings": warnings, "warning_counts": warning_counts,
        }),
    )?;
    Ok(exit)
}

/// The first file, after the files of an earlier time have been removed.
fn output_file(args: &ConvertArgs) -> Result<OutputFile> {
    let output = |number| {
        let path = numbered(&args.output, number);
        OutputFile::new(&path, "--output", &args.input.inputs)
    };
    let first = output(1)?;
    for number in 2.. {
        let exists = numbered(&args.output, number).is_file();
        // A file that this program did not write stays, and ends the row.
        if !exists || !output(number)?.was_own() {
            break;
        }
    }
    Ok(first)
}

/// Fails if the file would replace one of the inputs.
fn refuse_inputs(file: &OutputFile, input: &Input) -> Result<()> {
    if !input
        .sources()
        .any(|source| file.is_same(Path::new(source.name())))
    {
        return Ok(());
    }
    let message = format!(
        "cannot use `--output {}`: it is also an input",
        file.path().display()
    );
    Err(Failure::message(Exit::Configuration, message)
        .hint("write to another directory, or leave the file out with `--exclude`"))
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

//! `octane convert`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use octane_client::{Plan, PlanError, PlanTotals, SinglePayload, Target, UploadSettings};
use octane_model::plural::plural;
use octane_model::{ModuleId, SuiteId};
use octane_results::{Dialect, ExportFormat, Exporter, Process, TestRun};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::args::{BuildContext, ConvertArgs, Gherkin, OutputFormat};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::buffers::Buffers;
use crate::input::reading::Reading;
use crate::input::warnings::WarningsJson;
use crate::output::{Output, Text};
use crate::output_file::{Complete, OutputFile, Staged};
use crate::payload;

/// Writes the results as one payload, or as the payloads that an upload would send. Files are written while the input is
/// read, and appear when all of them are complete; a failure leaves none, also not those of an earlier time.
pub(super) fn run(args: &ConvertArgs, output: Output) -> Result<Exit> {
    let is_table = !matches!(args.to, OutputFormat::Octane | OutputFormat::Evidence);
    if args.to == OutputFormat::Parquet && cfg!(not(feature = "arrow")) {
        return Err(parquet_missing());
    }
    if args.split && is_table {
        let message = "`--split` writes payloads for Octane, and `--to` asks for another format";
        return Err(Failure::message(Exit::Usage, message).hint("leave out one of them"));
    }
    check_gherkin(args)?;
    check_offline(args)?;
    let is_stdout = args.output.as_os_str() == "-";
    let file = if is_stdout {
        None
    } else {
        Some(output_file(args)?)
    };
    let mut settings = payload::settings(&args.payload)?;
    if args.to == OutputFormat::Evidence {
        settings.dialect = Dialect::Evidence;
    }
    if let Some(module) = args.module {
        settings.context.product_areas.push(ModuleId::new(module));
    }
    let target = args.suite.map(|suite| {
        Target::new(
            SuiteId::new(suite),
            args.suite_run.clone().unwrap_or_default(),
        )
    });
    let target = target.as_ref();
    let is_json = output.format.is_json();
    let mut payloads = Payloads::new(args, file.as_ref(), is_json);
    let mut reading = Reading::new(&args.input)?.of_dialect(settings.dialect);
    let first = payloads.write_first(&mut reading, target, &settings);
    let input = reading.finish(&settings.context.environment)?;
    if let Some(file) = &file {
        refuse_inputs(file, &input)?;
    }
    for warning in input.warnings.lines() {
        output.say(&format!("warning: {warning}"));
    }
    input.check(&args.input, "written")?;
    let totals = if input.is_arranged() {
        payloads = Payloads::new(args, file.as_ref(), is_json);
        let totals = payloads.write_all(input.runs(), each_of, target, &settings)?;
        input.verify_unchanged()?;
        totals
    } else {
        first?
    };
    let results = totals.counts.read;
    let mut problems = input.problems();
    for problem in &problems {
        output.say(&format!("skipped: {}", problem.message));
    }
    let unsupported = totals.problems.into_iter();
    for problem in unsupported.filter(|problem| problem.code == "unsupported") {
        output.say(&format!("warning: {}", problem.message));
        problems.push(problem);
    }
    let written = payloads.finish()?;
    let exit = input.exit();
    if is_stdout {
        return Ok(exit);
    }
    let human = || {
        let mut text = format!(
            "wrote {} in {}: {}",
            plural(results, "result"),
            plural(written.len(), if is_table { "file" } else { "payload" }),
            args.output.display()
        );
        match written.len() {
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
            "schema": "octane.convert/1", "results": results, "payloads": written, "problems": problems,
            "warnings": warnings, "warning_counts": warning_counts,
        }),
    )?;
    Ok(exit)
}

/// Fails if results of features cannot be written as the other options want it.
fn check_gherkin(args: &ConvertArgs) -> Result<()> {
    if args.payload.gherkin == Gherkin::Features && args.to != OutputFormat::Octane {
        let message =
            "`--gherkin features` writes standard payloads, and `--to` asks for another format";
        return Err(Failure::message(Exit::Usage, message).hint("leave out one of them"));
    }
    payload::check_gherkin(&args.payload, &args.input)
}

/// Fails if a server would have to be asked.
fn check_offline(args: &ConvertArgs) -> Result<()> {
    if args.payload.build_context == BuildContext::Auto {
        let message = "`--build-context auto` asks a server, and `convert` works offline";
        return Err(Failure::message(Exit::Usage, message).hint("use SERVER,JOB,BUILD or `off`"));
    }
    Ok(())
}

/// How much is rendered before it is written.
const PIECE_BYTES: usize = 64 * 1024;

/// Payloads that are written next to their places.
struct Payloads<'a> {
    args: &'a ConvertArgs,
    /// The first file; standard output if there is none.
    file: Option<&'a OutputFile>,
    /// Whether digests are asked for.
    has_digests: bool,
    written: Vec<(Complete, PayloadFile)>,
}

/// A payload that was written.
#[derive(Debug, Serialize)]
struct PayloadFile {
    file: PathBuf,
    results: usize,
    bytes: u64,
    sha256: String,
}

impl<'a> Payloads<'a> {
    fn new(args: &'a ConvertArgs, file: Option<&'a OutputFile>, has_digests: bool) -> Self {
        Self {
            args,
            file,
            has_digests,
            written: Vec::new(),
        }
    }

    /// Writes all results while they are read for the first time. Returns how many there are, and what is reported of them.
    fn write_first(
        &mut self,
        reading: &mut Reading,
        target: Option<&Target>,
        settings: &UploadSettings,
    ) -> Result<PlanTotals> {
        let is_payload = matches!(self.args.to, OutputFormat::Octane | OutputFormat::Evidence);
        let is_of_features = self.args.payload.gherkin == Gherkin::Features;
        if !is_payload || self.args.split || is_of_features {
            return self.write_all(
                reading,
                |reading, each| reading.each(each),
                target,
                settings,
            );
        }
        let mut payload = SinglePayload::new(target, settings)?;
        let mut single = self.single()?;
        single.write(payload.prefix())?;
        let buffers = Arc::new(Buffers::default());
        let rendering = Rendering {
            payload: payload.part(),
            buffers: Arc::clone(&buffers),
        };
        reading.process(rendering, &mut |rendered| {
            if let Some(error) = rendered.failed {
                return Err(error.into());
            }
            payload.append(rendered.payload);
            single.write(&rendered.bytes)?;
            buffers.give(rendered.bytes);
            Ok(())
        })?;
        let mut end = Vec::new();
        let totals = payload.finish(&mut end)?;
        single.write(&end)?;
        self.written.push(single.end(totals.counts.read)?);
        Ok(totals)
    }

    /// Writes all results in the format that is asked for; `each` passes on each of `runs`. Returns how many there are, and what is
    /// reported of them.
    fn write_all<R: Iterator<Item = TestRun>>(
        &mut self,
        mut runs: R,
        each: impl Fn(&mut R, &mut dyn FnMut(&mut TestRun) -> Result<()>) -> Result<()>,
        target: Option<&Target>,
        settings: &UploadSettings,
    ) -> Result<PlanTotals> {
        let started = self.args.payload.started;
        let each = |runs: &mut R, write: &mut dyn FnMut(&mut TestRun) -> Result<()>| {
            each(runs, &mut |run| {
                run.started = run.started.or(started);
                write(run)
            })
        };
        let format = match self.args.to {
            OutputFormat::Octane | OutputFormat::Evidence if self.args.split => {
                let plan = Plan::new(runs, target, settings)?;
                return self.split(plan);
            }
            OutputFormat::Octane | OutputFormat::Evidence => {
                let mut payload = SinglePayload::new(target, settings)?;
                let mut single = self.single()?;
                let mut piece = payload.prefix().to_vec();
                each(&mut runs, &mut |run| {
                    payload.write(run, &mut piece)?;
                    single.write_if_full(&mut piece)
                })?;
                let totals = payload.finish(&mut piece)?;
                single.write(&piece)?;
                self.written.push(single.end(totals.counts.read)?);
                return Ok(totals);
            }
            OutputFormat::Junit => ExportFormat::Junit,
            OutputFormat::Ndjson => ExportFormat::Ndjson,
            OutputFormat::Csv => ExportFormat::Csv,
            OutputFormat::Parquet => return Ok(totals_of(self.write_parquet(runs, each)?)),
        };
        let exporter = Exporter::new(format);
        let mut piece = exporter.prefix().to_vec();
        let mut single = self.single()?;
        let mut results = 0;
        each(&mut runs, &mut |run| {
            exporter.write(run, &mut piece);
            results += 1;
            single.write_if_full(&mut piece)
        })?;
        piece.extend_from_slice(exporter.suffix());
        single.write(&piece)?;
        self.written.push(single.end(results)?);
        Ok(totals_of(results))
    }

    /// Writes a table in Parquet. Returns how many results there are.
    #[cfg(feature = "arrow")]
    fn write_parquet<R>(
        &mut self,
        mut runs: R,
        each: impl Fn(&mut R, &mut dyn FnMut(&mut TestRun) -> Result<()>) -> Result<()>,
    ) -> Result<usize> {
        let failed = |error| Failure::new(Exit::Configuration, error);
        let mut exporter = octane_results::ParquetExporter::new().map_err(failed)?;
        let mut piece = Vec::new();
        let mut single = self.single()?;
        let mut results = 0;
        each(&mut runs, &mut |run| {
            exporter.write(run, &mut piece).map_err(failed)?;
            results += 1;
            single.write_if_full(&mut piece)
        })?;
        exporter.finish(&mut piece).map_err(failed)?;
        single.write(&piece)?;
        self.written.push(single.end(results)?);
        Ok(results)
    }

    #[cfg(not(feature = "arrow"))]
    #[expect(clippy::unused_self, reason = "other builds write with it")]
    fn write_parquet<R>(
        &mut self,
        _runs: R,
        _each: impl Fn(&mut R, &mut dyn FnMut(&mut TestRun) -> Result<()>) -> Result<()>,
    ) -> Result<usize> {
        Err(parquet_missing())
    }

    /// Writes a file for each batch.
    fn split(&mut self, mut plan: Plan<impl Iterator<Item = TestRun>>) -> Result<PlanTotals> {
        for batch in plan.by_ref() {
            let batch = batch?;
            if self.file.is_none() && batch.number > 1 {
                let message = "cannot write several payloads to standard output";
                return Err(Failure::message(Exit::Usage, message)
                    .hint("write to a file, or leave out `--split`"));
            }
            let payload = batch.payload();
            let (mut staged, path) = self.stage(batch.number)?;
            let written = staged.write_all(&payload);
            let complete = written.and_then(|()| staged.complete());
            let complete = complete.map_err(|error| cannot_write(&path, error))?;
            let entry = PayloadFile {
                file: path,
                results: batch.results(),
                bytes: payload.len() as u64,
                sha256: batch.sha256(),
            };
            self.written.push((complete, entry));
        }
        Ok(plan.finish()?)
    }

    /// The file that holds everything.
    fn single(&self) -> Result<Single> {
        let (staged, path) = self.stage(1)?;
        Ok(Single {
            staged,
            path,
            bytes: 0,
            digest: self.has_digests.then(Sha256::new),
        })
    }

    fn stage(&self, number: usize) -> Result<(Staged, PathBuf)> {
        let path = numbered(&self.args.output, number);
        let staged = match self.file {
            None => Staged::stdout(),
            Some(file) if number == 1 => file.stage(),
            Some(_) => OutputFile::new(&path, "--output", &self.args.input.inputs)?.stage(),
        };
        match staged {
            Ok(staged) => Ok((staged, path)),
            Err(error) => Err(cannot_write(&path, error)),
        }
    }

    /// Puts all files in their places.
    fn finish(self) -> Result<Vec<PayloadFile>> {
        let files = self.written.into_iter().map(|(complete, entry)| {
            let put = complete.finish();
            put.map_err(|error| cannot_write(&entry.file, error))?;
            Ok(entry)
        });
        files.collect()
    }
}

/// Renders results on the threads that read them.
struct Rendering {
    /// An empty part of the payload.
    payload: SinglePayload,
    buffers: Arc<Buffers>,
}

/// Results that were rendered.
struct Rendered {
    payload: SinglePayload,
    bytes: Vec<u8>,
    /// Why the others cannot be written.
    failed: Option<PlanError>,
}

impl Process for Rendering {
    type Output = Rendered;

    fn begin(&self) -> Rendered {
        Rendered {
            payload: self.payload.part(),
            bytes: self.buffers.take(),
            failed: None,
        }
    }

    fn run(&self, run: &mut TestRun, rendered: &mut Rendered) {
        if rendered.failed.is_some() {
            return;
        }
        rendered.failed = rendered.payload.write(run, &mut rendered.bytes).err();
    }
}

/// A file that is written in pieces.
struct Single {
    staged: Staged,
    path: PathBuf,
    bytes: u64,
    digest: Option<Sha256>,
}

impl Single {
    fn write(&mut self, piece: &[u8]) -> Result<()> {
        if let Some(digest) = &mut self.digest {
            digest.update(piece);
        }
        self.bytes += piece.len() as u64;
        let written = self.staged.write_all(piece);
        written.map_err(|error| cannot_write(&self.path, error))
    }

    /// Writes and clears `piece` if it is large enough.
    fn write_if_full(&mut self, piece: &mut Vec<u8>) -> Result<()> {
        if piece.len() >= PIECE_BYTES {
            self.write(piece)?;
            piece.clear();
        }
        Ok(())
    }

    fn end(self, results: usize) -> Result<(Complete, PayloadFile)> {
        let complete = self.staged.complete();
        let complete = complete.map_err(|error| cannot_write(&self.path, error))?;
        let digest = self.digest.map(Sha256::finalize).unwrap_or_default();
        let entry = PayloadFile {
            file: self.path,
            results,
            bytes: self.bytes,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        Ok((complete, entry))
    }
}

/// The totals of a file that is not a payload.
fn totals_of(results: usize) -> PlanTotals {
    let mut totals = PlanTotals::default();
    totals.counts.read = results;
    totals
}

fn each_of(
    runs: &mut impl Iterator<Item = TestRun>,
    each: &mut dyn FnMut(&mut TestRun) -> Result<()>,
) -> Result<()> {
    runs.try_for_each(|mut run| each(&mut run))
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::new(Exit::Configuration, error).context(format!("cannot write `{}`", path.display()))
}

fn parquet_missing() -> Failure {
    Failure::message(Exit::Usage, "this build cannot write Parquet").hint(
        "to build one that can, run `cargo install --path crates/octane-cli --features arrow`",
    )
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

//! Runs cases of the simulation: `cargo xtask simulate --seeds 1000`, or `--seed 7` to see what happens in one.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use octane_client::Report;
use octane_tests::simulate::{CaseResult, Failure, Simulator};
use serde_json::{Value, json};

const USAGE: &str = "\
cargo xtask simulate --seeds N [--seed K]  run N seeds starting at K (default: 0), until one fails
cargo xtask simulate --seed K              run one seed and print its trace
cargo xtask simulate --crashes N           crash at each write and each request of an upload of N batches, and resume it

  --relay         run seeds of relays that share a store, and of agents that hand uploads over to them
  --jobs J        run J seeds at once (default: as many as there are processors)
  --reports FILE  write the last report of each seed, one JSON line each: {\"seed\":0,\"report\":{…}}; the upload
                  id and the path of the journal are blanked, so two versions can be compared with `diff`";

/// A line is printed each time this many seeds are done.
const PROGRESS_SEEDS: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let simulator = &Simulator::new()?;
    match (arguments.crashes, arguments.seeds) {
        (Some(batches), _) => {
            let points = simulator.crash_points(batches)?;
            let run = |point| simulator.run_crash(batches, point);
            run_all(&run, &arguments, points)
        }
        (None, Some(seeds)) if arguments.relay => {
            run_all(&|seed| simulator.run_relays(seed), &arguments, seeds)
        }
        (None, Some(seeds)) => run_all(&|seed| simulator.run(seed), &arguments, seeds),
        (None, None) => run_one(simulator, &arguments),
    }
}

/// Runs one seed and prints what happens.
#[expect(clippy::print_stdout, reason = "the trace is the program's output")]
fn run_one(simulator: &Simulator, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let ended = if arguments.relay {
        simulator.run_relays_with_trace(arguments.first)
    } else {
        simulator.run_with_trace(arguments.first)
    };
    match ended {
        Ok((result, trace)) => {
            println!("{}\n{result:?}", trace.join("\n"));
            let mut reports = Reports::create(arguments)?;
            reports.write(arguments.first, result.report.as_ref())?;
            reports.finish()
        }
        Err(failure) => {
            println!("{failure}");
            Err("a promise is broken".into())
        }
    }
}

/// Runs seeds, or moments of a crash, in several threads, and handles their results in order.
#[expect(clippy::print_stdout, reason = "progress is the program's output")]
fn run_all(
    run: &(impl Fn(u64) -> Result<CaseResult, Failure> + Sync),
    arguments: &Arguments,
    seeds: u64,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let (first, end) = (arguments.first, arguments.first.saturating_add(seeds));
    let next = AtomicU64::new(first);
    let is_over = AtomicBool::new(false);
    let mut reports = Reports::create(arguments)?;
    let (sender, receiver) = mpsc::channel::<(u64, Result<CaseResult, Failure>)>();
    thread::scope(|scope| {
        for _ in 0..arguments.jobs.get() {
            let (sender, next, is_over) = (sender.clone(), &next, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    // The receiver is gone once a seed has failed.
                    if seed >= end || sender.send((seed, run(seed))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let (mut results, mut process_runs) = (0, 0);
        let mut finish = |seed: u64, ended: Result<CaseResult, Failure>| {
            let result = ended.map_err(|failure| {
                println!("{failure}");
                match arguments.crashes {
                    Some(_) => format!("the crash at moment {seed} breaks a promise"),
                    None => {
                        let relay = if arguments.relay { "--relay " } else { "" };
                        format!("replay it with `cargo xtask simulate {relay}--seed {seed}`")
                    }
                }
            })?;
            results += result.results;
            process_runs += result.process_runs;
            reports.write(seed, result.report.as_ref())?;
            let done = seed - first + 1;
            if done.is_multiple_of(PROGRESS_SEEDS) || done == seeds {
                let seconds = start.elapsed().as_secs_f64();
                let unit = arguments.crashes.map_or("seeds", |_| "crashes");
                println!(
                    "{done} {unit}, {process_runs} process runs, {results} results, {seconds:.0} s"
                );
            }
            Ok::<(), Box<dyn Error>>(())
        };
        let mut waiting = BTreeMap::new();
        let mut expected = first;
        for (seed, ended) in receiver {
            waiting.insert(seed, ended);
            while let Some(ended) = waiting.remove(&expected) {
                if let Err(error) = finish(expected, ended) {
                    is_over.store(true, Ordering::Relaxed);
                    return Err(error);
                }
                expected += 1;
            }
        }
        Ok(())
    })?;
    reports.finish()
}

/// The file of reports, if one was asked for.
struct Reports(Option<BufWriter<File>>);

impl Reports {
    fn create(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let file = arguments.reports.as_ref().map(|path| {
            File::create(path)
                .map_err(|error| format!("cannot create `{}`: {error}", path.display()))
        });
        Ok(Self(file.transpose()?.map(BufWriter::new)))
    }

    fn write(&mut self, seed: u64, report: Option<&Report>) -> Result<(), Box<dyn Error>> {
        if let (Some(file), Some(report)) = (&mut self.0, report) {
            writeln!(
                file,
                "{}",
                json!({ "seed": seed, "report": blanked(report)? })
            )?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Box<dyn Error>> {
        if let Some(mut file) = self.0 {
            file.flush()?;
        }
        Ok(())
    }
}

/// The report without what differs each time: the upload's id and the path of its journal, wherever they appear.
fn blanked(report: &Report) -> Result<Value, Box<dyn Error>> {
    let mut text = serde_json::to_string(report)?;
    if let Some(journal) = &report.journal {
        let path = serde_json::to_string(journal)?;
        text = text.replace(path.trim_matches('"'), "JOURNAL");
    }
    let id = report.upload_id.to_string();
    Ok(serde_json::from_str(&text.replace(&id, "UPLOAD"))?)
}

/// The command line.
struct Arguments {
    first: u64,
    /// Absent: one, with its trace.
    seeds: Option<u64>,
    jobs: NonZero<usize>,
    reports: Option<PathBuf>,
    /// The number of batches of the upload that crashes at each of its steps.
    crashes: Option<u64>,
    /// Whether seeds are those of relays.
    relay: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut first, mut seeds, mut jobs, mut reports, mut crashes) =
            (None, None, None, None, None);
        let mut relay = false;
        while let Some(word) = words.next() {
            if word == "--relay" {
                relay = true;
                continue;
            }
            if !["--seed", "--seeds", "--jobs", "--reports", "--crashes"].contains(&&*word) {
                return Err(format!("unknown argument `{word}`\n\n{USAGE}").into());
            }
            let value = words.next().ok_or(USAGE)?;
            let wrong = |error: &dyn Error| format!("`{word} {value}`: {error}\n\n{USAGE}");
            match &*word {
                "--seed" => first = Some(value.parse().map_err(|error| wrong(&error))?),
                "--seeds" => seeds = Some(value.parse().map_err(|error| wrong(&error))?),
                "--crashes" => crashes = Some(value.parse().map_err(|error| wrong(&error))?),
                "--jobs" => jobs = Some(value.parse().map_err(|error| wrong(&error))?),
                _ => reports = Some(PathBuf::from(value)),
            }
        }
        if first.is_none() && seeds.is_none() && crashes.is_none() {
            return Err(USAGE.into());
        }
        let jobs = jobs
            .unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN));
        Ok(Self {
            first: first.unwrap_or(0),
            seeds,
            jobs,
            reports,
            crashes,
            relay,
        })
    }
}

//! What `octane upload` costs from a file on the disk to the last confirmed batch, journal included, against a plain Python
//! script that builds the same payloads and sends them, in the same run. The server accepts everything at once, reads nothing
//! and shows no runs, so that both do the same work: the script verifies nothing. There is no pacing, and four requests are in
//! flight.
//!
//! `cargo xtask bench upload [RESULTS]` builds the program too; 100,000 results are the default.

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]

#[path = "upload/stub.rs"]
mod stub;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;

/// How often the memory of a process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let count = std::env::args().find_map(|argument| argument.replace(['_', ','], "").parse().ok());
    let count: usize = count.unwrap_or(100_000);
    // Benchmarks are below `deps`, next to the program.
    let program = std::env::current_exe()?;
    let program = program.ancestors().nth(2).unwrap_or(Path::new("."));
    let program = program.join(format!("octane{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!(
            "skipped: `{}` has not been built; use `cargo xtask bench upload`",
            program.display()
        );
        return Ok(());
    }
    let python = python();
    if let Err(reason) = &python {
        println!("the comparison is skipped: {reason}");
    }
    let folder = tempfile::tempdir()?;
    println!("{count} results, {ROUNDS} rounds, medians; load {}", load());
    for (name, file, write) in [
        (
            "CSV",
            "bench.csv",
            table as fn(&mut BufWriter<File>, usize) -> std::io::Result<()>,
        ),
        ("JUnit", "bench.xml", junit),
    ] {
        let path = folder.path().join(file);
        let mut target = BufWriter::new(File::create(&path)?);
        write(&mut target, count)?;
        target.into_inner()?.sync_all()?;
        println!(
            "\n{name}, {} MB",
            std::fs::metadata(&path)?.len() / 1_000_000
        );
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..ROUNDS {
            ours.push(upload(&program, &path, folder.path())?);
            if let Ok(python) = &python {
                theirs.push(script(python, &path)?);
            }
        }
        let ours = median(ours);
        println!("  octane upload  {ours}");
        if !theirs.is_empty() {
            let theirs = median(theirs);
            println!("  Python script  {theirs}");
            println!(
                "  the script takes {:.2} times as long, with {:.2} times the CPU time",
                theirs.wall.as_secs_f64() / ours.wall.as_secs_f64(),
                theirs.cpu.as_secs_f64() / ours.cpu.as_secs_f64()
            );
        }
    }
    println!("\nload {}", load());
    Ok(())
}

/// What a process cost.
struct Cost {
    wall: Duration,
    cpu: Duration,
    /// The largest memory, in KiB; 0 where that is not known.
    memory: u64,
    seen: std::sync::Arc<stub::Seen>,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>7.3} s, CPU {:.2} s, {} MiB, {} payloads with {} kB, {} at once",
            self.wall.as_secs_f64(),
            self.cpu.as_secs_f64(),
            self.memory / 1024,
            self.seen.payloads(),
            self.seen.bytes() / 1000,
            self.seen.in_flight_max()
        )
    }
}

fn upload(program: &Path, input: &Path, folder: &Path) -> Done<Cost> {
    let (address, seen) = stub::start()?;
    let spool = folder.join("uploads");
    let mut command = Command::new(program);
    command
        .arg("upload")
        .arg(input)
        .args(["--url", &format!("http://{address}/ui/?p=1001/1002")])
        .args([
            "--suite",
            "4001",
            "--suite-run",
            "bench",
            "--jira",
            "off",
            "--format",
            "json",
        ])
        .args([
            "--rate",
            "off",
            "--concurrency",
            "4",
            "--batch-size",
            "1000",
        ])
        .arg("--spool")
        .arg(&spool)
        .env_clear()
        .env("HOME", folder)
        .env("OCTANE_CLIENT_ID", "bench")
        .env("OCTANE_CLIENT_SECRET", "bench");
    let cost = measure(&mut command, seen)?;
    if std::env::var_os("OCTANE_BENCH_VERBOSE").is_some() {
        println!("  {:?}", cost.seen.requests());
    }
    std::fs::remove_dir_all(spool)?;
    Ok(cost)
}

fn script(python: &Path, input: &Path) -> Done<Cost> {
    let (address, seen) = stub::start()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/upload/reference.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .arg(input)
        .arg(format!("http://{address}"));
    measure(&mut command, seen)
}

fn measure(command: &mut Command, seen: std::sync::Arc<stub::Seen>) -> Done<Cost> {
    let cpu = cpu_of_children();
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let looking = thread::spawn(move || {
        let mut memory = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(peak) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else {
                break;
            };
            let peak = peak.trim().trim_end_matches(" kB").parse().unwrap_or(0);
            memory = memory.max(peak);
            thread::sleep(LOOK_EVERY);
        }
        memory
    });
    let mut messages = String::new();
    if let Some(mut output) = child.stderr.take() {
        std::io::Read::read_to_string(&mut output, &mut messages)?;
    }
    let ended = child.wait()?;
    let wall = start.elapsed();
    // Without permission to read runs, the upload is complete and not verified.
    if !matches!(ended.code(), Some(0 | 5)) {
        return Err(format!("{command:?} failed with {ended}: {messages}").into());
    }
    Ok(Cost {
        wall,
        cpu: cpu_of_children().saturating_sub(cpu),
        memory: looking.join().unwrap_or(0),
        seen,
    })
}

/// The CPU time of all child processes that have ended; zero where the system does not say.
fn cpu_of_children() -> Duration {
    /// Linux counts in hundredths of a second, whatever its timer does.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields
        .split(' ')
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok());
    TICK * ticks.sum::<u32>()
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.wall);
    costs.swap_remove(costs.len() / 2)
}

/// A Python that has `requests`, or why there is none.
fn python() -> Result<PathBuf, String> {
    let check = Command::new("python3")
        .args(["-c", "import requests"])
        .output();
    match check {
        Ok(output) if output.status.success() => Ok("python3".into()),
        Ok(_) => Err("`python3` has no package `requests`".to_owned()),
        Err(error) => Err(format!("`python3` cannot be started: {error}")),
    }
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn table(file: &mut BufWriter<File>, count: usize) -> std::io::Result<()> {
    writeln!(
        file,
        "package,class,name,status,duration_ms,started,error_message"
    )?;
    for number in 0..count {
        let (status, error) = match number % 33 {
            0 => ("failed", "\"expected 3, was 2\""),
            1 => ("skipped", ""),
            _ => ("passed", ""),
        };
        writeln!(
            file,
            "com.example.shop.module{},CartService{}Test,adds_the_item_{number}_to_the_cart_and_checks_the_total,{status},{},2026-11-20T10:{:02}:{:02}Z,{error}",
            number / 500,
            number % 23,
            number % 1000,
            number / 60 % 60,
            number % 60
        )?;
    }
    Ok(())
}

fn junit(file: &mut BufWriter<File>, count: usize) -> std::io::Result<()> {
    writeln!(
        file,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"
    )?;
    for number in 0..count {
        let suite = number / 500;
        if number % 500 == 0 {
            writeln!(
                file,
                "<testsuite name=\"com.example.shop.module{suite}\" tests=\"{}\" timestamp=\"2026-11-20T10:00:00\">",
                500.min(count - number)
            )?;
        }
        write!(
            file,
            "<testcase classname=\"com.example.shop.module{suite}.CartService{}Test\" name=\"adds_the_item_{number}_to_the_cart_and_checks_the_total\" time=\"0.{:03}\"",
            number % 23,
            number % 1000
        )?;
        match number % 33 {
            0 => writeln!(
                file,
                "><failure type=\"java.lang.AssertionError\" message=\"expected &lt;{number}&gt;\">{}</failure></testcase>",
                "\tat com.example.shop.Cart.call(Cart.java:17)\n".repeat(20)
            )?,
            1 => writeln!(file, "><skipped message=\"not today\"/></testcase>")?,
            _ => writeln!(file, "/>")?,
        }
        if number % 500 == 499 || number + 1 == count {
            writeln!(file, "</testsuite>")?;
        }
    }
    writeln!(file, "</testsuites>")
}

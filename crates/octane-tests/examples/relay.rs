//! Runs relays as processes over PostgreSQL under load, and prints what was measured: `cargo xtask relay`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use octane_tests::relays::{Plan, run};

const USAGE: &str = "\
cargo xtask relay                 hand 1000 uploads of 500 results over to three relays, and measure
cargo xtask relay --disrupt       the same, with a server that makes mistakes, while relays and the database are killed,
                                  stopped and cut off
cargo xtask relay --shards 64     64 shards of one suite run, into a module and a suite that do not exist

  --uploads N   how many uploads (default: 1000)
  --rows N      results of an upload (default: 500)
  --agents N    agents that hand them over, each into a suite run of its own (default: 200)
  --relays N    relays (default: 3; --disrupt needs 3)
  --rate N      requests per second of all relays together (default: 100)
  --think S     each agent waits up to S seconds before each hand-over (default: 10; 0: all at once)
  --stop S      how long a relay is stopped by SIGSTOP (default: 30)
  --rounds N    how often, with everything new (default: 1)
  --program P   the program `octane`";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        print(USAGE);
        return ExitCode::SUCCESS;
    }
    match measure(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(words: Vec<String>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (plan, rounds) = parse(words.into_iter())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // On this thread, as what is started ends with the thread that started it.
    runtime.block_on(repeat(&plan, rounds))
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
fn print(text: &str) {
    println!("{text}");
}

async fn repeat(plan: &Plan, rounds: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
    for round in 1..=rounds {
        print(&match run(plan).await? {
            Some(figures) => {
                format!("round {round} of {rounds}: nothing lost, nothing doubled\n\n{figures}")
            }
            None => "PostgreSQL is not installed".to_owned(),
        });
    }
    Ok(())
}

fn parse(
    mut words: impl Iterator<Item = String>,
) -> Result<(Plan, u32), Box<dyn Error + Send + Sync>> {
    let mut plan = Plan {
        program: PathBuf::from("target/release/octane"),
        uploads: 1000,
        rows: 500,
        agents: 200,
        relays: 3,
        rate: 100,
        think_time_max: Duration::from_secs(10),
        has_faults: false,
        is_disrupted: false,
        stopped_min: Duration::from_secs(30),
        are_shards: false,
    };
    let mut rounds = 1;
    while let Some(word) = words.next() {
        if word == "--disrupt" {
            (plan.has_faults, plan.is_disrupted) = (true, true);
            continue;
        }
        let value = words.next().ok_or(USAGE)?;
        let number = || -> Result<u32, Box<dyn Error + Send + Sync>> {
            let parsed = value.parse();
            parsed.map_err(|error| format!("`{word} {value}`: {error}\n\n{USAGE}").into())
        };
        match &*word {
            "--uploads" => plan.uploads = number()? as usize,
            "--rows" => plan.rows = number()? as usize,
            "--agents" => plan.agents = number()?.max(1) as usize,
            "--relays" => plan.relays = number()?.max(1) as usize,
            "--rate" => plan.rate = number()?,
            "--think" => plan.think_time_max = Duration::from_secs(number()?.into()),
            "--stop" => plan.stopped_min = Duration::from_secs(number()?.into()),
            "--rounds" => rounds = number()?,
            "--program" => plan.program = PathBuf::from(value),
            "--shards" => {
                plan.are_shards = true;
                plan.uploads = number()? as usize;
                plan.agents = plan.uploads;
                plan.think_time_max = Duration::ZERO;
            }
            _ => return Err(format!("unknown argument `{word}`\n\n{USAGE}").into()),
        }
    }
    plan.program = std::path::absolute(plan.program)?;
    if plan.is_disrupted && plan.relays < 3 {
        return Err(USAGE.into());
    }
    Ok((plan, rounds))
}

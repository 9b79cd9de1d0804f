//! Plays cases of the simulation: `cargo xtask simulate --seeds 1000`, or `--seed 7` to see one of them.

use std::error::Error;
use std::time::Instant;

use octane_tests::simulate::Simulator;

const USAGE: &str = "\
cargo xtask simulate --seeds N [--seed K]  plays the seeds from K (0) on, until one fails
cargo xtask simulate --seed K              plays one seed and tells its story";

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let Asked { first, seeds } = Asked::of(std::env::args().skip(1))?;
    let simulator = Simulator::new()?;
    let Some(seeds) = seeds else {
        return match simulator.told(first) {
            Ok((played, story)) => {
                println!("{}\n{played:?}", story.join("\n"));
                Ok(())
            }
            Err(failure) => {
                println!("{failure}");
                Err("something does not hold".into())
            }
        };
    };
    let start = Instant::now();
    let (mut results, mut lives) = (0, 0);
    for seed in first..first.saturating_add(seeds) {
        let played = match simulator.play(seed) {
            Ok(played) => played,
            Err(failure) => {
                println!("{failure}");
                return Err(format!("replay it with `cargo xtask simulate --seed {seed}`").into());
            }
        };
        results += played.results;
        lives += played.lives;
        let done = seed - first + 1;
        if done % 10_000 == 0 || done == seeds {
            let seconds = start.elapsed().as_secs_f64();
            println!("{done} seeds, {lives} lives, {results} results, {seconds:.0} s");
        }
    }
    Ok(())
}

/// What was asked for.
struct Asked {
    first: u64,
    /// One, with its story, if absent.
    seeds: Option<u64>,
}

impl Asked {
    fn of(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut first, mut seeds) = (None, None);
        while let Some(word) = words.next() {
            let place = match &*word {
                "--seed" => &mut first,
                "--seeds" => &mut seeds,
                _ => return Err(format!("`{word}` is not known\n\n{USAGE}").into()),
            };
            let number = words.next().ok_or(USAGE)?;
            let number = number.parse();
            *place = Some(number.map_err(|error| format!("`{word}`: {error}\n\n{USAGE}"))?);
        }
        if first.is_none() && seeds.is_none() {
            return Err(USAGE.into());
        }
        Ok(Self {
            first: first.unwrap_or(0),
            seeds,
        })
    }
}

//! How long each part of a task takes, so that people see what is worth making quicker.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The parts that have ended, in their order.
#[derive(Debug, Default)]
pub(crate) struct Stages(Vec<(&'static str, Duration)>);

impl Stages {
    /// Runs a part, and remembers how long it took, however it ended.
    pub(crate) fn run<T>(&mut self, name: &'static str, part: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = part();
        self.0.push((name, start.elapsed()));
        result
    }

    /// A line for each part.
    pub(crate) fn summary(&self) -> String {
        let mut lines = String::from("time taken:");
        for (name, time) in &self.0 {
            let seconds = time.as_secs();
            let _ = write!(
                lines,
                "\n{:4} min {:02} s  {name}",
                seconds / 60,
                seconds % 60
            );
        }
        lines
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn each_part_has_a_line_in_its_order() {
        let mut stages = Stages::default();
        assert_eq!(stages.run("format", || 7), 7);
        stages.0.push(("tests", Duration::from_millis(1_006_900)));
        let expected = "time taken:\n   0 min 00 s  format\n  16 min 46 s  tests";
        assert_eq!(stages.summary(), expected);
    }
}

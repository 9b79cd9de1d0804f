//! Random numbers that a seed reproduces.

use std::ops::RangeInclusive;
use std::time::Duration;

use octane_model::random;

/// The numbers of a seed, as the choices of a case.
#[derive(Debug, Clone)]
pub(super) struct Random(random::Random);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(random::Random::new(seed))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from the range, all equally likely: ranges are far smaller than 64 bits, so the bias of the
    /// remainder is negligible.
    pub(super) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (first, last) = range.into_inner();
        first + self.number() % (last - first + 1)
    }

    pub(super) fn count(&mut self, range: RangeInclusive<u64>) -> usize {
        usize::try_from(self.within(range)).unwrap_or(usize::MAX)
    }

    pub(super) fn milliseconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.within(0..=99) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = choices.len() as u64 - 1;
        &choices[self.count(0..=last)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        assert_eq!(Random::new(0).number(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_both_ends() {
        let mut random = Random::new(7);
        let numbers: Vec<u64> = (0..1000).map(|_| random.within(3..=6)).collect();
        assert_eq!(numbers.iter().min(), Some(&3));
        assert_eq!(numbers.iter().max(), Some(&6));
        assert!(!random.chance(0) && random.chance(100));
    }
}

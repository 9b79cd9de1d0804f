//! Chance that a seed repeats.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The `SplitMix64` generator (Steele, Lea and Flood, 2014): the same seed gives the same numbers on every
/// machine and in every version.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of the range, each as likely as the others; ranges are far smaller than 64 bits, so the
    /// remainder is fair enough.
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

    /// Whether something happens that happens so often out of a hundred times.
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
    fn the_generator_is_the_published_one() {
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

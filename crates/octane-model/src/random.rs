//! Reproducible pseudo-random numbers.

/// The `SplitMix64` generator (Steele, Lea and Flood, 2014): the same seed yields the same numbers on every
/// machine and in every version.
///
/// For backoff jitter, injected faults and simulations; never for secrets, since the numbers can be
/// predicted.
///
/// ```
/// use octane_model::random::Random;
///
/// let mut random = Random::new(7);
/// let rolls: Vec<u64> = (0..3).map(|_| 1 + random.below(6)).collect();
/// assert!(rolls.iter().all(|roll| (1..=6).contains(roll)));
/// assert_eq!(Random::new(7).next_u64(), Random::new(7).next_u64());
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

/// What the state grows by with each number.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// A generator that starts at this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number from 0 to below `bound`, each as likely as the others; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        // The upper half of the product is below `bound`, so it fits.
        u64::try_from(product >> 64).unwrap_or(bound)
    }
}

/// A number that depends on the seed alone: the first one of a generator that starts there.
pub fn mix(seed: u64) -> u64 {
    Random::new(seed).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = Random::new(0);
        assert_eq!(random.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next_u64(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn numbers_stay_below_the_bound_and_reach_it() {
        let mut random = Random::new(7);
        let numbers: Vec<u64> = (0..1000).map(|_| random.below(4)).collect();
        assert_eq!(numbers.iter().min(), Some(&0));
        assert_eq!(numbers.iter().max(), Some(&3));
        assert_eq!((random.below(1), random.below(0)), (0, 0));
    }
}

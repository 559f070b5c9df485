//! Numbers that a seed decides, so that a run can be repeated. splitmix64: <https://prng.di.unimi.it/splitmix64.c>

/// A sequence of numbers.
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// True so many times out of a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of them.
    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// So many of them or fewer, at least one, in their order.
    pub(crate) fn some<T: Clone>(&mut self, all: &[T], at_most: usize) -> Vec<T> {
        let mut places: Vec<usize> =
            (0..1 + self.below(at_most.min(all.len()))).map(|_| self.below(all.len())).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| all[place].clone()).collect()
    }
}

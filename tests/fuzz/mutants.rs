//! Inputs that differ a little from good ones.

/// Pieces that mean something to one of the readers.
const TOKENS: [&[u8]; 22] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"---\n",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!binary ",
    b"{",
    b"[",
    b"\"",
    b"\\",
    b"\\u0000",
    b": ",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"-----BEGIN CERTIFICATE-----",
    b"=",
];

/// Endless mutants, the same for the same seeds and number.
pub(crate) struct Mutants {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Mutants {
    pub(crate) fn new(seeds: Vec<Vec<u8>>, number: u64) -> Self {
        Self { seeds, state: number }
    }

    /// A number below `end`, by SplitMix64.
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default();
        number % end.max(1)
    }

    /// A stretch within so many bytes, short as a rule.
    fn stretch(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(8) == 0 { length - start } else { (length - start).min(16) };
        start..start + self.below(most + 1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let place = self.stretch(bytes.len());
        match self.below(7) {
            0 if !bytes.is_empty() => {
                let at = self.below(bytes.len());
                bytes[at] ^= 1 << self.below(8);
            }
            1 => drop(bytes.drain(place)),
            2 => {
                let copied = bytes[place.clone()].to_vec();
                bytes.splice(place.start..place.start, copied);
            }
            3 => {
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(place, token.iter().copied());
            }
            4 => {
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(place.start..place.start, token.iter().copied());
            }
            5 => {
                let from = self.below(self.seeds.len());
                let piece = self.stretch(self.seeds[from].len());
                let piece = self.seeds[from][piece].to_vec();
                bytes.splice(place, piece);
            }
            _ => bytes.truncate(place.start),
        }
    }
}

impl Iterator for Mutants {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let seed = self.below(self.seeds.len());
        let mut bytes = self.seeds.get(seed)?.clone();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
        }
        Some(bytes)
    }
}

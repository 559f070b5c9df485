//! Finds where a JSON value ends, in as many pieces as it may come.

use memchr::memchr2;

/// Looks for the end of one JSON value. It counts brackets and skips strings, and leaves the rest of JSON's rules to the
/// reader of the complete value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ValueScanner {
    depth: usize,
    within: Within,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    /// Nothing was seen yet.
    #[default]
    Nothing,
    /// Between the tokens of an object or array.
    Composite,
    /// In a string.
    String,
    /// In a string, behind a backslash.
    Escape,
    /// In a number, `true`, `false` or `null` that stands alone.
    Scalar,
}

impl ValueScanner {
    /// Where the value ends in `bytes`, the next piece of it; `None` when it goes on.
    pub(super) fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match self.within {
                Within::String => at += self.skip_string(&bytes[at..]),
                Within::Escape => {
                    self.within = Within::String;
                    at += 1;
                    continue;
                }
                Within::Scalar if matches!(bytes[at], b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t') => {
                    return Some(at);
                }
                Within::Scalar => at += 1,
                Within::Nothing | Within::Composite => {
                    self.token(bytes[at]);
                    at += 1;
                }
            }
            if self.depth == 0 && self.within == Within::Composite {
                return Some(at);
            }
        }
        None
    }

    fn skip_string(&mut self, bytes: &[u8]) -> usize {
        match memchr2(b'"', b'\\', bytes) {
            None => bytes.len(),
            Some(place) => {
                self.within = if bytes[place] == b'"' { Within::Composite } else { Within::Escape };
                place + 1
            }
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'"' => self.within = Within::String,
            b'{' | b'[' => {
                self.depth += 1;
                self.within = Within::Composite;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.within = Within::Composite;
            }
            _ if self.within == Within::Nothing => self.within = Within::Scalar,
            _ => {}
        }
    }
}

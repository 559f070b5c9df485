//! Values that must never be shown.

use std::fmt;

use zeroize::Zeroize;

use crate::core::percent;

/// A value that no output, log, error or panic message may contain: a private key, a token, a password.
///
/// It has no `Display` and no `Serialize`, and its `Debug` is a constant. [`expose`](Self::expose) marks the few
/// places where the value is really needed. Its memory is overwritten before it is given back.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: only for handing it to the party it is meant for, or for deriving a public fact from it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// What stands for a secret in a text.
const REPLACEMENT: &str = "[secret]";

/// The text with each of these secrets taken out, percent-encoded ones too: what a server repeats of that which was sent to it.
/// What stands for a secret is not looked through again for shorter ones.
pub fn without_secrets(text: &str, secrets: &[&Secret<String>]) -> String {
    let spellings = secrets.iter().flat_map(|secret| [secret.expose().clone(), percent::encode(secret.expose())]);
    let spellings: Vec<Secret<String>> = spellings.filter(|spelling| !spelling.is_empty()).map(Secret::new).collect();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let begins = spellings.iter().map(Secret::expose).filter(|spelling| rest.starts_with(spelling.as_str()));
        let secret = begins.map(String::len).max();
        if secret.is_none() {
            shown.push(character);
        } else if !shown.ends_with(REPLACEMENT) {
            shown.push_str(REPLACEMENT);
        }
        rest = &rest[secret.unwrap_or(character.len_utf8())..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2".to_owned()))), "Some([secret])");
    }

    #[test]
    fn a_secret_is_overwritten_when_it_is_dropped() {
        #[derive(Clone, Default)]
        struct Overwritten(Rc<Cell<u32>>);
        impl Zeroize for Overwritten {
            fn zeroize(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let times = Overwritten::default();
        let secret = Secret::new(times.clone());
        let copy = secret.clone();
        drop(secret);
        assert_eq!(times.0.get(), 1);
        drop(Some(copy));
        assert_eq!(times.0.get(), 2);
    }

    #[test]
    fn what_stands_for_a_secret_is_not_looked_through_for_another() {
        let secrets = ["hunter2", "e", "hunter"].map(|secret| Secret::new(secret.to_owned()));
        let secrets: Vec<&Secret<String>> = secrets.iter().collect();
        assert_eq!(without_secrets("a hunter2, one hunter", &secrets), "a [secret], on[secret] [secret]");
        assert_eq!(without_secrets("eee König", &secrets), "[secret] König");
    }
}

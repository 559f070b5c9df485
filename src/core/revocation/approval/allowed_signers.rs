//! Lists of public keys: a file of allowed signers, and what `ssh-add -L` and `*.pub` files hold.
//!
//! Which line allows a signature is for `ssh-keygen` to say. Here the lines are found that name a key, so that an error says what
//! stands in the way, and so that every name of a key is known.
//! Source: <https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS>

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::signature::PublicKey;

/// Base64 as lenient as OpenSSH reads it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A line of a file of allowed signers that names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its number, from 1.
    pub line: usize,
    /// Whose key it is, by the line.
    pub principals: Vec<String>,
    /// What the line allows it for, as it stands there; empty where that is anything at any time.
    pub options: String,
}

/// The keys that a text names, one a line as `ssh-add -L` and `*.pub` files have them.
pub fn keys_in(text: &str) -> Vec<PublicKey> {
    text.lines().filter_map(|line| words(line).into_iter().find_map(key)).collect()
}

/// The lines of a file of allowed signers that name this key.
pub fn listings(allowed: &str, wanted: &PublicKey) -> Vec<Listing> {
    let lines = allowed.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let named = lines.filter_map(|(index, line)| {
        let words = words(line);
        let at = words.iter().position(|word| key(word).as_ref() == Some(wanted))?;
        // Principals, options, the kind of the key, the key.
        let (principals, rest) = words[..at].split_first()?;
        let options = rest.split_last().map(|(_kind, options)| options.join(" ")).unwrap_or_default();
        let principals = principals.trim_matches('"').split(',').map(str::to_owned).collect();
        Some(Listing { line: index + 1, principals, options })
    });
    named.collect()
}

fn key(word: &str) -> Option<PublicKey> {
    PublicKey::of_blob(&LENIENT.decode(word).ok()?)
}

/// The words of a line; space between quotation marks parts none.
fn words(line: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let words = line.split(move |one: char| {
        is_quoted ^= one == '"';
        !is_quoted && one.is_ascii_whitespace()
    });
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../../../tests/fixtures/approval/ed25519.pub");
    const OTHER: &str = include_str!("../../../../tests/fixtures/approval/ecdsa.pub");

    /// Kind and base64, without the comment.
    fn bare(public: &str) -> String {
        public.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_line_that_names_a_key_is_found_with_what_it_allows() {
        let (own, other) = (bare(KEY), bare(OTHER));
        let text = format!(
            "# bo@example.com {own}\n\n\
             bo@example.com,\"b b\" {own} bo's key\n\
             carl@example.com {other}\n\
             \"dora@example.com\" namespaces=\"git, file\",valid-before=\"20200101Z\" {own}\n"
        );
        let key = &keys_in(KEY)[0];
        let listed = listings(&text, key);
        let seen: Vec<_> = listed.iter().map(|one| (one.line, one.options.as_str())).collect();
        assert_eq!(seen, [(3, ""), (5, "namespaces=\"git, file\",valid-before=\"20200101Z\"")]);
        assert_eq!(listed[0].principals[0], "bo@example.com");
        assert_eq!(listed[1].principals, ["dora@example.com"]);
        assert_eq!(listings("", key), []);
    }

    #[test]
    fn keys_are_found_whatever_stands_around_them() {
        let own = bare(KEY);
        let text = format!("no-pty,command=\"a b\" {own} a comment\nnothing here\n{}\n", OTHER.trim());
        assert_eq!(keys_in(&text), [keys_in(KEY), keys_in(OTHER)].concat());
        assert_eq!(keys_in("The agent has no identities.\n"), []);
        // A key without its padding is the same key.
        let rsa = include_str!("../../../../tests/fixtures/approval/rsa.pub");
        for public in [KEY, OTHER, rsa] {
            assert_eq!(keys_in(&public.replace('=', "")), keys_in(public));
        }
    }
}

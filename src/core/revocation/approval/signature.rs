//! An SSH signature as `ssh-keygen -Y sign` writes it, as far as it says by which key it is and what for.
//!
//! Source: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
/// The one version that there is.
const VERSION: u32 = 1;
/// Longer files, in bytes, are no signatures: one by an RSA key of 16,384 bits has 6,000.
const LONGEST: usize = 64 << 10;
/// Characters in a line of the armor, as `ssh-keygen` writes it.
const COLUMNS: usize = 70;

/// An SSH signature. Whether it is good is not known by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSignature {
    /// The key that it says it is by.
    pub key: PublicKey,
    /// What it says it is for.
    pub namespace: String,
    blob: Vec<u8>,
}

/// A public key as SSH writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// `ssh-ed25519` and so on.
    pub kind: String,
    blob: Vec<u8>,
}

/// Why bytes are no SSH signature that can approve something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// They are too many.
    #[error("it is longer than {} KiB", LONGEST >> 10)]
    TooLong,
    /// They do not begin and end as a signature does.
    #[error("it does not begin with {BEGIN} and end with {END}")]
    NotArmored,
    /// What stands between is not base64.
    #[error("what stands between its first and its last line is not base64")]
    NotBase64,
    /// It ends too early, or goes on after its end.
    #[error("it is cut off, or not made as a signature is")]
    Malformed,
    /// It is of a version that does not exist yet.
    #[error("it is of version {0}, which is not known")]
    Version(u32),
    /// It is by a certificate, whose key is not listed by itself.
    #[error("it is by an SSH certificate ({0}), which is not taken: sign with the key alone")]
    Certificate(String),
}

impl SshSignature {
    /// Reads the armored form.
    ///
    /// # Errors
    /// Where it is none, or one by a certificate.
    pub fn parse(text: &[u8]) -> Result<Self, SignatureError> {
        if text.len() > LONGEST {
            return Err(SignatureError::TooLong);
        }
        let text = std::str::from_utf8(text).map_err(|_| SignatureError::NotArmored)?.trim_ascii();
        let body = text.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let lines = body.filter(|body| body.starts_with(['\r', '\n'])).ok_or(SignatureError::NotArmored)?;
        let digits: String = lines.split_ascii_whitespace().collect();
        Self::of_blob(STANDARD.decode(digits).map_err(|_| SignatureError::NotBase64)?)
    }

    fn of_blob(blob: Vec<u8>) -> Result<Self, SignatureError> {
        let mut rest = blob.strip_prefix(MAGIC).ok_or(SignatureError::Malformed)?;
        let version = number(&mut rest).ok_or(SignatureError::Malformed)?;
        if version != VERSION {
            return Err(SignatureError::Version(version));
        }
        let mut string = || string(&mut rest).ok_or(SignatureError::Malformed);
        let key = PublicKey::of_blob(string()?).ok_or(SignatureError::Malformed)?;
        let namespace = String::from_utf8(string()?.to_vec()).map_err(|_| SignatureError::Malformed)?;
        let (_reserved, _hash, _signature) = (string()?, string()?, string()?);
        if !rest.is_empty() {
            return Err(SignatureError::Malformed);
        }
        if key.kind.contains("-cert-v") {
            return Err(SignatureError::Certificate(key.kind));
        }
        Ok(Self { key, namespace, blob })
    }

    /// The armored form of exactly what was read: who checks this checks nothing else.
    pub fn armored(&self) -> String {
        let digits = STANDARD.encode(&self.blob);
        let lines = digits.as_bytes().chunks(COLUMNS).map(String::from_utf8_lossy).collect::<Vec<_>>();
        format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
    }
}

impl PublicKey {
    pub(super) fn of_blob(blob: &[u8]) -> Option<Self> {
        let kind = std::str::from_utf8(string(&mut &*blob)?).ok()?;
        let is_name = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| Self { kind: kind.to_owned(), blob: blob.to_vec() })
    }

    /// Its fingerprint, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest::digest(&digest::SHA256, &self.blob)))
    }
}

/// The first four bytes, as a number; they are taken away.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(u32::from_be_bytes(*first))
}

/// The first string, which its length in bytes stands before; it is taken away.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (first, others) = rest.split_at_checked(length)?;
    *rest = others;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::super::NAMESPACE;
    use super::super::allowed_signers::keys_in;
    use super::*;

    /// Signatures that `ssh-keygen` made of one text by keys that were thrown away, each with its public key.
    const REAL: [(&str, &str, &str); 3] = [
        (
            "ssh-ed25519",
            include_str!("../../../../tests/fixtures/approval/ed25519.sig"),
            include_str!("../../../../tests/fixtures/approval/ed25519.pub"),
        ),
        (
            "ecdsa-sha2-nistp256",
            include_str!("../../../../tests/fixtures/approval/ecdsa.sig"),
            include_str!("../../../../tests/fixtures/approval/ecdsa.pub"),
        ),
        (
            "ssh-rsa",
            include_str!("../../../../tests/fixtures/approval/rsa.sig"),
            include_str!("../../../../tests/fixtures/approval/rsa.pub"),
        ),
    ];
    /// What `ssh-keygen -l` says of the keys.
    const FINGERPRINTS: &str = include_str!("../../../../tests/fixtures/approval/fingerprints.txt");

    fn parse(text: &str) -> Result<SshSignature, SignatureError> {
        SshSignature::parse(text.as_bytes())
    }

    fn armored(blob: &[u8]) -> String {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(blob))
    }

    fn blob(text: &str) -> Vec<u8> {
        parse(text).unwrap().blob
    }

    fn length(bytes: &[u8]) -> [u8; 4] {
        u32::try_from(bytes.len()).unwrap().to_be_bytes()
    }

    /// A signature of these parts: key, namespace, reserved, hash, signature.
    fn of_parts(parts: [&[u8]; 5]) -> String {
        let mut blob = [MAGIC, &VERSION.to_be_bytes()].concat();
        parts.iter().for_each(|part| blob.extend([&length(part), *part].concat()));
        armored(&blob)
    }

    #[test]
    fn signatures_of_ssh_keygen_say_by_which_key_and_for_what_they_are() {
        for (kind, text, public) in REAL {
            let signature = parse(text).unwrap();
            assert_eq!((signature.key.kind.as_str(), signature.namespace.as_str()), (kind, NAMESPACE));
            assert_eq!(keys_in(public), std::slice::from_ref(&signature.key));
            assert!(FINGERPRINTS.contains(&format!(" {} ", signature.key.fingerprint())), "{kind}");
            assert_eq!(signature.armored(), text, "what is checked is what was read");
        }
    }

    #[test]
    fn line_ends_and_space_around_change_nothing() {
        let (_, text, _) = REAL[0];
        assert_eq!(parse(&format!("\n{}\n\n", text.replace('\n', "\r\n"))), parse(text));
    }

    #[test]
    fn a_signature_that_is_cut_anywhere_is_none() {
        for (kind, text, _) in REAL {
            let whole = blob(text);
            for length in 0..whole.len() {
                assert_eq!(parse(&armored(&whole[..length])), Err(SignatureError::Malformed), "{kind}: {length}");
            }
            assert_eq!(parse(&armored(&[&whole[..], b"\0"].concat())), Err(SignatureError::Malformed), "{kind}");
        }
    }

    #[test]
    fn what_is_no_signature_says_why() {
        let (_, text, _) = REAL[0];
        let with_version = |version: u32| {
            let mut blob = blob(text);
            blob[6..10].copy_from_slice(&version.to_be_bytes());
            armored(&blob)
        };
        let key = |kind: &[u8]| [&length(kind)[..], kind, b"rest"].concat();
        let of = |key: &[u8], namespace: &[u8]| of_parts([key, namespace, b"", b"sha512", b"s"]);
        assert_eq!(parse(&of(&key(b"ssh-x"), b"n")).unwrap().namespace, "n");
        let certificate = "ssh-ed25519-cert-v01@openssh.com";
        for (text, error) in [
            (String::new(), SignatureError::NotArmored),
            (text.replace("SSH", "PGP"), SignatureError::NotArmored),
            (format!("{text}{text}"), SignatureError::NotBase64),
            (format!("first\n{text}"), SignatureError::NotArmored),
            (format!("{BEGIN}{END}"), SignatureError::NotArmored),
            (format!("{BEGIN}\n{END}"), SignatureError::Malformed),
            (text.replacen("U1NI", "U1N!", 1), SignatureError::NotBase64),
            (text.replacen("U1NI", "U1NJ", 1), SignatureError::Malformed),
            (with_version(0), SignatureError::Version(0)),
            (with_version(2), SignatureError::Version(2)),
            (of(b"", b"n"), SignatureError::Malformed),
            (of(&key(b""), b"n"), SignatureError::Malformed),
            (of(&key(b"ssh\nx"), b"n"), SignatureError::Malformed),
            (of(&key(b"ssh-x"), b"\xff"), SignatureError::Malformed),
            (of(&key(certificate.as_bytes()), b"n"), SignatureError::Certificate(certificate.to_owned())),
            (of_parts([&key(b"ssh-x"), b"n", b"", b"sha512", &[7; LONGEST]]), SignatureError::TooLong),
        ] {
            assert_eq!(parse(&text), Err(error), "{}", text.get(..200).unwrap_or(&text));
        }
        assert_eq!(SshSignature::parse(b"\xff\xfe"), Err(SignatureError::NotArmored));
    }

    /// A length that promises four gigabytes costs none of them.
    #[test]
    fn a_length_beyond_the_end_is_no_string() {
        for at in [10, 14] {
            let mut huge = blob(REAL[0].1);
            huge[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
            assert_eq!(parse(&armored(&huge)), Err(SignatureError::Malformed), "{at}");
        }
    }

    #[test]
    fn the_longest_file_is_read_and_none_beyond_it() {
        let padded = |length: usize| format!("{}{}", REAL[0].1, "\n".repeat(length - REAL[0].1.len()));
        assert!(parse(&padded(64 * 1024)).is_ok());
        assert!(matches!(parse(&padded(64 * 1024 + 1)), Err(SignatureError::TooLong)));
    }
}

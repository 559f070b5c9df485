//! `SHA256SUMS`, as sha256sum writes and checks it.

use crate::core::hex::sha256;

/// The name of the file.
pub const FILE: &str = "SHA256SUMS";

/// The checksum of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// The file's path in the folder, with `/` between its parts. No part is anything but letters, digits, `-`, `_` and `.`,
    /// and none is hidden.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
}

impl Checksum {
    /// The checksum of these bytes.
    pub fn of(name: impl Into<String>, bytes: &[u8]) -> Self {
        Self { name: name.into(), sha256: sha256(bytes) }
    }
}

/// The text of the file.
pub fn write(checksums: &[Checksum]) -> String {
    checksums.iter().map(|Checksum { name, sha256 }| format!("{sha256}  {name}\n")).collect()
}

/// Reads the file; `None` where it isn't whole or names files that no operation has.
pub fn read(text: &str) -> Option<Vec<Checksum>> {
    let whole = text.is_empty() || text.ends_with('\n');
    let lines = text.lines().map(|line| {
        let (sha256, name) = line.split_once("  ")?;
        let hex = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (hex && is_inside(name)).then(|| Checksum { name: name.into(), sha256: sha256.into() })
    });
    lines.collect::<Option<Vec<_>>>().filter(|_| whole)
}

/// Whether a path can't lead out of its folder.
fn is_inside(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    path.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_sha256sum_writes_it() {
        let checksums = [Checksum::of("operation.json", b"abc"), Checksum::of("originals/01-a.yaml", b"")];
        let text = write(&checksums);
        assert_eq!(
            text,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  operation.json\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  originals/01-a.yaml\n"
        );
        assert_eq!(read(&text), Some(checksums.to_vec()));
    }

    #[test]
    fn a_file_that_is_cut_or_leads_elsewhere_is_refused() {
        let sha256 = sha256(b"");
        for wrong in [
            format!("{sha256}  a"),
            format!("{sha256} a\n"),
            format!("{}  a\n", &sha256[1..]),
            format!("{}  a\n", sha256.to_uppercase()),
            format!("{sha256}  a\n\n"),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        for name in ["", "..", "../a", "a/../b", "/etc/passwd", "a//b", ".a", "a b", "a\\b", "C:a"] {
            assert_eq!(read(&format!("{sha256}  {name}\n")), None, "{name}");
        }
        assert_eq!(read(""), Some(Vec::new()));
    }
}

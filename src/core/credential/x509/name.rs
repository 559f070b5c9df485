//! Subject and issuer.

use x509_parser::oid_registry::{OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME};

use super::Defect;
use crate::core::credential::certificate::Subject;
use crate::core::credential::der::{self, Der};

/// `1.3.6.1.4.1.57683.2`: the UID of a Kubernetes user.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates>
const USER_UID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xc2, 0x53, 0x02];

/// What a name says, as far as it can be read.
#[derive(Default)]
pub(super) struct Name {
    pub(super) subject: Subject,
    pub(super) defect: Option<Defect>,
    user_uids: Vec<String>,
}

impl Name {
    /// Reads the content of a `Name`, which is the certificate's `part`.
    pub(super) fn read(mut sets: Der<'_>, part: &'static str) -> Self {
        let mut name = Self::default();
        while !sets.is_empty() {
            if name.add_set(&mut sets, part).is_none() {
                name.defect = name.defect.or(Some(Defect::Malformed(part)));
                break;
            }
        }
        name.subject.common_name = name.subject.common_name.filter(|name| !name.is_empty());
        name
    }

    fn add_set(&mut self, sets: &mut Der<'_>, part: &'static str) -> Option<()> {
        let mut set = Der(sets.take(der::SET)?);
        while !set.is_empty() {
            let mut attribute = set.sequence()?;
            let kind = attribute.object_identifier()?;
            let value = attribute.next()?;
            match directory_string(value.tag, value.content) {
                Some(text) => self.add(kind, text),
                None => self.defect = self.defect.or(Some(Defect::NameEncoding(part))),
            }
        }
        Some(())
    }

    fn add(&mut self, kind: &[u8], text: String) {
        if kind == OID_X509_COMMON_NAME.as_bytes() {
            self.subject.common_name = Some(text);
        } else if kind == OID_X509_ORGANIZATION_NAME.as_bytes() {
            self.subject.organizations.push(text);
        } else if kind == USER_UID {
            self.user_uids.push(text);
        }
    }

    /// Whether the Kubernetes UID is absent, or one that API servers take.
    pub(super) fn has_sound_user_uid(&self) -> bool {
        match &self.user_uids[..] {
            [] => true,
            [uid] => !uid.is_empty(),
            _ => false,
        }
    }
}

/// Go's reading of the string types of a name; `None` where Go refuses the certificate.
fn directory_string(tag: u8, bytes: &[u8]) -> Option<String> {
    match tag {
        der::UTF8_STRING => std::str::from_utf8(bytes).ok().map(str::to_owned),
        der::PRINTABLE_STRING => ascii(bytes, is_printable),
        der::NUMERIC_STRING => ascii(bytes, |byte| byte.is_ascii_digit() || byte == b' '),
        der::IA5_STRING => ascii(bytes, |byte| byte.is_ascii()),
        der::T61_STRING => Some(bytes.iter().copied().map(char::from).collect()),
        der::BMP_STRING => bmp_string(bytes),
        _ => None,
    }
}

fn ascii(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> Option<String> {
    bytes.iter().all(|byte| allowed(*byte)).then(|| bytes.iter().copied().map(char::from).collect())
}

/// X.680's PrintableString, and `*` and `&`, which issuers use all the same.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

fn bmp_string(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    let text = units.strip_suffix(&[0]).unwrap_or(&units);
    let reserved = |unit: &u16| matches!(unit, 0xfffe | 0xffff | 0xfdd0..=0xfdef | 0xd800..=0xdfff);
    if text.iter().any(reserved) { None } else { String::from_utf16(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_name_are_read_as_go_reads_them() {
        let text = directory_string;
        assert_eq!(text(0x0c, "ü".as_bytes()).as_deref(), Some("ü"));
        assert_eq!(text(0x13, b"system:users").as_deref(), Some("system:users"));
        assert_eq!(text(0x13, b"").as_deref(), Some(""));
        assert_eq!(text(0x13, b"a*&").as_deref(), Some("a*&"));
        assert_eq!(text(0x13, b"a@b"), None);
        assert_eq!(text(0x14, &[0xfc]).as_deref(), Some("ü"));
        assert_eq!(text(0x1e, &[0, b'a', 0, 0]).as_deref(), Some("a"));
        assert_eq!(text(0x1e, &[0xd8, 0]), None);
        assert_eq!(text(0x12, b"12 3").as_deref(), Some("12 3"));
        assert_eq!(text(0x02, &[1]), None);
    }
}

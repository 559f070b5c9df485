//! Puts a new certificate into a user entry of a kubeconfig file, and leaves every other byte as it is: comments, order, line ends.
//!
//! What can't be edited so is refused, never written anew: a parser and a writer would lose what the owner of the file wrote.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::core::secret::Secret;
use crate::core::yaml::{self, Document, Entry, Place, PlacedValue, Value, YamlError};

const CERTIFICATE: &str = "client-certificate-data";
const KEY: &str = "client-key-data";

/// A client certificate with its private key, both PEM.
#[derive(Clone, Debug)]
pub struct CertificateAndKey {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: Secret<Vec<u8>>,
}

/// Why a user entry can't be edited where it stands.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file can't be read as YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// The file is UTF-16.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// The file goes on behind its first document.
    #[error("the file holds more than one YAML document")]
    SeveralDocuments,
    /// There is no such entry.
    #[error("it has no user entry {0:?}")]
    Absent(String),
    /// There are several, or a key of the entry is repeated.
    #[error("user entry {0:?} is written more than once, or one of its keys is")]
    Repeated(String),
    /// The entry is written as in JSON.
    #[error("user entry {0:?} is written in flow style, as in JSON")]
    Flow(String),
    /// Other parts of the file may stand for the entry, or the entry for them.
    #[error("user entry {0:?} has an anchor, an alias or a merge key")]
    Shared(String),
    /// The certificate or its key is not in the entry itself.
    #[error("user entry {user:?} has no {key}: it names a file")]
    InFile {
        /// The entry.
        user: String,
        /// The key that is missing.
        key: &'static str,
    },
    /// A value is written as a block of lines.
    #[error("{key} of user entry {user:?} is written as a block, behind | or >")]
    Block {
        /// The entry.
        user: String,
        /// The key of the value.
        key: &'static str,
    },
    /// The edited text does not mean what it should.
    #[error("user entry {0:?} can't be edited without changing something else")]
    Unfaithful(String),
}

/// The bytes of a kubeconfig file with another certificate and key in one user entry.
///
/// # Errors
/// Why the entry can't be edited.
pub fn with_certificate(bytes: &[u8], user: &str, new: &CertificateAndKey) -> Result<Secret<Vec<u8>>, EditError> {
    let text = yaml::text(bytes)?;
    // A byte order mark is no part of the text.
    let Some(mark) = bytes.strip_suffix(text.as_bytes()) else { return Err(EditError::NotUtf8) };
    let document = Document::parse(&text)?;
    if document.is_followed() {
        return Err(EditError::SeveralDocuments);
    }
    let root = Place::parse(&text)?.ok_or_else(|| EditError::Absent(user.to_owned()))?;
    let entry = entry_of(&root, user)?;
    let [certificate, key] = [new.certificate.as_slice(), new.key.expose().as_slice()].map(|pem| STANDARD.encode(pem));
    let mut edits = [edit(entry, user, CERTIFICATE, &certificate)?, edit(entry, user, KEY, &key)?];
    edits.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len());
    let mut end = 0;
    for (range, value) in edits {
        edited.push_str(text.get(end..range.start).unwrap_or_default());
        edited.push_str(&value);
        end = range.end;
    }
    edited.push_str(text.get(end..).unwrap_or_default());
    let mut expected = document.value()?;
    put(&mut expected, user, [(CERTIFICATE, certificate), (KEY, key)]);
    if Document::parse(&edited)?.value()? != expected {
        return Err(EditError::Unfaithful(user.to_owned()));
    }
    Ok(Secret::new([mark, edited.as_bytes()].concat()))
}

/// The mapping below `user` of the entry with this name.
fn entry_of<'p, 't>(root: &'p Place<'t>, user: &str) -> Result<&'p Place<'t>, EditError> {
    let (repeated, absent) = (|| EditError::Repeated(user.to_owned()), || EditError::Absent(user.to_owned()));
    let one = |place: Entry<'p, 't>| match place {
        Entry::One(place) => Ok(place),
        Entry::Several => Err(repeated()),
        Entry::Absent => Err(absent()),
    };
    let users = one(root.entry("users"))?;
    let is_wanted = |item: &&Place<'t>| matches!(item.entry("name"), Entry::One(name) if name.text() == Some(user));
    let mut items = users.items().iter().filter(is_wanted);
    let item = items.next();
    if items.next().is_some() {
        return Err(repeated());
    }
    // What an alias stands for is not looked up: the entry may be behind one.
    let has_alias =
        users.value == PlacedValue::Alias || users.items().iter().any(|item| item.value == PlacedValue::Alias);
    let item = match item {
        Some(item) => item,
        None if has_alias => return Err(EditError::Shared(user.to_owned())),
        None => return Err(absent()),
    };
    if users.is_anchored || item.is_shared() {
        return Err(EditError::Shared(user.to_owned()));
    }
    let is_flow = |place: &Place<'_>| {
        matches!(place.value, PlacedValue::Sequence { is_flow: true, .. } | PlacedValue::Mapping { is_flow: true, .. })
    };
    let own = one(item.entry("user"))?;
    if is_flow(root) || is_flow(users) || is_flow(item) || is_flow(own) {
        return Err(EditError::Flow(user.to_owned()));
    }
    Ok(own)
}

/// The bytes of the value under a key, and what is to stand there instead.
fn edit(
    entry: &Place<'_>,
    user: &str,
    key: &'static str,
    value: &str,
) -> Result<(std::ops::Range<usize>, String), EditError> {
    let in_file = || EditError::InFile { user: user.to_owned(), key };
    match entry.entry(key) {
        Entry::Several => Err(EditError::Repeated(user.to_owned())),
        Entry::One(Place { value: PlacedValue::Scalar { is_block: true, .. }, .. }) => {
            Err(EditError::Block { user: user.to_owned(), key })
        }
        Entry::One(Place { value: PlacedValue::Scalar { text, range, quote, .. }, .. }) if !text.trim().is_empty() => {
            let quote = quote.map(String::from).unwrap_or_default();
            Ok((range.clone(), format!("{quote}{value}{quote}")))
        }
        Entry::One(_) | Entry::Absent => Err(in_file()),
    }
}

/// Puts values into the entry of a document that was read.
fn put(document: &mut Value<'_>, user: &str, values: [(&str, String); 2]) {
    fn at<'v, 'd>(value: &'v mut Value<'d>, key: &str) -> Option<&'v mut Value<'d>> {
        let Value::Mapping(entries) = value else { return None };
        entries.iter_mut().find(|(own, _)| own == key).map(|(_, value)| value)
    }
    let Some(Value::Sequence(users)) = at(document, "users") else { return };
    let is_named = |item: &mut Value<'_>| matches!(at(item, "name"), Some(Value::Text(name)) if name == user);
    let Some(item) = users.iter_mut().find_map(|item| is_named(item).then_some(item)) else { return };
    let Some(own) = at(item, "user") else { return };
    for (key, value) in values {
        if let Some(place) = at(own, key) {
            *place = Value::Text(Cow::Owned(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new() -> CertificateAndKey {
        CertificateAndKey { certificate: b"new certificate".to_vec(), key: Secret::new(b"new key".to_vec()) }
    }

    fn edited(text: &str) -> Result<String, EditError> {
        let edited = with_certificate(text.as_bytes(), "ann", &new())?;
        Ok(String::from_utf8(edited.expose().clone()).unwrap())
    }

    const NEW: [&str; 2] = ["bmV3IGNlcnRpZmljYXRl", "bmV3IGtleQ=="];

    #[test]
    fn only_the_two_values_change_whatever_is_around_them() {
        for frame in [
            "users:\n- name: ann\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\n",
            "# mine\nusers:\r\n  - user:\r\n      client-key-data:   {1} # the key\r\n      token: t\r\n      \
             client-certificate-data: {}\r\n    name: \"ann\"\r\n\r\n# end\r\n",
            "\u{feff}---\napiVersion: v1\nusers:\n-\n  name: bob\n  user: {token: t}\n-   name: 'ann'\n    user:\n     \
             client-certificate-data: {}\n     client-key-data: {}",
            "x: &a [1]\ny: *a\nusers:\n- name: bob\n  user: &b\n    client-certificate-data: YQ==\n- name: ann\n  user:\n    \
             client-certificate-data:\n      {}\n    client-key-data: {}\nz: {}\n",
        ] {
            let with = |[certificate, key]: [&str; 2]| {
                let text = frame.replacen("{1}", key, 1).replacen("{}", certificate, 1);
                text.replacen("{}", key, usize::from(!frame.contains("{1}")))
            };
            for quote in ["", "'", "\""] {
                let quoted = |values: [&str; 2]| values.map(|value| format!("{quote}{value}{quote}"));
                let (old, new) = (quoted(["b2xk", "b2xkIGtleQ=="]), quoted(NEW));
                let expected = with([&new[0], &new[1]]);
                assert_eq!(edited(&with([&old[0], &old[1]])).unwrap(), expected, "{frame}");
            }
        }
    }

    #[test]
    fn a_value_over_several_lines_becomes_one_and_what_follows_stays() {
        let text = "users:\n- name: ann\n  user:\n    client-certificate-data:\n      b2\n      xk\n\n    # key\n    \
                    client-key-data: \"b2\n      xk\"\n  # rest\ncontexts: []\n";
        let edited = edited(text).unwrap();
        let document = Document::parse(&edited).unwrap();
        assert!(format!("{:?}", document.value().unwrap()).contains(NEW[0]), "{edited}");
        assert!(edited.ends_with("  # rest\ncontexts: []\n") && edited.contains("# key\n"), "{edited}");
    }

    #[test]
    fn what_can_not_be_edited_where_it_stands_is_named() {
        let entry = "    client-certificate-data: YQ==\n    client-key-data: YQ==\n";
        for (text, expected) in [
            (r#"{"users": [{"name": "ann", "user": {"client-certificate-data": "YQ=="}}]}"#.to_owned(), "flow style"),
            (
                "users:\n- name: ann\n  user: {client-certificate-data: YQ==, client-key-data: YQ==}\n".to_owned(),
                "flow",
            ),
            (
                "users:\n- name: ann\n  user:\n    client-certificate-data: |\n      YQ==\n    client-key-data: YQ==\n"
                    .to_owned(),
                "a block",
            ),
            (format!("users:\n- name: ann\n  user: &mine\n{entry}"), "anchor"),
            (format!("users: &all\n- name: ann\n  user:\n{entry}"), "anchor"),
            (format!("x: &mine\n  token: t\nusers:\n- name: ann\n  user:\n    <<: *mine\n{entry}"), "merge key"),
            ("x: &mine\n  name: ann\nusers:\n- *mine\n".to_owned(), "alias"),
            (
                "users:\n- name: ann\n  user:\n    client-certificate: a.pem\n    client-key: b.pem\n".to_owned(),
                "names a file",
            ),
            (
                "users:\n- name: ann\n  user:\n    client-certificate-data: YQ==\n    client-key: b.pem\n".to_owned(),
                "client-key-data",
            ),
            (format!("users:\n- name: bob\n  user:\n{entry}"), "no user entry \"ann\""),
            ("contexts: []\n".to_owned(), "no user entry"),
            (format!("users:\n- name: ann\n  user:\n{entry}- name: ann\n"), "more than once"),
            (format!("users:\n- name: ann\n  user:\n{entry}---\nusers: []\n"), "more than one YAML document"),
        ] {
            let error = edited(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}: {text}");
        }
        let wide: Vec<u8> = "\u{feff}users: []\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(with_certificate(&wide, "ann", &new()), Err(EditError::NotUtf8)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whatever stands around the entry: each byte that is not one of the two values is where it was.
        #[test]
        fn every_byte_outside_the_two_values_stays(
            before in "(# [a-zé ]{0,12}\r?\n){0,3}", indent in 0usize..4, gap in " {1,3}", end in "( # [a-z\"'{}: ]{0,9})?",
            crlf: bool, key_first: bool, others in prop::collection::vec("[b-z]{1,6}", 0..4), place in 0usize..5,
        ) {
            let line = if crlf { "\r\n" } else { "\n" };
            let pad = " ".repeat(indent);
            let own = |[certificate, key]: [&str; 2]| {
                let one = |name: &str, value: &str| format!("{pad}    {name}:{gap}{value}{end}{line}");
                let (certificate, key) = (one(CERTIFICATE, certificate), one(KEY, key));
                let pair = if key_first { key + &certificate } else { certificate + &key };
                format!("{pad}- name: ann{line}{pad}  user:{line}{pair}")
            };
            let mut names: Vec<String> = others.clone();
            names.sort();
            names.dedup();
            let entry = |name: &String| format!("{pad}- name: {name}{line}{pad}  user: {{token: '{name}'}}{line}");
            let around: Vec<String> = names.iter().map(entry).collect();
            let place = place.min(around.len());
            let text = |values| {
                let (first, last) = (around[..place].concat(), around[place..].concat());
                format!("{before}kind: Config{line}users:{line}{first}{}{last}x: [1, {{}}]{end}{line}", own(values))
            };
            prop_assert_eq!(edited(&text(["b2xk", "b2xkIGtleQ=="])).unwrap(), text(NEW));
        }
    }
}

//! A document of ours that was given as a file, and that becomes a part of the report.

use serde_json::{Map, Value};

use crate::core::json_fault::JsonFault;

/// What may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    /// What `trace -o json` prints: what a credential did.
    Trace,
    /// What `scan --persistence -o json` prints: what was left behind.
    Persistence,
}

/// A document that was given.
#[derive(Debug)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// The file's name, as it was given.
    pub file: String,
    /// Its head: each value that stands alone, under its key.
    pub facts: Vec<(String, String)>,
    /// Its lists, each a table.
    pub tables: Vec<AttachmentTable>,
}

/// A list of a document.
#[derive(Debug)]
pub struct AttachmentTable {
    /// Its key.
    pub name: String,
    /// The keys of its elements.
    pub headers: Vec<String>,
    /// Their values; `None`: unknown.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Why a file can't be a part of the report.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It is no JSON.
    #[error("{file} is not JSON")]
    NotJson {
        /// The file.
        file: String,
        /// Where it isn't.
        source: JsonFault,
    },
    /// It is another program's.
    #[error("{file} is no document of kubectl-ackcred")]
    Foreign {
        /// The file.
        file: String,
    },
    /// A later version wrote it, and may mean something else by it.
    #[error("{file} was written by a newer kubectl-ackcred, as {version}")]
    Newer {
        /// The file.
        file: String,
        /// Its `apiVersion`.
        version: String,
    },
    /// It is another document of ours.
    #[error("{file} is a {kind}, and a {expected} is expected")]
    OtherKind {
        /// The file.
        file: String,
        /// What it is.
        kind: String,
        /// What is expected.
        expected: &'static str,
    },
}

impl AttachmentError {
    /// One next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "use that version, or write the file anew with this one",
            Self::NotJson { .. } | Self::Foreign { .. } | Self::OtherKind { .. } => {
                "--trace takes what trace -o json prints, and --persistence what scan --persistence -o json prints"
            }
        }
    }
}

impl AttachmentKind {
    /// `kind` of the document.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Trace => "TraceReport",
            Self::Persistence => "PersistenceReport",
        }
    }

    /// What it is called in the report.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Trace => "What the credential did",
            Self::Persistence => "What was left behind",
        }
    }

    /// The keys of rows that are read first. All others follow in the order of the alphabet.
    fn first_keys(self) -> &'static [&'static str] {
        match self {
            Self::Trace => {
                &["time", "id", "name", "credential", "actor", "action", "verb", "object", "path", "code", "result"]
            }
            Self::Persistence => {
                &["clusterId", "method", "object", "leadsTo", "since", "sinceIs", "source", "certainty", "remedy"]
            }
        }
    }
}

impl Attachment {
    /// Reads a document of this kind from a file's bytes.
    ///
    /// # Errors
    /// It is no such document, or a later version's.
    pub fn read(kind: AttachmentKind, file: &str, bytes: &[u8]) -> Result<Self, AttachmentError> {
        let name = || file.to_owned();
        let not_json = |error: serde_json::Error| AttachmentError::NotJson { file: name(), source: error.into() };
        let document: Value = serde_json::from_slice(bytes).map_err(not_json)?;
        let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(version), Some(given)) = (text("apiVersion"), text("kind")) else {
            return Err(AttachmentError::Foreign { file: name() });
        };
        match version.strip_prefix("ackcred/") {
            Some("v1") => {}
            Some(_) => return Err(AttachmentError::Newer { file: name(), version }),
            None => return Err(AttachmentError::Foreign { file: name() }),
        }
        if given != kind.kind() {
            return Err(AttachmentError::OtherKind { file: name(), kind: given, expected: kind.kind() });
        }
        let Value::Object(mut fields) = document else { return Err(AttachmentError::Foreign { file: name() }) };
        fields.remove("apiVersion");
        fields.remove("kind");
        let mut attachment = Self { kind, file: name(), facts: Vec::new(), tables: Vec::new() };
        attachment.take(kind, "", fields);
        Ok(attachment)
    }

    /// Takes the fields of an object, whose keys stand after this prefix.
    fn take(&mut self, kind: AttachmentKind, prefix: &str, fields: Map<String, Value>) {
        for (key, value) in fields {
            let name = format!("{prefix}{key}");
            match value {
                Value::Object(inner) if !inner.is_empty() => self.take(kind, &format!("{name}."), inner),
                Value::Array(elements) if elements.iter().any(Value::is_object) => {
                    self.tables.push(AttachmentTable::of(kind, name, &elements));
                }
                value => self.facts.push((name, shown(&value).unwrap_or_else(|| "not known".to_owned()))),
            }
        }
    }
}

impl AttachmentTable {
    fn of(kind: AttachmentKind, name: String, elements: &[Value]) -> Self {
        let place = |key: &String| kind.first_keys().iter().position(|first| first == key).unwrap_or(usize::MAX);
        let mut headers: Vec<String> = Vec::new();
        for key in elements.iter().filter_map(Value::as_object).flat_map(Map::keys) {
            if !headers.contains(key) {
                headers.push(key.clone());
            }
        }
        headers.sort_by_key(|key| (place(key), key.clone()));
        let row = |element: &Value| match element {
            Value::Object(fields) => headers.iter().map(|key| fields.get(key).and_then(shown)).collect(),
            other => std::iter::once(shown(other)).chain(headers.iter().skip(1).map(|_| None)).collect(),
        };
        let rows = elements.iter().map(row).collect();
        Self { name, headers, rows }
    }
}

/// A value in one line; `None` where it is null or empty.
fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(elements) => elements.iter().filter_map(shown).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let pairs = fields.iter().filter_map(|(key, value)| Some(format!("{key} {}", shown(value)?)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: &Value) -> Result<Attachment, AttachmentError> {
        Attachment::read(AttachmentKind::Trace, "trace.json", document.to_string().as_bytes())
    }

    #[test]
    fn a_document_keeps_all_that_it_says() {
        let attachment = read(&json!({
            "apiVersion": "ackcred/v1", "kind": "TraceReport", "incomplete": true, "end": null, "files": ["a", "b"], "none": [],
            "window": {"first": "2026-01-01T00:00:00Z", "gaps": [{"from": "x"}]},
            "actions": [{"verb": "get", "zone": 1, "object": {"kind": "Pod", "name": "p"}}, {"verb": "list", "allowed": false}],
        }))
        .unwrap();
        let facts: Vec<String> = attachment.facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected =
            ["end=not known", "files=a; b", "incomplete=true", "none=not known", "window.first=2026-01-01T00:00:00Z"];
        assert_eq!(facts, expected);
        let names: Vec<&str> = attachment.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["actions", "window.gaps"]);
        let AttachmentTable { headers, rows, .. } = &attachment.tables[0];
        assert_eq!(headers, &["verb", "object", "allowed", "zone"]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(rows[0], [some("get"), some("kind Pod, name p"), None, some("1")]);
        assert_eq!(rows[1], [some("list"), None, some("false"), None]);
    }

    /// The documents as they are published: nothing of their lists is lost.
    #[test]
    fn what_the_verbs_publish_can_be_given() {
        let published = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v1/PersistenceReport.json"));
        let document: Value = serde_json::from_str(published).unwrap();
        let attachment = Attachment::read(AttachmentKind::Persistence, "left.json", published.as_bytes()).unwrap();
        let findings = attachment.tables.iter().find(|table| table.name == "findings").unwrap();
        assert_eq!(findings.rows.len(), document["findings"].as_array().unwrap().len());
        let first = ["clusterId", "method", "object", "leadsTo"].map(str::to_owned);
        assert_eq!(findings.headers[..4], first);
        assert!(attachment.facts.iter().any(|(name, _)| name == "incomplete"), "{:?}", attachment.facts);
    }

    #[test]
    fn another_file_is_refused_by_name() {
        for (document, expected) in [
            (
                json!({"apiVersion": "ackcred/v2", "kind": "TraceReport"}),
                "was written by a newer kubectl-ackcred, as ackcred/v2",
            ),
            (
                json!({"apiVersion": "ackcred/v1", "kind": "ScanReport"}),
                "is a ScanReport, and a TraceReport is expected",
            ),
            (json!({"apiVersion": "v1", "kind": "Pod"}), "is no document of kubectl-ackcred"),
            (json!({"kind": "TraceReport"}), "is no document of kubectl-ackcred"),
            (json!([1]), "is no document of kubectl-ackcred"),
        ] {
            let error = read(&document).unwrap_err();
            assert_eq!(error.to_string(), format!("trace.json {expected}"));
            assert!(!error.hint().is_empty());
        }
        let error = Attachment::read(AttachmentKind::Persistence, "x", b"{").unwrap_err();
        assert_eq!(error.to_string(), "x is not JSON");
    }
}

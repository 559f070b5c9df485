//! An audit log as it reaches people: the API server's lines, a list of events, and what the log service may export. Which of the last
//! two it is, no document says; both are offered.

use serde_json::{Value, json};

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// One event a line, as kube-apiserver writes it.
    Lines,
    /// One `EventList`.
    List,
    /// Records of the log service whose fields are those of the event: objects and lists are texts that hold JSON.
    FieldsAsTexts,
    /// Records of the log service that hold each line in `content`.
    LinesInRecords,
}

impl LogForm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lines, Self::List, Self::FieldsAsTexts, Self::LinesInRecords];

    /// The log of these lines in this form.
    ///
    /// # Errors
    /// If a line is no JSON.
    pub fn write(self, lines: &[String]) -> serde_json::Result<String> {
        let each = |record: fn(Value) -> Value| {
            let records = lines.iter().map(|line| serde_json::from_str(line).map(|event| record(event).to_string()));
            records.collect::<serde_json::Result<Vec<_>>>().map(|records| records.join("\n") + "\n")
        };
        match self {
            Self::Lines => Ok(lines.join("\n") + "\n"),
            Self::List => Ok(format!(
                "{{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{{}},\"items\":[{}]}}\n",
                lines.join(",")
            )),
            Self::FieldsAsTexts => each(with_texts),
            Self::LinesInRecords => each(
                |event| json!({ "__time__": "1795300000", "__topic__": "", "__source__": "10.0.0.1", "content": event.to_string() }),
            ),
        }
    }
}

fn with_texts(mut event: Value) -> Value {
    for value in event.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
        if value.is_object() || value.is_array() {
            *value = json!(value.to_string());
        }
    }
    event["__time__"] = json!("1795300000");
    event["__topic__"] = json!("");
    event
}

//! What is done about fields that a kind does not have.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation>

use serde_json::{Map, Value, json};

use super::request::QueryParameters;
use super::respond::{self, ApiResponse};
use super::schema::{Field, FieldContent};
use super::status::{FieldError, StatusError};

/// `fieldValidation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    /// What the parameter asks for; without it the server warns. `options` is the kind of the parameters.
    pub(crate) fn of(parameters: &QueryParameters, options: &str) -> Result<Self, StatusError> {
        match parameters.get("fieldValidation") {
            None | Some("Warn") => Ok(Self::Warn),
            Some("Ignore") => Ok(Self::Ignore),
            Some("Strict") => Ok(Self::Strict),
            Some(other) => {
                let error =
                    FieldError::not_supported("fieldValidation", &json!(other), &["", "Ignore", "Strict", "Warn"]);
                Err(StatusError::invalid("meta.k8s.io", options, "", &[error]))
            }
        }
    }

    /// The warnings to answer with for these unknown fields, or the text of the error.
    pub(crate) fn judge(self, unknown: Vec<String>) -> Result<Vec<String>, String> {
        match self {
            Self::Strict if !unknown.is_empty() => Err(format!("strict decoding error: {}", unknown.join(", "))),
            Self::Ignore => Ok(Vec::new()),
            Self::Strict | Self::Warn => Ok(unknown),
        }
    }
}

/// The fields of an object that its kind does not have, each as the server names it.
pub(crate) fn unknown_fields(object: &Map<String, Value>, schema: &[Field]) -> Vec<String> {
    let mut unknown = Vec::new();
    collect(object, schema, "", &mut unknown);
    unknown.retain(|path| !matches!(path.as_str(), "apiVersion" | "kind"));
    unknown.iter().map(|path| format!("unknown field {path:?}")).collect()
}

fn collect(object: &Map<String, Value>, schema: &[Field], at: &str, unknown: &mut Vec<String>) {
    for (name, value) in object {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match schema.iter().find(|field| field.name == name).map(|field| field.content) {
            None => unknown.push(path),
            Some(FieldContent::Message(schema)) => {
                value.as_object().into_iter().for_each(|message| collect(message, schema, &path, unknown));
            }
            Some(FieldContent::Messages(schema)) => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    let Some(message) = item.as_object() else { continue };
                    collect(message, schema, &format!("{path}[{index}]"), unknown);
                }
            }
            Some(_) => {}
        }
    }
}

/// The answer to a request whose object is to be warned of, whether or not the request succeeded.
pub(crate) fn warned(
    answer: Result<ApiResponse, StatusError>,
    warnings: Vec<String>,
) -> Result<ApiResponse, StatusError> {
    match answer {
        Ok(answer) => Ok(respond::with_warnings(answer, &warnings)),
        Err(error) => Err(StatusError { warnings, ..error }),
    }
}

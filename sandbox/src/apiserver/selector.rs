//! Label and field selectors.

use super::object::Object;
use super::request::QueryParameters;
use super::resources::Shape;
use super::status::StatusError;

/// Which objects of a list are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    fields: Vec<(FieldRequirement, bool, String)>,
    labels: Vec<LabelRequirement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldRequirement {
    Name,
    Namespace,
    /// A Secret's.
    Type,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LabelRequirement {
    Exists(String, bool),
    In(String, Vec<String>, bool),
}

impl Selector {
    pub(crate) fn parse(parameters: &QueryParameters, shape: Shape) -> Result<Self, StatusError> {
        let mut selector = Self::default();
        for term in parameters.get("fieldSelector").unwrap_or_default().split(',').filter(|term| !term.is_empty()) {
            selector.fields.push(field(term, shape)?);
        }
        for term in label_terms(parameters.get("labelSelector").unwrap_or_default()) {
            selector.labels.push(label(term.trim()));
        }
        Ok(selector)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.labels.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        let fields = self.fields.iter().all(|(field, equal, wanted)| {
            let actual = match field {
                FieldRequirement::Name => object.metadata.name.as_str(),
                FieldRequirement::Namespace => &object.metadata.namespace,
                FieldRequirement::Type => object.secret_type(),
            };
            (actual == wanted) == *equal
        });
        fields && self.labels.iter().all(|requirement| requirement.matches(object))
    }
}

impl LabelRequirement {
    fn matches(&self, object: &Object) -> bool {
        let labels = &object.metadata.labels;
        match self {
            Self::Exists(key, wanted) => labels.contains_key(key) == *wanted,
            Self::In(key, values, true) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::In(key, values, false) => labels.get(key).is_none_or(|value| !values.contains(value)),
        }
    }
}

fn field(term: &str, shape: Shape) -> Result<(FieldRequirement, bool, String), StatusError> {
    let (key, equal, value) = match term.split_once("!=") {
        Some((key, value)) => (key, false, value),
        None => match term.split_once('=') {
            Some((key, value)) => (key, true, value.trim_start_matches('=')),
            None => {
                return Err(StatusError::bad_request(format!("invalid selector: '{term}'; can't understand '{term}'")));
            }
        },
    };
    let field = match key {
        "metadata.name" => FieldRequirement::Name,
        "metadata.namespace" => FieldRequirement::Namespace,
        "type" if shape == Shape::Secret => FieldRequirement::Type,
        other if shape == Shape::Secret => {
            return Err(StatusError::bad_request(format!("field label not supported: {other}")));
        }
        other => {
            let known = "only \"metadata.name\", \"metadata.namespace\"";
            return Err(StatusError::bad_request(format!("{other:?} is not a known field selector: {known}")));
        }
    };
    Ok((field, equal, value.into()))
}

/// Splits at commas outside parentheses.
fn label_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms.into_iter().filter(|term| !term.trim().is_empty()).collect()
}

fn label(term: &str) -> LabelRequirement {
    let set = |keyword: &str| {
        let (key, values) = term.split_once(keyword)?;
        let values = values.trim().trim_start_matches('(').trim_end_matches(')');
        Some((key.trim().to_owned(), values.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>()))
    };
    if let Some((key, values)) = set(" notin ") {
        LabelRequirement::In(key, values, false)
    } else if let Some((key, values)) = set(" in ") {
        LabelRequirement::In(key, values, true)
    } else if let Some((key, value)) = term.split_once("!=") {
        LabelRequirement::In(key.trim().into(), vec![value.trim().into()], false)
    } else if let Some((key, value)) = term.split_once('=') {
        LabelRequirement::In(key.trim().into(), vec![value.trim_start_matches('=').trim().into()], true)
    } else if let Some(key) = term.strip_prefix('!') {
        LabelRequirement::Exists(key.trim().into(), false)
    } else {
        LabelRequirement::Exists(term.into(), true)
    }
}

//! What a template finds in a document.

use std::cmp::Ordering;

use serde_json::Value;

use super::template::{Expression, Filter, Operator, Part, Slice, Step, StepKind, Template, TemplateError};

type Result<T> = std::result::Result<T, TemplateError>;

/// What one part of a template comes to.
pub(super) enum Piece<'a> {
    /// Text of the template.
    Text(&'a str),
    /// What an expression found.
    Found(Vec<&'a Value>),
}

impl Template {
    /// What each part comes to, in order, and those of a range once for each element.
    pub(super) fn pieces<'a>(&'a self, document: &'a Value) -> Result<Vec<Piece<'a>>> {
        let mut pieces = Vec::new();
        collect(&self.parts, document, &mut pieces)?;
        Ok(pieces)
    }
}

fn collect<'a>(parts: &'a [Part], current: &'a Value, pieces: &mut Vec<Piece<'a>>) -> Result<()> {
    for part in parts {
        match part {
            Part::Text(text) => pieces.push(Piece::Text(text)),
            Part::Expression(expression) => pieces.push(Piece::Found(expression.find(vec![current])?)),
            Part::Range { over, body } => {
                for element in over.find(vec![current])? {
                    collect(body, element, pieces)?;
                }
            }
        }
    }
    Ok(())
}

impl Expression {
    fn find<'a>(&'a self, from: Vec<&'a Value>) -> Result<Vec<&'a Value>> {
        self.steps.iter().try_fold(from, |found, step| step.take(found))
    }
}

impl Step {
    fn take<'a>(&'a self, from: Vec<&'a Value>) -> Result<Vec<&'a Value>> {
        Ok(match &self.kind {
            StepKind::Literal(value) => from.iter().map(|_| value).collect(),
            StepKind::Field(name) => from.into_iter().filter_map(|value| value.as_object()?.get(name)).collect(),
            StepKind::Wildcard => from.into_iter().flat_map(children).collect(),
            StepKind::Descendants => {
                let mut found = Vec::new();
                from.into_iter().for_each(|value| descend(value, &mut found));
                found
            }
            StepKind::Slice(slice) => {
                let lists = from.into_iter().filter(|value| !value.is_null());
                let slices = lists.map(|value| slice.of(self.list(value)?).map_err(|what| self.wrong(what)));
                slices.collect::<Result<Vec<_>>>()?.concat()
            }
            StepKind::Union(union) => {
                let found = union.iter().map(|expression| expression.find(from.clone()));
                found.collect::<Result<Vec<_>>>()?.concat()
            }
            StepKind::Filter(filter) => {
                let mut kept = Vec::new();
                for value in from {
                    for element in self.list(value)? {
                        if filter.keeps(element).map_err(|what| self.wrong(what))? {
                            kept.push(element);
                        }
                    }
                }
                kept
            }
        })
    }

    fn list<'a>(&self, value: &'a Value) -> Result<&'a Vec<Value>> {
        value.as_array().ok_or_else(|| self.wrong(format!("{} is no list", kind(value))))
    }

    fn wrong(&self, what: String) -> TemplateError {
        TemplateError { at: self.at, what, hint: "-o json shows the document that the template is for" }
    }
}

impl Slice {
    fn of(self, list: &[Value]) -> std::result::Result<Vec<&Value>, String> {
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let from_end = |index: i64| if index < 0 { index + length } else { index };
        let (start, end) = (from_end(self.start), self.end.map_or(length, from_end));
        if start == end {
            return Ok(Vec::new());
        }
        let beyond = |index: i64| format!("index {index} is beyond a list of {length}");
        let first = usize::try_from(start).ok().filter(|first| *first < list.len()).ok_or_else(|| beyond(start))?;
        let last = usize::try_from(end).ok().filter(|last| *last <= list.len()).ok_or_else(|| beyond(end - 1))?;
        let taken = list.get(first..last).ok_or_else(|| format!("{start} is not before {end}"))?;
        Ok(taken.iter().step_by(self.step).collect())
    }
}

impl Filter {
    fn keeps(&self, element: &Value) -> std::result::Result<bool, String> {
        let found = self.left.find(vec![element]);
        let Some((operator, right)) = &self.comparison else {
            return Ok(found.is_ok_and(|found| !found.is_empty()));
        };
        let right = right.find(vec![element]).map_err(|error| error.what)?;
        match (&found.map_err(|error| error.what)?[..], &right[..]) {
            ([], _) | (_, []) => Ok(false),
            ([left], [right]) => operator.holds(left, right),
            _ => Err("only one value can be compared at a time".to_owned()),
        }
    }
}

impl Operator {
    fn holds(self, left: &Value, right: &Value) -> std::result::Result<bool, String> {
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
            },
            (Value::Bool(left), Value::Bool(right)) if matches!(self, Self::Equal | Self::NotEqual) => left.cmp(right),
            _ => return Err(format!("{} and {} can't be compared so", kind(left), kind(right))),
        };
        Ok(match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(elements) => elements.iter().collect(),
        _ => Vec::new(),
    }
}

/// A value and all below it, each before its own: lists, objects and texts that are not empty.
fn descend<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let below = children(value);
    if !below.is_empty() || value.as_str().is_some_and(|text| !text.is_empty()) {
        found.push(value);
        below.into_iter().for_each(|child| descend(child, found));
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

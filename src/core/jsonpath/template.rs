//! What a template consists of.

use serde_json::Value;

/// A template: text, and expressions in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub(super) parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Text that is written as it is.
    Text(String),
    /// `{…}`.
    Expression(Expression),
    /// `{range …}…{end}`.
    Range { over: Expression, body: Vec<Part> },
}

/// Steps, each taken from where the one before it led.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expression {
    pub(super) steps: Vec<Step>,
}

/// One step of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Which character of the template it begins at, from 1.
    pub(super) at: usize,
    pub(super) kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StepKind {
    /// A quoted text, a number or a truth value takes the place of what was found.
    Literal(Value),
    /// `.name` or `['name']`.
    Field(String),
    /// `.*`
    Wildcard,
    /// `..`
    Descendants,
    /// `[1]`, `[1:3]` or `[*]`.
    Slice(Slice),
    /// `[1,3]` or `['a','b']`.
    Union(Vec<Expression>),
    /// `[?(…)]`.
    Filter(Box<Filter>),
}

/// Some elements of a list, counted from its end where a number is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: i64,
    /// The first that is not taken; `None`: all to the end are.
    pub(super) end: Option<i64>,
    pub(super) step: usize,
}

/// Which elements of a list are kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) left: Expression,
    /// `None`: those in which `left` finds something.
    pub(super) comparison: Option<(Operator, Expression)>,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Why a template can't be read, or does not fit the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {at} of the template: {what}")]
pub struct TemplateError {
    /// Which character of the template it is about, from 1.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
    /// One next step.
    pub hint: &'static str,
}

impl TemplateError {
    /// The error of a template that begins so many characters later.
    pub(super) fn moved(self, characters: isize) -> Self {
        Self { at: self.at.saturating_add_signed(characters).max(1), ..self }
    }
}

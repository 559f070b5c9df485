//! A path apart from the bindings that it was found in: for plans and records.

use std::fmt;

use super::{Certainty, Primitive, ReachPath, Step, Target};
use crate::core::rbac::Attributes;
use crate::core::rbac::binding_object::BindingRef;

/// How something can be become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPath {
    /// What.
    pub target: Target,
    /// The steps, in their order. None where the user is it already, without any rule.
    pub steps: Vec<KnownStep>,
    /// What else must be the case, each once, in words that follow "if". Nothing where the API server alone lets it happen.
    pub depends_on: Vec<String>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownStep {
    /// By which primitive.
    pub primitive: Primitive,
    /// The requests that it takes.
    pub attributes: Vec<Attributes>,
    /// The bindings that allow them; none where an earlier step gave the right.
    pub bindings: Vec<BindingRef>,
    /// The user after it, where that is another one.
    pub becomes: Option<Target>,
}

impl KnownPath {
    /// Whether it holds by the API server alone.
    pub fn certainty(&self) -> Certainty {
        if self.depends_on.is_empty() { Certainty::Exact } else { Certainty::Depends }
    }

    /// What is become on the way, and in the end.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.steps.iter().filter_map(|step| step.becomes.as_ref()).chain([&self.target])
    }
}

impl From<&ReachPath<'_>> for KnownPath {
    fn from(path: &ReachPath<'_>) -> Self {
        Self {
            target: path.target.clone(),
            steps: path.steps.iter().map(|step| KnownStep::from(&**step)).collect(),
            depends_on: path.depends_on().into_iter().map(str::to_owned).collect(),
        }
    }
}

impl From<&Step<'_>> for KnownStep {
    fn from(step: &Step<'_>) -> Self {
        Self {
            primitive: step.primitive,
            attributes: step.attributes.clone(),
            bindings: step.bindings.iter().map(|binding| binding.reference()).collect(),
            becomes: step.becomes.clone(),
        }
    }
}

impl fmt::Display for KnownPath {
    /// `administrator of the cluster: create serviceaccounts/root … (RoleBinding/kube-x/b) -> ServiceAccount/kube-x/root, then full rights
    /// (…)`. What it depends on is not in it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.target)?;
        for (index, step) in self.steps.iter().enumerate() {
            write!(formatter, "{}{step}", if index == 0 { ": " } else { ", then " })?;
        }
        Ok(())
    }
}

impl fmt::Display for KnownStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: Vec<String> = match self.primitive {
            Primitive::FullRights => vec!["full rights".to_owned()],
            _ => self.attributes.iter().map(ToString::to_string).collect(),
        };
        write!(formatter, "{}", requests.join(" and "))?;
        if !self.bindings.is_empty() {
            let bindings: Vec<String> = self.bindings.iter().map(ToString::to_string).collect();
            write!(formatter, " ({})", bindings.join(", "))?;
        }
        self.becomes.as_ref().map_or(Ok(()), |target| write!(formatter, " -> {target}"))
    }
}

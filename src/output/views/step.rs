//! The steps of revocations, rotations and restores, planned and ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::distinct::distinct;
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::{BindingRef, subject_text};
use crate::core::rbac::others::Others;
use crate::core::revocation::journal::StepResult;
use crate::core::revocation::operation::EndedStep;
use crate::core::revocation::plan::{BindingAction, BindingStep, Plan, Step, StepKind, TokenStep};
use crate::core::revocation::restoration::{RestoreAction, RestorePlan, RestoreStep, RestoreToken};
use crate::core::revocation::static_tokens::SecretRef;
use crate::output::table::Tone;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StepAction {
    /// Deletes a binding that only the identities hold.
    DeleteBinding,
    /// Removes the identities from a binding that others hold too.
    RemoveSubjects,
    /// Removes all subjects from a binding that its finalizers keep.
    EmptyBinding,
    /// Has ACK delete the identity's kubeconfig.
    DeleteKubeconfig,
    /// Creates a binding that was deleted.
    CreateBinding,
    /// Adds the identities to a binding.
    AddSubjects,
    /// Tells the API server not to take a static token any more, by a label of its Secret.
    EndStaticToken,
    /// Takes that label away: the token is taken again.
    ReviveStaticToken,
    /// Replaces the old name of the identity by the new one in a binding.
    ReplaceSubject,
    /// Has ACK revoke the operator's own kubeconfig, and fetches and writes the new one.
    RotateKubeconfig,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StepOutcome {
    /// It was not started.
    Planned,
    /// It was done.
    Done,
    /// It was done before it started.
    AlreadyDone,
    /// It was left out: what it was planned against has changed, or the run was interrupted.
    Skipped,
    /// It was refused or went wrong, and nothing was changed.
    Failed,
    /// The request was sent, and its outcome is unknown.
    Unknown,
}

/// A binding or a Secret, as a step sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectView {
    /// `RoleBinding`, `ClusterRoleBinding` or `Secret`.
    pub kind: String,
    /// The namespace; null for a ClusterRoleBinding.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The Kubernetes UID; null where the binding is created, where it is not known, and for a Secret, whose version alone is read.
    pub uid: Option<String>,
    /// The version that the plan saw; null where the binding is created, or not known.
    pub resource_version: Option<String>,
}

/// A binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BindingView {
    /// `RoleBinding` or `ClusterRoleBinding`.
    pub kind: String,
    /// The namespace; null for a ClusterRoleBinding.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// A step that has ended, or that is planned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Its number in the plan.
    pub id: u32,
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// What it does.
    pub action: StepAction,
    /// The binding; null for a step of the cloud.
    pub object: Option<ObjectView>,
    /// The RAM UIDs that it is about; for a restore those that the subjects' names begin with.
    pub identities: Vec<String>,
    /// The subjects that leave or come back, `Kind/name`.
    pub subjects: Vec<String>,
    /// How it ended.
    pub result: StepOutcome,
    /// Why it ended so; null where there is nothing to say.
    pub error: Option<String>,
    /// The cloud's ID of the request.
    pub request_id: Option<String>,
    /// The ID of the request in the API server's audit log.
    pub audit_id: Option<String>,
}

impl StepAction {
    pub(super) fn of(kind: &StepKind) -> Self {
        match kind {
            StepKind::Kubeconfig(_) => Self::DeleteKubeconfig,
            StepKind::StaticToken(_) => Self::EndStaticToken,
            StepKind::Rotate(_) => Self::RotateKubeconfig,
            StepKind::Binding(step) => match step.action {
                BindingAction::Delete => Self::DeleteBinding,
                BindingAction::RemoveSubjects => Self::RemoveSubjects,
                BindingAction::Empty => Self::EmptyBinding,
                BindingAction::Replace => Self::ReplaceSubject,
            },
        }
    }

    pub(super) fn of_restore(action: &RestoreAction) -> Self {
        match action {
            RestoreAction::CreateBinding { .. } => Self::CreateBinding,
            RestoreAction::AddSubjects { .. } => Self::AddSubjects,
        }
    }

    /// What a table says.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::DeleteBinding => "delete",
            Self::RemoveSubjects => "remove",
            Self::EmptyBinding => "empty",
            Self::DeleteKubeconfig => "cloud",
            Self::CreateBinding => "create",
            Self::AddSubjects => "add",
            Self::EndStaticToken => "end",
            Self::ReviveStaticToken => "revive",
            Self::ReplaceSubject => "replace",
            Self::RotateKubeconfig => "rotate",
        }
    }
}

impl BindingView {
    /// The view of a binding.
    pub(super) fn of(BindingRef { kind, namespace, name }: &BindingRef) -> Self {
        Self { kind: kind.to_string(), namespace: namespace.clone(), name: name.clone() }
    }
}

impl fmt::Display for BindingView {
    /// `RoleBinding/namespace/name`, `ClusterRoleBinding/-/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

impl ObjectView {
    fn of(binding: &BindingRef) -> Self {
        let BindingView { kind, namespace, name } = BindingView::of(binding);
        Self { kind, namespace, name, uid: None, resource_version: None }
    }

    fn with_version(self, uid: &str, resource_version: &str) -> Self {
        Self { uid: Some(uid.to_owned()), resource_version: Some(resource_version.to_owned()), ..self }
    }

    fn of_secret(SecretRef { namespace, name }: &SecretRef) -> Self {
        let (kind, namespace) = ("Secret".to_owned(), Some(namespace.clone()));
        Self { kind, namespace, name: name.clone(), uid: None, resource_version: None }
    }

    fn of_token(step: &TokenStep) -> Self {
        Self { resource_version: Some(step.resource_version.clone()), ..Self::of_secret(&step.secret) }
    }

    /// The binding that a step changes.
    pub(super) fn of_step(step: &BindingStep) -> Self {
        Self::of(&step.binding).with_version(&step.uid, &step.resource_version)
    }
}

impl fmt::Display for ObjectView {
    /// `RoleBinding/namespace/name`, `ClusterRoleBinding/-/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

impl StepView {
    /// A step of a revocation that was not started.
    pub(super) fn planned(step: &Step) -> Self {
        let binding = step.of_binding();
        Self {
            id: step.id,
            cluster_id: step.cluster_id.as_ref().map(ToString::to_string),
            action: StepAction::of(&step.kind),
            object: binding.map(ObjectView::of_step).or_else(|| step.of_token().map(ObjectView::of_token)),
            identities: step.identities().iter().map(ToString::to_string).collect(),
            subjects: binding.map(|step| step.subjects.clone()).unwrap_or_default(),
            result: StepOutcome::Planned,
            error: None,
            request_id: None,
            audit_id: None,
        }
    }

    /// A step of a restore that was not started.
    pub(super) fn planned_restore(step: &RestoreStep) -> Self {
        let object = ObjectView::of(&step.binding);
        let object = match &step.action {
            RestoreAction::CreateBinding { .. } => object,
            RestoreAction::AddSubjects { uid, resource_version } => object.with_version(uid, resource_version),
        };
        let uids = step.subjects.iter().filter_map(|subject| Uid::of_user_name(&subject.name));
        Self {
            id: step.id,
            cluster_id: step.cluster_id.as_ref().map(ToString::to_string),
            action: StepAction::of_restore(&step.action),
            object: Some(object),
            identities: distinct(uids).iter().map(ToString::to_string).collect(),
            subjects: step.subjects.iter().chain(step.others()).map(subject_text).collect(),
            result: StepOutcome::Planned,
            error: None,
            request_id: None,
            audit_id: None,
        }
    }

    /// A step of a restore that has a static token taken again, and was not started.
    pub(super) fn planned_token(token: &RestoreToken) -> Self {
        Self {
            id: token.id,
            cluster_id: token.cluster_id.as_ref().map(ToString::to_string),
            action: StepAction::ReviveStaticToken,
            object: Some(ObjectView::of_secret(&token.secret)),
            identities: Vec::new(),
            subjects: Vec::new(),
            result: StepOutcome::Planned,
            error: None,
            request_id: None,
            audit_id: None,
        }
    }

    /// A step of a revocation or a rotation that has ended; `None` where the plan has no such step.
    pub fn of_revocation(plan: &Plan, ended: EndedStep) -> Option<Self> {
        plan.step(ended.id).map(|step| Self::planned(step).ended(ended))
    }

    /// A step of a restore that has ended; `None` where the plan has no such step.
    pub fn of_restore(plan: &RestorePlan, ended: EndedStep) -> Option<Self> {
        let of_binding = plan.step(ended.id).map(Self::planned_restore);
        let step = of_binding.or_else(|| plan.token(ended.id).map(Self::planned_token))?;
        Some(step.ended(ended))
    }

    fn ended(self, EndedStep { id: _, result, error, request_id, audit_id }: EndedStep) -> Self {
        Self { result: result.into(), error, request_id, audit_id, ..self }
    }

    /// The step in words.
    pub fn sentence(&self) -> String {
        let object = self.object.as_ref().map(ToString::to_string).unwrap_or_default();
        let subjects = Others::new(self.subjects.iter().cloned(), self.subjects.len());
        match self.action {
            StepAction::DeleteBinding => format!("delete {object}"),
            StepAction::RemoveSubjects => format!("remove {subjects} from {object}"),
            StepAction::EmptyBinding => format!("empty {object}"),
            StepAction::DeleteKubeconfig => format!("delete the kubeconfig of {}", self.identities.join(", ")),
            StepAction::CreateBinding => format!("create {object}: {subjects}"),
            StepAction::AddSubjects => format!("add to {object}: {subjects}"),
            StepAction::EndStaticToken => format!("end the static token in {object}"),
            StepAction::ReviveStaticToken => format!("have the static token in {object} taken again"),
            StepAction::ReplaceSubject => format!("replace {subjects} in {object} by the new name"),
            StepAction::RotateKubeconfig => format!("rotate the kubeconfig of {}", self.identities.join(", ")),
        }
    }

    /// The step in words, with its cluster where there are several.
    pub fn sentence_among(&self, are_several: bool) -> String {
        match self.cluster_id.as_ref().filter(|_| are_several) {
            Some(id) => format!("{} in {id}", self.sentence()),
            None => self.sentence(),
        }
    }
}

impl StepOutcome {
    /// What a table says, and how it looks.
    pub fn word(self) -> (&'static str, Tone) {
        match self {
            Self::Planned => ("planned", Tone::Plain),
            Self::Done => ("done", Tone::Good),
            Self::AlreadyDone => ("already done", Tone::Plain),
            Self::Skipped => ("skipped", Tone::Attention),
            Self::Failed => ("failed", Tone::Danger),
            Self::Unknown => ("unknown", Tone::Danger),
        }
    }
}

impl From<StepResult> for StepOutcome {
    fn from(result: StepResult) -> Self {
        match result {
            StepResult::Done => Self::Done,
            StepResult::AlreadyDone => Self::AlreadyDone,
            StepResult::Skipped => Self::Skipped,
            StepResult::Failed => Self::Failed,
            StepResult::Unknown => Self::Unknown,
        }
    }
}

//! The steps of a plan: each changes one binding, ends one static token, or has the cloud delete or renew one kubeconfig.

use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::others::Others;
use crate::core::revocation::static_tokens::SecretRef;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its number in the plan, from 1.
    pub id: u32,
    /// The cluster, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// What it does.
    pub kind: StepKind,
    /// How the step is taken back, or that it can't be.
    pub undo: String,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// It takes identities out of a binding, or gives them another name in it.
    Binding(Box<BindingStep>),
    /// The cloud deletes this identity's kubeconfig.
    Kubeconfig(Uid),
    /// API servers are to take a static token no more.
    StaticToken(Box<TokenStep>),
    /// The cloud revokes this identity's kubeconfig, which is the operator's own, and a new one is fetched and written.
    Rotate(Uid),
}

/// A step that ends a static token of a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStep {
    /// The Secret that holds it.
    pub secret: SecretRef,
    /// The version that the plan saw.
    pub resource_version: String,
    /// The identities that could read it.
    pub identities: Vec<Uid>,
}

/// A step that takes identities out of a binding, or gives them another name in it.
#[derive(Clone, Debug, PartialEq)]
pub struct BindingStep {
    /// How.
    pub action: BindingAction,
    /// The binding.
    pub binding: BindingRef,
    /// The binding's own UID.
    pub uid: String,
    /// The version that the plan saw.
    pub resource_version: String,
    /// The identities.
    pub identities: Vec<Uid>,
    /// The subjects that leave, `Kind/name`.
    pub subjects: Vec<String>,
    /// The subjects that stay.
    pub shared_with: Others,
    /// SHA-256 over all subjects that stay, in hexadecimal digits: also those that are not named are agreed to. `None` where none stays.
    pub shared_with_sha256: Option<String>,
    /// Who manages the binding, and will or may put the subjects back.
    pub managed_by: Vec<String>,
}

/// How identities are taken out of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingAction {
    /// A binding of the identities alone is deleted.
    Delete,
    /// A binding that others share loses the identities.
    RemoveSubjects,
    /// A binding of the identities alone that can't be deleted loses them and stays empty.
    Empty,
    /// A binding has the new name of an identity in the place of the old one.
    Replace,
}

impl Step {
    /// The step of a binding.
    pub fn of_binding(&self) -> Option<&BindingStep> {
        match &self.kind {
            StepKind::Binding(step) => Some(step),
            StepKind::Kubeconfig(_) | StepKind::StaticToken(_) | StepKind::Rotate(_) => None,
        }
    }

    /// The step of a static token.
    pub fn of_token(&self) -> Option<&TokenStep> {
        match &self.kind {
            StepKind::StaticToken(step) => Some(step),
            StepKind::Binding(_) | StepKind::Kubeconfig(_) | StepKind::Rotate(_) => None,
        }
    }

    /// The identities that it is about.
    pub fn identities(&self) -> &[Uid] {
        match &self.kind {
            StepKind::Binding(step) => &step.identities,
            StepKind::Kubeconfig(uid) | StepKind::Rotate(uid) => std::slice::from_ref(uid),
            StepKind::StaticToken(step) => &step.identities,
        }
    }
}

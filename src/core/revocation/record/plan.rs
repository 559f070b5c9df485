//! The plan of a revocation, within `operation.json`.

use serde::{Deserialize, Serialize};

use super::kubernetes::BindingRefV1;
use super::leaked::LeakedV1;
use super::path::PathV1;
use super::several::Several;
use super::{
    DELETE_KUBECONFIG, END_STATIC_TOKEN, OnDisk as _, ROTATE_KUBECONFIG, RecordError, all, many, maybe, nullable, one,
    text, texts, under_maybe,
};
use crate::core::ids::Uid;
use crate::core::rbac::others::Others;
use crate::core::revocation::plan::{BindingStep, Flags, Plan, PlannedTarget, Remain, Step, StepKind, TokenStep};
use crate::core::revocation::refusal::{Refusal, RefusalScope};

/// What was agreed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanV1 {
    /// SHA-256 over all that is agreed to: see `revocation::seal`.
    pub hash: String,
    /// The flags.
    pub flags: FlagsV1,
    /// The credentials that leaked: null where no file was given, the one, or a list of two and more.
    pub leaked: Several<LeakedV1>,
    /// The identities.
    pub targets: Vec<TargetV1>,
    /// The steps, in order.
    pub steps: Vec<StepV1>,
    /// What the identities could become. May be missing: it was not looked for.
    #[serde(default)]
    pub paths: Vec<PathV1>,
    /// What the plan can't end. May be missing: nothing was shown.
    #[serde(default)]
    pub remains: Vec<RemainV1>,
    /// What can't be seen. May be missing: nothing was shown.
    #[serde(default)]
    pub not_checked: Vec<String>,
    /// What was shown as a warning. May be missing: nothing was.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What was left out. May be missing: nothing was.
    #[serde(default)]
    pub refusals: Vec<RefusalV1>,
}

/// The flags of a revocation. Each may be missing: it was not given. A flag that is added later is part of what is agreed to only
/// where it is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FlagsV1 {
    /// `--force`.
    pub force: bool,
    /// `--rbac-only`.
    pub rbac_only: bool,
    /// `--all-deleted`.
    pub all_deleted: bool,
    /// `--accept-inferred`.
    pub accept_inferred: bool,
    /// `--leave-no-admin`.
    pub leave_no_admin: bool,
    /// `--accept-group-grant`.
    pub accept_group_grants: Vec<String>,
    /// `--also-name`.
    pub also_names: Vec<String>,
    /// `--accept-name`.
    pub accept_names: Vec<String>,
    /// `--end-static-tokens`. Written only where it was given.
    #[serde(skip_serializing_if = "is_false")]
    pub end_static_tokens: bool,
}

/// `serde` hands over a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// An identity of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The cluster's name. May be missing: not known.
    #[serde(default)]
    pub cluster_name: Option<String>,
    /// The context. May be missing: not known.
    #[serde(default)]
    pub context: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// `RamUser`, `RamRole`, `CloudService`, `Root` or `Unknown`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in RAM. May be missing: not known.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it existed.
    pub state: String,
    /// What that was known from.
    pub evidence: String,
    /// Its user names in the cluster.
    pub names: Vec<String>,
    /// Those of them that `--also-name` gave. May be missing: none.
    #[serde(default)]
    pub also_names: Vec<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// `Certificate` or `Assumed`.
    pub groups_from: String,
    /// Its last access. May be missing: not known.
    #[serde(default)]
    pub last_access: Option<String>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepV1 {
    /// Its number, from 1.
    pub id: u32,
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// What it does.
    pub action: String,
    /// The binding; null for a step of the cloud.
    #[serde(deserialize_with = "nullable")]
    pub object: Option<BindingRefV1>,
    /// The binding's own ID.
    #[serde(deserialize_with = "nullable")]
    pub uid: Option<String>,
    /// The version that the plan saw.
    #[serde(deserialize_with = "nullable")]
    pub resource_version: Option<String>,
    /// The identities.
    pub identities: Vec<String>,
    /// The subjects that leave, `Kind/name`.
    pub subjects: Vec<String>,
    /// The first subjects that stay.
    pub shared_with: Vec<String>,
    /// How many stay.
    pub shared_with_count: u64,
    /// SHA-256 over all that stay.
    #[serde(deserialize_with = "nullable")]
    pub shared_with_sha256: Option<String>,
    /// Who manages the binding. May be missing: nothing was seen.
    #[serde(default)]
    pub managed_by: Vec<String>,
    /// How the step is taken back.
    pub undo: String,
}

/// Something that a plan can't end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemainV1 {
    /// The cluster. May be missing: not known.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// The identity. May be missing: all of them.
    #[serde(default)]
    pub uid: Option<String>,
    /// What kind of thing.
    pub kind: String,
    /// What it is.
    pub what: String,
}

/// What was left out, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalV1 {
    /// The cluster. May be missing: not known, or not about one.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// What is not done: `Operation`, `Cluster`, `Identity` or `Binding`. May be missing: it was not kept.
    #[serde(default)]
    pub scope: Option<String>,
    /// What is not done, by its name. May be missing: all of it.
    #[serde(default)]
    pub target: Option<String>,
    /// The reason.
    pub code: String,
    /// The reason in words.
    pub message: String,
    /// What to do. May be missing: nothing.
    #[serde(default)]
    pub hint: Option<String>,
}

impl From<&Plan> for PlanV1 {
    fn from(plan: &Plan) -> Self {
        let Plan { hash, flags, leaked, targets, steps, paths, remains, not_checked, warnings, refusals } = plan;
        Self {
            hash: hash.clone(),
            flags: flags.into(),
            leaked: Several::write(leaked),
            targets: targets.iter().map(TargetV1::from).collect(),
            steps: steps.iter().map(StepV1::from).collect(),
            paths: paths.iter().map(PathV1::from).collect(),
            remains: remains.iter().map(RemainV1::from).collect(),
            not_checked: not_checked.clone(),
            warnings: warnings.clone(),
            refusals: refusals.iter().map(RefusalV1::from).collect(),
        }
    }
}

impl TryFrom<PlanV1> for Plan {
    type Error = RecordError;

    fn try_from(plan: PlanV1) -> Result<Self, RecordError> {
        let PlanV1 { hash, flags, leaked, targets, steps, paths, remains, not_checked, warnings, refusals } = plan;
        Ok(Self {
            hash,
            flags: flags.into(),
            leaked: leaked.read("leaked")?,
            targets: all("targets", targets)?,
            steps: all("steps", steps)?,
            paths: all("paths", paths)?,
            remains: all("remains", remains)?,
            not_checked,
            warnings,
            refusals: all("refusals", refusals)?,
        })
    }
}

impl From<&Flags> for FlagsV1 {
    fn from(flags: &Flags) -> Self {
        let Flags {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        } = flags.clone();
        Self {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        }
    }
}

impl From<FlagsV1> for Flags {
    fn from(flags: FlagsV1) -> Self {
        let FlagsV1 {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        } = flags;
        Self {
            force,
            rbac_only,
            all_deleted,
            accept_inferred,
            leave_no_admin,
            accept_group_grants,
            also_names,
            accept_names,
            end_static_tokens,
        }
    }
}

impl From<&PlannedTarget> for TargetV1 {
    fn from(target: &PlannedTarget) -> Self {
        let target = target.clone();
        Self {
            cluster_id: text(target.cluster_id.as_ref()),
            cluster_name: target.cluster_name,
            context: target.context,
            uid: target.uid.write(),
            kind: target.kind.write(),
            name: target.name,
            state: target.state.write(),
            evidence: target.evidence,
            names: target.names,
            also_names: target.also_names,
            groups: target.groups,
            groups_from: target.groups_from.write(),
            last_access: target.last_access,
        }
    }
}

impl TryFrom<TargetV1> for PlannedTarget {
    type Error = RecordError;

    fn try_from(target: TargetV1) -> Result<Self, RecordError> {
        Ok(Self {
            cluster_id: maybe("clusterId", target.cluster_id.as_deref())?,
            cluster_name: target.cluster_name,
            context: target.context,
            uid: one("uid", &target.uid)?,
            kind: one("type", &target.kind)?,
            name: target.name,
            state: one("state", &target.state)?,
            evidence: target.evidence,
            names: target.names,
            also_names: target.also_names,
            groups: target.groups,
            groups_from: one("groupsFrom", &target.groups_from)?,
            last_access: target.last_access,
        })
    }
}

impl From<&Step> for StepV1 {
    fn from(step: &Step) -> Self {
        let Step { id, cluster_id, kind, undo } = step.clone();
        let cluster_id = text(cluster_id.as_ref());
        match kind {
            StepKind::Binding(step) => Self {
                id,
                cluster_id,
                action: step.action.write(),
                object: Some((&step.binding).into()),
                uid: Some(step.uid),
                resource_version: Some(step.resource_version),
                identities: texts(&step.identities),
                subjects: step.subjects,
                shared_with: step.shared_with.named,
                shared_with_count: step.shared_with.count as u64,
                shared_with_sha256: step.shared_with_sha256,
                managed_by: step.managed_by,
                undo,
            },
            StepKind::StaticToken(step) => Self {
                id,
                cluster_id,
                action: END_STATIC_TOKEN.to_owned(),
                object: Some(BindingRefV1::of_secret(&step.secret)),
                uid: None,
                resource_version: Some(step.resource_version),
                identities: texts(&step.identities),
                subjects: Vec::new(),
                shared_with: Vec::new(),
                shared_with_count: 0,
                shared_with_sha256: None,
                managed_by: Vec::new(),
                undo,
            },
            StepKind::Kubeconfig(uid) => Self::of_the_cloud(id, cluster_id, DELETE_KUBECONFIG, &uid, undo),
            StepKind::Rotate(uid) => Self::of_the_cloud(id, cluster_id, ROTATE_KUBECONFIG, &uid, undo),
        }
    }
}

impl TryFrom<StepV1> for Step {
    type Error = RecordError;

    fn try_from(step: StepV1) -> Result<Self, RecordError> {
        let (id, cluster_id, undo) = (step.id, maybe("clusterId", step.cluster_id.as_deref())?, step.undo.clone());
        let kind = match step.action.as_str() {
            DELETE_KUBECONFIG => StepKind::Kubeconfig(step.only_identity()?),
            ROTATE_KUBECONFIG => StepKind::Rotate(step.only_identity()?),
            END_STATIC_TOKEN => StepKind::StaticToken(Box::new(step.try_into()?)),
            _ => StepKind::Binding(Box::new(step.try_into()?)),
        };
        Ok(Self { id, cluster_id, kind, undo })
    }
}

impl StepV1 {
    fn of_the_cloud(id: u32, cluster_id: Option<String>, action: &str, uid: &Uid, undo: String) -> Self {
        Self {
            id,
            cluster_id,
            action: action.to_owned(),
            object: None,
            uid: None,
            resource_version: None,
            identities: vec![uid.write()],
            subjects: Vec::new(),
            shared_with: Vec::new(),
            shared_with_count: 0,
            shared_with_sha256: None,
            managed_by: Vec::new(),
            undo,
        }
    }

    fn only_identity(&self) -> Result<Uid, RecordError> {
        match self.identities.as_slice() {
            [uid] if self.object.is_none() => one("identities", uid),
            _ => Err(RecordError::field(
                "identities",
                "a step of the cloud is about one identity and no binding".to_owned(),
            )),
        }
    }
}

impl TryFrom<StepV1> for TokenStep {
    type Error = RecordError;

    fn try_from(step: StepV1) -> Result<Self, RecordError> {
        let missing = |key| RecordError::field(key, "a step of a static token has one".to_owned());
        Ok(Self {
            secret: step.object.ok_or_else(|| missing("object"))?.secret()?,
            resource_version: step.resource_version.ok_or_else(|| missing("resourceVersion"))?,
            identities: many("identities", &step.identities)?,
        })
    }
}

impl TryFrom<StepV1> for BindingStep {
    type Error = RecordError;

    fn try_from(step: StepV1) -> Result<Self, RecordError> {
        let missing = |key| RecordError::field(key, "a step of a binding has one".to_owned());
        let count = usize::try_from(step.shared_with_count)
            .map_err(|error| RecordError::field("sharedWithCount", error.to_string()))?;
        Ok(Self {
            action: one("action", &step.action)?,
            binding: under_maybe("object", step.object)?.ok_or_else(|| missing("object"))?,
            uid: step.uid.ok_or_else(|| missing("uid"))?,
            resource_version: step.resource_version.ok_or_else(|| missing("resourceVersion"))?,
            identities: many("identities", &step.identities)?,
            subjects: step.subjects,
            shared_with: Others { named: step.shared_with, count },
            shared_with_sha256: step.shared_with_sha256,
            managed_by: step.managed_by,
        })
    }
}

impl From<&Remain> for RemainV1 {
    fn from(Remain { cluster_id, uid, kind, what }: &Remain) -> Self {
        let (cluster_id, uid) = (text(cluster_id.as_ref()), text(uid.as_ref()));
        Self { cluster_id, uid, kind: kind.write(), what: what.clone() }
    }
}

impl TryFrom<RemainV1> for Remain {
    type Error = RecordError;

    fn try_from(RemainV1 { cluster_id, uid, kind, what }: RemainV1) -> Result<Self, RecordError> {
        let cluster_id = maybe("clusterId", cluster_id.as_deref())?;
        Ok(Self { cluster_id, uid: maybe("uid", uid.as_deref())?, kind: one("kind", &kind)?, what })
    }
}

impl From<&Refusal> for RefusalV1 {
    fn from(Refusal { cluster_id, scope, code, message, hint }: &Refusal) -> Self {
        let word = match scope {
            RefusalScope::Operation(_) => "Operation",
            RefusalScope::Cluster(_) => "Cluster",
            RefusalScope::Identity(_) => "Identity",
            RefusalScope::Binding(_) => "Binding",
        };
        Self {
            cluster_id: text(cluster_id.as_ref()),
            scope: Some(word.to_owned()),
            target: scope.target(),
            code: code.write(),
            message: message.clone(),
            hint: hint.clone(),
        }
    }
}

impl TryFrom<RefusalV1> for Refusal {
    type Error = RecordError;

    fn try_from(refusal: RefusalV1) -> Result<Self, RecordError> {
        let RefusalV1 { cluster_id, scope, target, code, message, hint } = refusal;
        let cluster_id = maybe("clusterId", cluster_id.as_deref())?;
        let scope = match (scope.as_deref(), target) {
            (Some("Operation"), target) => RefusalScope::Operation(maybe("target", target.as_deref())?),
            (Some("Cluster") | None, target) => RefusalScope::Cluster(target),
            (Some("Identity"), Some(target)) => RefusalScope::Identity(one("target", &target)?),
            (Some("Binding"), Some(target)) => RefusalScope::Binding(one("target", &target)?),
            (Some(_), _) => {
                return Err(RecordError::field("scope", "it is no scope, or has no target"));
            }
        };
        Ok(Self { cluster_id, scope, code: one("code", &code)?, message, hint })
    }
}

//! The plan of a rotation, within `operation.json`. No key and no kubeconfig is in it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::leaked::LeakedV1;
use super::plan::PlanV1;
use super::{RecordError, all, maybe, nullable, one, text, under};
use crate::core::revocation::record::OnDisk as _;
use crate::core::revocation::rotation::{Destination, KnownCertificate, Place, RotationPlan};

/// What was agreed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationPlanV1 {
    /// The steps, and what remains. Its hash covers all of this: see `revocation::seal`.
    pub plan: PlanV1,
    /// `--keep-others`. May be missing: it was not given.
    #[serde(default)]
    pub keep_others: bool,
    /// The certificates that stop working.
    pub certificates: Vec<KnownCertificateV1>,
    /// Where each new kubeconfig is written.
    pub destinations: Vec<DestinationV1>,
}

/// A certificate that stops working.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownCertificateV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// `Context` or `LeakedFile`.
    pub from: String,
    /// What it says of itself.
    pub certificate: LeakedV1,
    /// What it held. May be missing: it was not kept.
    #[serde(default)]
    pub holds: Vec<String>,
}

/// Where a new kubeconfig is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DestinationV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The file; null for standard output.
    #[serde(deserialize_with = "nullable")]
    pub path: Option<PathBuf>,
    /// The user entry that alone is changed; null where all of the file is written.
    #[serde(deserialize_with = "nullable")]
    pub user: Option<String>,
    /// Whether there was a file that is replaced. May be missing: there was none.
    #[serde(default)]
    pub replaces: bool,
}

impl From<&RotationPlan> for RotationPlanV1 {
    fn from(RotationPlan { plan, keep_others, certificates, destinations }: &RotationPlan) -> Self {
        Self {
            plan: plan.into(),
            keep_others: *keep_others,
            certificates: certificates.iter().map(KnownCertificateV1::from).collect(),
            destinations: destinations.iter().map(DestinationV1::from).collect(),
        }
    }
}

impl TryFrom<RotationPlanV1> for RotationPlan {
    type Error = RecordError;

    fn try_from(plan: RotationPlanV1) -> Result<Self, RecordError> {
        Ok(Self {
            plan: under("plan", plan.plan)?,
            keep_others: plan.keep_others,
            certificates: all("certificates", plan.certificates)?,
            destinations: all("destinations", plan.destinations)?,
        })
    }
}

impl From<&KnownCertificate> for KnownCertificateV1 {
    fn from(KnownCertificate { cluster_id, from, facts, holds }: &KnownCertificate) -> Self {
        Self {
            cluster_id: text(cluster_id.as_ref()),
            from: from.write(),
            certificate: facts.into(),
            holds: holds.clone(),
        }
    }
}

impl TryFrom<KnownCertificateV1> for KnownCertificate {
    type Error = RecordError;

    fn try_from(one_of: KnownCertificateV1) -> Result<Self, RecordError> {
        let KnownCertificateV1 { cluster_id, from, certificate, holds } = one_of;
        let cluster_id = maybe("clusterId", cluster_id.as_deref())?;
        Ok(Self { cluster_id, from: one("from", &from)?, facts: under("certificate", certificate)?, holds })
    }
}

impl From<&Destination> for DestinationV1 {
    fn from(destination: &Destination) -> Self {
        Self {
            cluster_id: text(destination.cluster_id.as_ref()),
            path: destination.path().map(PathBuf::from),
            user: destination.user().map(str::to_owned),
            replaces: matches!(destination.place, Place::File { is_there: true, .. }),
        }
    }
}

impl TryFrom<DestinationV1> for Destination {
    type Error = RecordError;

    fn try_from(destination: DestinationV1) -> Result<Self, RecordError> {
        let DestinationV1 { cluster_id, path, user, replaces } = destination;
        let place = match (path, user) {
            (None, None) => Place::StandardOutput,
            (Some(path), None) => Place::File { path, is_there: replaces },
            (Some(path), Some(user)) => Place::UserEntry { path, user },
            (None, Some(_)) => return Err(RecordError::field("user", "an entry is in a file")),
        };
        Ok(Self { cluster_id: maybe("clusterId", cluster_id.as_deref())?, place })
    }
}

//! What ACK still remembers.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::VerificationQuery;
use crate::core::identity::ack::{CertificateState, KubeconfigState, Permission};
use crate::core::identity::evidence::{Answer, Listing};
use crate::core::revocation::input::InputTarget;
use crate::core::revocation::verification::{Check, CheckReport};
use crate::gather::cloud::{self, SIDE_BY_SIDE};

/// How long the cloud's record may lag behind its answer.
const CLOUD_SETTLES_WITHIN: Duration = Duration::from_secs(10);
/// The wait between two looks.
const CLOUD_STEP: Duration = Duration::from_millis(500);

/// What the cloud still remembers of each identity. Asked again for a while where it remembers something: it answers
/// before it is done.
pub async fn ask_cloud(question: &VerificationQuery<'_>) -> Vec<CheckReport> {
    let for_all = |answer: CheckReport| vec![answer; question.targets.len()];
    let (Some(cloud), false) = (question.cloud.ready(), question.plan.flags.rbac_only) else {
        return for_all(CheckReport::skipped(Check::Cloud, "the cloud was not asked: its record stays as it is"));
    };
    let Some(id) = question.cluster.id() else {
        return for_all(CheckReport::error(Check::Cloud, "the cluster's ID is not known"));
    };
    let until = Instant::now() + CLOUD_SETTLES_WITHIN;
    loop {
        let granted = stream::iter(&question.targets)
            .map(|target| cloud::permissions(cloud, question.region, &target.target.uid))
            .buffered(SIDE_BY_SIDE)
            .collect::<Vec<_>>();
        let (kubeconfigs, granted) = tokio::join!(cloud::kubeconfigs(cloud, id, question.region), granted);
        let read = question.targets.iter().zip(&granted);
        let answers: Vec<CheckReport> =
            read.map(|(target, granted)| read_cloud(question, target, &kubeconfigs, granted)).collect();
        if answers.iter().all(|answer| answer.findings.is_empty()) || Instant::now() >= until {
            return answers;
        }
        sleep(CLOUD_STEP).await;
    }
}

fn read_cloud(
    question: &VerificationQuery<'_>,
    target: &InputTarget,
    kubeconfigs: &Listing<KubeconfigState>,
    permissions: &Answer<Vec<Permission>>,
) -> CheckReport {
    let uid = &target.target.uid;
    let rows = kubeconfigs.items().iter().filter(|state| state.uid == *uid);
    let mut left: Vec<String> = rows
        .filter_map(|state| match state.certificate {
            CertificateState::Unexpired => Some("ACK still lists the kubeconfig as Effective".to_owned()),
            CertificateState::Expired => Some("ACK still lists the kubeconfig, as Expired".to_owned()),
            CertificateState::Unknown => Some("ACK lists the kubeconfig and doesn't know its state".to_owned()),
            CertificateState::Unissued | CertificateState::Removed => None,
        })
        .collect();
    let here = |record: &&Permission| question.cluster.id().is_some_and(|cluster| record.is_of_cluster(cluster));
    let records = permissions.known().map(Vec::as_slice).unwrap_or_default();
    left.extend(records.iter().filter(here).map(|record| {
        format!("ACK still remembers a permission: {} {} on {}", record.role_type, record.role_name, record.resource_id)
    }));
    // Such a record may be of this cluster.
    let nowhere = records.iter().any(|record| record.resource_id.is_empty());
    let nowhere = nowhere.then_some("cs:DescribeUserPermission: a permission record without a resource");
    let failed: Vec<&str> = [kubeconfigs.failure(), permissions.failure(), nowhere].into_iter().flatten().collect();
    if left.is_empty() && !failed.is_empty() {
        return CheckReport::error(Check::Cloud, format!("the cloud's record is unknown: {}", failed.join("; ")));
    }
    let detail = if left.is_empty() { "no kubeconfig, no permission record" } else { "a record is left" };
    CheckReport::of(Check::Cloud, detail, left)
}

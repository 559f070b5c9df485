//! Asks ACK what it has on record of each identity.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::VerificationQuery;
use crate::core::revocation::verification::{Check, CheckReport, read_cloud_record};
use crate::gather::cloud::{self, SIDE_BY_SIDE};

/// How long the cloud's record may lag behind its answer.
const CLOUD_SETTLES_WITHIN: Duration = Duration::from_secs(10);
/// The wait between two looks.
const CLOUD_STEP: Duration = Duration::from_millis(500);

/// What the cloud has on record of each identity. Where it has something and may still be at work on a call, it is asked again for a
/// while: it answers before it is done.
pub async fn ask_cloud(question: &VerificationQuery<'_>, may_be_at_work: bool) -> Vec<CheckReport> {
    let for_all = |report: CheckReport| vec![report; question.targets.len()];
    let (Some(cloud), false) = (question.cloud.ready(), question.plan.flags.rbac_only) else {
        return for_all(CheckReport::skipped(Check::Cloud, "the cloud was not asked: its record stays as it is"));
    };
    let Some(id) = question.cluster_id else {
        return for_all(CheckReport::error(Check::Cloud, "the cluster's ID is not known"));
    };
    let until = Instant::now() + if may_be_at_work { CLOUD_SETTLES_WITHIN } else { Duration::ZERO };
    loop {
        let permissions = stream::iter(&question.targets)
            .map(|target| cloud::permissions(cloud, question.region, &target.target.uid))
            .buffered(SIDE_BY_SIDE)
            .collect::<Vec<_>>();
        let (kubeconfigs, permissions) = tokio::join!(cloud::kubeconfigs(cloud, id, question.region), permissions);
        let kubeconfigs = kubeconfigs.into_one();
        let targets = question.targets.iter().zip(&permissions);
        let reports: Vec<CheckReport> = targets
            .map(|(target, permissions)| read_cloud_record(id, &target.target.uid, &kubeconfigs, permissions))
            .collect();
        if reports.iter().all(|report| report.findings.is_empty()) || Instant::now() >= until {
            return reports;
        }
        sleep(CLOUD_STEP).await;
    }
}

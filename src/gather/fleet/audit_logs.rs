//! What the clusters' audit logs tell: whether there is one, and who used the cluster lately.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::super::cloud::{activities, audit_project};
use super::super::runtime::Interrupt;
use super::Fleet;
use crate::core::access::holder::{LastAccess, holders};
use crate::core::identity::ack::AuditProject;
use crate::core::identity::evidence::Answer;
use crate::core::ids::{ClusterId, Uid};

/// Last accesses, by cluster and identity.
pub type Activities = BTreeMap<(ClusterId, Uid), LastAccess>;

/// What was asked about the clusters' audit logs; after Ctrl-C, what was answered by then.
#[derive(Default)]
pub struct AuditLogs {
    /// Where each cluster's log is, if there is one.
    pub projects: BTreeMap<ClusterId, Answer<AuditProject>>,
    /// The last access of each identity, where that was searched for.
    pub activities: Activities,
}

/// Asks of every cluster that was read whether it has an audit log and, only `with_activity`, searches the last seven days for
/// every identity that holds something. A failure of the former is one of the cluster's.
pub async fn audit_logs<A>(fleet: &mut Fleet<A>, with_activity: bool, interrupt: &Interrupt) -> AuditLogs {
    let logs = RefCell::new(AuditLogs::default());
    let asked = async {
        tokio::join!(projects(fleet, &logs), async {
            if with_activity {
                search(fleet, &logs).await;
            }
        })
    };
    let is_interrupted = tokio::select! {
        biased;
        () = interrupt.pressed() => true,
        _ = asked => false,
    };
    fleet.is_interrupted |= is_interrupted;
    let logs = logs.into_inner();
    for (_, reading) in fleet.clusters.iter_mut().filter_map(|cluster| cluster.outcome.as_mut().ok()) {
        let answer = reading.cluster.id.as_ref().and_then(|id| logs.projects.get(id));
        reading.failed.extend(answer.and_then(Answer::failure).cloned());
    }
    logs
}

async fn projects<A>(fleet: &Fleet<A>, logs: &RefCell<AuditLogs>) {
    let Some(cloud) = fleet.account.cloud.ready() else { return };
    let known = fleet.reading().filter_map(|reading| Some((reading, reading.cluster.id.as_ref()?)));
    let asked = known.map(async |(reading, id)| {
        let answer = audit_project(cloud, reading.region.as_ref(), id).await;
        logs.borrow_mut().projects.insert(id.clone(), answer);
    });
    asked.collect::<FuturesUnordered<_>>().collect::<()>().await;
}

async fn search<A>(fleet: &Fleet<A>, logs: &RefCell<AuditLogs>) {
    let Some(cloud) = fleet.account.cloud.ready() else { return };
    let known = fleet.reading().filter_map(|reading| Some((reading, reading.cluster.id.as_ref()?)));
    let searched = known.map(async |(reading, id)| {
        // A number that begins with zero can be read as another identity's.
        let holders = holders(&reading.scan).into_iter().filter(|holder| !holder.uid.begins_with_zero());
        let questions = holders.map(|holder| (id.clone(), holder.uid)).collect();
        let answers = activities(cloud, reading.region.as_ref(), questions).await;
        logs.borrow_mut().activities.extend(answers);
    });
    searched.collect::<FuturesUnordered<_>>().collect::<()>().await;
}

//! What an identity may do in clusters, and whether it has done anything.

use serde_json::{Value, json};

use super::super::clock::written;
use super::super::cluster::{AckCluster, Auditing, PermissionRecord, PermissionScope};
use super::super::reply::CloudError;
use super::call::Call;

pub(super) fn permissions(call: &Call<'_>, uid: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let clusters = &cloud_state.account_of(call.caller)?.clusters;
    let records = clusters.iter().flat_map(|cluster| cluster.permissions.iter().map(move |record| (cluster, record)));
    Ok(records.filter(|(_, record)| record.uid == uid).map(|(cluster, record)| described(cluster, record)).collect())
}

fn described(cluster: &AckCluster, record: &PermissionRecord) -> Value {
    let (id, kind) = match &record.scope {
        PermissionScope::Cluster => (cluster.id.clone(), "cluster"),
        PermissionScope::Namespace(namespace) => (format!("{}/{namespace}", cluster.id), "namespace"),
        PermissionScope::AllClusters => ("all-clusters".to_owned(), "console"),
    };
    json!({
        "resource_id": id,
        "resource_type": kind,
        "role_type": record.role_type,
        "role_name": record.role_name,
        "is_owner": i32::from(record.is_owner),
        "is_ram_role": i32::from(record.is_ram_role),
    })
}

/// The check has three outcomes: accesses, none, or failure, where there is no audit log or it can't be read.
pub(super) fn activity(call: &Call<'_>, id: &str, uid: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let cluster = cloud_state.cluster(id, call.caller, call.region)?;
    match cluster.auditing {
        Auditing::On => {}
        Auditing::Off => {
            return Err(CloudError::product(
                400,
                "ErrorAuditNotEnabled",
                "The audit log of the cluster is not enabled.",
            ));
        }
        Auditing::Unreadable => {
            return Err(CloudError::product(
                500,
                "ErrorQueryAuditLog",
                "The audit log of the cluster can not be queried.",
            ));
        }
    }
    let last = cluster.recent_activity(uid, call.backend.clock.now());
    Ok(json!({
        "log_project_name": format!("k8s-log-{id}"),
        "log_store_name": format!("audit-{id}"),
        "log_query_exp": format!("user.username: {uid}*"),
        "active": last.is_some(),
        "last_activity": last.map(|last| written(last.at)).unwrap_or_default(),
        "last_audit_id": last.map(|last| last.audit_id.as_str()).unwrap_or_default(),
    }))
}

//! Clusters and tasks.

use serde_json::{Value, json};

use super::super::account::FOUNDED;
use super::super::clock::written;
use super::super::cluster::{AckCluster, Auditing};
use super::super::paging::NumberedPages;
use super::super::random;
use super::super::reply::CloudError;
use super::super::request::CallParameters;
use super::call::{Call, text_or_empty};

/// The most that a page may hold is not documented; what other listings allow is taken.
const PAGES: NumberedPages = NumberedPages { number: "page_number", size: "page_size", default: 10, limits: 1..=50 };

pub(super) fn describe_all(call: &Call<'_>) -> Result<Value, CloudError> {
    let region = call.parameters.get("region_id");
    list(call, |cluster| !cluster.missing_from_aggregator && region.is_none_or(|region| region == cluster.region))
}

pub(super) fn describe_region(call: &Call<'_>, region: &str) -> Result<Value, CloudError> {
    list(call, |cluster| cluster.region == region && call.region.is_none_or(|here| here == region))
}

fn list(call: &Call<'_>, shown: impl Fn(&AckCluster) -> bool) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let account = cloud_state.account_of(call.caller)?;
    let clusters = account.clusters.iter().filter(|cluster| shown(cluster) && asked(cluster, call.parameters));
    let (clusters, page_info) = PAGES.cut(clusters.map(described).collect(), call.parameters)?;
    Ok(json!({ "clusters": clusters, "page_info": page_info }))
}

fn asked(cluster: &AckCluster, parameters: &CallParameters) -> bool {
    parameters.get("cluster_id").is_none_or(|id| id == cluster.id)
        && parameters.get("name").is_none_or(|name| cluster.name.contains(name))
        && parameters.get("cluster_type").is_none_or(|kind| kind == "ManagedKubernetes")
        && parameters.get("cluster_spec").is_none_or(|spec| spec == "ack.pro.small")
        && parameters.get("profile").is_none_or(|profile| profile == "Default")
}

/// The names come in the caller's language; the documents give no other order than this.
pub(super) fn regions(call: &Call<'_>) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let regions: Vec<Value> =
        cloud_state.regions.iter().map(|region| json!({ "localName": region, "regionId": region })).collect();
    Ok(json!({ "regions": regions, "requestId": random::request_id() }))
}

/// The project's name ends in a line feed in the documents' own example.
pub(super) fn audit_project(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let cluster = cloud_state.cluster(id, call.caller, call.region)?;
    let project = format!("k8s-log-{id}\n");
    Ok(match cluster.auditing {
        Auditing::On | Auditing::Unreadable => json!({ "audit_enabled": true, "sls_project_name": project }),
        Auditing::Off => json!({ "audit_enabled": false, "sls_project_name": "" }),
    })
}

pub(super) fn detail(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    call.backend.cloud_state().cluster(id, call.caller, call.region).map(described)
}

/// `master_url` is a document inside the document.
fn described(cluster: &AckCluster) -> Value {
    let master_url = json!({
        "api_server_endpoint": text_or_empty(cluster.server.as_ref()),
        "intranet_api_server_endpoint": text_or_empty(cluster.private_server.as_ref()),
    });
    json!({
        "cluster_id": cluster.id,
        "name": cluster.name,
        "region_id": cluster.region,
        "state": cluster.state,
        "cluster_type": "ManagedKubernetes",
        "cluster_spec": "ack.pro.small",
        "profile": "Default",
        "current_version": "1.33.3-aliyun.1",
        "init_version": "1.33.3-aliyun.1",
        "master_url": master_url.to_string(),
        "size": 3,
        "deletion_protection": true,
        "tags": [],
        "created": written(FOUNDED),
        "updated": written(FOUNDED),
    })
}

pub(super) fn task(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let here = |region: &str| call.region.is_none_or(|asked| asked == region);
    let missing = || CloudError::product(404, "ErrorTaskNotFound", format!("Task {id} not found."));
    let task = cloud_state.tasks.iter().find(|task| task.id == id && here(&task.region)).ok_or_else(missing)?;
    let mut described = json!({
        "task_id": task.id,
        "cluster_id": task.cluster_id,
        "task_type": task.task_type,
        "state": task.state,
        "created": written(FOUNDED),
        "updated": written(FOUNDED),
        "current_stage": "",
        "events": [],
        "stages": [],
        "target": { "id": task.cluster_id, "type": "cluster" },
        "task_result": [],
    });
    if let Some((code, message)) = &task.error {
        described["error"] = json!({ "code": code, "message": message });
    }
    Ok(described)
}

//! The bodies that the Container Service answers with, as they come over the wire.

use jiff::Timestamp;
use serde::Deserialize;

use super::super::fields;
use crate::core::identity::ack::{
    AccountCluster, AccountState, AccountType, Activity, AuditProject, CertificateState, IssuedKubeconfig,
    KubeconfigState, Permission, UserKubeconfigState,
};
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::secret::Secret;

#[derive(Deserialize)]
struct Page {
    total_count: Option<usize>,
}

fn total(page: Option<&Page>) -> Option<usize> {
    page?.total_count
}

#[derive(Deserialize)]
pub(super) struct Clusters {
    pub(super) clusters: Vec<Cluster>,
    page_info: Option<Page>,
}

impl Clusters {
    pub(super) fn total(&self) -> Option<usize> {
        total(self.page_info.as_ref())
    }
}

#[derive(Deserialize)]
pub(super) struct Cluster {
    #[serde(default, deserialize_with = "fields::text")]
    cluster_id: String,
    #[serde(default, deserialize_with = "fields::text")]
    name: String,
    #[serde(default, deserialize_with = "fields::text")]
    region_id: String,
    #[serde(default, deserialize_with = "fields::text")]
    state: String,
    #[serde(default, deserialize_with = "fields::text")]
    cluster_type: String,
    #[serde(default, deserialize_with = "fields::text")]
    master_url: String,
}

/// `master_url` is JSON in a JSON string; values can be empty.
#[derive(Default, Deserialize)]
struct MasterUrl {
    api_server_endpoint: Option<String>,
    intranet_api_server_endpoint: Option<String>,
}

impl Cluster {
    pub(super) fn id(&self) -> &str {
        &self.cluster_id
    }

    pub(super) fn into_core(self) -> Option<AccountCluster> {
        let urls: MasterUrl = serde_json::from_str(&self.master_url).unwrap_or_default();
        Some(AccountCluster {
            id: ClusterId::parse(&self.cluster_id)?,
            name: self.name,
            region: self.region_id,
            state: self.state,
            cluster_type: self.cluster_type,
            public_server: urls.api_server_endpoint.filter(|url| !url.is_empty()),
            intranet_server: urls.intranet_api_server_endpoint.filter(|url| !url.is_empty()),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Regions {
    regions: Vec<ListedRegion>,
}

#[derive(Deserialize)]
struct ListedRegion {
    #[serde(rename = "regionId")]
    region_id: String,
}

impl Regions {
    /// The regions; `None` where one of them has no valid ID.
    pub(super) fn into_core(self) -> Option<Vec<Region>> {
        self.regions.iter().map(|region| Region::parse(&region.region_id)).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct ClusterStates {
    states: Vec<ClusterState>,
    page: Option<Page>,
}

#[derive(Deserialize)]
struct ClusterState {
    #[serde(deserialize_with = "fields::uid")]
    account_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    account_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    account_display_name: String,
    account_type: Option<String>,
    account_state: Option<String>,
    cert_state: Option<String>,
    #[serde(default, deserialize_with = "fields::time")]
    cert_expire_time: Option<Timestamp>,
    revokable: Option<bool>,
    #[serde(default, deserialize_with = "fields::text")]
    cloud_service_name: String,
}

impl ClusterStates {
    pub(super) fn total(&self) -> Option<usize> {
        total(self.page.as_ref())
    }

    pub(super) fn into_core(self) -> Vec<KubeconfigState> {
        self.states.into_iter().map(ClusterState::into_core).collect()
    }
}

impl ClusterState {
    fn into_core(self) -> KubeconfigState {
        KubeconfigState {
            uid: self.account_id,
            account_type: account_type(self.account_type.as_deref()),
            account_state: account_state(self.account_state.as_deref()),
            account_name: self.account_name,
            display_name: self.account_display_name,
            certificate: certificate_state(self.cert_state.as_deref()),
            expires: self.cert_expire_time,
            revocable: self.revokable,
            cloud_service: Some(self.cloud_service_name).filter(|name| !name.is_empty()),
        }
    }
}

fn account_type(word: Option<&str>) -> AccountType {
    match word {
        Some("RootAccount") => AccountType::Root,
        Some("RamUser") => AccountType::RamUser,
        Some("RamRole") => AccountType::RamRole,
        _ => AccountType::Unstated,
    }
}

fn account_state(word: Option<&str>) -> AccountState {
    match word {
        Some("Active") => AccountState::Active,
        Some("InActive") => AccountState::Inactive,
        Some("Deleted") => AccountState::Deleted,
        _ => AccountState::Unstated,
    }
}

fn certificate_state(word: Option<&str>) -> CertificateState {
    match word {
        Some("Unissued") => CertificateState::Unissued,
        Some("Unexpired") => CertificateState::Unexpired,
        Some("Expired") => CertificateState::Expired,
        Some("Removed") => CertificateState::Removed,
        _ => CertificateState::Unknown,
    }
}

#[derive(Deserialize)]
pub(super) struct UserStates {
    pub(super) states: Vec<UserState>,
    page: Option<Page>,
}

impl UserStates {
    pub(super) fn total(&self) -> Option<usize> {
        total(self.page.as_ref())
    }
}

#[derive(Deserialize)]
pub(super) struct UserState {
    #[serde(default, deserialize_with = "fields::text")]
    cluster_id: String,
    #[serde(default, deserialize_with = "fields::text")]
    cluster_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    cluster_state: String,
    cert_state: Option<String>,
    #[serde(default, deserialize_with = "fields::time")]
    cert_expire_time: Option<Timestamp>,
}

impl UserState {
    pub(super) fn id(&self) -> &str {
        &self.cluster_id
    }

    pub(super) fn into_core(self) -> Option<UserKubeconfigState> {
        Some(UserKubeconfigState {
            cluster: ClusterId::parse(&self.cluster_id)?,
            cluster_name: self.cluster_name,
            cluster_state: self.cluster_state,
            certificate: certificate_state(self.cert_state.as_deref()),
            expires: self.cert_expire_time,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct ActivityState {
    active: Option<bool>,
    #[serde(default, deserialize_with = "fields::time")]
    last_activity: Option<Timestamp>,
    last_audit_id: Option<String>,
    log_project_name: Option<String>,
    log_store_name: Option<String>,
    log_query_exp: Option<String>,
}

impl ActivityState {
    pub(super) fn into_core(self) -> Activity {
        let non_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
        Activity {
            active: self.active,
            last_activity: self.last_activity,
            last_audit_id: non_empty(self.last_audit_id),
            project: non_empty(self.log_project_name),
            log_store: non_empty(self.log_store_name),
            query: non_empty(self.log_query_exp),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ClusterAudit {
    audit_enabled: bool,
    #[serde(default, deserialize_with = "fields::text")]
    sls_project_name: String,
}

impl ClusterAudit {
    /// The documents' own example has a line feed after the project's name.
    pub(super) fn into_core(self) -> AuditProject {
        let project = Some(self.sls_project_name.trim().to_owned()).filter(|project| !project.is_empty());
        AuditProject { is_enabled: self.audit_enabled, project }
    }
}

#[derive(Deserialize)]
pub(super) struct GrantedPermission {
    // Without it the record would be of no cluster.
    #[serde(deserialize_with = "fields::required")]
    resource_id: String,
    #[serde(default, deserialize_with = "fields::text")]
    resource_type: String,
    #[serde(default, deserialize_with = "fields::text")]
    role_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    role_type: String,
    #[serde(default, deserialize_with = "fields::flag")]
    is_owner: bool,
    #[serde(default, deserialize_with = "fields::flag")]
    is_ram_role: bool,
}

impl GrantedPermission {
    pub(super) fn into_core(self) -> Permission {
        let Self { resource_id, resource_type, role_name, role_type, is_owner, is_ram_role } = self;
        Permission { resource_id, resource_type, role_name, role_type, is_owner, is_ram_role }
    }
}

#[derive(Deserialize)]
pub(super) struct UserKubeconfig {
    config: String,
    #[serde(default, deserialize_with = "fields::time")]
    expiration: Option<Timestamp>,
}

impl UserKubeconfig {
    pub(super) fn into_core(self) -> IssuedKubeconfig {
        IssuedKubeconfig { config: Secret::new(self.config), expiration: self.expiration }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_row_of_kubeconfig_states_is_read() {
        let body = r#"{"page":{"page_number":1,"page_size":50,"total_count":2},"states":[
            {"account_id":"228551","account_name":"tom","account_display_name":"Tom","account_type":"RamUser",
             "account_state":"InActive","cert_expire_time":"2027-07-15T01:32:20Z","cert_state":"Unexpired",
             "revokable":true,"cloud_service_name":"","cloud_service_roles":[]},
            {"account_id":"301","account_name":null,"account_type":"RamRole","account_state":"Deleted",
             "cert_expire_time":"","cert_state":"Expired","revokable":false,"cloud_service_name":"arms",
             "cloud_service_roles":[{"role_name":"arms-admin","type":"ClusterRole"}]}]}"#;
        let states: ClusterStates = serde_json::from_str(body).unwrap();
        assert_eq!(states.total(), Some(2));
        let rows = states.into_core();
        assert_eq!(rows[0].uid.as_str(), "228551");
        assert_eq!((rows[0].account_type, rows[0].account_state), (AccountType::RamUser, AccountState::Inactive));
        assert_eq!(rows[0].expires, Some("2027-07-15T01:32:20Z".parse().unwrap()));
        assert_eq!((rows[1].account_state, rows[1].certificate), (AccountState::Deleted, CertificateState::Expired));
        assert_eq!((rows[1].expires, rows[1].account_name.as_str()), (None, ""));
        assert_eq!((&rows[0].cloud_service, rows[1].cloud_service.as_deref()), (&None, Some("arms")));
        assert_eq!((rows[0].revocable, rows[1].revocable), (Some(true), Some(false)));
    }

    #[test]
    fn a_clusters_servers_come_out_of_the_json_in_the_json() {
        let id = format!("c{}", "0".repeat(32));
        let body = serde_json::json!({
            "cluster_id": id, "name": "prod", "region_id": "cn-hangzhou", "state": "running",
            "master_url": r#"{"api_server_endpoint":"","intranet_api_server_endpoint":"https://192.168.0.251:6443"}"#,
        });
        let cluster = serde_json::from_value::<Cluster>(body).unwrap().into_core().unwrap();
        assert_eq!(cluster.public_server, None);
        assert_eq!(cluster.intranet_server.as_deref(), Some("https://192.168.0.251:6443"));
    }

    #[test]
    fn the_project_of_an_audit_log_is_trimmed_and_whether_there_is_one_must_be_said() {
        let read = |body: &str| serde_json::from_str::<ClusterAudit>(body).map(ClusterAudit::into_core);
        let project =
            |is_enabled, project: Option<&str>| AuditProject { is_enabled, project: project.map(str::to_owned) };
        let documented = r#"{"audit_enabled":true,"sls_project_name":"k8s-log-c1\n"}"#;
        assert_eq!(read(documented).unwrap(), project(true, Some("k8s-log-c1")));
        assert_eq!(read(r#"{"audit_enabled":false,"sls_project_name":""}"#).unwrap(), project(false, None));
        assert_eq!(read(r#"{"audit_enabled":false,"sls_project_name":null}"#).unwrap(), project(false, None));
        assert!(read(r#"{"sls_project_name":"k8s-log-c1"}"#).is_err());
    }

    #[test]
    fn permission_flags_are_numbers_or_booleans() {
        let body =
            r#"[{"resource_id":"c1","resource_type":"cluster","role_type":"admin","is_owner":1,"is_ram_role":false}]"#;
        let read: Vec<GrantedPermission> = serde_json::from_str(body).unwrap();
        let permission = read.into_iter().next().unwrap().into_core();
        assert!(permission.is_owner && !permission.is_ram_role);
    }

    #[test]
    fn a_permission_of_no_resource_is_not_a_permission_elsewhere() {
        for body in
            [r#"[{"resource_type":"cluster"}]"#, r#"[{"resource_id":null}]"#, r#"[{"resource_id":""}]"#, "[null]"]
        {
            assert!(serde_json::from_str::<Vec<GrantedPermission>>(body).is_err(), "{body}");
        }
    }
}

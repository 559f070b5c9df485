//! Container Service: clusters, who holds a kubeconfig, and taking permissions away.
//!
//! Source: <https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-overview>

use std::collections::HashMap;

use http::Method;
use serde::de::IgnoredAny;

use super::endpoints::Endpoint;
use super::error::{Error, Kind};
use super::page::{Listed, NumberedPage, Partial, by_number};
use super::retry::{Effect, Waiting};
use super::sign::Key;
use super::wire::{Call, Product, Reply, Wire};
use crate::core::identity::ack::UserKubeconfigState;
use crate::core::identity::ack::{
    AccountCluster, Activity, AuditProject, IssuedKubeconfig, KubeconfigState, Permission,
};
use crate::core::ids::{ClusterId, Region, Uid};

mod body;

/// The Container Service of one endpoint, asked with one key.
#[derive(Clone, Debug)]
pub struct Cs<'a> {
    wire: &'a Wire,
    endpoint: Endpoint,
    key: Key<'a>,
}

/// What a call that changes something answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The HTTP status.
    pub status: u16,
    /// The ID under which the cloud's support finds the request.
    pub request_id: Option<String>,
}

/// Page sizes: for clusters the largest is documented nowhere, the others are the documented maxima.
const CLUSTERS_PER_PAGE: usize = 50;
const CLUSTER_STATES_PER_PAGE: usize = 50;
const USER_STATES_PER_PAGE: usize = 100;

impl<'a> Cs<'a> {
    /// A client of `endpoint`.
    pub fn new(wire: &'a Wire, endpoint: Endpoint, key: Key<'a>) -> Self {
        Self { wire, endpoint, key }
    }

    /// DescribeClustersV1: the account's clusters in all regions, as the central endpoint knows them.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn describe_clusters(&self) -> Listed<AccountCluster> {
        self.clusters("DescribeClustersV1", "cs:DescribeClustersV1", "/api/v1/clusters".to_owned()).await
    }

    /// `cs:DescribeClustersForRegion`: the account's clusters in a region, at that region's own endpoint.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn describe_clusters_for_region(&self, region: &Region) -> Listed<AccountCluster> {
        let path = format!("/regions/{region}/clusters");
        let listed = self.clusters("DescribeClustersForRegion", "cs:DescribeClustersForRegion", path).await;
        let in_region = |mut clusters: Vec<AccountCluster>| {
            let unsaid = clusters.iter_mut().filter(|cluster| cluster.region.is_empty());
            unsaid.for_each(|cluster| region.as_str().clone_into(&mut cluster.region));
            clusters
        };
        match listed {
            Ok(clusters) => Ok(in_region(clusters)),
            Err(Partial { read, error }) => Err(Partial { read: in_region(read), error }),
        }
    }

    /// `cs:DescribeRegions`: the regions that ACK has, at least one.
    ///
    /// # Errors
    /// The call failed, or its answer has no region or one that can't be a host's name.
    pub async fn describe_regions(&self) -> Result<Vec<Region>, Error> {
        let action = "cs:DescribeRegions";
        let regions: body::Regions = self.get("DescribeRegions", "/regions".to_owned(), Vec::new()).await?.json()?;
        let odd = |what| Error::new(action, Kind::Malformed, what);
        match regions.into_core() {
            None => Err(odd("a region without a valid ID")),
            Some(regions) if regions.is_empty() => Err(odd("a list without a region")),
            Some(regions) => Ok(regions),
        }
    }

    async fn clusters(&self, operation: &'static str, action: &str, path: String) -> Listed<AccountCluster> {
        let listed = by_number(
            action,
            CLUSTERS_PER_PAGE,
            |cluster: &body::Cluster| cluster.id().to_owned(),
            async |page| {
                let query = vec![("page_number", page.to_string()), ("page_size", CLUSTERS_PER_PAGE.to_string())];
                let page: body::Clusters = self.get(operation, path.clone(), query).await?.json()?;
                Ok(NumberedPage { total: page.total(), items: page.clusters })
            },
        )
        .await;
        convert(listed, action, body::Cluster::into_core)
    }

    /// `cs:ListClusterKubeconfigStates`: every RAM user, RAM role and account with a kubeconfig of this cluster; or, `of_cloud_services`,
    /// every role by which a cloud service works in it. What is listed without saying which is documented nowhere.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn list_cluster_kubeconfig_states(
        &self,
        cluster: &ClusterId,
        of_cloud_services: bool,
    ) -> Listed<KubeconfigState> {
        let operation = "ListClusterKubeconfigStates";
        let path = format!("/clusters/{cluster}/kubeconfig/states");
        by_number(
            "cs:ListClusterKubeconfigStates",
            CLUSTER_STATES_PER_PAGE,
            |state: &KubeconfigState| (state.uid.clone(), state.expires),
            async |page| {
                let query = vec![
                    ("pageNumber", page.to_string()),
                    ("pageSize", CLUSTER_STATES_PER_PAGE.to_string()),
                    ("cloudServiceKubeConfig", of_cloud_services.to_string()),
                ];
                let page: body::ClusterStates = self.get(operation, path.clone(), query).await?.json()?;
                Ok(NumberedPage { total: page.total(), items: page.into_core() })
            },
        )
        .await
    }

    /// `cs:ListUserKubeConfigStates`: this identity's kubeconfig in every cluster.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn list_user_kubeconfig_states(&self, uid: &Uid) -> Listed<UserKubeconfigState> {
        let action = "cs:ListUserKubeConfigStates";
        let path = format!("/users/{uid}/kubeconfig/states");
        let listed = by_number(
            action,
            USER_STATES_PER_PAGE,
            |state: &body::UserState| state.id().to_owned(),
            async |page| {
                let query = vec![("page_number", page.to_string()), ("page_size", USER_STATES_PER_PAGE.to_string())];
                let page: body::UserStates = self.get("ListUserKubeConfigStates", path.clone(), query).await?.json()?;
                Ok(NumberedPage { total: page.total(), items: page.states })
            },
        )
        .await;
        convert(listed, action, body::UserState::into_core)
    }

    /// `cs:DescribeUserClusterActivityState`: whether the audit log of the last seven days has the identity. No part of
    /// the public SDKs; seen in ack-ram-tool alone.
    ///
    /// # Errors
    /// The call failed: auditing can be off.
    pub async fn describe_user_cluster_activity_state(
        &self,
        cluster: &ClusterId,
        uid: &Uid,
    ) -> Result<Activity, Error> {
        let path = format!("/clusters/{cluster}/users/{uid}/activity-state");
        let reply = self.get("DescribeUserClusterActivityState", path, Vec::new()).await?;
        Ok(reply.json::<body::ActivityState>()?.into_core())
    }

    /// `cs:GetClusterAuditProject`: whether the cluster writes an audit log.
    ///
    /// # Errors
    /// The call failed, or its answer doesn't say.
    pub async fn get_cluster_audit_project(&self, cluster: &ClusterId) -> Result<AuditProject, Error> {
        let reply = self.get("GetClusterAuditProject", format!("/clusters/{cluster}/audit"), Vec::new()).await?;
        Ok(reply.json::<body::ClusterAudit>()?.into_core())
    }

    /// `cs:DescribeUserPermission`: the roles that ACK granted. A RAM caller sees only clusters that it administers.
    ///
    /// # Errors
    /// The call failed.
    pub async fn describe_user_permission(&self, uid: &Uid) -> Result<Vec<Permission>, Error> {
        let reply = self.get("DescribeUserPermission", format!("/permissions/users/{uid}"), Vec::new()).await?;
        let permissions: Vec<body::GrantedPermission> = reply.json()?;
        Ok(permissions.into_iter().map(body::GrantedPermission::into_core).collect())
    }

    /// `cs:CleanClusterUserPermissions`: takes the identity's kubeconfig and ACK's bindings away in one cluster. Without
    /// `force` ACK refuses when the last seven days of the audit log have the identity or can't be read. Whether it was
    /// carried out has to be read back.
    ///
    /// # Errors
    /// The call failed; the account itself and the caller can't be cleaned.
    pub async fn clean_cluster_user_permissions(
        &self,
        cluster: &ClusterId,
        uid: &Uid,
        force: bool,
        waiting: &Waiting<'_>,
    ) -> Result<Changed, Error> {
        let call = Call {
            product: Product::Cs,
            operation: "CleanClusterUserPermissions",
            endpoint: self.endpoint.clone(),
            method: Method::DELETE,
            path: format!("/cluster/{cluster}/user/{uid}/permissions"),
            query: vec![("Force", force.to_string())],
            effect: Effect::IdempotentChange,
        };
        changed(self.wire.call_waiting(&call, &self.key, waiting).await?)
    }

    /// `cs:RevokeK8sClusterKubeConfig`: revokes the **caller's own** kubeconfig of a cluster, and has another one made. When that is
    /// done, and what becomes of bindings, is documented nowhere: it has to be read back.
    ///
    /// # Errors
    /// The call failed. It is not repeated where it may have been carried out.
    pub async fn revoke_k8s_cluster_kube_config(
        &self,
        cluster: &ClusterId,
        waiting: &Waiting<'_>,
    ) -> Result<Changed, Error> {
        let call = Call {
            product: Product::Cs,
            operation: "RevokeK8sClusterKubeConfig",
            endpoint: self.endpoint.clone(),
            method: Method::DELETE,
            path: format!("/k8s/{cluster}/certs"),
            query: Vec::new(),
            effect: Effect::Change,
        };
        changed(self.wire.call_waiting(&call, &self.key, waiting).await?)
    }

    /// `cs:DescribeClusterUserKubeconfig`: **issues a credential** for the caller, valid for `minutes` (15 to 4320); without them the
    /// lasting one, which stays the same until it is revoked or about to end.
    ///
    /// # Errors
    /// The call failed.
    pub async fn describe_cluster_user_kubeconfig(
        &self,
        cluster: &ClusterId,
        private_ip_address: bool,
        minutes: Option<u32>,
    ) -> Result<IssuedKubeconfig, Error> {
        let mut query = vec![("PrivateIpAddress", private_ip_address.to_string())];
        query.extend(minutes.map(|minutes| ("TemporaryDurationMinutes", minutes.to_string())));
        let path = format!("/k8s/{cluster}/user_config");
        let call = self.call("DescribeClusterUserKubeconfig", path, query, Effect::Change);
        Ok(self.wire.call(&call, &self.key).await?.json::<body::UserKubeconfig>()?.into_core())
    }

    async fn get(
        &self,
        operation: &'static str,
        path: String,
        query: Vec<(&'static str, String)>,
    ) -> Result<Reply, Error> {
        self.wire.call(&self.call(operation, path, query, Effect::Read), &self.key).await
    }

    fn call(&self, operation: &'static str, path: String, query: Vec<(&'static str, String)>, effect: Effect) -> Call {
        let (product, endpoint, method) = (Product::Cs, self.endpoint.clone(), Method::GET);
        Call { product, operation, endpoint, method, path, query, effect }
    }
}

/// A change is answered with nothing, or with an object. What else comes with a good status is not ACK's word.
fn changed(reply: Reply) -> Result<Changed, Error> {
    if !reply.is_empty() {
        reply.json::<HashMap<String, IgnoredAny>>()?;
    }
    let Reply { status, request_id, .. } = reply;
    Ok(Changed { status, request_id })
}

/// Turns each entry into its core type. An entry that has no valid ID leaves the listing incomplete.
fn convert<T, C>(listed: Listed<T>, action: &str, into_core: impl Fn(T) -> Option<C>) -> Listed<C> {
    let (entries, error) = match listed {
        Ok(entries) => (entries, None),
        Err(Partial { read, error }) => (read, Some(error)),
    };
    let count = entries.len();
    let read: Vec<C> = entries.into_iter().filter_map(into_core).collect();
    let odd = || (read.len() < count).then(|| Error::new(action, Kind::Malformed, "an entry without a valid ID"));
    match error.or_else(odd) {
        None => Ok(read),
        Some(error) => Err(Partial { read, error }),
    }
}

//! The account that owns the clusters of a fleet.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::member::Member;
use crate::ack;
use crate::certs::Authority;
use crate::cloud::{Cleaning, Cloud, IssueRequest, IssuedKubeconfig, Rotation};
use crate::cluster::{Cluster, ClusterError};
use crate::story;

/// Starts a cloud that lists all clusters, and cleans, rebinds and issues in the one that is meant.
pub(super) fn start(authority: &Authority, members: &[Member], now: Timestamp) -> Result<Cloud, ClusterError> {
    let recorded = |member: &Member| story::account::recorded(&member.id, &member.name, &member.server.url(), now);
    let mut cleaners = HooksByCluster::<Cleaning, ()>::new();
    let mut rotators = HooksByCluster::<Rotation, ()>::new();
    let mut issuers = HooksByCluster::<IssueRequest, IssuedKubeconfig>::new();
    for Member { id, server, .. } in members {
        cleaners.insert(id.clone(), Box::new(ack::cleaner(server)?));
        rotators.insert(id.clone(), Box::new(ack::rotator(server)?));
        issuers.insert(id.clone(), Box::new(ack::issuer(server)));
    }
    let cloud = story::account::cloud(authority, members.iter().map(recorded))?
        .on_clean(move |cleaning| of(&cleaners, &cleaning.cluster_id)?(cleaning))
        .on_rotate(move |rotation| of(&rotators, &rotation.cluster_id)?(rotation))
        .on_issue(move |request| of(&issuers, &request.cluster_id)?(request));
    Ok(cloud.start()?)
}

/// What the cloud does in a cluster, for every cluster by its ID.
type HooksByCluster<Asked, Done> = BTreeMap<String, Box<Hook<Asked, Done>>>;
type Hook<Asked, Done> = dyn Fn(&Asked) -> Result<Done, String> + Send + Sync;

fn of<'a, Asked, Done>(hooks: &'a HooksByCluster<Asked, Done>, id: &str) -> Result<&'a Hook<Asked, Done>, String> {
    hooks.get(id).map(Box::as_ref).ok_or_else(|| format!("there is no cluster {id}"))
}

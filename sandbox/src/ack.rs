//! ACK's control plane at work for a cluster: what its calls do inside, over HTTPS and as an administrator, and what it issues.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::binding::{BindingRef, RBAC};
use crate::certs::{Authority, CertError, KeyKind, Subject, Validity};
use crate::client::{Client, Connector, JSON_PATCH, Reply};
use crate::cloud::{CleanBehaviour, Cleaning, IssueRequest, IssuedKubeconfig, RotateBehaviour, Rotation};
use crate::cluster::{Cluster, ClusterError};
use crate::kubeconfigs::{Credential, Kubeconfig};

/// The common name of its certificate, and its name among the managers of fields.
const NAME: &str = "ack-console";

/// How often a change to a binding is retried after a conflict with another writer.
const ATTEMPTS: usize = 5;

/// Cleans this cluster for CleanClusterUserPermissions: give it to [`crate::cloud::CloudBuilder::on_clean`].
///
/// # Errors
/// If the system has no randomness for a certificate.
pub fn cleaner(
    cluster: &dyn Cluster,
) -> Result<impl Fn(&Cleaning) -> Result<(), String> + Send + Sync + use<>, ClusterError> {
    let connector = connector(cluster)?;
    Ok(move |cleaning: &Cleaning| aside(|| clean(&connector, cleaning)))
}

/// Gives the new name to bindings of this cluster for RevokeK8sClusterKubeConfig: give it to
/// [`crate::cloud::CloudBuilder::on_rotate`].
///
/// # Errors
/// If the system has no randomness for a certificate.
pub fn rotator(
    cluster: &dyn Cluster,
) -> Result<impl Fn(&Rotation) -> Result<(), String> + Send + Sync + use<>, ClusterError> {
    let connector = connector(cluster)?;
    Ok(move |rotation: &Rotation| aside(|| rebind(&connector, rotation)))
}

fn connector(cluster: &dyn Cluster) -> Result<Connector, ClusterError> {
    let identity = cluster.client(&Subject::user(NAME, ["system:masters"]))?;
    Connector::new(cluster, Some(&identity))
}

/// Works on a thread of its own: the cloud calls from its runtime, and a client has its own.
fn aside(work: impl Fn() -> Result<(), String> + Sync) -> Result<(), String> {
    std::thread::scope(|scope| {
        let work = scope.spawn(&work);
        work.join().unwrap_or_else(|_| Err("the work in the cluster broke down".to_owned()))
    })
}

/// Issues kubeconfigs of this cluster for DescribeClusterUserKubeconfig: give it to [`crate::cloud::CloudBuilder::on_issue`]. It
/// asks the cluster nothing, so one that is down has kubeconfigs too.
pub fn issuer(
    cluster: &dyn Cluster,
) -> impl Fn(&IssueRequest) -> Result<IssuedKubeconfig, String> + Send + Sync + use<> {
    let (authority, server) = (cluster.authority().clone(), cluster.url());
    move |request: &IssueRequest| issue(&authority, &server, request).map_err(|error| error.to_string())
}

fn issue(authority: &Authority, server: &str, request: &IssueRequest) -> Result<IssuedKubeconfig, CertError> {
    let now = Timestamp::from_second(request.now.as_second()).unwrap_or(request.now);
    let mut validity = match request.minutes {
        None => Validity::ack(now),
        Some(minutes) => Validity::starting(now, SignedDuration::from_mins(i64::from(minutes))),
    };
    // A minute back, for clocks that were read a moment apart.
    validity.not_before = now.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(now);
    let identity = authority.client(&Subject::ack(&request.common_name), validity, KeyKind::EcdsaP256)?;
    let credential = Credential::bundled(&identity, authority);
    let ca = authority.certificate_pem();
    let config = Kubeconfig::ack(server, &ca, &request.cluster_id, &request.uid, &credential).yaml();
    Ok(IssuedKubeconfig { config, expires: validity.not_after })
}

fn clean(connector: &Connector, cleaning: &Cleaning) -> Result<(), String> {
    if cleaning.behaviour == CleanBehaviour::Nothing {
        return Ok(());
    }
    let client = connector.client().map_err(|error| error.to_string())?;
    for resource in ["clusterrolebindings", "rolebindings"] {
        let list = send(&client, "GET", &format!("{RBAC}/{resource}"), "")?.json();
        for binding in list["items"].as_array().into_iter().flatten() {
            clean_binding(&client, cleaning, binding.clone())?;
        }
    }
    Ok(())
}

fn clean_binding(client: &Client, cleaning: &Cleaning, mut binding: Value) -> Result<(), String> {
    let path = BindingRef::of(&binding).path();
    for _ in 0..ATTEMPTS {
        let metadata = &binding["metadata"];
        let reply = match fate(cleaning, &binding) {
            Fate::Stays => return Ok(()),
            Fate::Goes => {
                let preconditions = json!({"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]});
                send(client, "DELETE", &path, &json!({"preconditions": preconditions}).to_string())
            }
            Fate::Loses(places) => {
                let unchanged =
                    json!({"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]});
                let removals = places.iter().rev().map(|at| json!({"op": "remove", "path": format!("/subjects/{at}")}));
                let patch: Value = std::iter::once(unchanged).chain(removals).collect();
                send(client, "PATCH", &path, &patch.to_string())
            }
        }?;
        // It changed meanwhile.
        if !matches!(reply.code, 409 | 422) {
            return Ok(());
        }
        let now = send(client, "GET", &path, "")?;
        if now.code == 404 {
            return Ok(());
        }
        binding = now.json();
    }
    Err(format!("{path} keeps changing"))
}

fn rebind(connector: &Connector, rotation: &Rotation) -> Result<(), String> {
    let client = connector.client().map_err(|error| error.to_string())?;
    for resource in ["clusterrolebindings", "rolebindings"] {
        let list = send(&client, "GET", &format!("{RBAC}/{resource}"), "")?.json();
        for binding in list["items"].as_array().into_iter().flatten() {
            rebind_one(&client, rotation, binding.clone())?;
        }
    }
    Ok(())
}

fn rebind_one(client: &Client, rotation: &Rotation, mut binding: Value) -> Result<(), String> {
    let path = BindingRef::of(&binding).path();
    for _ in 0..ATTEMPTS {
        let places = renamed(rotation, &binding);
        if places.is_empty() {
            return Ok(());
        }
        let version = &binding["metadata"]["resourceVersion"];
        let unchanged = json!({"op": "test", "path": "/metadata/resourceVersion", "value": version});
        let rename =
            |at: usize| json!({"op": "replace", "path": format!("/subjects/{at}/name"), "value": rotation.new_name});
        let patch: Value = std::iter::once(unchanged).chain(places.into_iter().map(rename)).collect();
        match send(client, "PATCH", &path, &patch.to_string())?.code {
            409 | 422 => binding = send(client, "GET", &path, "")?.json(),
            _ => return Ok(()),
        }
    }
    Err(format!("{path} keeps changing"))
}

/// The places of the subjects that get the new name.
fn renamed(rotation: &Rotation, binding: &Value) -> Vec<usize> {
    let Rotation { cluster_id, uid, new_name, behaviour } = rotation;
    let identity =
        Cleaning { cluster_id: cluster_id.clone(), uid: uid.clone(), behaviour: CleanBehaviour::OwnBindings };
    let BindingRef { namespace, name } = BindingRef::of(binding);
    if *behaviour != RotateBehaviour::RebindsAll && !identity.names_own_binding(namespace.as_deref(), &name) {
        return Vec::new();
    }
    let subjects = binding["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_old = |subject: &Value| {
        let user = subject["name"].as_str().filter(|_| subject["kind"] == "User");
        user.is_some_and(|user| user != new_name && identity.names_identity(user))
    };
    subjects.iter().enumerate().filter(|(_, subject)| is_old(subject)).map(|(at, _)| at).collect()
}

/// Sends a request. What isn't there any more, and what has changed, is an answer; any other refusal is an error.
fn send(client: &Client, method: &str, path: &str, body: &str) -> Result<Reply, String> {
    let mut headers = vec![("User-Agent", NAME)];
    headers.extend((method == "PATCH").then_some(JSON_PATCH));
    let reply = client.send(method, path, &headers, body).map_err(|error| format!("{method} {path}: {error}"))?;
    match reply.code {
        200..=299 | 404 | 409 | 422 => Ok(reply),
        code => Err(format!("{method} {path}: {code} {}", reply.json())),
    }
}

/// What becomes of a binding.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    /// It loses the subjects at these places, in rising order, and keeps others.
    Loses(Vec<usize>),
}

fn fate(cleaning: &Cleaning, binding: &Value) -> Fate {
    let subjects = binding["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_named = |user: &str| match cleaning.behaviour {
        CleanBehaviour::ResemblingBindings => cleaning.names_alike(user),
        _ => cleaning.names_identity(user),
    };
    let is_theirs = |subject: &Value| subject["kind"] == "User" && subject["name"].as_str().is_some_and(is_named);
    let theirs: Vec<usize> =
        subjects.iter().enumerate().filter(|(_, subject)| is_theirs(subject)).map(|(at, _)| at).collect();
    let goes = match cleaning.behaviour {
        CleanBehaviour::Nothing => false,
        CleanBehaviour::NamedBindings | CleanBehaviour::ResemblingBindings => !theirs.is_empty(),
        CleanBehaviour::Subjects if theirs.len() < subjects.len() && !theirs.is_empty() => return Fate::Loses(theirs),
        CleanBehaviour::Subjects => !theirs.is_empty(),
        CleanBehaviour::OwnBindings
        | CleanBehaviour::KeepsPermissionRecord
        | CleanBehaviour::Later(_)
        | CleanBehaviour::RefusesRecentAccess => {
            let BindingRef { namespace, name } = BindingRef::of(binding);
            cleaning.names_own_binding(namespace.as_deref(), &name)
        }
    };
    if goes { Fate::Goes } else { Fate::Stays }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fate_of(behaviour: CleanBehaviour, namespace: Option<&str>, name: &str, users: &[&str]) -> Fate {
        let cleaning = Cleaning { cluster_id: "c1".into(), uid: "200".into(), behaviour };
        let subjects: Vec<Value> = users.iter().map(|user| json!({"kind": "User", "name": user})).collect();
        fate(&cleaning, &json!({"metadata": {"namespace": namespace, "name": name}, "subjects": subjects}))
    }

    #[test]
    fn what_becomes_of_a_binding_is_the_behaviours_choice() {
        use CleanBehaviour::*;
        let own = |behaviour| fate_of(behaviour, None, "200-clusterrolebinding", &["200-1"]);
        let shared = |behaviour| fate_of(behaviour, Some("shop"), "team", &["201-1", "200-1", "2000", "200"]);
        let alone = |behaviour| fate_of(behaviour, Some("billing"), "ledger", &["200-7"]);
        for behaviour in [OwnBindings, KeepsPermissionRecord, Later(Duration::ZERO), RefusesRecentAccess] {
            assert_eq!((own(behaviour), shared(behaviour), alone(behaviour)), (Fate::Goes, Fate::Stays, Fate::Stays));
        }
        let of = |behaviour| (own(behaviour), shared(behaviour), alone(behaviour));
        assert_eq!(of(NamedBindings), (Fate::Goes, Fate::Goes, Fate::Goes));
        assert_eq!(of(Subjects), (Fate::Goes, Fate::Loses(vec![1, 3]), Fate::Goes));
        assert_eq!(of(ResemblingBindings), (Fate::Goes, Fate::Goes, Fate::Goes));
        let alike = |behaviour| fate_of(behaviour, Some("shop"), "team", &["201-1", "200.17"]);
        assert_eq!((alike(NamedBindings), alike(ResemblingBindings)), (Fate::Stays, Fate::Goes));
        assert_eq!(of(Nothing), (Fate::Stays, Fate::Stays, Fate::Stays));
    }

    #[test]
    fn a_rotation_renames_the_caller_in_acks_bindings_or_in_all() {
        let renamed = |behaviour, name: &str| {
            let rotation = Rotation { cluster_id: "c1".into(), uid: "200".into(), new_name: "200-9".into(), behaviour };
            let users = ["201-1", "200-1", "200-9", "200"].map(|user| json!({"kind": "User", "name": user}));
            super::renamed(&rotation, &json!({"metadata": {"name": name}, "subjects": users}))
        };
        for behaviour in [RotateBehaviour::AtOnce, RotateBehaviour::Later(Duration::ZERO)] {
            assert_eq!(renamed(behaviour, "200-clusterrolebinding"), [1, 3]);
            assert!(renamed(behaviour, "admins").is_empty());
        }
        assert_eq!(renamed(RotateBehaviour::RebindsAll, "admins"), [1, 3]);
    }

    #[test]
    fn only_users_are_somebody() {
        let cleaning =
            Cleaning { cluster_id: "c1".into(), uid: "200".into(), behaviour: CleanBehaviour::NamedBindings };
        let groups =
            json!([{"kind": "Group", "name": "200"}, {"kind": "ServiceAccount", "name": "200", "namespace": "a"}]);
        assert_eq!(fate(&cleaning, &json!({"metadata": {"name": "b"}, "subjects": groups})), Fate::Stays);
        assert_eq!(fate(&cleaning, &json!({"metadata": {"name": "b"}})), Fate::Stays);
    }
}

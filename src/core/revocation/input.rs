//! What a revocation in one cluster is decided from: everything that was read before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use super::static_tokens::InputTokens;
use super::target::Target;
use crate::core::access::holder::LastAccess;
use crate::core::access::scan::ClusterScan;
use crate::core::cluster::cluster_id::{ClusterIdFrom, KnownCluster};
use crate::core::identity::ack::{AccountCluster, CertificateState, KubeconfigState, Permission, UserKubeconfigState};
use crate::core::identity::evidence::{Answer, ClusterSources, Listing};
use crate::core::identity::verdict::{ClusterDirectory, Verdict};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::inventory::{BoundSubject, Role};
use crate::core::rbac::{RoleFacts, Roles};

/// One cluster, the identities to revoke in it, and who is asking.
pub struct RevocationInput {
    /// The cluster.
    pub cluster: InputCluster,
    /// Every binding and mapping of it, and ACK's list of kubeconfigs.
    pub scan: ClusterScan,
    /// Every role of it.
    pub roles: Roles,
    /// The minor version of its Kubernetes; `None` where it is not known.
    pub minor_version: Option<u32>,
    /// The identities.
    pub targets: Vec<InputTarget>,
    /// The bindings that name one of them, in the order of the steps.
    pub bindings: Vec<BindingObject>,
    /// Bindings that bear the name which ACK gives an identity's own, or have a subject that resembles the identity, and don't name it:
    /// the cloud may take them along.
    pub same_named: Vec<BindingObject>,
    /// The UIDs of the namespaces that the bindings are in, as far as they could be read.
    pub namespaces: BTreeMap<String, String>,
    /// Who is asking.
    pub operator: Operator,
    /// Whether the cloud can be asked to delete kubeconfigs; else why not.
    pub cloud: Result<(), String>,
    /// Bindings or roles that could not be read, and why: then what there is to revoke is unknown.
    pub unread: Vec<String>,
    /// The static tokens that the identities could read; `None` where they are not to be ended.
    pub static_tokens: Option<InputTokens>,
}

impl RevocationInput {
    /// Forgets what a plan alone is made from, once it is made: everyone else's bindings and roles, who they are, and what the cloud
    /// lists. What remains is enough for the questions that are asked before and after the change, and for the record.
    pub fn forget_others(&mut self) {
        for target in &mut self.targets {
            // The cloud's lists are of all clusters: kept for each of them they would be as many as clusters squared.
            (target.permissions, target.elsewhere) = (Answer::NotAsked, Listing::NotAsked);
        }
        let leaving: BTreeSet<BindingRef> = self.bindings.iter().map(BindingObject::reference).collect();
        let groups: BTreeSet<&str> =
            self.targets.iter().flat_map(|target| &target.target.groups).map(String::as_str).collect();
        let is_of_group = |subject: &BoundSubject| subject.is_rbac("Group") && groups.contains(subject.name());
        let mut inventory = std::mem::take(&mut self.scan.grants).into_inventory();
        inventory
            .retain(|binding| leaving.contains(&binding.reference()) || binding.subjects().iter().any(is_of_group));
        let granted = inventory.bindings().iter().map(|binding| (binding.namespace(), binding.role().clone()));
        let taken = self.bindings.iter().chain(&self.same_named).map(|object| {
            let role = Role { kind: object.role_ref.kind.as_str().into(), name: object.role_ref.name.as_str().into() };
            (object.metadata.namespace.as_deref(), role)
        });
        self.roles = self.roles.only(granted.chain(taken));
        let directory = ClusterDirectory::new(ClusterSources::not_asked());
        self.scan = ClusterScan::new(self.scan.id.take(), Grants::extract(inventory, Vec::new()), directory);
    }
}

/// Which cluster it is, and how sure that is.
#[derive(Clone, Debug)]
pub struct InputCluster {
    /// Its ID and what speaks for and against it.
    pub known: KnownCluster,
    /// What tells the cluster apart from others on this machine: its ID, else its server and CA.
    pub key: String,
    /// Its name in the account.
    pub name: Option<String>,
    /// The context that leads to it.
    pub context: Option<String>,
    /// The API server's URL.
    pub server: String,
    /// SHA-256 fingerprints of the keys of its CA.
    pub ca_keys: Vec<String>,
    /// Its state, in the cloud's own word.
    pub state: Option<String>,
    /// What confirms the ID.
    pub confirmation: Confirmation,
}

impl InputCluster {
    /// The cluster's ID.
    pub fn id(&self) -> Option<&ClusterId> {
        self.known.id.as_ref()
    }
}

/// What confirms that a cluster is the one that the cloud knows by its ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// ConfigMap kube-system/ack-cluster-profile.
    ClusterProfile,
    /// The cloud tells the very address that the context has.
    CloudAddress,
    /// `--cluster-id`: asserted by the operator.
    OperatorsWord,
    /// Nothing.
    Nothing,
}

impl Confirmation {
    /// The strongest confirmation that there is. `server` is the context's own URL, `listed` the cluster of that ID in the account's
    /// list, and `asserted` the ID that `--cluster-id` gives.
    pub fn of(
        known: &KnownCluster,
        server: &str,
        listed: Option<&AccountCluster>,
        asserted: Option<&ClusterId>,
    ) -> Self {
        let is_server = |listed: &String| listed.trim_end_matches('/') == server.trim_end_matches('/');
        let mut addresses =
            listed.into_iter().flat_map(|listed| listed.public_server.iter().chain(&listed.intranet_server));
        if known.confirmed == Some(true) || known.from == Some(ClusterIdFrom::ClusterProfile) {
            Self::ClusterProfile
        } else if addresses.any(is_server) {
            Self::CloudAddress
        } else if asserted.is_some() && asserted == known.id.as_ref() {
            Self::OperatorsWord
        } else {
            Self::Nothing
        }
    }
}

/// An identity, and what is known of it.
#[derive(Clone, Debug)]
pub struct InputTarget {
    /// The identity's names and groups.
    pub target: Target,
    /// Whether it still exists.
    pub verdict: Verdict,
    /// Its kubeconfig of this cluster.
    pub kubeconfig: KubeconfigFact,
    /// The roles that ACK remembers to have granted it, in every cluster.
    pub permissions: Answer<Vec<Permission>>,
    /// Its access in the last seven days; `None` if it was not asked for.
    pub activity: Option<LastAccess>,
    /// Its kubeconfigs of all clusters.
    pub elsewhere: Listing<UserKubeconfigState>,
    /// Whether an operation that was begun here is gone on with: then what is gone already is proven, too.
    pub is_resumed: bool,
}

/// What ACK says of an identity's kubeconfig of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KubeconfigFact {
    /// It lists one.
    Listed(KubeconfigState),
    /// Its list, read to the end, has none.
    NotListed,
    /// The list could not be read to the end, and why.
    Unknown(String),
    /// Not asked.
    NotAsked,
}

impl KubeconfigFact {
    /// Whether there is something that the cloud could delete: `None` where that isn't known.
    pub fn can_be_deleted(&self) -> Option<bool> {
        match self {
            Self::Listed(state) => match state.certificate {
                CertificateState::Unexpired | CertificateState::Expired => Some(true),
                CertificateState::Unissued | CertificateState::Removed => Some(false),
                CertificateState::Unknown => None,
            },
            Self::NotListed => Some(false),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// The state of the certificate, where ACK tells one.
    pub fn certificate(&self) -> Option<CertificateState> {
        match self {
            Self::Listed(state) => Some(state.certificate),
            Self::NotListed | Self::Unknown(_) | Self::NotAsked => None,
        }
    }
}

/// The operator who runs the command, by every source that shows it.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// The user names that the API server sees, without and with `--as`.
    pub names: Vec<String>,
    /// Their groups.
    pub groups: Vec<String>,
    /// The UIDs: of those names, of the certificate in use, of the cloud's caller.
    pub uids: Vec<(Uid, String)>,
    /// SHA-256 fingerprint of the public key of the client certificate in use.
    pub key: Option<String>,
    /// The serial number of the client certificate in use.
    pub serial: Option<String>,
    /// The cloud's caller.
    pub caller_arn: Option<String>,
}

impl Operator {
    /// Every name that the operator is known by, for the record.
    pub fn describe(&self) -> Vec<String> {
        let mut names = self.names.clone();
        names.extend(self.caller_arn.clone());
        names.dedup();
        names
    }
}

/// What the API server said to a step when it was asked by dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// Whether the step may be carried out; else the API server's words.
    pub step: Result<(), String>,
    /// Whether the same operator may undo it; else the API server's words. `None` for what the step's own answer tells.
    pub undo: Option<Result<(), String>>,
}

/// The answers to the dry runs, by binding.
pub type DryRuns = BTreeMap<BindingRef, DryRun>;

/// The role of a binding as it was when access was taken away: what it would mean to give it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleThen {
    /// The binding.
    pub binding: BindingRef,
    /// The role; null where it didn't exist.
    pub role: Option<RoleFacts>,
    /// The UID of the binding's namespace, where it could be read.
    pub namespace_uid: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> ClusterId {
        ClusterId::parse(&format!("c{}", digit.repeat(32))).unwrap()
    }

    fn listed(public: Option<&str>, intranet: Option<&str>) -> AccountCluster {
        AccountCluster {
            id: id("0"),
            name: "prod".into(),
            region: "cn-hangzhou".into(),
            state: "running".into(),
            cluster_type: "ManagedKubernetes".into(),
            public_server: public.map(str::to_owned),
            intranet_server: intranet.map(str::to_owned),
        }
    }

    #[test]
    fn the_strongest_confirmation_counts() {
        use Confirmation::{CloudAddress, ClusterProfile, Nothing, OperatorsWord};
        let server = "https://192.0.2.1:6443";
        let here = || Some(listed(Some("https://192.0.2.1:6443/"), None));
        let elsewhere = || Some(listed(Some("https://192.0.2.2:6443"), Some("https://10.0.0.1:6443")));
        let (context, profile) = (Some(ClusterIdFrom::ContextName), Some(ClusterIdFrom::ClusterProfile));
        for (from, confirmed, listed, asserted, expected) in [
            (context, Some(true), elsewhere(), None, ClusterProfile),
            (profile, None, None, None, ClusterProfile),
            (profile, Some(false), elsewhere(), None, ClusterProfile),
            (context, Some(true), here(), Some(id("0")), ClusterProfile),
            (context, None, here(), None, CloudAddress),
            (context, None, Some(listed(None, Some(server))), None, CloudAddress),
            (context, None, here(), Some(id("0")), CloudAddress),
            (context, None, elsewhere(), Some(id("0")), OperatorsWord),
            (context, None, None, Some(id("0")), OperatorsWord),
            (context, None, elsewhere(), Some(id("1")), Nothing),
            (context, None, elsewhere(), None, Nothing),
            (context, None, Some(listed(None, None)), None, Nothing),
            (context, Some(false), None, None, Nothing),
        ] {
            let known = KnownCluster { id: Some(id("0")), from, confirmed, warnings: Vec::new() };
            let found = Confirmation::of(&known, server, listed.as_ref(), asserted.as_ref());
            assert_eq!(found, expected, "{known:?} {listed:?} {asserted:?}");
        }
        let unknown = KnownCluster::default();
        assert_eq!(Confirmation::of(&unknown, server, None, None), Nothing);
    }

    #[test]
    fn the_record_names_the_operator_by_every_name() {
        let operator = |names: &[&str], arn: Option<&str>| Operator {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            caller_arn: arn.map(str::to_owned),
            ..Operator::default()
        };
        assert_eq!(operator(&["ann"], Some("acs:ram::1:user/ann")).describe(), ["ann", "acs:ram::1:user/ann"]);
        assert_eq!(operator(&["ann"], None).describe(), ["ann"]);
        assert_eq!(operator(&[], None).describe(), [""; 0]);
    }
}

//! What a revocation can't end, found exactly and shown before consent.

use super::names::{grants_of_open_names, is_open};
use super::{Flags, change_of, leaked_files};
use crate::core::distinct::distinct;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::CertificateState;
use crate::core::identity::verdict::State;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::inventory::{Binding, Inventory};
use crate::core::rbac::mapping::{MappedIdentity, Mapping};
use crate::core::rbac::{Roles, is_server_default};
use crate::core::revocation::input::{InputTarget, KubeconfigFact, RevocationInput};
use crate::core::revocation::leaked::{LeakedFacts, of_identity};
use crate::core::revocation::target::{Target, TargetNames};

/// What of the tokens that the identity could reach a plan with these flags does not see.
pub(super) fn unseen_tokens(flags: &Flags) -> &'static str {
    match flags.end_static_tokens {
        true => "tokens that were issued for ServiceAccounts, and static tokens that it did not read by its own rights",
        false => "tokens of ServiceAccounts that it could reach",
    }
}

/// What can't be seen from here. Always shown; `tokens` is the sentence about those of ServiceAccounts.
pub(super) fn not_checked(tokens: String) -> [String; 5] {
    [
        "sessions opened before now end by themselves, watches within an hour".to_owned(),
        tokens,
        "other authorizers of the API server".to_owned(),
        "other replicas of the API server".to_owned(),
        "kubelets".to_owned(),
    ]
}

/// What kind of thing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemainKind {
    /// A binding gives something to a group that the identity is in.
    GroupGrant,
    /// The certificate is in the group system:masters.
    Masters,
    /// A mapping of ack-ram-authenticator lets the identity in.
    Mapping,
    /// A user name that resembles the identity's is given something, and the operator has not said whose it is.
    ResemblingName,
    /// A mapping goes by a name that may be given to another identity.
    ReusableName,
    /// The leaked file holds another credential beside the certificate.
    OtherCredential,
    /// What stays lets the identity become another user, or gain more rights.
    Path,
    /// A binding stays, empty, because of its finalizers.
    EmptyBinding,
    /// The certificate stays valid.
    Certificate,
    /// The identity can have a kubeconfig issued anew.
    Reissue,
    /// The deleted kubeconfig can be restored.
    RecycleBin,
    /// The identity is a role: every identity that may assume it loses access.
    RoleSessions,
    /// ACK remembers a permission for all clusters.
    AllClusters,
    /// The identity holds a kubeconfig of another cluster.
    OtherCluster,
    /// A binding names the identity by another name than those of the certificates that are known.
    EarlierName,
}

impl RemainKind {
    /// Whether it is access to this cluster, so that nothing is verified while it lasts.
    pub fn is_access(self) -> bool {
        matches!(self, Self::GroupGrant | Self::Masters | Self::Mapping | Self::ResemblingName | Self::OtherCredential)
    }
}

/// Something that is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remain {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The identity; null where it is about all of them.
    pub uid: Option<Uid>,
    /// What kind of thing.
    pub kind: RemainKind,
    /// What it is.
    pub what: String,
}

/// All that is left after these identities' steps.
pub(super) fn after(
    input: &RevocationInput,
    targets: &[&InputTarget],
    leaked: &[LeakedFacts],
    flags: &Flags,
) -> Vec<Remain> {
    let mut remains = Vec::new();
    for target in targets {
        let mut found = access(input.scan.grants.inventory(), &input.roles, &target.target, flags);
        found.extend(mapped(input, target, flags));
        found.extend(leaked_files::other_credentials(target, leaked));
        found.extend(afterlife(target, leaked, flags));
        let (cluster_id, uid) = (input.cluster.id(), &target.target.uid);
        remains.extend(found.into_iter().map(|(kind, what)| Remain {
            cluster_id: cluster_id.cloned(),
            uid: Some(uid.clone()),
            kind,
            what,
        }));
    }
    let leaving = TargetNames::of(targets.iter().map(|target| &target.target));
    let emptied = input
        .bindings
        .iter()
        .filter(|object| object.has_finalizers() && object.subjects.iter().all(|subject| leaving.have(subject)));
    remains.extend(emptied.filter(|object| change_of(object, &leaving).is_some()).map(|object| Remain {
        cluster_id: input.cluster.id().cloned(),
        uid: None,
        kind: RemainKind::EmptyBinding,
        what: format!("{} stays, empty: it has finalizers", object.reference()),
    }));
    remains
}

/// What an identity holds in another cluster.
pub struct Elsewhere {
    /// That cluster.
    pub cluster: ClusterId,
    /// What is left there, where nothing is done about it.
    pub remain: Remain,
}

/// The kubeconfigs that these identities hold of other clusters.
pub(super) fn elsewhere(input: &RevocationInput, targets: &[&InputTarget]) -> Vec<Elsewhere> {
    let mut found = Vec::new();
    for target in targets {
        let issued = target.elsewhere.items().iter().filter(|state| state.certificate.is_issued());
        found.extend(issued.filter(|state| input.cluster.id() != Some(&state.cluster)).map(|state| {
            let name = if state.cluster_name.is_empty() { "without a name" } else { &state.cluster_name };
            let remain = Remain {
                cluster_id: input.cluster.id().cloned(),
                uid: Some(target.target.uid.clone()),
                kind: RemainKind::OtherCluster,
                what: format!("it has a kubeconfig of cluster {} ({name}) too", state.cluster),
            };
            Elsewhere { cluster: state.cluster.clone(), remain }
        }));
    }
    found
}

/// The access that an identity has other than by its own name: by its groups, by system:masters, and perhaps by names that resemble
/// its own.
pub fn access(inventory: &Inventory, roles: &Roles, target: &Target, flags: &Flags) -> Vec<(RemainKind, String)> {
    let mut found = Vec::from_iter(masters(target));
    for (binding, group) in grants_of_groups(inventory, roles, target, flags) {
        let role = binding.role();
        let what = format!("{} gives {}/{} to group {group}", binding.reference(), role.kind, role.name);
        found.push((RemainKind::GroupGrant, what));
    }
    let by_open_names = grants_of_open_names(inventory, target, flags).into_iter();
    found.extend(by_open_names.map(|what| (RemainKind::ResemblingName, what)));
    found
}

/// The access that a certificate gives by its group alone.
pub fn masters(target: &Target) -> Option<(RemainKind, String)> {
    let what = "the certificate is in system:masters, which RBAC can't limit: only a new cluster CA ends this";
    target.is_master().then(|| (RemainKind::Masters, what.to_owned()))
}

pub(super) fn group_grants<'a>(
    input: &'a RevocationInput,
    target: &'a InputTarget,
    flags: &Flags,
) -> Vec<(&'a Binding, &'a str)> {
    grants_of_groups(input.scan.grants.inventory(), &input.roles, &target.target, flags)
}

fn grants_of_groups<'a>(
    inventory: &'a Inventory,
    roles: &Roles,
    target: &'a Target,
    flags: &Flags,
) -> Vec<(&'a Binding, &'a str)> {
    let mut found = Vec::new();
    for binding in inventory.bindings() {
        let group = target.groups.iter().find(|group| {
            binding.subjects().iter().any(|subject| subject.is_rbac("Group") && subject.name() == group.as_str())
        });
        let Some(group) = group else { continue };
        if !is_server_default(binding, roles) && !flags.accept_group_grants.contains(&binding.reference().to_string()) {
            found.push((binding, group.as_str()));
        }
    }
    found
}

/// How ack-ram-authenticator lets the identity in.
fn mapped(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Vec<(RemainKind, String)> {
    let mappings = input.scan.grants.mappings().iter();
    mappings.filter_map(|mapping| mapping_of(mapping, &target.target, target.verdict.name.as_deref(), flags)).collect()
}

/// What a mapping means for an identity, where it means something: it lets the identity itself in, or another one under the identity's
/// user name.
pub fn mapping_of(
    mapping: &Mapping,
    target: &Target,
    name: Option<&str>,
    flags: &Flags,
) -> Option<(RemainKind, String)> {
    let MappedIdentity::Arn(arn) = &mapping.identity else { return None };
    let goes_to = match mapping.groups.as_slice() {
        [] => mapping.username.clone(),
        groups => format!("{} in {}", mapping.username, groups.join(", ")),
    };
    let what = format!("RAMIdentityMapping/-/{} maps {arn} to {goes_to}", mapping.name);
    if mapping.uid.as_ref() == Some(&target.uid) {
        return Some((RemainKind::Mapping, what));
    }
    if target.bears(&mapping.username) {
        let what = format!("{what}: {} is a user name of {}", mapping.username, target.uid);
        return Some((RemainKind::Mapping, what));
    }
    let own_name = arn.rsplit('/').next().zip(name).is_some_and(|(mapped, own)| mapped.eq_ignore_ascii_case(own));
    match &mapping.uid {
        None if own_name => Some((RemainKind::Mapping, what)),
        // Without groups it gives what bindings give to the name, and those are found by themselves.
        _ if !mapping.groups.is_empty() && is_open(&mapping.username, target, flags) => {
            let (username, uid) = (&mapping.username, &target.uid);
            let way_on = "remove the mapping, or --accept-name says that the name is another's";
            Some((RemainKind::ResemblingName, format!("{what}: {username} resembles a name of {uid}: {way_on}")))
        }
        Some(other) if own_name => {
            Some((RemainKind::ReusableName, format!("{what}: the name is {other}'s now, another identity's")))
        }
        _ => None,
    }
}

/// What goes on after the bindings are gone and gives no access here by itself.
fn afterlife(target: &InputTarget, leaked: &[LeakedFacts], flags: &Flags) -> Vec<(RemainKind, String)> {
    let mut found = Vec::new();
    let expires = match (&target.kubeconfig, leaked_files::certificates_end(target, leaked)) {
        (_, Some(end)) => end,
        (KubeconfigFact::Listed(state), None) => state.expires,
        _ => None,
    };
    if let Some(end) = expires {
        let own = of_identity(leaked, &target.target.uid);
        let what = match distinct(own.iter().map(|one| &one.certificate_sha256)).len() {
            0 | 1 => "the certificate itself still opens",
            _ => "the certificates themselves still open",
        };
        found.push((RemainKind::Certificate, format!("{what} /version until {}", end.strftime("%Y-%m-%d"))));
    }
    if target.verdict.state == State::Active {
        let what = "the identity is active: it can have a new kubeconfig issued, if its RAM policies let it";
        found.push((RemainKind::Reissue, what.to_owned()));
    }
    if matches!(target.verdict.identity_type, IdentityType::RamRole | IdentityType::CloudService) {
        let what = "the identity is a role: every identity that may assume it loses this access";
        found.push((RemainKind::RoleSessions, what.to_owned()));
    }
    if target.kubeconfig.certificate().is_some_and(CertificateState::is_issued) && !flags.rbac_only {
        let what = "the deleted kubeconfig can be restored from ACK's recycle bin for 30 days, in the console";
        found.push((RemainKind::RecycleBin, what.to_owned()));
    }
    let records = target.permissions.known().map(Vec::as_slice).unwrap_or_default();
    if records.iter().any(|record| record.resource_id == "all-clusters") {
        let what = "ACK has a permission record for all clusters: new clusters give the identity access again";
        found.push((RemainKind::AllClusters, what.to_owned()));
    }
    found
}

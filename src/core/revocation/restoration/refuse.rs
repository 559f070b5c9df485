//! Why access is not given back, one reason a function.

use std::collections::BTreeMap;

use super::{KnownFrom, Present, RestoreFlags, RestoreStep, Taken, gives_back};
use crate::core::cluster::cluster_id::KnownCluster;
use crate::core::cluster::server_view::NamespaceFacts;
use crate::core::identity::verdict::{State, Verdict};
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::subject_text;
use crate::core::revocation::input::Confirmation;
use crate::core::revocation::journal::Tombstone;
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};

/// Why nothing is put back from the backups of a cluster: it is not sure that this is the cluster.
pub fn not_the_cluster_of_backups(known: &KnownCluster, confirmation: Confirmation) -> Option<Refusal> {
    let refusal = match &known.id {
        _ if !known.warnings.is_empty() => Refusal::new(RefusalCode::ClusterContradicted, known.warnings.join("; "))
            .hint("choose the context whose name and server are those of the cluster"),
        Some(id) if confirmation == Confirmation::Nothing => {
            let message = format!("no trusted source confirms that this is cluster {id}");
            let hint = "give its ID with --cluster-id beside --context if you are sure of it";
            Refusal::new(RefusalCode::ClusterUnconfirmed, message).hint(hint)
        }
        Some(_) => return None,
        None => Refusal::new(RefusalCode::ClusterUnconfirmed, "it is unknown which ACK cluster this is")
            .hint("give its ID with --cluster-id beside --context if you are sure of it"),
    };
    Some(refusal.of(RefusalScope::Cluster(None)))
}

pub(super) fn gone(uid: &Uid, verdict: &Verdict) -> Option<Refusal> {
    let state = match verdict.state {
        State::Deleted(_) | State::Recycled | State::Unknown => verdict.state.as_str(),
        State::Active | State::Frozen => return None,
    };
    let refusal = Refusal::new(RefusalCode::IdentityGone, format!("{uid} is {state}: {}", verdict.evidence));
    Some(refusal.of(RefusalScope::Identity(uid.clone())).hint("--force gives its access back all the same"))
}

/// The leaked credentials that would work again.
pub(super) fn rearmed(steps: &[RestoreStep], tombstones: &[Tombstone], flags: &RestoreFlags) -> Vec<Refusal> {
    let leaked: BTreeMap<&str, &Uid> =
        tombstones.iter().map(|tombstone| (tombstone.common_name.as_str(), &tombstone.uid)).collect();
    let refused = leaked
        .into_iter()
        .filter(|(name, _)| gives_back(steps, name) && !flags.rearm.iter().any(|rearm| rearm == name));
    refused
        .map(|(name, uid)| {
            let message =
                format!("{name} is the name of a credential that leaked: every holder of it would have access again");
            Refusal::new(RefusalCode::Rearm, message)
                .of(RefusalScope::Identity(uid.clone()))
                .hint(format!("--rearm {name} gives it back all the same"))
        })
        .collect()
}

pub(super) fn reasons(taken: &Taken, present: &Present, flags: &RestoreFlags) -> Vec<Refusal> {
    let reasons = [
        role_is_gone(taken, present),
        role_has_changed(taken, present, flags),
        namespace_has_changed(taken, present),
        binding_has_changed(taken, present),
        already_there(taken, present),
    ];
    reasons.into_iter().flatten().map(|refusal| refusal.of(RefusalScope::Binding(taken.binding.clone()))).collect()
}

fn role_is_gone(taken: &Taken, present: &Present) -> Option<Refusal> {
    present.role.is_none().then(|| {
        let role = &taken.before.role_ref;
        Refusal::new(RefusalCode::RoleGone, format!("{}: {}/{} is gone", taken.binding, role.kind, role.name))
    })
}

fn role_has_changed(taken: &Taken, present: &Present, flags: &RestoreFlags) -> Option<Refusal> {
    let (now, role) = (present.role.as_ref()?, &taken.before.role_ref);
    let what = match &taken.role {
        // A backup doesn't know what the role allowed.
        None if taken.known_from != KnownFrom::Journal => return None,
        None => "did not exist",
        Some(then) if then.uid != now.uid => "was another one",
        Some(then) if then.rules != now.rules => "allowed something else",
        Some(_) => return None,
    };
    (!flags.accept_role_change).then(|| {
        let message = format!("{}: {}/{} {what} when access was taken away", taken.binding, role.kind, role.name);
        Refusal::new(RefusalCode::RoleChanged, message).hint("look at the diff; --accept-role-change goes on")
    })
}

fn namespace_has_changed(taken: &Taken, present: &Present) -> Option<Refusal> {
    let name = taken.binding.namespace.as_deref()?;
    let what = match (present.namespace.as_ref()?, &taken.namespace_uid) {
        (None, _) => "is gone",
        (Some(now), _) if now.terminating => "is being deleted",
        (Some(now), Some(then)) if now.uid != *then => "is another one by now",
        (Some(now), _) if is_younger_than_the_binding(now, taken) => "is another one by now",
        _ => return None,
    };
    let message = format!("{}: namespace {name} {what}", taken.binding);
    Some(Refusal::new(RefusalCode::NamespaceChanged, message))
}

/// Whether a namespace was created after a binding that was in it: then it is not the one that it was in.
fn is_younger_than_the_binding(now: &NamespaceFacts, taken: &Taken) -> bool {
    match taken.known_from {
        KnownFrom::Backup { created: Some(binding) } => now.created.is_some_and(|namespace| namespace > binding),
        KnownFrom::Backup { created: None } | KnownFrom::Journal => false,
    }
}

fn binding_has_changed(taken: &Taken, present: &Present) -> Option<Refusal> {
    let now = present.binding.as_ref()?;
    let what = if now.role_ref != taken.before.role_ref {
        "grants another role by now"
    } else if now.metadata.deletion_timestamp.is_some() {
        "is being deleted, what is put into it now is lost"
    } else {
        return None;
    };
    Some(Refusal::new(RefusalCode::BindingChanged, format!("{} {what}", taken.binding)))
}

fn already_there(taken: &Taken, present: &Present) -> Option<Refusal> {
    let there = &present.binding.as_ref()?.subjects;
    let back: Vec<String> = taken.subjects.iter().filter(|subject| there.contains(subject)).map(subject_text).collect();
    (!back.is_empty() && taken.is_certain && !present.by_unfinished_restore).then(|| {
        let message = format!("{} is in {} already", back.join(", "), taken.binding);
        Refusal::new(RefusalCode::SubjectPresent, message).hint(match taken.known_from {
            KnownFrom::Journal => "it has been restored already: nothing is left to restore",
            KnownFrom::Backup { .. } => "move its file out of the folder to restore what the others hold",
        })
    })
}

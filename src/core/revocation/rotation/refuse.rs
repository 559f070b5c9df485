//! Why a rotation is refused: one reason a function, all of them collected.

use super::draft::RotationFacts;
use super::{CertificateFrom, KnownCertificate};
use crate::core::identity::IdentityType;
use crate::core::identity::evidence::Answer;
use crate::core::ids::Uid;
use crate::core::revocation::input::Confirmation;
use crate::core::revocation::plan::ABNORMAL;
use crate::core::revocation::refusal::{Refusal, RefusalCode};

/// What speaks against rotating the operator's kubeconfig in this cluster.
pub(super) fn all(facts: &RotationFacts<'_>) -> Vec<Refusal> {
    let reasons = [no_cloud(facts), the_clusters_state(facts), contradicted(facts), unconfirmed(facts)];
    let who = [caller(facts), anothers_file(facts)];
    let mut refusals: Vec<Refusal> = reasons.into_iter().chain(who).flatten().collect();
    refusals.extend(facts.destination.as_ref().err().cloned());
    refusals
}

fn no_cloud(facts: &RotationFacts<'_>) -> Option<Refusal> {
    let reason = facts.input.cloud.as_ref().err()?;
    let message = format!("only ACK can rotate a kubeconfig, and it can't be asked: {reason}");
    let refusal = Refusal::new(RefusalCode::NoCloudCredentials, message);
    Some(refusal.hint("give your own cloud credentials, by --profile say; without them, another administrator revokes your access: kubectl ackcred revoke UID"))
}

fn the_clusters_state(facts: &RotationFacts<'_>) -> Option<Refusal> {
    let state = facts.input.cluster.state.as_deref().filter(|state| ABNORMAL.contains(state))?;
    let message = format!("the cluster's state is {state}: ACK issues no kubeconfig of it");
    Some(Refusal::new(RefusalCode::ClusterState, message))
}

fn contradicted(facts: &RotationFacts<'_>) -> Option<Refusal> {
    let warnings = &facts.input.cluster.known.warnings;
    (!warnings.is_empty()).then(|| {
        Refusal::new(RefusalCode::ClusterContradicted, warnings.join("; "))
            .hint("choose the context whose name and server are those of the cluster")
    })
}

fn unconfirmed(facts: &RotationFacts<'_>) -> Option<Refusal> {
    let cluster = &facts.input.cluster;
    let id = cluster.id().filter(|_| cluster.confirmation == Confirmation::Nothing)?;
    let refusal =
        Refusal::new(RefusalCode::ClusterUnconfirmed, format!("no trusted source confirms that this is cluster {id}"));
    Some(refusal.hint("give its ID with --cluster-id beside --context if you are sure of it"))
}

/// ACK revokes the kubeconfig of the caller, and of no other identity.
fn caller(facts: &RotationFacts<'_>) -> Option<Refusal> {
    if facts.input.cloud.is_err() {
        return None;
    }
    let own = facts.uid;
    let caller = match facts.caller {
        Answer::Known(caller) => caller,
        Answer::Failed(reason) => {
            let message = format!("whether the cloud's caller is {own} is unknown: {reason}");
            return Some(
                Refusal::new(RefusalCode::OtherIdentity, message)
                    .hint("make the call possible; every caller may make it"),
            );
        }
        Answer::NotAsked => return None,
    };
    let name = caller.name().unwrap_or("the account itself");
    if caller.kind == IdentityType::Root {
        let message = "the cloud's caller is the Alibaba Cloud account itself";
        let refusal = Refusal::new(RefusalCode::RootAccount, message);
        return Some(refusal.hint("the account's own kubeconfig is revoked in the ACK console; for a RAM user, use that user's own access key"));
    }
    (caller.uid.as_ref() != Some(own)).then(|| {
        let caller = caller.uid.as_ref().map_or("of an unknown UID".to_owned(), Uid::to_string);
        let message = format!("the kubeconfig is of {own}, and the cloud's caller is {caller} ({name}): ACK rotates the caller's own kubeconfig alone");
        Refusal::new(RefusalCode::OtherIdentity, message).hint(format!(
            "use the cloud credentials of {own}, by --profile say; to revoke another identity: kubectl ackcred revoke {own}"
        ))
    })
}

fn anothers_file(facts: &RotationFacts<'_>) -> Option<Refusal> {
    let is_anothers = |one: &&KnownCertificate| {
        one.from == CertificateFrom::LeakedFile && Uid::of_user_name(&one.facts.common_name).as_ref() != Some(facts.uid)
    };
    let file = facts.certificates.iter().find(is_anothers)?;
    let message = format!("the file is of {}, and your context of {}", file.facts.common_name, facts.uid);
    Some(
        Refusal::new(RefusalCode::OtherIdentity, message)
            .hint("another identity's kubeconfig is revoked: kubectl ackcred revoke -f FILE"),
    )
}

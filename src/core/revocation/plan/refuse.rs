//! Why a revocation is refused: one reason a function, all of them collected.

use super::draft::needs_the_cloud;
use super::{Crowd, Flags, Step, names, remain};
use crate::core::access::holder::LastAccess;
use crate::core::credential::MASTERS;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::CertificateState;
use crate::core::identity::verdict::State;
use crate::core::ids::{Uid, split_subject_name};
use crate::core::rbac::inventory::BoundSubject;
use crate::core::rbac::{full_rights_holders, is_administrator};
use crate::core::revocation::input::{Case, Confirmation, DryRuns, KubeconfigFact, LeakedFacts, TargetCase};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::target::{Target, TargetNames};

/// Cluster states in which ACK deletes no kubeconfigs.
/// Source: <https://www.alibabacloud.com/help/en/ack/user-guide/clear-kubeconfig>
const ABNORMAL: [&str; 4] = ["failed", "deleting", "deleted", "delete_failed"];

/// What speaks against revoking anything in this cluster.
pub(super) fn the_cluster(case: &Case, flags: &Flags, crowd: Crowd) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if crowd == Crowd::Fleet && case.cluster.id().is_none() {
        // What is written down of several clusters is told apart by their IDs.
        let context = case.cluster.context.as_deref().unwrap_or_default();
        let message = format!("nothing tells which ACK cluster context {context:?} leads to");
        let hint = "revoke there alone, with this one --context";
        refusals.push(Refusal::new(RefusalCode::ClusterUnconfirmed, message).hint(hint));
        return refusals;
    }
    if !case.unread.is_empty() {
        let message = format!("what there is to take away is not known: {}", case.unread.join("; "));
        let hint =
            "ask for list on clusterrolebindings, rolebindings, clusterroles and roles (rbac.authorization.k8s.io)";
        refusals.push(Refusal::new(RefusalCode::MissingRight, message).hint(hint));
    }
    if let Some(state) = case.cluster.state.as_deref().filter(|state| ABNORMAL.contains(state)) {
        let message = format!("the cluster's state is {state}: ACK deletes no kubeconfig in it");
        refusals.push(Refusal::new(RefusalCode::ClusterState, message));
    }
    if !case.cluster.known.warnings.is_empty() {
        let refusal = Refusal::new(RefusalCode::ClusterContradicted, case.cluster.known.warnings.join("; "));
        refusals.push(refusal.hint("choose the context whose name and server are those of the cluster"));
    }
    if let (false, Err(reason)) = (flags.rbac_only, &case.cloud) {
        let message = format!("the kubeconfig can't be deleted: {reason}");
        let refusal = Refusal::new(RefusalCode::NoCloudCredentials, message);
        refusals.push(refusal.hint("--rbac-only takes the bindings away and leaves the cloud's record"));
    } else if !flags.rbac_only && case.cluster.confirmation == Confirmation::Nothing {
        let what = match case.cluster.id() {
            Some(id) => format!("nothing that can be trusted confirms that this is cluster {id}"),
            None => "nothing tells which ACK cluster this is".to_owned(),
        };
        let refusal = Refusal::new(RefusalCode::ClusterUnconfirmed, what);
        refusals.push(refusal.hint("give its ID with --cluster-id on your own word, or take --rbac-only"));
    }
    refusals
}

/// What speaks against revoking this identity here.
pub(super) fn the_target(
    case: &Case,
    target: &TargetCase,
    flags: &Flags,
    leaked: Option<&LeakedFacts>,
    crowd: Crowd,
) -> Vec<Refusal> {
    let reasons = [
        root_account(target),
        own_identity(case, target, leaked),
        perhaps_own_identity(case, target, flags),
        nothing_issued(case, target, flags),
        unknown(case, target, flags, crowd),
        recent_access(case, target, flags, leaked),
        dead_credential(case, target, leaked),
    ];
    let holds = |refusal: &Refusal| !target.is_resumed || refusal.code.holds_when_resumed();
    reasons.into_iter().flatten().filter(holds).map(|refusal| refusal.of(target.target.uid.as_str())).collect()
}

fn root_account(target: &TargetCase) -> Option<Refusal> {
    let root = target.verdict.identity_type == IdentityType::Root;
    root.then(|| {
        let message = format!("{} is the Alibaba Cloud account itself", target.target.uid);
        Refusal::new(RefusalCode::RootAccount, message)
            .hint("its kubeconfig is revoked in the ACK console, by the account itself")
    })
}

fn own_identity(case: &Case, target: &TargetCase, leaked: Option<&LeakedFacts>) -> Option<Refusal> {
    let uid = &target.target.uid;
    let by_uid = case.operator.uids.iter().filter(|(own, _)| own == uid).map(|(_, voice)| voice.as_str());
    let by_also_name = case
        .operator
        .names
        .iter()
        .filter(|name| target.target.also_names.contains(*name))
        .map(|_| "the API server sees you under the name that --also-name gives");
    let by_key = leaked
        .filter(|leaked| case.operator.key.as_ref() == Some(&leaked.key_sha256))
        .map(|_| "your certificate has the file's key");
    let by_serial = leaked
        .filter(|leaked| case.operator.serial.as_ref() == Some(&leaked.serial))
        .map(|_| "your certificate has the file's serial number");
    let voices: Vec<&str> = by_uid.chain(by_also_name).chain(by_key).chain(by_serial).collect();
    (!voices.is_empty()).then(|| {
        Refusal::new(RefusalCode::OwnIdentity, format!("{uid} is you ({})", voices.join(", ")))
            .hint("ask another administrator, or rotate your own kubeconfig in the ACK console")
    })
}

/// The operator comes by a name that resembles the identity's: to revoke oneself must not depend on how a name is written.
fn perhaps_own_identity(case: &Case, target: &TargetCase, flags: &Flags) -> Option<Refusal> {
    let own = case.operator.names.iter().find(|name| names::is_open(name, &target.target, flags))?;
    let message = format!("the API server sees you as {own}, which resembles a name of {}", target.target.uid);
    let hint = format!("if {} is not you, --accept-name {own} says so", target.target.uid);
    Some(Refusal::new(RefusalCode::OwnIdentity, message).hint(hint))
}

fn is_bound(case: &Case, target: &TargetCase) -> bool {
    let own = TargetNames::of([&target.target]);
    case.bindings.iter().any(|object| super::change_of(object, &own).is_some())
}

/// What names that resemble the identity's are given here.
fn open_grants(case: &Case, target: &TargetCase, flags: &Flags) -> Vec<String> {
    names::grants_of_open_names(case.scan.grants.inventory(), &target.target, flags)
}

fn nothing_issued(case: &Case, target: &TargetCase, flags: &Flags) -> Option<Refusal> {
    let told = match &target.kubeconfig {
        _ if flags.rbac_only || is_bound(case, target) || !super::permissions_here(case, target).is_empty() => None,
        // ACK's list of the cluster leaves deleted kubeconfigs out, its list of the identity need not.
        _ if was_deleted(case, target) => None,
        KubeconfigFact::NotListed => Some("ACK has issued none".to_owned()),
        KubeconfigFact::Unknown(reason) => Some(format!("ACK's list could not be read: {reason}")),
        KubeconfigFact::Listed(state) => match state.certificate {
            CertificateState::Unissued => Some("ACK has issued none".to_owned()),
            CertificateState::Unknown => Some("ACK doesn't know its state".to_owned()),
            CertificateState::Unexpired | CertificateState::Expired | CertificateState::Removed => None,
        },
        KubeconfigFact::NotAsked => None,
    };
    told.map(|told| {
        let message =
            format!("{} has no binding in this cluster and no kubeconfig that is known: {told}", target.target.uid);
        let refusal = Refusal::new(RefusalCode::NothingIssued, message);
        match open_grants(case, target, flags).into_iter().next() {
            Some(open) => refusal.hint(open),
            None => refusal.hint("kubectl ackcred status UID shows an identity in every cluster"),
        }
    })
}

/// Whether it is known that an identity has nothing here that could be taken away, from lists that were read, all of them; and that
/// nothing was taken from it that must be proven.
pub(super) fn holds_nothing(case: &Case, target: &TargetCase, flags: &Flags) -> bool {
    let never_issued = match &target.kubeconfig {
        KubeconfigFact::NotListed => true,
        KubeconfigFact::Listed(state) => state.certificate == CertificateState::Unissued,
        KubeconfigFact::Unknown(_) | KubeconfigFact::NotAsked => flags.rbac_only,
    };
    !target.is_resumed
        && never_issued
        && case.unread.is_empty()
        && target.permissions.failure().is_none()
        && target.elsewhere.failure().is_none()
        && !is_bound(case, target)
        && super::permissions_here(case, target).is_empty()
        && !was_deleted(case, target)
        && open_grants(case, target, flags).is_empty()
}

fn was_deleted(case: &Case, target: &TargetCase) -> bool {
    let here = target.elsewhere.items().iter().find(|state| case.cluster.id() == Some(&state.cluster));
    here.is_some_and(|state| state.certificate == CertificateState::Removed)
}

/// Whether anything would be changed for this identity.
fn is_to_be_changed(case: &Case, target: &TargetCase, flags: &Flags) -> bool {
    is_bound(case, target) || (!flags.rbac_only && needs_the_cloud(case, target))
}

fn unknown(case: &Case, target: &TargetCase, flags: &Flags, crowd: Crowd) -> Option<Refusal> {
    let risky = crowd != Crowd::One && is_to_be_changed(case, target, flags);
    (target.verdict.state == State::Unknown && risky).then(|| {
        let message = format!("whether {} exists is not known: {}", target.target.uid, target.verdict.evidence);
        Refusal::new(RefusalCode::IdentityUnknown, message).hint("name it alone, if you are sure")
    })
}

fn recent_access(case: &Case, target: &TargetCase, flags: &Flags, leaked: Option<&LeakedFacts>) -> Option<Refusal> {
    if flags.force || !is_to_be_changed(case, target, flags) {
        return None;
    }
    let (code, told) = match target.activity.as_ref()? {
        LastAccess::None(_) => return None,
        seen @ LastAccess::Found(_) => (RefusalCode::RecentAccess, seen.describe()),
        failed @ LastAccess::Failed { .. } => (RefusalCode::ActivityUnknown, failed.describe()),
    };
    let why = if leaked.is_some() {
        "with a leaked file that is the very reason: --force goes on"
    } else {
        "somebody may depend on it: --force goes on"
    };
    Some(Refusal::new(code, format!("{}: {told}", target.target.uid)).hint(why))
}

fn dead_credential(case: &Case, target: &TargetCase, leaked: Option<&LeakedFacts>) -> Option<Refusal> {
    let leaked = leaked?;
    let names = case.bindings.iter().flat_map(|object| &object.subjects);
    let by_name = names.filter(|subject| subject.kind == "User").any(|subject| subject.name == leaked.common_name);
    let by_group = !remain::group_grants(case, target, &Flags::default()).is_empty() || target.target.is_master();
    (!by_name && !by_group && is_bound(case, target)).then(|| {
        let (uid, name) = (&target.target.uid, &leaked.common_name);
        let message =
            format!("the credential in the file is dead already: {name} holds nothing here, other names of {uid} do");
        Refusal::new(RefusalCode::CredentialDead, message)
            .hint(format!("kubectl ackcred revoke {uid} takes away what its successor holds"))
    })
}

/// The steps that the API server would refuse, with the identities that each is about.
pub(super) fn the_steps(case: &Case, steps: &[Step], dry_runs: &DryRuns) -> Vec<(Vec<Uid>, Refusal)> {
    let refused = steps.iter().filter_map(|step| {
        let object = step.object.as_ref()?;
        let reason = dry_runs.get(object)?.step.as_ref().err()?;
        let message = format!("you may not change {object}: {reason}");
        let hint = "ask somebody who may; taking a subject out of a shared binding needs bind on its role";
        let refusal = Refusal::new(RefusalCode::MissingRight, message).of(object.to_string()).hint(hint);
        Some((step.identities.clone(), refusal.in_cluster(case.cluster.id())))
    });
    refused.collect()
}

/// Whether somebody would still hold full rights. The operator counts; the group system:masters does not: nobody can be
/// put into it any more, and whoever holds its certificate may be the leaver.
pub(super) fn the_last_administrator(case: &Case, targets: &[&TargetCase], flags: &Flags) -> Option<Refusal> {
    if flags.leave_no_admin {
        return None;
    }
    let any = |is: &dyn Fn(&Target) -> bool| targets.iter().any(|target| is(&target.target));
    let leaves = |holder: &BoundSubject| holder.user_name().is_some_and(|name| any(&|target| target.bears(name)));
    // Such a name may be the leaver's as well.
    let is_doubtful = |holder: &BoundSubject| {
        holder.user_name().is_some_and(|name| any(&|target| names::is_open(name, target, flags)))
    };
    let holders = full_rights_holders(case.scan.grants.inventory(), &case.roles);
    let leaving = holders.iter().any(|holder| leaves(holder));
    let stays =
        holders.iter().filter(|holder| !leaves(holder) && !is_doubtful(holder)).any(|holder| match holder.ram_uid() {
            Some(uid) => !is_gone(case, uid),
            None => !(holder.kind() == "Group" && holder.name() == MASTERS),
        });
    (leaving && !stays).then(|| {
        Refusal::new(RefusalCode::LastAdministrator, "afterwards nobody would hold full rights in this cluster")
            .hint("make somebody an administrator first, or go on with --leave-no-admin")
    })
}

fn is_gone(case: &Case, uid: &str) -> bool {
    let verdict = Uid::parse(uid).and_then(|uid| case.scan.verdicts.get(&uid));
    verdict.is_some_and(|verdict| matches!(verdict.state, State::Deleted(_) | State::Recycled))
}

/// What doesn't stand in the way and must be known.
pub(super) fn warnings(case: &Case, targets: &[&TargetCase], leaked: Option<&LeakedFacts>) -> Vec<String> {
    let mut warnings = Vec::new();
    for target in targets {
        let uid = &target.target.uid;
        if target.verdict.state == State::Unknown {
            warnings.push(format!("whether {uid} exists is not known: {}", target.verdict.evidence));
        }
        if let Some(disagreement) = &target.verdict.disagreement {
            warnings.push(format!("{uid}: {disagreement}"));
        }
    }
    if leaked.is_some_and(|leaked| leaked.signed_by_ca == Some(false)) {
        warnings.push(
            "this cluster's CA did not sign the certificate in the file: a forged file can name anybody".to_owned(),
        );
    }
    for name in case.operator.names.iter().filter(|name| split_subject_name(name).is_none()) {
        if is_shared_administrator(case, name) {
            warnings
                .push(format!("you are {name}, an administrator by a name that several may hold: so may the leaver"));
        }
    }
    warnings
}

fn is_shared_administrator(case: &Case, name: &str) -> bool {
    case.operator.groups.iter().any(|group| group == MASTERS)
        || is_administrator(case.scan.grants.inventory(), &case.roles, name)
}

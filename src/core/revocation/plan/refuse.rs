//! Why a revocation is refused: one reason a function, all of them collected.

use super::draft::needs_the_cloud;
use super::{BindingStep, Flags, RevokeMode, Step, leaked_files, names};
use crate::core::access::holder::LastAccess;
use crate::core::distinct::distinct;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::{CertificateState, KubeconfigState};
use crate::core::identity::verdict::State;
use crate::core::ids::{Uid, split_subject_name};
use crate::core::rbac::inventory::BoundSubject;
use crate::core::rbac::others::and_more;
use crate::core::rbac::{full_rights_holders, is_administrator};
use crate::core::revocation::input::{Confirmation, DryRuns, InputTarget, KubeconfigFact, RevocationInput};
use crate::core::revocation::leaked::{LeakedFacts, of_identity};
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::static_tokens::KNOWS_THE_LABEL;
use crate::core::revocation::target::{Target, TargetNames};
use crate::core::system_groups::MASTERS;

/// Cluster states in which ACK deletes and issues no kubeconfigs.
/// Source: <https://www.alibabacloud.com/help/en/ack/user-guide/clear-kubeconfig>
pub const ABNORMAL: [&str; 4] = ["failed", "deleting", "deleted", "delete_failed"];

/// How many of the things are named that could not be read.
const UNREAD_SHOWN: usize = 2;

/// What speaks against revoking anything in this cluster.
pub(super) fn the_cluster(input: &RevocationInput, flags: &Flags, mode: RevokeMode) -> Vec<Refusal> {
    let scope = || RefusalScope::Cluster(input.cluster.context.clone());
    against_the_cluster(input, flags, mode).into_iter().map(|refusal| refusal.of(scope())).collect()
}

fn against_the_cluster(input: &RevocationInput, flags: &Flags, mode: RevokeMode) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if mode == RevokeMode::MultiCluster && input.cluster.id().is_none() {
        // The records of several clusters differ by their IDs.
        let context = input.cluster.context.as_deref().unwrap_or_default();
        let message = format!("it is unknown to which ACK cluster context {context:?} leads to");
        let hint = "revoke in that cluster separately, with its --context";
        refusals.push(Refusal::new(RefusalCode::ClusterUnconfirmed, message).hint(hint));
        return refusals;
    }
    if !input.unread.is_empty() {
        let unread = &input.unread[..input.unread.len().min(UNREAD_SHOWN)];
        let message = format!("what there is to revoke is unknown: {}", and_more(unread, "; ", input.unread.len()));
        let hint = "it takes list on clusterrolebindings, rolebindings, clusterroles and roles (rbac.authorization.k8s.io), and get; \
            where there was no answer, try again";
        refusals.push(Refusal::new(RefusalCode::MissingRight, message).hint(hint));
    }
    if let Some(state) = input.cluster.state.as_deref().filter(|state| ABNORMAL.contains(state)) {
        let message = format!("the cluster's state is {state}: ACK deletes no kubeconfig in it");
        refusals.push(Refusal::new(RefusalCode::ClusterState, message));
    }
    if !input.cluster.known.warnings.is_empty() {
        let refusal = Refusal::new(RefusalCode::ClusterContradicted, input.cluster.known.warnings.join("; "));
        refusals.push(refusal.hint("choose the context whose name and server are those of the cluster"));
    }
    if let (false, Err(reason)) = (flags.rbac_only, &input.cloud) {
        let message = format!("the kubeconfig can't be deleted: {reason}");
        let refusal = Refusal::new(RefusalCode::NoCloudCredentials, message);
        refusals.push(refusal.hint("use --rbac-only to remove the bindings and leave the cloud's record"));
    } else if !flags.rbac_only && input.cluster.confirmation == Confirmation::Nothing {
        let what = match input.cluster.id() {
            Some(id) => format!("no trusted source confirms that this is cluster {id}"),
            None => "it is unknown which ACK cluster this is".to_owned(),
        };
        let refusal = Refusal::new(RefusalCode::ClusterUnconfirmed, what);
        refusals.push(refusal.hint("give its ID with --cluster-id if you are sure of it, or use --rbac-only"));
    }
    refusals
}

/// What speaks against revoking this identity here.
pub(super) fn the_target(
    input: &RevocationInput,
    target: &InputTarget,
    flags: &Flags,
    leaked: &[LeakedFacts],
    mode: RevokeMode,
) -> Vec<Refusal> {
    let own_files = of_identity(leaked, &target.target.uid);
    let reasons = [
        root_account(target),
        own_identity(input, target, &own_files),
        perhaps_own_identity(input, target, flags),
        cloud_service_role(input, target, flags),
        nothing_issued(input, target, flags),
        unknown(input, target, flags, mode),
        recent_access(input, target, flags, &own_files),
        leaked_files::dead_credential(input, target, leaked),
    ];
    let holds = |refusal: &Refusal| !target.is_resumed || refusal.code.holds_when_resumed();
    reasons
        .into_iter()
        .flatten()
        .filter(holds)
        .map(|refusal| refusal.of(RefusalScope::Identity(target.target.uid.clone())))
        .collect()
}

fn root_account(target: &InputTarget) -> Option<Refusal> {
    let root = target.verdict.identity_type == IdentityType::Root;
    root.then(|| {
        let message = format!("{} is the Alibaba Cloud account itself", target.target.uid);
        Refusal::new(RefusalCode::RootAccount, message)
            .hint("its kubeconfig is revoked in the ACK console, by the account itself")
    })
}

fn own_identity(input: &RevocationInput, target: &InputTarget, own_files: &[&LeakedFacts]) -> Option<Refusal> {
    let uid = &target.target.uid;
    let by_uid = input.operator.uids.iter().filter(|(own, _)| own == uid).map(|(_, source)| source.as_str());
    let by_also_name = input
        .operator
        .names
        .iter()
        .filter(|name| target.target.also_names.contains(*name))
        .map(|_| "the API server sees you under the name that --also-name gives");
    let by_key = own_files
        .iter()
        .filter(|leaked| input.operator.key.as_ref() == Some(&leaked.key_sha256))
        .map(|_| "your certificate has the file's key");
    let by_serial = own_files
        .iter()
        .filter(|leaked| input.operator.serial.as_ref() == Some(&leaked.serial))
        .map(|_| "your certificate has the file's serial number");
    let sources = distinct(by_uid.chain(by_also_name).chain(by_key).chain(by_serial));
    (!sources.is_empty()).then(|| {
        Refusal::new(RefusalCode::OwnIdentity, format!("{uid} is you ({})", sources.join(", "))).hint(
            "if your own kubeconfig leaked: kubectl ackcred rotate; to lose your access, ask another administrator",
        )
    })
}

/// The operator comes by a name that resembles the identity's: to revoke oneself must not depend on how a name is written.
fn perhaps_own_identity(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Option<Refusal> {
    let own = input.operator.names.iter().find(|name| names::is_open(name, &target.target, flags))?;
    let message = format!("the API server sees you as {own}, which resembles a name of {}", target.target.uid);
    let hint = format!("if {} is not you, --accept-name {own} says so", target.target.uid);
    Some(Refusal::new(RefusalCode::OwnIdentity, message).hint(hint))
}

fn cloud_service_role(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Option<Refusal> {
    let is_meant = flags.force || !is_to_be_changed(input, target, flags);
    let service = input.scan.directory.cloud_service(&target.target.uid).filter(|_| !is_meant)?;
    let name = if service.is_empty() { "a cloud service" } else { service };
    let message =
        format!("{} is a role by which {name} works in this cluster, and which would stop", target.target.uid);
    Some(Refusal::new(RefusalCode::CloudServiceRole, message).hint("--force revokes it all the same"))
}

pub(super) fn is_bound(input: &RevocationInput, target: &InputTarget) -> bool {
    let own = TargetNames::of([&target.target]);
    input.bindings.iter().any(|object| super::change_of(object, &own).is_some())
}

/// What names that resemble the identity's are given here.
fn open_grants(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Vec<String> {
    names::grants_of_open_names(input.scan.grants.inventory(), &target.target, flags)
}

fn nothing_issued(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Option<Refusal> {
    let detail = match &target.kubeconfig {
        _ if flags.rbac_only || is_bound(input, target) || !super::permissions_here(input, target).is_empty() => None,
        // ACK's list of the cluster leaves deleted kubeconfigs out, its list of the identity need not.
        _ if was_deleted(input, target) => None,
        KubeconfigFact::NotListed => Some("ACK has issued none".to_owned()),
        KubeconfigFact::Unknown(reason) => Some(format!("ACK's list could not be read: {reason}")),
        KubeconfigFact::Listed(state) => match state.certificate {
            CertificateState::Unissued => Some("ACK has issued none".to_owned()),
            CertificateState::Unknown => Some("ACK doesn't know its state".to_owned()),
            CertificateState::Unexpired | CertificateState::Expired | CertificateState::Removed => None,
        },
        KubeconfigFact::NotAsked => None,
    };
    detail.map(|detail| {
        let message = format!("{} has no binding in this cluster and no known kubeconfig: {detail}", target.target.uid);
        let refusal = Refusal::new(RefusalCode::NothingIssued, message);
        match open_grants(input, target, flags).into_iter().next() {
            Some(open) => refusal.hint(open),
            None => refusal.hint("kubectl ackcred status UID shows an identity in every cluster"),
        }
    })
}

/// Whether it is known that an identity has nothing here that could be taken away, from lists that were read, all of them; and that
/// nothing was taken from it that must be proven.
pub(super) fn holds_nothing(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> bool {
    let never_issued = match &target.kubeconfig {
        KubeconfigFact::NotListed => true,
        KubeconfigFact::Listed(state) => state.certificate == CertificateState::Unissued,
        KubeconfigFact::Unknown(_) | KubeconfigFact::NotAsked => flags.rbac_only,
    };
    !target.is_resumed
        && never_issued
        && input.unread.is_empty()
        && target.permissions.failure().is_none()
        && target.elsewhere.failure().is_none()
        && !is_bound(input, target)
        && super::permissions_here(input, target).is_empty()
        && !was_deleted(input, target)
        && open_grants(input, target, flags).is_empty()
}

fn was_deleted(input: &RevocationInput, target: &InputTarget) -> bool {
    let here = target.elsewhere.items().iter().find(|state| input.cluster.id() == Some(&state.cluster));
    here.is_some_and(|state| state.certificate == CertificateState::Removed)
}

/// Whether anything would be changed for this identity.
fn is_to_be_changed(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> bool {
    is_bound(input, target) || (!flags.rbac_only && needs_the_cloud(input, target))
}

fn unknown(input: &RevocationInput, target: &InputTarget, flags: &Flags, mode: RevokeMode) -> Option<Refusal> {
    let risky = mode != RevokeMode::Single && is_to_be_changed(input, target, flags);
    (target.verdict.state == State::Unknown && risky).then(|| {
        let message = format!("the state of {} is unknown: {}", target.target.uid, target.verdict.evidence);
        Refusal::new(RefusalCode::IdentityUnknown, message).hint("if you are sure, revoke it separately")
    })
}

fn recent_access(
    input: &RevocationInput,
    target: &InputTarget,
    flags: &Flags,
    own_files: &[&LeakedFacts],
) -> Option<Refusal> {
    if flags.force || !is_to_be_changed(input, target, flags) {
        return None;
    }
    let (code, detail) = match target.activity.as_ref()? {
        LastAccess::None(_) => return None,
        seen @ LastAccess::Found(_) => (RefusalCode::RecentAccess, seen.describe()),
        failed @ LastAccess::Failed { .. } => (RefusalCode::ActivityUnknown, failed.describe()),
    };
    let why = if own_files.is_empty() {
        "it may be in use: --force revokes it all the same"
    } else {
        "that is to be expected of a leaked file: --force revokes it all the same"
    };
    Some(Refusal::new(code, format!("{}: {detail}", target.target.uid)).hint(why))
}

/// The steps that the API server would refuse, with the identities that each is about.
pub(super) fn the_steps(input: &RevocationInput, steps: &[Step], dry_runs: &DryRuns) -> Vec<(Vec<Uid>, Refusal)> {
    let refused = steps.iter().filter_map(|step| {
        let BindingStep { binding, identities, .. } = step.of_binding()?;
        let reason = dry_runs.get(binding)?.step.as_ref().err()?;
        let message = format!("{binding} can't be changed: {reason}");
        let hint = "ask an administrator who may; to remove a subject from a shared binding you need bind on its role";
        let refusal =
            Refusal::new(RefusalCode::MissingRight, message).of(RefusalScope::Binding(binding.clone())).hint(hint);
        Some((identities.clone(), refusal.in_cluster(input.cluster.id())))
    });
    refused.collect()
}

/// Why static tokens can't be ended: they could not be read, the API server does not know the label, or you may not set it.
pub(super) fn the_static_tokens(input: &RevocationInput, steps: &[Step]) -> Vec<Refusal> {
    let Some(read) = &input.static_tokens else { return Vec::new() };
    let without = "revoke without --end-static-tokens";
    let mut refusals: Vec<Refusal> = Vec::new();
    if let Some(why) = read.unread.first() {
        let message = format!("static tokens could not be read: {why}");
        let hint = format!("ask for list on namespaces and secrets, or {without}");
        refusals.push(Refusal::new(RefusalCode::MissingRight, message).hint(hint));
    }
    let has_steps = steps.iter().any(|step| step.of_token().is_some());
    if has_steps && input.minor_version.is_some_and(|minor| minor < KNOWS_THE_LABEL) {
        let message = format!(
            "this API server is older than Kubernetes 1.{KNOWS_THE_LABEL}: it takes a static token whatever its label"
        );
        let hint = format!("delete the Secrets by hand, or {without}");
        refusals.push(Refusal::new(RefusalCode::MissingRight, message).hint(hint));
    }
    let refused = read.tokens.iter().filter_map(|token| Some((token, token.dry_run.as_ref()?.as_ref().err()?)));
    refusals.extend(refused.map(|(token, why)| {
        let message = format!("{} can't be changed: {why}", token.secret);
        let hint = format!("ask for get, list and patch on secrets there, or {without}");
        Refusal::new(RefusalCode::MissingRight, message).hint(hint)
    }));
    refusals.into_iter().map(|refusal| refusal.of(RefusalScope::Cluster(None))).collect()
}

/// Whether an identity would still hold full rights. The operator counts; the group system:masters does not: no identity can be
/// added to it any more, and the holder of its certificate may be the revoked identity.
pub(super) fn the_last_administrator(
    input: &RevocationInput,
    targets: &[&InputTarget],
    flags: &Flags,
) -> Option<Refusal> {
    if flags.leave_no_admin {
        return None;
    }
    let any = |is: &dyn Fn(&Target) -> bool| targets.iter().any(|target| is(&target.target));
    let leaves = |holder: &BoundSubject| holder.user_name().is_some_and(|name| any(&|target| target.bears(name)));
    // Such a name may be the leaver's as well.
    let is_doubtful = |holder: &BoundSubject| {
        holder.user_name().is_some_and(|name| any(&|target| names::is_open(name, target, flags)))
    };
    let holders = full_rights_holders(input.scan.grants.inventory(), &input.roles);
    let leaving = holders.iter().any(|holder| leaves(holder));
    let stays =
        holders.iter().filter(|holder| !leaves(holder) && !is_doubtful(holder)).any(|holder| match holder.ram_uid() {
            Some(uid) => !is_gone(input, uid),
            None => !(holder.kind() == "Group" && holder.name() == MASTERS),
        });
    (leaving && !stays).then(|| {
        Refusal::new(RefusalCode::LastAdministrator, "afterwards no identity would hold full rights in this cluster")
            .of(RefusalScope::Cluster(input.cluster.context.clone()))
            .hint("add an administrator first, or use --leave-no-admin")
    })
}

fn is_gone(input: &RevocationInput, uid: &str) -> bool {
    let verdict = Uid::parse(uid).and_then(|uid| input.scan.verdicts.get(&uid));
    verdict.is_some_and(|verdict| matches!(verdict.state, State::Deleted(_) | State::Recycled))
}

/// What doesn't stand in the way and must be known.
pub(super) fn warnings(
    input: &RevocationInput,
    targets: &[&InputTarget],
    flags: &Flags,
    leaked: &[LeakedFacts],
) -> Vec<String> {
    let mut warnings = Vec::new();
    for target in targets {
        let uid = &target.target.uid;
        if target.verdict.state == State::Unknown {
            warnings.push(format!("the state of {uid} is unknown: {}", target.verdict.evidence));
        }
        warnings.extend(unread_service(input, target));
        warnings.extend(irrevocable(input, target, flags));
        if let Some(disagreement) = &target.verdict.disagreement {
            warnings.push(format!("{uid}: {disagreement}"));
        }
    }
    warnings.extend(leaked_files::warnings(input, targets, leaked));
    for name in input.operator.names.iter().filter(|name| split_subject_name(name).is_none()) {
        if is_shared_administrator(input, name) {
            warnings
                .push(format!("you are {name}, an administrator by a name that several identities can hold, so the revoked identity may be one, too"));
        }
    }
    warnings
}

/// Who is in no list of people may be a cloud service's role.
fn unread_service(input: &RevocationInput, target: &InputTarget) -> Option<String> {
    let reason = input.scan.directory.sources().cloud_services_unread.as_ref()?;
    let may_be = matches!(target.verdict.identity_type, IdentityType::RamRole | IdentityType::Unknown)
        && !matches!(target.kubeconfig, KubeconfigFact::Listed(_));
    may_be.then(|| format!("whether a cloud service works by {} is unknown: {reason}", target.target.uid))
}

/// ACK says beforehand which kubeconfigs it does not take back.
fn irrevocable(input: &RevocationInput, target: &InputTarget, flags: &Flags) -> Option<String> {
    let KubeconfigFact::Listed(KubeconfigState { revocable: Some(false), .. }) = &target.kubeconfig else {
        return None;
    };
    (!flags.rbac_only && needs_the_cloud(input, target)).then(|| {
        format!(
            "ACK says that it does not revoke the kubeconfig of {} (revokable: false): its call will probably fail, \
             and only the bindings be removed",
            target.target.uid
        )
    })
}

fn is_shared_administrator(input: &RevocationInput, name: &str) -> bool {
    input.operator.groups.iter().any(|group| group == MASTERS)
        || is_administrator(input.scan.grants.inventory(), &input.roles, name)
}

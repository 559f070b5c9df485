//! The head of the report: who, why, where, and what came of it.

use super::Sources;
use crate::core::distinct::distinct;
use crate::core::revocation::input::Confirmation;
use crate::core::revocation::journal::{Event, RestoreOrigin, state};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::operation::{ClusterRecord, OperationRecord, Purpose};
use crate::core::revocation::plan::{Flags, Plan, PlannedTarget};
use crate::core::revocation::restoration::RestoreFlags;
use crate::output::views::{IdentityTypeWord, OperationOutcome, StateWord, Word as _, time};

/// Each fact under its name.
pub(super) fn facts(sources: &Sources<'_>) -> Vec<(&'static str, String)> {
    let Sources { record, events, restores, missing, .. } = sources;
    let mut facts = vec![("Outcome", outcome(events, !missing.is_empty()))];
    let Some(record) = record else { return facts };
    let (what, uids) = match &record.purpose {
        Purpose::Revoke { plan, .. } => ("access is taken away".to_owned(), identities(plan)),
        Purpose::Restore { of, plan, .. } => {
            let uids = plan.uids.iter().map(ToString::to_string).collect();
            let what = match of {
                RestoreOrigin::Operation(of) => format!("what operation {of} took is given back"),
                RestoreOrigin::Folder(path) => format!("what the backups in {path} hold is given back"),
            };
            (what, uids)
        }
        Purpose::Rotate { plan } => {
            ("the operator's own kubeconfig is revoked and replaced".to_owned(), identities(&plan.plan))
        }
    };
    facts.extend([
        ("What", what),
        ("Begun", time(record.begun)),
        ("Ended", ended(events)),
        ("Operator", or(record.operator.join(", "), "not known")),
        ("Reason", or(record.reason.clone().unwrap_or_default(), "none was given")),
    ]);
    facts.extend(record.approval.iter().map(|approval| ("Approved by", approval.describe())));
    facts.extend(uids.into_iter().map(|identity| ("Identity", identity)));
    facts.extend(record.clusters.iter().map(|one| ("Cluster", cluster(one))));
    if let Purpose::Restore { plan, .. } = &record.purpose {
        facts.extend(plan.not_restored.iter().map(|one| ("Not restored", one.to_string())));
    }
    facts.extend(of_purpose(record));
    let restored =
        restores.iter().map(|(id, state)| format!("by operation {id}: {}", OperationOutcome::of(*state).as_str()));
    facts.extend(restored.map(|restore| ("Restored since", restore)));
    facts
}

fn of_purpose(record: &OperationRecord) -> Vec<(&'static str, String)> {
    let (leaked, flags, hash) = match &record.purpose {
        Purpose::Revoke { plan, .. } => (plan.leaked.as_slice(), of_revoke(&plan.flags), &plan.hash),
        Purpose::Restore { plan, .. } => (&[][..], of_restore(&plan.flags), &plan.hash),
        Purpose::Rotate { plan } => {
            let flags = plan.keep_others.then(|| "--keep-others".to_owned()).into_iter().collect();
            (&[][..], flags, &plan.plan.hash)
        }
    };
    let leaked = leaked.iter().map(|one| ("Leaked credential", self::leaked(one)));
    let flags = (!flags.is_empty()).then(|| ("Flags", flags.join(" ")));
    let old = record.rotation().into_iter().flat_map(|plan| &plan.certificates);
    let old = old.map(|one| ("Old credential", self::leaked(&one.facts)));
    leaked.chain(old).chain(flags).chain([("Plan agreed to", format!("SHA-256 {hash}"))]).collect()
}

fn outcome(events: &[Event], is_in_part: bool) -> String {
    if is_in_part {
        return "not known: not all of the record can be read".to_owned();
    }
    let outcome = OperationOutcome::of(state(events));
    format!("{}: {}", outcome.as_str(), outcome.describe())
}

fn ended(events: &[Event]) -> String {
    match events.last() {
        Some(Event::Ended { time: at, .. }) => time(*at),
        _ => "not on record".to_owned(),
    }
}

fn or(text: String, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text }
}

/// Each identity once; one that is in several clusters is described as the first of them sees it.
fn identities(plan: &Plan) -> Vec<String> {
    let first = |uid| plan.targets.iter().find(|target| target.uid == uid);
    distinct(plan.targets.iter().map(|target| target.uid.clone())).into_iter().filter_map(first).map(identity).collect()
}

fn identity(target: &PlannedTarget) -> String {
    let name = target.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let (kind, state) = (IdentityTypeWord::from(target.kind).as_str(), StateWord::from(target.state).as_str());
    format!("{} ({kind}{name}), {state}: {}", target.uid, target.evidence)
}

fn cluster(cluster: &ClusterRecord) -> String {
    let ClusterRecord { id, name, server, context, confirmation, .. } = cluster;
    let id = id.as_ref().map_or_else(|| "of unknown ID".to_owned(), ToString::to_string);
    let name = name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let context = context.as_ref().map(|context| format!(", by context {context}")).unwrap_or_default();
    let confirmed = match confirmation {
        Confirmation::ClusterProfile => "confirmed by ConfigMap kube-system/ack-cluster-profile",
        Confirmation::CloudAddress => "confirmed by the cloud's list of addresses",
        Confirmation::OperatorsWord => "asserted by the operator",
        Confirmation::Nothing => "confirmed by nothing",
    };
    format!("{id}{name} at {server}{context}; its ID is {confirmed}")
}

fn leaked(leaked: &LeakedFacts) -> String {
    let ends = leaked.not_after.map(|end| format!(", valid until {}", time(end))).unwrap_or_default();
    let file = leaked.file.as_ref().map(|file| format!(", in {file}")).unwrap_or_default();
    format!(
        "certificate of {}, serial {}, SHA-256 {}{ends}{file}",
        leaked.common_name, leaked.serial, leaked.certificate_sha256
    )
}

fn of_revoke(flags: &Flags) -> Vec<String> {
    let Flags {
        force,
        rbac_only,
        all_deleted,
        accept_inferred,
        leave_no_admin,
        accept_group_grants,
        also_names,
        accept_names,
        end_static_tokens,
    } = flags;
    let given = [
        (*force, "--force"),
        (*rbac_only, "--rbac-only"),
        (*all_deleted, "--all-deleted"),
        (*accept_inferred, "--accept-inferred"),
        (*leave_no_admin, "--leave-no-admin"),
        (*end_static_tokens, "--end-static-tokens"),
    ];
    let mut words = words(&given);
    words.extend(accept_group_grants.iter().map(|binding| format!("--accept-group-grant {binding}")));
    words.extend(also_names.iter().map(|name| format!("--also-name {name}")));
    words.extend(accept_names.iter().map(|name| format!("--accept-name {name}")));
    words
}

fn of_restore(flags: &RestoreFlags) -> Vec<String> {
    let RestoreFlags { force, accept_role_change, rearm } = flags;
    let mut words = words(&[(*force, "--force"), (*accept_role_change, "--accept-role-change")]);
    words.extend(rearm.iter().map(|name| format!("--rearm {name}")));
    words
}

fn words(flags: &[(bool, &str)]) -> Vec<String> {
    flags.iter().filter(|(is_given, _)| *is_given).map(|(_, word)| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_that_was_given_is_named() {
        let revoke = Flags {
            force: true,
            rbac_only: true,
            all_deleted: true,
            accept_inferred: true,
            leave_no_admin: true,
            accept_group_grants: vec!["ClusterRoleBinding/-/open".to_owned()],
            also_names: vec!["carl".to_owned()],
            accept_names: vec!["carla".to_owned()],
            end_static_tokens: true,
        };
        let expected = "--force --rbac-only --all-deleted --accept-inferred --leave-no-admin --end-static-tokens \
                        --accept-group-grant ClusterRoleBinding/-/open --also-name carl --accept-name carla";
        assert_eq!(of_revoke(&revoke).join(" "), expected);
        assert!(of_revoke(&Flags::default()).is_empty());
        let restore = RestoreFlags { force: true, accept_role_change: true, rearm: vec!["200-1".to_owned()] };
        assert_eq!(of_restore(&restore).join(" "), "--force --accept-role-change --rearm 200-1");
    }
}

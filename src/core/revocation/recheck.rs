//! Whether an identity is meant to have no access to a cluster now, by all operations of before; and who gave it access since.

use jiff::Timestamp;

use super::journal::{Ending, OperationId, OperationSummary, State, SummaryPurpose};
use super::operation::OperationReport;
use super::target::Target;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::inventory::{Inventory, Role};
use crate::core::rbac::managed_by::SubjectsWrite;

/// An operation of before, as far as its summary says.
#[derive(Clone, Debug)]
pub struct PastSummary {
    /// Its ID.
    pub id: OperationId,
    /// What it was for.
    pub summary: OperationSummary,
    /// How far it came.
    pub state: State,
}

/// A restore that gave access back on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// The restore.
    pub by: OperationId,
    /// Whether it gave back all that it was to.
    pub is_whole: bool,
}

/// The restore that gave an identity its access to a cluster back, where no later revocation took it again. `past` are all operations,
/// the last first; `operation` is the revocation that is asked about.
pub fn given_back(
    operation: &OperationId,
    cluster: Option<&ClusterId>,
    uid: &Uid,
    past: &[PastSummary],
) -> Option<GivenBack> {
    let concerns = |one: &&PastSummary| {
        let is_here = one.summary.cluster_ids.iter().any(|id| id.as_ref() == cluster);
        let decides = match &one.summary.purpose {
            SummaryPurpose::Revoke { .. } => true,
            // Without an ID a summary can't keep two clusters apart, and a restore in one gives nothing back in the other.
            SummaryPurpose::Restore { of, .. } => cluster.is_some() || of.operation() == Some(operation),
            // It gives an identity that has access another certificate.
            SummaryPurpose::Rotate { .. } => false,
        };
        is_here && decides && one.summary.uids.contains(uid) && one.state != State::Ended(Ending::Failed)
    };
    let last = past.iter().find(concerns)?;
    let is_whole = last.state == State::Ended(Ending::Restored);
    (!last.is_revocation()).then(|| GivenBack { by: last.id.clone(), is_whole })
}

impl PastSummary {
    /// Whether it took access away.
    pub fn is_revocation(&self) -> bool {
        matches!(self.summary.purpose, SummaryPurpose::Revoke { .. })
    }
}

/// A binding that names an identity whose access was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    /// The binding.
    pub binding: BindingRef,
    /// Its role.
    pub role: Role,
    /// The identity's user names in it.
    pub names: Vec<String>,
    /// Who wrote its subjects last, and when.
    pub write: SubjectsWrite,
    /// Whether that was not before the operation had found it gone, both to the second; `None` where either time is not known.
    pub is_later: Option<bool>,
}

/// The bindings that name an identity, of which the last writer is still to be read.
pub fn bindings_of(target: &Target, inventory: &Inventory) -> Vec<PutBack> {
    let named = inventory.bindings().iter().filter_map(|binding| {
        let own = binding.subjects().iter().filter_map(|subject| subject.user_name()).filter(|name| target.bears(name));
        let names: Vec<String> = own.map(str::to_owned).collect();
        (!names.is_empty()).then(|| PutBack {
            binding: binding.reference(),
            role: binding.role().clone(),
            names,
            write: SubjectsWrite::default(),
            is_later: None,
        })
    });
    named.collect()
}

impl PutBack {
    /// With its last writer; `gone_at` is when the operation had found it gone.
    #[must_use]
    pub fn written(self, write: SubjectsWrite, gone_at: Option<Timestamp>) -> Self {
        let is_later = write.at.zip(gone_at).map(|(at, gone_at)| at >= gone_at);
        Self { write, is_later, ..self }
    }

    /// Who put the identity back and when, in one line.
    pub fn describe(&self) -> String {
        let Self { binding, role, names, write, is_later } = self;
        let by = write.manager.as_deref().unwrap_or("an unknown writer");
        let at = write.at.map(|at| at.strftime(" at %Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default();
        let how = if *is_later == Some(false) { "written" } else { "put back" };
        format!("{binding} gives {}/{} to {}: {how} by {by}{at}", role.kind, role.name, names.join(", "))
    }
}

/// When an operation had found that an identity has no access to a cluster: by the API server's clock, else by that of the end of the
/// operation.
pub fn gone_at(
    report: Option<&OperationReport>,
    ended: Option<Timestamp>,
    cluster: Option<&ClusterId>,
    uid: &Uid,
) -> Option<Timestamp> {
    let verified = report.into_iter().flat_map(|report| &report.verification);
    let mut own = verified.filter(|one| one.cluster_id.as_ref() == cluster && one.uid == *uid);
    own.next().map(|one| one.at).or(ended)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::fixtures::at;
    use crate::core::rbac::fixtures::inventory;
    use crate::core::revocation::journal::RestoreOrigin;
    use crate::core::revocation::target::GroupsFrom;
    use crate::core::revocation::verification::{Outcome, Verification};

    fn id(number: usize) -> OperationId {
        OperationId::parse(&format!("2026010{number}-000000-3f9a2c")).unwrap()
    }

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    fn cluster(digit: &str) -> Option<ClusterId> {
        ClusterId::parse(&format!("c{}", digit.repeat(32)))
    }

    /// Operations in the order in which they were made: `revoke CLUSTER UID`, `rotate CLUSTER UID` or
    /// `restore NUMBER CLUSTER UID ENDING`.
    fn past(lines: &[&str]) -> Vec<PastSummary> {
        let here = |digit: &str| if digit == "-" { None } else { cluster(digit) };
        let one = |(number, line): (usize, &&str)| {
            let words: Vec<&str> = line.split(' ').collect();
            let (purpose, cluster, who, state) = match words[..] {
                ["revoke", cluster, who] => {
                    (SummaryPurpose::Revoke { tombstones: Vec::new() }, cluster, who, State::Ended(Ending::Verified))
                }
                ["rotate", cluster, who] => {
                    let purpose = SummaryPurpose::Rotate { tombstones: Vec::new() };
                    (purpose, cluster, who, State::Ended(Ending::Verified))
                }
                ["restore", of, cluster, who, ending] => {
                    let of = id(of.parse().unwrap());
                    let state = match ending {
                        "restored" => State::Ended(Ending::Restored),
                        "failed" => State::Ended(Ending::Failed),
                        _ => State::Unfinished,
                    };
                    (
                        SummaryPurpose::Restore { of: RestoreOrigin::Operation(of), rearmed: Vec::new() },
                        cluster,
                        who,
                        state,
                    )
                }
                _ => panic!("{line}"),
            };
            let summary = OperationSummary {
                begun: Timestamp::UNIX_EPOCH,
                plan_hash: String::new(),
                purpose,
                cluster_ids: vec![here(cluster)],
                uids: vec![uid(who)],
                steps: 1,
                reason: None,
                approved_by: None,
                record_length: 0,
            };
            PastSummary { id: id(number), summary, state }
        };
        lines.iter().enumerate().map(|(number, line)| one((number + 1, line))).rev().collect()
    }

    #[test]
    fn the_last_operation_on_an_identity_in_a_cluster_says_whether_it_is_meant_to_be_gone() {
        for (lines, expected) in [
            (&["revoke a 200"][..], None),
            (&["revoke a 200", "restore 1 a 200 restored"], Some((2, true))),
            (&["revoke a 200", "restore 1 a 200 cut"], Some((2, false))),
            (&["revoke a 200", "restore 1 a 200 failed"], None),
            // Taken again since, by another operation or by the next of the same kind.
            (&["revoke a 200", "restore 1 a 200 restored", "revoke a 200"], None),
            (
                &["revoke a 200", "restore 1 a 200 restored", "revoke a 200", "restore 3 a 200 restored"],
                Some((4, true)),
            ),
            // In another cluster, or of another identity.
            (&["revoke a 200", "restore 1 b 200 restored"], None),
            (&["revoke a 200", "restore 1 a 300 restored"], None),
            (&["revoke a 200", "restore 1 a 200 restored", "revoke b 200"], Some((2, true))),
            (&["revoke a 200", "restore 1 a 200 restored", "revoke a 300"], Some((2, true))),
            // Who rotates has access already: that neither gives back nor takes.
            (&["revoke a 200", "rotate a 200"], None),
            (&["revoke a 200", "restore 1 a 200 restored", "rotate a 200"], Some((2, true))),
        ] {
            let found = given_back(&id(1), cluster("a").as_ref(), &uid("200"), &past(lines));
            let expected = expected.map(|(number, is_whole)| GivenBack { by: id(number), is_whole });
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn without_the_id_of_a_cluster_only_its_own_restore_gives_back() {
        for (lines, expected) in [
            (&["revoke - 200", "restore 1 - 200 restored"][..], Some(2)),
            (&["revoke - 200", "revoke - 200", "restore 2 - 200 restored"], None),
        ] {
            let found = given_back(&id(1), None, &uid("200"), &past(lines));
            assert_eq!(found.map(|one| one.by), expected.map(id), "{lines:?}");
        }
    }

    #[test]
    fn who_put_a_name_back_is_said_with_the_time() {
        let found = PutBack {
            binding: BindingRef {
                kind: crate::core::rbac::binding::BindingKind::RoleBinding,
                namespace: Some("shop".to_owned()),
                name: "team".to_owned(),
            },
            role: Role { kind: "ClusterRole".into(), name: "dev".into() },
            names: vec!["200-17".to_owned()],
            write: SubjectsWrite::default(),
            is_later: None,
        };
        let start = "RoleBinding/shop/team gives ClusterRole/dev to 200-17: ";
        let write = |manager: Option<&str>, time| SubjectsWrite { manager: manager.map(str::to_owned), at: time };
        let (gone, later) = (at("2026-01-01T10:00:00Z"), at("2026-01-02T10:00:00Z"));
        for (write, gone_at, expected) in [
            (write(Some("argocd"), Some(later)), Some(gone), "put back by argocd at 2026-01-02T10:00:00Z"),
            (write(Some("helm"), Some(gone)), Some(later), "written by helm at 2026-01-01T10:00:00Z"),
            (write(None, Some(later)), None, "put back by an unknown writer at 2026-01-02T10:00:00Z"),
            (write(None, None), Some(gone), "put back by an unknown writer"),
        ] {
            assert_eq!(found.clone().written(write, gone_at).describe(), format!("{start}{expected}"));
        }
    }

    #[test]
    fn an_identity_was_found_gone_when_its_own_cluster_was_looked_at() {
        let verified = |digit: &str, who: &str, time: &str| Verification {
            cluster_id: cluster(digit),
            uid: uid(who),
            outcome: Outcome::Verified,
            at: at(time),
            groups_from: GroupsFrom::Assumed,
            checks: Vec::new(),
            remains: Vec::new(),
            not_checked: Vec::new(),
        };
        let (first, second, ended) = ("2026-11-29T12:00:00Z", "2026-11-29T12:00:05Z", Some(at("2026-11-29T12:01:00Z")));
        let verification = vec![verified("b", "200", first), verified("a", "300", first), verified("a", "200", second)];
        let report = OperationReport { verification, ..OperationReport::default() };
        assert_eq!(gone_at(Some(&report), ended, cluster("a").as_ref(), &uid("200")), Some(at(second)));
        assert_eq!(gone_at(Some(&report), ended, cluster("b").as_ref(), &uid("300")), ended);
        assert_eq!(gone_at(None, ended, cluster("a").as_ref(), &uid("200")), ended);
    }

    #[test]
    fn a_binding_that_names_the_identity_again_is_put_back() {
        let of = |users: &[&str]| {
            let subject = |name: &&str| json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name});
            users.iter().map(subject).collect()
        };
        let inventory = inventory(&[
            ("", "own", "ClusterRole/dev", of(&["200-1", "200"])),
            ("", "team", "ClusterRole/dev", of(&["bo", "200-2"])),
            ("", "others", "ClusterRole/dev", of(&["bo", "2001-1"])),
        ]);
        let found = bindings_of(&Target::new(uid("200")), &inventory);
        let found: Vec<_> = found.iter().map(|one| (one.binding.name.as_str(), one.names.join(","))).collect();
        assert_eq!(found, [("own", "200-1,200".to_owned()), ("team", "200-2".to_owned())]);
    }
}

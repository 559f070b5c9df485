//! One identity in one cluster: its kubeconfig, its bindings, and what is left where one of the two is gone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::scan::ClusterScan;
use crate::core::identity::ack::{Activity, CertificateState, KubeconfigState};
use crate::core::identity::evidence::{Answer, ClusterSources, Listing};
use crate::core::identity::verdict::{Basis, State, Verdict};
use crate::core::ids::Uid;
use crate::core::lifetime::Lifetime;
use crate::core::rbac::grants::GrantSource;

/// An identity that holds a kubeconfig or a binding, or did.
#[derive(Debug)]
pub struct Holder<'a> {
    /// The RAM UID.
    pub uid: Uid,
    /// Who it is.
    pub verdict: &'a Verdict,
    /// Its kubeconfig, where ACK lists one.
    pub kubeconfig: Option<&'a KubeconfigState>,
    /// How many bindings name it.
    pub bindings: usize,
    /// Whether bindings are left without a working kubeconfig; `None` where ACK's list was not read to the end.
    pub residue: Option<bool>,
    /// Whether ACK's list of kubeconfigs was read to the end, so that one that is not in it was not issued.
    pub is_list_whole: bool,
}

/// The longest time that an issued kubeconfig may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeRule {
    /// The longest time.
    pub allowed: SignedDuration,
    /// From when it counts.
    pub now: Timestamp,
}

/// What the check of the last seven days' audit log came to.
/// Source: <https://www.alibabacloud.com/help/en/ack/user-guide/clear-kubeconfig>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastAccess {
    /// The log was searched and holds no record.
    None(Activity),
    /// The log holds records.
    Found(Activity),
    /// The check failed, as it does where the cluster has no audit log. That says nothing about access.
    Failed {
        /// Why.
        reason: String,
        /// What is known all the same.
        activity: Activity,
    },
}

/// The identities of a cluster, worst first.
pub fn holders(scan: &ClusterScan) -> Vec<Holder<'_>> {
    let mut bindings: BTreeMap<Uid, usize> = BTreeMap::new();
    for state in scan.directory.sources().kubeconfigs.items() {
        bindings.entry(state.uid.clone()).or_default();
    }
    let named = scan.grants.iter().filter(|grant| matches!(grant.source, GrantSource::Binding { .. }));
    for uid in named.filter_map(|grant| grant.uid).filter_map(Uid::parse) {
        *bindings.entry(uid).or_default() += 1;
    }
    let ClusterSources { kubeconfigs, cloud_services_unread, .. } = scan.directory.sources();
    let complete = kubeconfigs.is_complete() && cloud_services_unread.is_none();
    let mut holders: Vec<Holder<'_>> = bindings
        .into_iter()
        .map(|(uid, bindings)| {
            let kubeconfig = scan.directory.kubeconfig(&uid);
            let verdict = scan.verdicts.get(&uid).unwrap_or(&scan.unasked);
            let residue = residue(kubeconfig.map(|state| state.certificate), complete, bindings);
            Holder { uid, verdict, kubeconfig, bindings, residue, is_list_whole: complete }
        })
        .collect();
    holders.sort_by_key(|holder| (holder.verdict.state, holder.uid.as_str().len(), holder.uid.clone()));
    holders
}

/// The identities of a cluster that no longer exist and hold a binding, or a kubeconfig that was issued.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DeletedHolders {
    /// Their UIDs.
    pub uids: Vec<Uid>,
    /// How many are left out because their end is inferred and that was not to be accepted.
    pub left_out: usize,
    /// What was not asked although others could be found by it. What was asked and failed is reported where it was asked.
    pub not_asked: Vec<String>,
}

/// Finds the identities that no longer exist.
pub fn deleted(scan: &ClusterScan, accept_inferred: bool) -> DeletedHolders {
    let (mut uids, mut left_out) = (Vec::new(), 0);
    for holder in holders(scan).into_iter().filter(Holder::has_something) {
        match holder.verdict.state {
            State::Deleted(Basis::Confirmed) => uids.push(holder.uid),
            State::Deleted(Basis::Inferred) if accept_inferred => uids.push(holder.uid),
            State::Deleted(Basis::Inferred) => left_out += 1,
            State::Recycled | State::Unknown | State::Frozen | State::Active => {}
        }
    }
    DeletedHolders { uids, left_out, not_asked: not_asked(scan, accept_inferred) }
}

impl Holder<'_> {
    /// Whether there is a binding, or a kubeconfig that was issued and not deleted: something that can be revoked.
    pub fn has_something(&self) -> bool {
        self.bindings > 0 || self.kubeconfig.is_some_and(|state| state.certificate.is_issued())
    }

    /// Whether its kubeconfig has longer to live than allowed; `None` where that is unknown.
    pub fn is_long_lived(&self, rule: LifetimeRule) -> Option<bool> {
        match self.kubeconfig {
            Some(state) => rule.is_broken_by(state.certificate, state.expires),
            None => self.is_list_whole.then_some(false),
        }
    }
}

impl LifetimeRule {
    /// Whether an issued kubeconfig has longer to live than allowed. ACK doesn't say when it was issued, so what is left of it counts.
    /// `None` where ACK says neither that it ended nor when it will.
    pub fn is_broken_by(self, certificate: CertificateState, expires: Option<Timestamp>) -> Option<bool> {
        match certificate {
            CertificateState::Unissued | CertificateState::Expired | CertificateState::Removed => Some(false),
            CertificateState::Unexpired => Some(Lifetime::until(expires?, None, self.now).exceeds(self.allowed)),
            CertificateState::Unknown => None,
        }
    }
}

fn not_asked(scan: &ClusterScan, accept_inferred: bool) -> Vec<String> {
    let ClusterSources { owner, kubeconfigs, .. } = scan.directory.sources();
    let kubeconfigs = matches!(kubeconfigs, Listing::NotAsked);
    // Without the owner it is unknown whether the account's lists are the right ones, so nothing is inferred from them.
    let owner = match owner {
        Answer::Failed(reason) if accept_inferred => Some(format!("the cluster's owner is not known: {reason}")),
        _ => None,
    };
    kubeconfigs.then(|| "cs:ListClusterKubeconfigStates was not asked".to_owned()).into_iter().chain(owner).collect()
}

fn residue(certificate: Option<CertificateState>, complete: bool, bindings: usize) -> Option<bool> {
    match certificate {
        _ if bindings == 0 => Some(false),
        Some(CertificateState::Unexpired) => Some(false),
        Some(CertificateState::Unissued | CertificateState::Expired | CertificateState::Removed) => Some(true),
        Some(CertificateState::Unknown) => None,
        None => complete.then_some(true),
    }
}

impl LastAccess {
    /// Reads the check's answer. One that says neither yes nor no is a failed check.
    pub fn of(answer: Result<Activity, String>) -> Self {
        match answer {
            Err(reason) => Self::Failed { reason, activity: Activity::default() },
            Ok(activity) => match activity.active {
                Some(true) => Self::Found(activity),
                Some(false) => Self::None(activity),
                None => {
                    let reason = "cs:DescribeUserClusterActivityState doesn't say whether there are records";
                    Self::Failed { reason: reason.to_owned(), activity }
                }
            },
        }
    }

    /// The same, where it is known that the cluster writes no audit log: that is why the check failed.
    #[must_use]
    pub fn without_audit_log(self) -> Self {
        match self {
            Self::Failed { reason, activity } => {
                Self::Failed { reason: format!("auditing is off in this cluster: {reason}"), activity }
            }
            known @ (Self::None(_) | Self::Found(_)) => known,
        }
    }

    /// In words, with what finds the records again.
    pub fn describe(&self) -> String {
        let Activity { last_activity, last_audit_id, project, log_store, query, .. } = self.activity();
        let mut text = match self {
            Self::None(_) => "no access in the last 7 days".to_owned(),
            Self::Found(_) => match last_activity {
                Some(time) => format!("last access at {}", time.strftime("%Y-%m-%dT%H:%M:%SZ")),
                None => "accessed within the last 7 days".to_owned(),
            },
            Self::Failed { reason, .. } => format!("whether it was used in the last 7 days is unknown: {reason}"),
        };
        let places = [("project", project), ("log store", log_store), ("query", query), ("audit ID", last_audit_id)];
        let places: Vec<String> =
            places.iter().filter_map(|(word, place)| Some(format!("{word} {}", place.as_ref()?))).collect();
        if !places.is_empty() {
            text.push_str(&format!(" ({})", places.join(", ")));
        }
        text
    }

    /// Whether the check failed.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// What is known of the search, however it ended.
    pub fn activity(&self) -> &Activity {
        match self {
            Self::None(activity) | Self::Found(activity) | Self::Failed { activity, .. } => activity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::access::fixtures::kubeconfig;
    use crate::core::fixtures::at;

    #[test]
    fn bindings_without_a_working_kubeconfig_are_residue() {
        use CertificateState::{Expired, Removed, Unexpired, Unissued, Unknown};
        for state in [Unissued, Expired, Removed] {
            assert_eq!(residue(Some(state), true, 1), Some(true), "{state:?}");
            assert_eq!(residue(Some(state), true, 0), Some(false), "{state:?}");
        }
        assert_eq!(residue(Some(Unexpired), true, 1), Some(false));
        assert_eq!(residue(Some(Unknown), true, 1), None);
    }

    #[test]
    fn who_is_not_listed_is_residue_only_where_the_list_is_whole() {
        assert_eq!(residue(None, true, 1), Some(true));
        assert_eq!(residue(None, false, 1), None);
    }

    #[test]
    fn of_an_issued_kubeconfig_what_is_left_counts() {
        use CertificateState::{Expired, Removed, Unexpired, Unissued, Unknown};
        let (now, end, day) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:01Z"), SignedDuration::from_hours(24));
        let long_lived = |state, expires, allowed| LifetimeRule { allowed, now }.is_broken_by(state, expires);
        assert_eq!(long_lived(Unexpired, Some(end), day), Some(true));
        assert_eq!(long_lived(Unexpired, Some(end), day * 2), Some(false));
        assert_eq!(long_lived(Unexpired, None, day), None, "ACK doesn't say when it ends");
        assert_eq!(long_lived(Unknown, Some(end), day), None);
        for state in [Expired, Removed, Unissued] {
            assert_eq!(long_lived(state, Some(end), day), Some(false), "{state:?}");
        }
    }

    #[test]
    fn only_a_clear_answer_tells_of_access() {
        let answer = |active| LastAccess::of(Ok(Activity { active, ..Activity::default() }));
        assert!(matches!(answer(Some(true)), LastAccess::Found(_)));
        assert!(matches!(answer(Some(false)), LastAccess::None(_)));
        assert!(matches!(answer(None), LastAccess::Failed { .. }));
        assert!(
            matches!(LastAccess::of(Err("no audit log".into())), LastAccess::Failed { reason, .. } if reason == "no audit log")
        );
    }

    #[test]
    fn who_has_a_binding_or_a_kubeconfig_in_effect_has_something() {
        let verdict = Verdict::not_asked();
        let has = |bindings, certificate: Option<CertificateState>| {
            let kubeconfig = certificate.map(|certificate| kubeconfig("200", certificate));
            let uid = Uid::parse("200").unwrap();
            let kubeconfig = kubeconfig.as_ref();
            Holder { uid, verdict: &verdict, kubeconfig, bindings, residue: None, is_list_whole: true }.has_something()
        };
        assert!(has(1, None) && has(0, Some(CertificateState::Unexpired)));
        assert!(!has(0, None) && !has(0, Some(CertificateState::Removed)) && !has(0, Some(CertificateState::Unissued)));
    }

    #[test]
    fn access_is_said_with_what_finds_its_records() {
        let activity = Activity {
            last_activity: Some(at("2026-11-29T12:00:00Z")),
            project: Some("k8s-log".into()),
            last_audit_id: Some("7".into()),
            ..Activity::default()
        };
        let found = LastAccess::Found(activity.clone());
        assert_eq!(found.describe(), "last access at 2026-11-29T12:00:00Z (project k8s-log, audit ID 7)");
        assert_eq!(LastAccess::Found(Activity::default()).describe(), "accessed within the last 7 days");
        let none = LastAccess::None(Activity::default());
        assert_eq!(none.describe(), "no access in the last 7 days");
        let failed = LastAccess::Failed { reason: "no audit log".into(), activity };
        assert!(failed.describe().ends_with("is unknown: no audit log (project k8s-log, audit ID 7)"));
        assert!(failed.is_failed() && !none.is_failed() && !found.is_failed());
    }
}

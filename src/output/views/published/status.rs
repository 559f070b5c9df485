use jiff::SignedDuration;

use crate::core::access::holder::{Holder, LastAccess, LifetimeRule};
use crate::core::fixtures::at;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::{AccountState, AccountType, Activity, CertificateState, KubeconfigState};
use crate::core::identity::verdict::{Basis, State, Verdict};
use crate::core::ids::Uid;
use crate::output::views::{ApiVersion, Auditing, ClusterStatus, Dimension, Kind, StatusItem, StatusReport};

const NOW: &str = "2026-01-01T00:00:00Z";

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";

/// Identities of a cluster that was read, with each outcome of the activity check, and a cluster that was not read.
pub(super) fn example() -> StatusReport {
    let nothing = Activity { active: Some(false), last_activity: None, last_audit_id: None, ..activity() };
    let accesses = [LastAccess::None(nothing), LastAccess::Found(activity()), failed()];
    let states = [
        ("200000000000000103", State::Deleted(Basis::Confirmed), CertificateState::Expired),
        ("200000000000000104", State::Recycled, CertificateState::Unissued),
        ("200000000000000101", State::Active, CertificateState::Unexpired),
    ];
    let items =
        states.iter().zip(&accesses).map(|((uid, state, certificate), access)| item(uid, *state, *certificate, access));
    StatusReport {
        api_version: ApiVersion::V1,
        kind: Kind::StatusReport,
        time: at(NOW),
        clusters: vec![
            ClusterStatus {
                error: None,
                auditing: Auditing::of(None, accesses.iter()),
                audit_project: Some("k8s-log-project".to_owned()),
                ram_authenticator: Some(true),
                ..cluster()
            },
            cluster(),
        ],
        items: items.collect(),
        cloud: Some(super::cloud()),
        incomplete: true,
        dimension: Dimension::Clusters,
        with_activity: true,
        with_lifetimes: true,
    }
}

fn cluster() -> ClusterStatus {
    ClusterStatus {
        id: Some(CLUSTER.to_owned()),
        name: Some("prod".to_owned()),
        context: Some("prod-admin".to_owned()),
        temporary_credential: false,
        error: Some("cannot reach https://192.0.2.1:6443".to_owned()),
        auditing: Auditing::of(None, std::iter::empty()),
        audit_project: None,
        ram_authenticator: None,
    }
}

fn item(uid: &str, state: State, certificate: CertificateState, access: &LastAccess) -> StatusItem {
    let verdict = Verdict {
        identity_type: IdentityType::RamUser,
        name: Some("carl".to_owned()),
        state,
        evidence: "confirmed: ACK".to_owned(),
        disagreement: None,
    };
    let kubeconfig = KubeconfigState {
        uid: Uid::parse(uid).unwrap(),
        account_type: AccountType::RamUser,
        account_state: AccountState::Unstated,
        account_name: String::new(),
        display_name: String::new(),
        certificate,
        expires: Some(at("2027-12-31T00:00:00Z")),
        revocable: Some(true),
        cloud_service: None,
    };
    let holder = Holder {
        uid: kubeconfig.uid.clone(),
        verdict: &verdict,
        kubeconfig: Some(&kubeconfig),
        bindings: 2,
        residue: Some(certificate != CertificateState::Unexpired),
        is_list_whole: true,
    };
    let rule = LifetimeRule { allowed: SignedDuration::from_hours(24), now: at(NOW) };
    StatusItem {
        cluster_id: Some(CLUSTER.to_owned()),
        cluster_name: Some("prod".to_owned()),
        cluster_state: Some("running".to_owned()),
        ..StatusItem::of_holder(&holder, Some(access), Some(rule))
    }
}

fn activity() -> Activity {
    Activity {
        active: Some(true),
        last_activity: Some(at("2025-12-31T12:00:00Z")),
        last_audit_id: Some("0b1c2d3e-0000-4000-8000-000000000001".to_owned()),
        project: Some(format!("k8s-log-{CLUSTER}")),
        log_store: Some(format!("audit-{CLUSTER}")),
        query: Some("user.username: 200000000000000101".to_owned()),
    }
}

fn failed() -> LastAccess {
    LastAccess::Failed { reason: "the project does not exist".to_owned(), activity: activity() }
}

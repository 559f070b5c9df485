use crate::core::access::likeness::{RamNames, likenesses};
use crate::core::access::scan::{ClusterScan, DeadNames, Filter, Selection};
use crate::core::fixtures::at;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::{AccountState, AccountType, CertificateState, KubeconfigState};
use crate::core::identity::evidence::{Answer, ClusterSources, Listing};
use crate::core::identity::verdict::{Basis, ClusterDirectory, State, Verdict};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};
use crate::output::views::{ApiVersion, Identities, Kind, ResemblingView, Rows, ScanReport, ScannedCluster};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const DELETED: &str = "200000000000000103";
const LIVING: &str = "200000000000000101";

/// A cluster that was read and one that was not; grants by bindings of both kinds, by a mapping, and none.
pub(super) fn with_example(look: impl FnOnce(&ScanReport<'_>)) {
    let clusters = [scan()];
    let mut dead = DeadNames::new(true);
    dead.add(ClusterId::parse(CLUSTER).as_ref(), &format!("{DELETED}-1735689600"));
    let selection = Selection::new(&clusters, &Filter { dead: dead.clone(), ..Filter::default() });
    let alike = likenesses(&clusters[0], &RamNames::default());
    look(&ScanReport {
        api_version: ApiVersion::V1,
        kind: Kind::ScanReport,
        time: at("2026-01-01T00:00:00Z"),
        clusters: vec![
            cluster(CLUSTER, None),
            cluster("c0000000000000000000000000000beef", Some("cannot reach https://192.0.2.1:6443")),
        ],
        identities: Identities { clusters: &clusters, selection: &selection },
        grants: Rows {
            clusters: &clusters,
            selection: &selection,
            now: at("2026-01-01T00:00:00Z"),
            dead: &dead,
            are_several: true,
        },
        resembling: alike.iter().map(|one| ResemblingView::of(clusters[0].id.as_ref(), one)).collect(),
        cloud: Some(super::cloud()),
        incomplete: true,
        hidden: selection.hidden_rows,
    });
}

pub(super) fn cluster(id: &str, error: Option<&str>) -> ScannedCluster {
    ScannedCluster {
        id: Some(id.to_owned()),
        name: Some("prod".to_owned()),
        context: Some("prod-admin".to_owned()),
        temporary_credential: false,
        error: error.map(str::to_owned),
    }
}

fn scan() -> ClusterScan {
    let states = [
        (DELETED, State::Deleted(Basis::Confirmed)),
        ("200000000000000104", State::Recycled),
        ("200000000000000105", State::Deleted(Basis::Inferred)),
        (LIVING, State::Active),
    ];
    let kubeconfigs = vec![
        kubeconfig(DELETED, CertificateState::Unexpired),
        kubeconfig("200000000000000104", CertificateState::Removed),
        kubeconfig("200000000000000105", CertificateState::Expired),
    ];
    let sources = ClusterSources {
        owner: Answer::NotAsked,
        kubeconfigs: Listing::Complete(kubeconfigs),
        ..ClusterSources::not_asked()
    };
    ClusterScan {
        name: Some("prod".to_owned()),
        context: Some("prod-admin".to_owned()),
        verdicts: states.map(|(uid, state)| (Uid::parse(uid).unwrap(), verdict(state))).into(),
        ..ClusterScan::new(
            ClusterId::parse(CLUSTER),
            Grants::extract(inventory(), vec![mapping()]),
            ClusterDirectory::new(sources),
        )
    }
}

fn verdict(state: State) -> Verdict {
    Verdict {
        identity_type: IdentityType::RamUser,
        name: Some("carl".to_owned()),
        state,
        evidence: "confirmed: ACK".to_owned(),
        disagreement: None,
    }
}

fn kubeconfig(uid: &str, certificate: CertificateState) -> KubeconfigState {
    KubeconfigState {
        uid: Uid::parse(uid).unwrap(),
        account_type: AccountType::RamUser,
        account_state: AccountState::Unstated,
        account_name: String::new(),
        display_name: String::new(),
        certificate,
        expires: Some(at("2027-12-31T00:00:00Z")),
        revocable: Some(true),
        cloud_service: None,
    }
}

fn mapping() -> Mapping {
    Mapping {
        origin: MappingOrigin::Object,
        name: "carl".to_owned(),
        identity: MappedIdentity::Arn("acs:ram::1000000000000001:user/carl".to_owned()),
        uid: Uid::parse(DELETED),
        account: None,
        username: "carl-by-ram".to_owned(),
        groups: Vec::new(),
        created: None,
    }
}

fn inventory() -> Inventory {
    let user = |name: &str| format!(r#"{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{name}"}}"#);
    let leaked = user(&format!("{DELETED}-1735689600"));
    let others = r#"{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"dev"},
        {"kind":"ServiceAccount","name":"robot","namespace":"ci"}"#;
    let resembling = user(&format!("{DELETED}.17"));
    let mut inventory = Inventory::default();
    for (kind, namespace, name, subjects) in [
        (BindingKind::ClusterRoleBinding, "", "admins", &leaked),
        (BindingKind::RoleBinding, "shop", "team", &format!("{leaked},{others}")),
        (BindingKind::RoleBinding, "shop", "old", &user("200000000000000104")),
        (BindingKind::RoleBinding, "shop", "resembling", &resembling),
        (BindingKind::ClusterRoleBinding, "", "living", &user(LIVING)),
    ] {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"subjects":[{subjects}],
                "roleRef":{{"kind":"ClusterRole","name":"edit"}}}}"#
        );
        let item: BindingItem<'_> = serde_json::from_str(&text).unwrap();
        inventory.add(kind, &item);
    }
    inventory
}

use serde_json::{Value, json};

use super::scan::cluster;
use crate::core::access::allowed::{allowed, could_become};
use crate::core::access::scan::ClusterScan;
use crate::core::fixtures::at;
use crate::core::identity::IdentityType;
use crate::core::identity::evidence::ClusterSources;
use crate::core::identity::verdict::{Basis, ClusterDirectory, State, Verdict};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::holdings::{BindingIndex, held_rules};
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::kinds::{Kind as ServedKind, KindScope, Kinds};
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};
use crate::core::rbac::reach::{Discovered, Reach, ReachCluster};
use crate::core::rbac::user_info::of_identity;
use crate::core::rbac::who_can::{AccessQuestion, Place};
use crate::core::rbac::{Attributes, RoleFacts, Roles};
use crate::output::views::{
    AllowedView, ApiVersion, HeldRuleView, Kind, PathView, RequestView, ReviewView, RightsColumns, RightsReport,
    RightsUser, UserPath, WhoCanColumns, WhoCanReport,
};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const UID: &str = "200000000000000103";

/// An identity by its name and by a mapping, with rules of every sort and a path of two steps; a cluster that was not read.
pub(super) fn with_rights(look: impl FnOnce(&RightsReport<'_>)) {
    let (scan, roles) = (scan(), roles());
    let index = BindingIndex::new(scan.grants.inventory());
    let cluster_rules = ReachCluster::new(
        scan.grants.inventory(),
        scan.grants.mappings(),
        &roles,
        Discovered { minor_version: Some(36) },
    );
    let mut reach = Reach::new(cluster_rules);
    let (mut users, mut rules, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    for (number, known) in (1..).zip(of_identity(&Uid::parse(UID).unwrap(), &scan.grants, None, &[])) {
        let user = RightsUser {
            id: format!("{number}"),
            cluster_id: Some(CLUSTER.to_owned()),
            context: Some("prod-admin".to_owned()),
            uid: known.uid.as_ref().map(ToString::to_string),
            name: Some(known.info.name.clone()),
            groups: known.info.groups.clone(),
            groups_from: known.groups_from.into(),
            mapping: known.mapping.clone(),
            text: known.info.name.clone(),
            cluster_name: Some("prod".to_owned()),
        };
        let held = held_rules(&index, &roles, &kinds(), &known.info);
        rules.extend(held.iter().map(|held| HeldRuleView::of(&user, held)));
        paths.extend(
            reach
                .paths(&known.info)
                .iter()
                .map(|path| UserPath { user: user.id.clone(), path: PathView::of(&user.text, &path.into()) }),
        );
        users.push(user);
    }
    // No step takes a path yet; its key is there for one that does.
    let path = Attributes { verb: "get".to_owned(), path: Some("/metrics".to_owned()), ..Attributes::default() };
    paths[0].path.steps[0].attributes.push(RequestView::of(&path));
    look(&RightsReport {
        api_version: ApiVersion::V1,
        kind: Kind::RightsReport,
        time: at("2026-01-01T10:11:12Z"),
        clusters: vec![cluster(CLUSTER, Some("cannot list roles"))],
        users,
        rules,
        paths,
        reviews: Some(vec![review("get /metrics", Some("/metrics")), review("list pods", None)]),
        hidden_defaults: 3,
        hidden_inert: 1,
        incomplete: true,
        columns: RightsColumns { are_several: true, all: true },
    });
}

/// Who reads Secrets: by bindings, by a mapping, by name only, before RBAC is asked, and by a path.
pub(super) fn with_who_can(look: impl Fn(&[WhoCanReport<'_>])) {
    let (scan, roles) = (scan(), roles());
    let named = Attributes {
        verb: "get".to_owned(),
        resource: "pods".to_owned(),
        subresource: "log".to_owned(),
        name: "web".to_owned(),
        ..Attributes::default()
    };
    let path = Attributes { verb: "get".to_owned(), path: Some("/metrics".to_owned()), ..Attributes::default() };
    let secrets = Attributes { verb: "get".to_owned(), resource: "secrets".to_owned(), ..Attributes::default() };
    let report = |shown: &Attributes| {
        let in_shop = || Place::Namespace("shop".to_owned());
        let question = AccessQuestion { attributes: secrets.clone(), place: in_shop() };
        let inventory = scan.grants.inventory();
        let rules = ReachCluster::new(inventory, scan.grants.mappings(), &roles, Discovered::default());
        let all_users = rules.all_users();
        let mut rows = allowed(&scan, &roles, &question);
        rows.extend(could_become(&scan, Reach::new(rules).becoming(&all_users, &question)));
        let mut subjects: Vec<AllowedView<'_>> = rows.iter().map(AllowedView::of).collect();
        // This path holds by the API server alone, and no step takes a path yet; the keys are there for others.
        let reached = subjects.iter_mut().find_map(|row| row.reach.first_mut()).unwrap();
        reached.depends_on.push("a pod of that ServiceAccount runs there".to_owned());
        reached.steps[0].attributes.push(RequestView::of(&path));
        WhoCanReport {
            api_version: ApiVersion::V1,
            kind: Kind::WhoCanReport,
            time: at("2026-01-01T10:11:12Z"),
            clusters: vec![cluster(CLUSTER, Some("cannot list roles"))],
            question: WhoCanReport::question(&AccessQuestion { attributes: shown.clone(), place: in_shop() }),
            subjects,
            by_name_only: 1,
            cloud: Some(super::cloud()),
            incomplete: true,
            columns: WhoCanColumns { are_several: true, names: true, reach: true },
        }
    };
    look(&[report(&named), report(&path)]);
}

fn review(text: &str, path: Option<&str>) -> ReviewView {
    let attributes = match path {
        Some(path) => Attributes { verb: "get".to_owned(), path: Some(path.to_owned()), ..Attributes::default() },
        None => Attributes {
            verb: "list".to_owned(),
            resource: "pods".to_owned(),
            subresource: "log".to_owned(),
            name: "web".to_owned(),
            namespace: "shop".to_owned(),
            ..Attributes::default()
        },
    };
    ReviewView {
        user: "1".to_owned(),
        request: RequestView::of(&attributes),
        allowed: true,
        expected: false,
        is_known: true,
        reason: Some("another authorizer".to_owned()),
        text: text.to_owned(),
    }
}

pub(super) fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    kinds.add(ServedKind {
        group: String::new(),
        plural: "nodes".to_owned(),
        singular: "node".to_owned(),
        short: Vec::new(),
        scope: KindScope::Cluster,
        subresources: std::collections::BTreeSet::new(),
    });
    kinds
}

pub(super) fn roles() -> Roles {
    let mut roles = Roles::default();
    let mut add = |name: &str, rules: Value| {
        let facts = RoleFacts { uid: String::new(), rules: serde_json::from_value(rules).unwrap() };
        roles.insert_cluster_role(name.to_owned(), facts);
    };
    add(
        "token",
        json!([
            {"verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ["root", "robot"]},
            {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"]},
        ]),
    );
    add("secrets", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"]}]));
    add("metrics", json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]));
    add("read", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}]));
    roles
}

pub(super) fn scan() -> ClusterScan {
    let user = |name: &str| json!({"kind": "User", "name": name});
    let root = json!({"kind": "ServiceAccount", "name": "root", "namespace": "shop"});
    let mut inventory = Inventory::default();
    for (kind, namespace, name, role, subjects) in [
        (BindingKind::RoleBinding, "shop", "token", "token", json!([user(UID), user("ann")])),
        (BindingKind::RoleBinding, "shop", "db", "secrets", json!([user(UID)])),
        (BindingKind::ClusterRoleBinding, "", "metrics", "metrics", json!([{"kind": "Group", "name": "dev"}])),
        (BindingKind::ClusterRoleBinding, "", "root", "read", json!([root, user("200000000000000104")])),
        (BindingKind::RoleBinding, "shop", "dev", "read", json!([{"kind": "Group", "name": "dev"}])),
        (BindingKind::RoleBinding, "shop", "gone", "gone", json!([user(UID)])),
    ] {
        let item = json!({
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2025-12-01T00:00:00Z"},
            "subjects": subjects, "roleRef": {"kind": "ClusterRole", "name": role},
        });
        inventory.add(kind, &serde_json::from_str::<BindingItem<'_>>(&item.to_string()).unwrap());
    }
    let mapping = Mapping {
        origin: MappingOrigin::Object,
        name: "carl".to_owned(),
        identity: MappedIdentity::Arn("acs:ram::1000000000000001:user/carl".to_owned()),
        uid: Uid::parse(UID),
        account: None,
        username: "carl-by-ram".to_owned(),
        groups: vec!["dev".to_owned()],
        created: None,
    };
    let verdict = |state| Verdict {
        identity_type: IdentityType::RamUser,
        name: Some("carl".to_owned()),
        state,
        evidence: "confirmed: ACK".to_owned(),
        disagreement: None,
    };
    let states = [(UID, State::Deleted(Basis::Confirmed)), ("200000000000000104", State::Active)];
    ClusterScan {
        name: Some("prod".to_owned()),
        context: Some("prod-admin".to_owned()),
        verdicts: states.map(|(uid, state)| (Uid::parse(uid).unwrap(), verdict(state))).into(),
        ..ClusterScan::new(
            ClusterId::parse(CLUSTER),
            Grants::extract(inventory, vec![mapping]),
            ClusterDirectory::new(ClusterSources::not_asked()),
        )
    }
}

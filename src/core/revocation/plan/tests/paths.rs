//! What the identities can become, before a revocation and after it.

use super::*;
use crate::core::ids::Uid;
use crate::core::rbac::mapping::{MappedIdentity, MappingOrigin};
use crate::core::rbac::reach::{Certainty, Target};

/// Tokens of the ServiceAccounts of this name, with which pods are made, and whose user is impersonated.
fn more_roles(input: &mut RevocationInput) {
    let rule = |verb: &str, resource: &str, names: &[&str]| json!([{"verbs": [verb], "apiGroups": [""], "resources": [resource], "resourceNames": names}]);
    for (name, rules) in [
        ("mint", rule("create", "serviceaccounts/token", &["root"])),
        ("run", rule("create", "pods", &[])),
        ("act", rule("impersonate", "users", &["200-1"])),
    ] {
        let facts = RoleFacts { uid: name.into(), rules: serde_json::from_value(rules).unwrap() };
        input.roles.insert_cluster_role(name.into(), facts);
    }
}

fn root() -> Value {
    json!({"kind": "ServiceAccount", "name": "root", "namespace": "kube-x"})
}

/// carl with these bindings, beside a ServiceAccount with this role.
fn case(role_of_root: &str, bindings: &[Value]) -> RevocationInput {
    let all = [bindings, &[bound("root", role_of_root, &[root()])]].concat();
    let mut input = input(&[CARL], &all);
    more_roles(&mut input);
    input
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.paths
        .iter()
        .map(|planned| format!("{} {:?} {}", planned.user, planned.path.certainty(), planned.path))
        .collect()
}

fn tokens(plan: &Plan) -> &str {
    plan.not_checked.iter().find(|what| what.starts_with("tokens of")).unwrap()
}

fn staying(plan: &Plan) -> Vec<&str> {
    let paths = plan.remains.iter().filter(|remain| remain.kind == RemainKind::Path);
    paths.map(|remain| remain.what.as_str()).collect()
}

const BY_TOKEN: &str = "create serviceaccounts/root --subresource=token in namespace kube-x (ClusterRoleBinding/-/mint) -> \
                        ServiceAccount/kube-x/root";

#[test]
fn a_plan_says_what_the_identity_can_become_and_whose_tokens_it_could_have() {
    let agreed = plan(&case("cluster-admin", &[bound("mint", "mint", &[user("200-1")])]));
    let full = format!("administrator of the cluster: {BY_TOKEN}, then full rights (ClusterRoleBinding/-/root)");
    assert_eq!(texts(&agreed), [format!("200-1 Exact {full}")]);
    assert_eq!(tokens(&agreed), "tokens of ServiceAccounts that it could reach: any");
    assert_eq!(staying(&agreed), [""; 0]);
    let without = Plan { paths: Vec::new(), ..agreed.clone() };
    assert!(without.is_sealed() && without.hash == agreed.hash, "what it can become is not agreed to");

    let one = plan(&case("act", &[bound("mint", "mint", &[user("200-1")])]));
    assert_eq!(texts(&one), [format!("200-1 Exact ServiceAccount/kube-x/root: {BY_TOKEN}")]);
    assert_eq!(tokens(&one), "tokens of ServiceAccounts that it could reach: kube-x/root");

    let none = plan(&case("act", &[bound("act", "act", &[user("200-2")])]));
    assert_eq!((texts(&none), tokens(&none)), (Vec::new(), "tokens of ServiceAccounts that it could reach"));
}

#[test]
fn what_depends_on_more_is_a_path_and_stands_for_all_of_its_kind() {
    let plan = plan(&case("act", &[bound("run", "run", &[user("200-1"), robot()])]));
    let [only] = plan.paths.as_slice() else { panic!("{:?}", texts(&plan)) };
    assert_eq!(only.path.certainty(), Certainty::Depends);
    assert_eq!(only.path.target, Target::ServiceAccount { namespace: None, name: None });
    assert_eq!(tokens(&plan), "tokens of ServiceAccounts that it could reach: any");
}

/// What groups and mappings give is not taken away, and is found beside them.
#[test]
fn what_stays_possible_by_groups_and_mappings_remains() {
    let everyone = [group("system:authenticated")];
    let plan_of_group = plan(&case("cluster-admin", &[bound("mint", "mint", &everyone)]));
    let end = format!(
        "can still become administrator of the cluster: {BY_TOKEN}, then full rights (ClusterRoleBinding/-/root)"
    );
    assert_eq!(staying(&plan_of_group), [format!("by its groups it {end}")]);
    assert!(
        plan_of_group.remains.iter().any(|remain| remain.kind == RemainKind::GroupGrant && remain.kind.is_access())
    );
    assert!(!RemainKind::Path.is_access(), "what leads there is access, and is found by itself");

    let only_perhaps = plan(&case("cluster-admin", &[bound("run", "run", &everyone)]));
    assert_eq!(staying(&only_perhaps), [""; 0], "what depends on more is not said to remain");

    let own = bound("own", "cluster-admin", &[user("200-1")]);
    let over_itself = plan(&case("view", &[bound("act", "act", &everyone), own]));
    assert_eq!(staying(&over_itself), [""; 0], "its own name holds nothing afterwards");

    let mapping = Mapping {
        origin: MappingOrigin::Object,
        name: "m".into(),
        identity: MappedIdentity::Arn("acs:ram::1:user/carl".into()),
        uid: Uid::parse(CARL),
        account: None,
        username: "ann".into(),
        groups: Vec::new(),
        created: None,
    };
    let bindings = [bound("mint", "mint", &[user("ann")]), bound("root", "cluster-admin", &[root()])];
    let mut input = case_of(vec![target(CARL)], &bindings, vec![mapping]);
    more_roles(&mut input);
    let mapped = plan(&input);
    assert_eq!(staying(&mapped), [format!("by RAMIdentityMapping/-/m it {end}")]);
    assert!(texts(&mapped)[0].starts_with("ann Exact administrator"), "{:?}", texts(&mapped));
}

#[test]
fn without_the_roles_nothing_is_said_of_paths_but_that() {
    let mut input = case("cluster-admin", &[bound("mint", "mint", &[user("200-1")])]);
    let unread = "all that it can become: not every binding and role was read";
    assert!(!plan(&input).not_checked.iter().any(|what| what == unread));
    input.unread = vec!["cannot list clusterroles".into()];
    let some = plan(&input);
    assert!(!some.paths.is_empty() && some.not_checked.iter().any(|what| what == unread), "{some:?}");
    input.roles = Roles::unread();
    let none = plan(&input);
    assert!(none.paths.is_empty() && none.not_checked.iter().any(|what| what == unread), "{none:?}");
}

/// An operation that is gone on with has taken the rights away already.
#[test]
fn what_an_earlier_plan_found_is_not_forgotten() {
    let before = plan(&case("act", &[bound("mint", "mint", &[user("200-1")])]));
    let now = plan(&case("act", &[]));
    assert_eq!(tokens(&now), "tokens of ServiceAccounts that it could reach");
    let again = |case: &RevocationInput| {
        let flags = Flags::default();
        let draft = Draft::of(case, &flags, &[], RevokeMode::Single, &DryRuns::new());
        Plan::with_earlier(vec![draft], flags, Vec::new(), &before.paths)
    };
    let without_rights = again(&case("act", &[]));
    assert_eq!((without_rights.paths.len(), tokens(&without_rights)), (1, tokens(&before)));
    assert_eq!(without_rights.hash, now.hash);
    let with_rights = again(&case("act", &[bound("mint", "mint", &[user("200-1")])]));
    assert_eq!((with_rights.paths.len(), tokens(&with_rights)), (1, tokens(&before)));
}

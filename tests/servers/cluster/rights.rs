//! What `rights` and `who-can` conclude from bindings and roles, held against the API server's own access reviews: the cases in which
//! other tools are wrong, and questions made by chance.

use ackcred_sandbox::apiserver;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use kubectl_ackcred::internals::{
    AccessQuestion, Attributes, BindingIndex, Inventory, Kinds, Place, Roles, UserInfo, held_rules, rule_allows,
    who_can,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cluster::calls::{connect, read};
use crate::cluster::local_evaluation::{Chance, disagreements, one, some};
use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// What was read of a cluster.
struct ClusterRules {
    inventory: Inventory,
    roles: Roles,
    kinds: Kinds,
}

impl ClusterRules {
    fn read(cluster: &dyn Cluster, runtime: &Runtime) -> Self {
        let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
        let (inventory, roles) = runtime.block_on(read(&admin));
        let discovery = runtime.block_on(admin.discovery());
        assert!(discovery.unread.is_empty(), "{:?}", discovery.unread);
        Self { inventory, roles, kinds: discovery.kinds }
    }

    /// Whether one of the subjects that may do it is the user.
    fn by_who_can(&self, info: &UserInfo, attributes: &Attributes) -> bool {
        let namespace = Some(attributes.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let mut question = AccessQuestion::new(attributes.clone(), namespace, &self.kinds);
        if namespace.is_none() && question.place == Place::Anywhere {
            // A review without a namespace is about all of them.
            question.place = Place::Cluster;
        }
        let allowed = who_can(&self.inventory, &self.roles, &question);
        allowed.iter().filter(|one| one.names.is_empty()).any(|one| {
            let name = one.subject.name();
            match one.subject.kind() {
                "User" => name == info.name,
                "Group" => info.groups.iter().any(|group| group == name),
                _ => {
                    let namespace = one.subject.namespace().or(one.binding.namespace()).unwrap_or_default();
                    info.name == format!("system:serviceaccount:{namespace}:{name}")
                }
            }
        })
    }

    /// Whether one of the rules that the user holds and that are not inert allows it.
    fn by_rights(&self, info: &UserInfo, attributes: &Attributes) -> bool {
        let index = BindingIndex::new(&self.inventory);
        held_rules(&index, &self.roles, &self.kinds, info).iter().any(|held| {
            let holds_there = match held.binding.namespace() {
                None => true,
                Some(namespace) => attributes.path.is_none() && namespace == attributes.namespace,
            };
            held.inert.is_none() && holds_there && rule_allows(&held.rule, attributes)
        })
    }
}

fn user_info(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo { name: name.to_owned(), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
}

/// A request in few words: `verb group resource/subresource name namespace`, each `-` for none, or `verb /path`.
fn request(text: &str) -> Attributes {
    let parts: Vec<&str> = text.split(' ').map(|part| if part == "-" { "" } else { part }).collect();
    match parts[..] {
        [verb, path] => Attributes { verb: verb.into(), path: Some(path.into()), ..Attributes::default() },
        [verb, group, resource, name, namespace] => {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let texts = [verb, group, resource, subresource, name, namespace].map(str::to_owned);
            let [verb, group, resource, subresource, name, namespace] = texts;
            Attributes { verb, group, resource, subresource, name, namespace, path: None }
        }
        _ => panic!("{text:?} is no request"),
    }
}

/// A case: its binding's namespace, rules, subject, and what is asked of whom with which answer.
type Case = (&'static str, Value, Value, &'static [(&'static str, &'static [&'static str], &'static str, bool)]);

fn rule(verbs: &[&str], group: &str, resources: &[&str], names: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names})
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "name": name})
}

fn hard_cases() -> Vec<Case> {
    vec![
        (
            "",
            rule(&["impersonate"], "", &["users", "groups"], &[]),
            user("h-impersonate"),
            &[
                ("h-impersonate", &[], "impersonate - users bo -", true),
                ("h-impersonate", &[], "impersonate - groups system:masters -", true),
                ("h-impersonate", &[], "impersonate authentication.k8s.io users bo -", false),
            ],
        ),
        (
            "",
            rule(&["impersonate:user-info"], "authentication.k8s.io", &["users"], &[]),
            user("h-constrained"),
            &[
                ("h-constrained", &[], "impersonate:user-info authentication.k8s.io users bo -", true),
                ("h-constrained", &[], "impersonate:user-info - users bo -", false),
            ],
        ),
        (
            "",
            rule(&["approve"], "certificates.k8s.io", &["signers"], &["kubernetes.io/kube-apiserver-client"]),
            user("h-approve"),
            &[
                ("h-approve", &[], "approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client -", true),
                ("h-approve", &[], "approve certificates.k8s.io signers kubernetes.io/other -", false),
                ("h-approve", &[], "approve certificates.k8s.io signers - -", false),
            ],
        ),
        (
            "hard",
            rule(&["get"], "", &["pods/log"], &[]),
            user("h-log"),
            &[
                ("h-log", &[], "get - pods/log x hard", true),
                ("h-log", &[], "get - pods log hard", false),
                ("h-log", &[], "get - pods - hard", false),
            ],
        ),
        (
            "",
            rule(&["get"], "", &["*/log"], &[]),
            user("h-any-log"),
            &[("h-any-log", &[], "get - pods/log - -", true), ("h-any-log", &[], "get - pods/exec - -", false)],
        ),
        (
            "",
            json!({"verbs": ["get"], "nonResourceURLs": ["/logs/*"]}),
            user("h-paths"),
            &[("h-paths", &[], "get /logs/x", true), ("h-paths", &[], "get /logs", false)],
        ),
        (
            "hard",
            json!({"verbs": ["get"], "nonResourceURLs": ["*"]}),
            user("h-paths-here"),
            &[("h-paths-here", &[], "get /logs/x", false), ("h-paths-here", &[], "get /metrics", false)],
        ),
        (
            "hard",
            rule(&["get", "list"], "", &["nodes", "namespaces"], &[]),
            user("h-nodes-here"),
            &[
                ("h-nodes-here", &[], "get - nodes n1 -", false),
                ("h-nodes-here", &[], "list - nodes - -", false),
                ("h-nodes-here", &[], "list - namespaces - -", false),
                ("h-nodes-here", &[], "get - namespaces hard hard", true),
            ],
        ),
        (
            "",
            rule(&["*"], "", &["*"], &[]),
            user("h-core"),
            &[
                ("h-core", &[], "* - * - -", true),
                ("h-core", &[], "* * * - -", false),
                ("h-core", &[], "impersonate - groups system:masters -", true),
                ("h-core", &[], "get apps deployments - -", false),
            ],
        ),
        (
            "hard",
            rule(&["get", "list"], "", &["secrets"], &["db"]),
            user("h-named"),
            &[
                ("h-named", &[], "get - secrets db hard", true),
                ("h-named", &[], "list - secrets db hard", true),
                ("h-named", &[], "get - secrets - hard", false),
                ("h-named", &[], "list - secrets - hard", false),
            ],
        ),
        (
            "",
            rule(&["get"], "", &["secrets"], &["*"]),
            user("h-star-name"),
            &[("h-star-name", &[], "get - secrets db hard", false), ("h-star-name", &[], "get - secrets - -", false)],
        ),
        (
            "",
            rule(&["get"], "", &["pods/*"], &[]),
            user("h-sub-star"),
            &[("h-sub-star", &[], "get - pods/log - -", false), ("h-sub-star", &[], "get - pods - -", false)],
        ),
        (
            "",
            rule(&["get"], "", &["configmaps"], &[]),
            user("20000000000000003"),
            &[
                ("20000000000000003", &[], "get - configmaps - -", true),
                ("200000000000000031", &[], "get - configmaps - -", false),
                ("2000000000000000", &[], "get - configmaps - -", false),
                ("20000000000000003-1", &[], "get - configmaps - -", false),
            ],
        ),
        (
            "hard",
            rule(&["list"], "", &["secrets"], &[]),
            user("system:serviceaccount:hard:robot"),
            &[
                ("system:serviceaccount:hard:robot", &["system:serviceaccounts"], "list - secrets - hard", true),
                ("system:serviceaccount:hard:robots", &["system:serviceaccounts"], "list - secrets - hard", false),
            ],
        ),
        (
            "",
            rule(&["get"], "", &["pods/log"], &[]),
            json!({"kind": "Group", "name": "h-everyone"}),
            &[
                ("somebody", &["h-everyone"], "get - pods/log - -", true),
                ("h-everyone", &[], "get - pods/log - -", false),
            ],
        ),
        (
            "",
            rule(&["*"], RBAC_GROUP, &["clusterroles"], &[]),
            user("h-star-verb"),
            &[
                ("h-star-verb", &[], "escalate rbac.authorization.k8s.io clusterroles x -", true),
                ("h-star-verb", &[], "bind rbac.authorization.k8s.io clusterroles x hard", true),
            ],
        ),
        (
            "hard",
            rule(&["bind", "escalate"], RBAC_GROUP, &["clusterroles"], &[]),
            user("h-bind-here"),
            &[
                ("h-bind-here", &[], "bind rbac.authorization.k8s.io clusterroles x hard", true),
                ("h-bind-here", &[], "bind rbac.authorization.k8s.io clusterroles x -", false),
                ("h-bind-here", &[], "escalate rbac.authorization.k8s.io clusterroles x -", false),
            ],
        ),
        (
            "hard",
            rule(&["*"], "*", &["*"], &[]),
            user("h-namespace-admin"),
            &[
                ("h-namespace-admin", &[], "* * * - hard", true),
                ("h-namespace-admin", &[], "* * * - -", false),
                ("h-namespace-admin", &[], "get - nodes - -", false),
            ],
        ),
        (
            "",
            rule(&["get"], "", &["pods/exec"], &[]),
            user("h-get-exec"),
            &[
                ("h-get-exec", &[], "get - pods/exec x hard", true),
                ("h-get-exec", &[], "create - pods/exec x hard", false),
            ],
        ),
    ]
}

fn fill_hard_cases(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    setting.namespace("hard");
    for (index, (namespace, rule, subject, _)) in hard_cases().into_iter().enumerate() {
        let role = format!("hard-{index}");
        setting.role(&role, &json!([rule]));
        bind(&mut setting, namespace, &role, &role, &json!([subject]));
    }
    bind(&mut setting, "", "hard-dangling", "hard-no-such-role", &json!([user("h-dangling")]));
    cluster.catch_up().unwrap();
}

fn bind(setting: &mut Transcript<'_>, namespace: &str, name: &str, role: &str, subjects: &Value) {
    let path = match namespace {
        "" => format!("{RBAC}/clusterrolebindings"),
        namespace => format!("{}/rolebindings", rbac_in(namespace)),
    };
    let body = json!({
        "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role},
    });
    setting.prepare("POST", &path, &body, 201);
}

fn hard_cases_hold(cluster: &dyn Cluster) {
    fill_hard_cases(cluster);
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let rules = ClusterRules::read(cluster, &runtime);
    let mut questions = Vec::new();
    let mut wrong = Vec::new();
    let asked = hard_cases().into_iter().flat_map(|(.., asked)| asked);
    let dangling: &[(&str, &[&str], &str, bool)] = &[("h-dangling", &[], "get - pods - -", false)];
    for (name, groups, text, expected) in asked.chain(dangling) {
        let (info, attributes) = (user_info(name, groups), request(text));
        for (by, found) in
            [("who-can", rules.by_who_can(&info, &attributes)), ("rights", rules.by_rights(&info, &attributes))]
        {
            if found != *expected {
                wrong.push(format!("{by}: {name} {text}: {found}"));
            }
        }
        questions.push((info, attributes, *expected));
    }
    assert!(wrong.is_empty() && questions.len() > 40, "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let wrong = runtime.block_on(disagreements(&admin, questions));
    assert!(wrong.is_empty(), "the API server differs in {}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hard_cases_are_answered_as_by_the_sandbox() {
    hard_cases_hold(&apiserver::ApiServer::start(apiserver::ApiServerOptions::default()).unwrap());
}

#[test]
fn hard_cases_are_answered_as_by_the_real_api_server() {
    let Some(assets) = assets_for("tests/servers cluster rights hard cases") else { return };
    hard_cases_hold(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap());
}

const NAMESPACES: [&str; 3] = ["rights-a", "rights-b", "rights-c"];
const USERS: [&str; 4] =
    ["200-1", "ann", "system:serviceaccount:rights-a:robot", "system:serviceaccount:rights-b:robot"];
const GROUPS: [&str; 3] = ["ops", "system:authenticated", "system:serviceaccounts:rights-a"];
const VERBS: [&str; 7] = ["get", "list", "create", "delete", "bind", "escalate", "*"];
const API_GROUPS: [&str; 4] = ["", "apps", RBAC_GROUP, "*"];
const RESOURCES: [&str; 12] = [
    "pods",
    "pods/log",
    "pods/*",
    "*/log",
    "configmaps",
    "deployments",
    "nodes",
    "namespaces",
    "clusterroles",
    "roles",
    "*",
    "*/*",
];
const NAMES: [&str; 4] = ["x", "y", "*", "rights-a"];
const URLS: [&str; 4] = ["/rights", "/rights/*", "*", "/rights*"];
const PATHS: [&str; 4] = ["/rights", "/rights/a", "/rightsize", "/other"];

/// The seed of what is made by chance: `ACKCRED_TEST_SEED`, or the same in every run.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let given = std::env::var("ACKCRED_TEST_SEED").ok();
    given.map_or(1, |text| text.parse().unwrap())
}

fn chance(seed: u64) -> Chance {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Chance::new(TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)))
}

fn random_rule() -> impl Strategy<Value = Value> {
    let several = |texts: &'static [&'static str]| proptest::sample::subsequence(texts, 2..texts.len());
    let names = prop_oneof![4 => Just(Vec::new()), 1 => some(&NAMES)];
    let resources = (several(&VERBS), several(&API_GROUPS), several(&RESOURCES), names).prop_map(
        |(verbs, groups, resources, names)| {
            json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
        },
    );
    let paths = (some(&VERBS), some(&URLS)).prop_map(|(verbs, urls)| json!({"verbs": verbs, "nonResourceURLs": urls}));
    prop_oneof![5 => resources, 1 => paths]
}

fn random_subject() -> impl Strategy<Value = Value> {
    let account = proptest::sample::select(&NAMESPACES[..])
        .prop_map(|namespace| json!({"kind": "ServiceAccount", "name": "robot", "namespace": namespace}));
    prop_oneof![
        one(&USERS).prop_map(|name| json!({"kind": "User", "name": name})),
        one(&GROUPS).prop_map(|name| json!({"kind": "Group", "name": name})),
        account,
    ]
}

fn fill_by_chance(cluster: &dyn Cluster, chance: &mut Chance) {
    let mut setting = Transcript::new(cluster);
    NAMESPACES.iter().for_each(|namespace| setting.namespace(namespace));
    for index in 0..14 {
        let rules = chance.many(random_rule(), 0..4);
        setting.role(&format!("rights:{index}"), &json!(rules));
    }
    for index in 0..60 {
        let namespace = if index % 4 == 0 { "" } else { NAMESPACES[index % 4 - 1] };
        let subjects = json!(chance.many(random_subject(), 0..4));
        // Now and then a role that isn't there.
        let role = format!("rights:{}", chance.of(0..16));
        bind(&mut setting, namespace, &format!("rights-{index}"), &role, &subjects);
    }
    cluster.catch_up().unwrap();
}

/// A request as API servers make them: what is in no namespace is asked without one, a namespace in itself, and what is to be
/// created has no name.
fn random_request(chance: &mut Chance) -> Attributes {
    let verb = chance.of(one(&VERBS));
    if chance.of(0..8) == 0 {
        return Attributes { verb, path: Some(chance.of(one(&PATHS))), ..Attributes::default() };
    }
    let kinds = [
        ("", "pods"),
        ("", "configmaps"),
        ("", "nodes"),
        ("", "namespaces"),
        ("apps", "deployments"),
        (RBAC_GROUP, "clusterroles"),
        (RBAC_GROUP, "roles"),
        ("*", "*"),
    ];
    let (group, resource) = kinds[chance.of(0..kinds.len())];
    let subresource = if resource == "pods" && chance.of(0..3) == 0 { "log" } else { "" };
    let name = chance.of(one(&["x", "y", "z", "", "rights-a"]));
    let name = if verb == "create" && subresource.is_empty() { String::new() } else { name };
    let namespace = chance.of(one(&["rights-a", "rights-b", "rights-c", "default", ""]));
    let (name, namespace) = match (verb.as_str(), resource) {
        ("list" | "create", "namespaces") | (_, "nodes") => (name, String::new()),
        (_, "namespaces") => ("rights-a".to_owned(), "rights-a".to_owned()),
        ("bind" | "*", "clusterroles") => (name, namespace),
        (_, "clusterroles") => (name, String::new()),
        _ => (name, namespace),
    };
    let [group, resource, subresource] = [group, resource, subresource].map(str::to_owned);
    Attributes { verb, group, resource, subresource, name, namespace, path: None }
}

#[expect(clippy::print_stderr, reason = "a failure is repeated by its seed")]
fn chance_agrees(cluster: &dyn Cluster, count: usize) {
    let seed = seed();
    eprintln!("seed: {seed} (set ACKCRED_TEST_SEED to repeat)");
    let mut chance = chance(seed);
    fill_by_chance(cluster, &mut chance);
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let rules = ClusterRules::read(cluster, &runtime);
    let (mut questions, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let name = chance.of(one(&USERS));
        let groups = chance.of(proptest::sample::subsequence(&GROUPS[..], 0..3));
        let (info, attributes) = (user_info(&name, &groups), random_request(&mut chance));
        let (by_who_can, by_rights) = (rules.by_who_can(&info, &attributes), rules.by_rights(&info, &attributes));
        if by_who_can != by_rights {
            wrong.push(format!("{info:?} {attributes:?}: who-can {by_who_can}, rights {by_rights}"));
        }
        questions.push((info, attributes, by_who_can));
    }
    assert!(wrong.is_empty(), "{} answers differ here:\n{}", wrong.len(), wrong.join("\n"));
    let allowed = questions.iter().filter(|(.., expected)| *expected).count();
    assert!((count / 10..count * 9 / 10).contains(&allowed), "{allowed} of {count} are allowed: that tells little");
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let wrong = runtime.block_on(disagreements(&admin, questions));
    assert!(wrong.is_empty(), "the API server differs in {}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn questions_by_chance_are_answered_as_by_the_real_api_server() {
    let Some(assets) = assets_for("tests/servers cluster rights by chance") else { return };
    chance_agrees(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap(), 2000);
}

#[test]
fn questions_by_chance_are_answered_as_by_the_sandbox() {
    chance_agrees(&apiserver::ApiServer::start(apiserver::ApiServerOptions::default()).unwrap(), 500);
}

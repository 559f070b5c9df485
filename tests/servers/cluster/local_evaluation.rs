//! What RBAC allows as it is evaluated in the plugin, held against an API server's own answers.

use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver;
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};
use kubectl_ackcred::internals::{ApiServer, Attributes, PolicyRule, UserInfo, allows, binding_names, path_of, probes};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::cluster::calls::{connect, read};
use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const LANES: usize = 8;
const NAMESPACES: [&str; 3] = ["eval-a", "eval-b", "eval-c"];
const USERS: [&str; 5] =
    ["200-1", "ann", "bo", "system:serviceaccount:eval-a:robot", "system:serviceaccount:eval-b:robot"];
const GROUPS: [&str; 4] = ["ops", "ann", "system:authenticated", "system:serviceaccounts:eval-a"];
const VERBS: [&str; 6] = ["get", "list", "create", "delete", "deletecollection", "*"];
const API_GROUPS: [&str; 4] = ["", "apps", "example.com", "*"];
const RULE_RESOURCES: [&str; 9] =
    ["pods", "pods/log", "*/log", "configmaps", "deployments", "deployments/scale", "pods/*", "*/*", "*"];
const NAMES: [&str; 4] = ["x", "y", "*", ""];
const RULE_URLS: [&str; 8] = ["/eval", "/eval/*", "/eval/a", "/eval*", "/*/a", "/*", "*", "eval"];
const PATHS: [&str; 7] = ["/eval", "/eval/", "/eval/a", "/eval/a/b", "/evaluated", "/x/a", "/"];

pub(crate) fn some(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(texts, 1..3)
}

pub(crate) fn one(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(texts).prop_map(str::to_owned)
}

fn resource_rule() -> impl Strategy<Value = Value> {
    let names = prop_oneof![3 => Just(Vec::new()), 2 => some(&NAMES)];
    (some(&VERBS), some(&API_GROUPS), some(&RULE_RESOURCES), names).prop_map(|(verbs, groups, resources, names)| {
        json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
    })
}

fn path_rule() -> impl Strategy<Value = Value> {
    (some(&VERBS), some(&RULE_URLS)).prop_map(|(verbs, urls)| json!({"verbs": verbs, "nonResourceURLs": urls}))
}

fn subject(namespaced: bool) -> impl Strategy<Value = Value> {
    let account =
        (proptest::sample::select(&["robot", "other"][..]), proptest::sample::select(&NAMESPACES[..]), any::<bool>())
            .prop_map(move |(name, namespace, is_local)| match is_local && namespaced {
                true => json!({"kind": "ServiceAccount", "name": name}),
                false => json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}),
            });
    prop_oneof![
        one(&USERS).prop_map(|name| json!({"kind": "User", "name": name})),
        one(&GROUPS).prop_map(|name| json!({"kind": "Group", "name": name})),
        account,
    ]
}

/// The same answers for each kind of thing in every run and on either server.
pub(crate) struct Chance(TestRunner);

impl Chance {
    pub(crate) fn new(runner: TestRunner) -> Self {
        Self(runner)
    }

    pub(crate) fn of<T>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.0).unwrap().current()
    }

    pub(crate) fn many<T>(&mut self, strategy: impl Strategy<Value = T>, count: std::ops::Range<usize>) -> Vec<T> {
        let count = self.of(count);
        (0..count).map(|_| self.of(&strategy)).collect()
    }
}

/// Roles and bindings of all shapes.
fn fill(cluster: &dyn Cluster, chance: &mut Chance) {
    let mut setting = Transcript::new(cluster);
    NAMESPACES.iter().for_each(|namespace| setting.namespace(namespace));
    for index in 0..16 {
        let rules = chance.many(prop_oneof![3 => resource_rule(), 1 => path_rule()], 0..3);
        setting.role(&format!("eval:{index}"), &json!(rules));
    }
    for index in 0..9 {
        let rules = chance.many(resource_rule(), 1..4);
        let body = json!({"metadata": {"name": format!("eval:{}", index / 3)}, "rules": rules});
        setting.prepare("POST", &format!("{}/roles", rbac_in(NAMESPACES[index % 3])), &body, 201);
    }
    for index in 0..80 {
        let namespace = (index % 4 > 0).then(|| NAMESPACES[index % 4 - 1]);
        let path = namespace
            .map_or(format!("{RBAC}/clusterrolebindings"), |namespace| format!("{}/rolebindings", rbac_in(namespace)));
        // Now and then a role that isn't there.
        let is_role = namespace.is_some() && chance.of(any::<bool>());
        let (kind, roles) = if is_role { ("Role", 4) } else { ("ClusterRole", 18) };
        let body = json!({
            "metadata": {"name": format!("eval-{index}")}, "subjects": chance.many(subject(namespace.is_some()), 0..4),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": format!("eval:{}", chance.of(0..roles))},
        });
        setting.prepare("POST", &path, &body, 201);
    }
}

fn question(chance: &mut Chance) -> (UserInfo, Attributes) {
    let name = chance.of(prop_oneof![9 => one(&USERS), 1 => Just("nobody".to_owned())]);
    let groups = chance.of(proptest::sample::subsequence(&GROUPS[..], 0..3)).into_iter().map(str::to_owned).collect();
    let verb = chance.of(one(&VERBS));
    let attributes = if chance.of(0..6) == 0 {
        Attributes { verb, path: Some(chance.of(one(&PATHS))), ..Attributes::default() }
    } else {
        Attributes {
            verb,
            group: chance.of(one(&API_GROUPS)),
            resource: chance.of(one(&["pods", "configmaps", "deployments", "*"])),
            subresource: chance.of(prop_oneof![2 => Just(String::new()), 1 => one(&["log", "scale", "*"])]),
            name: chance.of(one(&["x", "y", "z", "", "*"])),
            namespace: chance.of(one(&["eval-a", "eval-b", "eval-c", "default", ""])),
            path: None,
        }
    };
    (UserInfo { name, groups }, attributes)
}

/// The questions that the server answers otherwise than it was expected to, in words. It hears of new bindings a moment after they
/// are made, so only what it goes on saying counts.
pub(crate) async fn disagreements(api: &ApiServer, questions: Vec<(UserInfo, Attributes, bool)>) -> Vec<String> {
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (api, mine) = (api.clone(), questions.iter().skip(lane).step_by(LANES).cloned().collect::<Vec<_>>());
        lanes.spawn(async move {
            let mut wrong = Vec::new();
            for (bearer, attributes, expected) in mine {
                let until = Instant::now() + Duration::from_secs(60);
                loop {
                    let review = api.subject_access_review(&bearer, &attributes).await.unwrap();
                    let by_rbac = review.allowed && review.is_rbac();
                    if by_rbac == expected && review.allowed == expected && !review.denied {
                        break;
                    }
                    if Instant::now() > until {
                        wrong.push(format!("{bearer:?} {attributes}: {expected} here, there {review:?}"));
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            wrong
        });
    }
    lanes.join_all().await.concat()
}

fn evaluation(cluster: &dyn Cluster, count: usize) {
    let mut chance = Chance(TestRunner::deterministic());
    fill(cluster, &mut chance);
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let (inventory, roles) = runtime.block_on(read(&admin));
    assert!(inventory.bindings().len() >= 80);

    let mut questions: Vec<(UserInfo, Attributes, bool)> = (0..count)
        .map(|_| {
            let (bearer, attributes) = question(&mut chance);
            let expected = allows(&inventory, &roles, &bearer, &attributes).is_some();
            (bearer, attributes, expected)
        })
        .collect();
    let allowed = questions.iter().filter(|(_, _, expected)| *expected).count();
    assert!((count / 10..count * 9 / 10).contains(&allowed), "{allowed} of {count} are allowed: that tells little");

    // What the probes of somebody's own grants ask is allowed on both sides.
    for name in USERS {
        let bearer = UserInfo { name: name.to_owned(), groups: vec!["system:authenticated".into()] };
        let grants: Vec<(_, &[PolicyRule])> = inventory
            .bindings()
            .iter()
            .filter(|binding| binding_names(binding, &bearer))
            .filter_map(|binding| Some((binding, roles.granted_by(binding)?.rules.as_slice())))
            .collect();
        let probes = probes(&grants, |_| false, 40);
        assert!(probes.len() == 40, "{name} has {} probes", probes.len());
        questions.extend(probes.into_iter().map(|probe| (bearer.clone(), probe, true)));
    }
    let wrong = runtime.block_on(disagreements(&admin, questions));
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));

    // Doing it is answered as asking about it.
    let ann = connect(cluster, Some(&cluster.client(&Subject::user("ann", ["ops"])).unwrap()));
    let bearer = UserInfo { name: "ann".into(), groups: vec!["ops".into(), "system:authenticated".into()] };
    let asked: Vec<(Attributes, String)> = (0..3000)
        .map(|_| question(&mut chance).1)
        .filter_map(|one| path_of(&one).map(|path| (one, path)))
        .take(120)
        .collect();
    assert!(asked.len() == 120, "{} have a path", asked.len());
    let mut denied = 0;
    for (attributes, path) in &asked {
        let status = runtime.block_on(ann.status_of_get(path)).unwrap().status;
        let expected = allows(&inventory, &roles, &bearer, attributes).is_some();
        assert!(matches!(status, 200 | 403 | 404), "{path}: {status}");
        assert_eq!(status != 403, expected, "{attributes} as GET {path} got {status}");
        denied += usize::from(!expected);
    }
    assert!((10..110).contains(&denied), "{denied} of 120 are denied: that tells little");
}

#[test]
fn what_is_evaluated_here_is_what_the_real_api_server_says() {
    let Some(assets) = assets_for("tests/servers cluster local evaluation") else { return };
    evaluation(&ControlPlane::start(&assets, &controlplane::ControlPlaneOptions::default()).unwrap(), 1000);
}

#[test]
fn what_is_evaluated_here_is_what_the_sandbox_says() {
    evaluation(&apiserver::ApiServer::start(apiserver::ApiServerOptions::default()).unwrap(), 300);
}

//! What holds in whatever cluster: taking access away touches nobody else, leaves nothing of the identity, and can be undone.

use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::cloud::{CleanBehaviour, KubeconfigRecord};
use ackcred_sandbox::people;
use kubectl_ackcred::status::Status;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};

use crate::scene::{ANN, BO, CARL, Incident, Objects, as_arranged, days, name, now};
use crate::setting::{binding, user};

/// Who has left as carl has.
const FINN: &str = people::FINN.uid;

/// How an identity's user names go on behind its UID.
const SUFFIXES: [&str; 5] = ["", "-1760000000", "-1750000000", "-1", "-a1B2c3"];

/// Users whom a careless eye takes for carl.
const LOOKALIKES: [&str; 7] = [
    "20000000000000010",
    "2000000000000001030",
    "2000000000000001030.17",
    "1200000000000000103-1760000000",
    "20000000000000010-3",
    "-200000000000000103",
    "system:200000000000000103-1760000000",
];

/// Names that may be carl's: the operator has to say whose they are.
const RESEMBLING: [&str; 4] =
    ["200000000000000103-", "200000000000000103-1-2", "200000000000000103.17", "200000000000000103@corp.example"];

/// Names that only look like an identity's where they stand.
const DIGITS: [&str; 4] = [CARL, FINN, "200000000000000103-1760000000", "7"];

/// Roles that bindings name. `Role ledger-reader` is there in `billing` alone, [`DANGLING`] nowhere.
const ROLES: [(&str, &str); 3] =
    [("ClusterRole", "cs:ns:dev"), ("ClusterRole", "cs:restricted"), ("Role", "ledger-reader")];
const EVERYTHING: (&str, &str) = ("ClusterRole", "cluster-admin");
const DANGLING: (&str, &str) = ("ClusterRole", "gone");

/// A binding to be: where it is, and what is posted there.
type Made = (BindingRef, Value);

fn leaver() -> impl Strategy<Value = Value> {
    (select(vec![CARL, CARL, FINN]), select(&SUFFIXES[..])).prop_map(|(uid, suffix)| user(&format!("{uid}{suffix}")))
}

fn group(name: &str) -> Value {
    json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn account((name, namespace): (&str, &str)) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "namespace": namespace})
}

fn somebody_else() -> impl Strategy<Value = Value> {
    let colleagues = [name(BO), BO.to_owned(), name(ANN), "alice".to_owned()];
    prop_oneof![
        select(colleagues.to_vec()).prop_map(|name| user(&name)),
        select(&LOOKALIKES[..]).prop_map(user),
        select(&RESEMBLING[..]).prop_map(user),
        select(&DIGITS[..]).prop_map(group),
        (select(vec![CARL, FINN, "releaser"]), select(vec!["shop", "billing"])).prop_map(account),
    ]
}

fn subjects() -> impl Strategy<Value = Vec<Value>> {
    let mixed = prop_oneof![2 => leaver().boxed(), 3 => somebody_else().boxed()];
    prop_oneof![
        4 => vec(mixed, 0..8),
        2 => vec(leaver(), 1..4),
        1 => vec(somebody_else(), 1..4),
        // The same one twice, with others between.
        1 => (leaver(), vec(somebody_else(), 0..3)).prop_map(|(twice, mut between)| {
            between.insert(0, twice.clone());
            between.push(twice);
            between
        }),
    ]
}

fn metadata() -> impl Strategy<Value = Value> {
    let labels = btree_map(select(vec!["team", "app.kubernetes.io/instance", "example.com/tier"]), "[a-z]{0,5}", 0..3);
    let annotations =
        btree_map(select(vec!["note", "example.com/json", "example.com/empty"]), "[ -~é\n\"\\\\]{0,12}", 0..3);
    let finalizers =
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(vec!["example.com/a", "example.com/b"], 1..=2)];
    (labels, annotations, finalizers).prop_map(
        |(labels, annotations, finalizers)| json!({"labels": labels, "annotations": annotations, "finalizers": finalizers}),
    )
}

/// One binding, now and then under a name that ACK gives to carl's.
fn made(number: usize) -> impl Strategy<Value = Made> {
    let role = prop_oneof![24 => select(&ROLES[..]), 1 => Just(EVERYTHING), 2 => Just(DANGLING)];
    let namespace = option::weighted(0.6, select(vec!["shop", "billing"]));
    (namespace, role, subjects(), metadata(), prop::bool::weighted(0.2)).prop_map(
        move |(namespace, (kind, role), subjects, metadata, acks)| {
            // A ClusterRoleBinding can't name a Role at all; in `shop` there is none of this name, which leaves it dangling.
            let (kind, role) = if namespace.is_none() && kind == "Role" { ROLES[0] } else { (kind, role) };
            // Whatever goes by a name that ACK gave to carl's the cloud takes; where carl isn't in it nobody promises anything.
            let is_carls = acks && subjects.iter().any(|subject| Leavers::of(&[CARL]).have(subject));
            let place = match namespace {
                None => BindingRef::cluster_role_binding(&format!("made:{number}")),
                Some(namespace) if is_carls => {
                    BindingRef::role_binding(namespace, &format!("{CARL}-{namespace}-rolebinding"))
                }
                Some(namespace) => BindingRef::role_binding(namespace, &format!("made:{number}")),
            };
            let mut object = binding(&place.name, kind, role, &subjects);
            object["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
            if is_carls {
                // The cloud deletes it even when it is empty: one that waits for a finalizer then can't be given back.
                object["metadata"]["finalizers"] = json!([]);
            }
            (place, object)
        },
    )
}

/// A cluster's bindings. A name is given once.
fn cluster() -> impl Strategy<Value = Vec<Made>> {
    let all: Vec<_> = (0..6).map(|number| made(number).boxed()).collect();
    (all, 1..=6_usize).prop_map(|(mut all, count)| {
        all.truncate(count);
        let mut known = std::collections::BTreeSet::new();
        all.retain(|(place, _)| known.insert(place.clone()));
        all
    })
}

/// Who leaves: identities, and names beside that the operator gives.
struct Leavers<'a> {
    uids: &'a [&'a str],
    also: Vec<&'a str>,
}

impl<'a> Leavers<'a> {
    fn of(uids: &'a [&'a str]) -> Self {
        Self { uids, also: Vec::new() }
    }

    /// Whether a subject is one of them. Written anew here, not to repeat a mistake of the plugin's.
    fn have(&self, subject: &Value) -> bool {
        let is_suffix = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii() && c.is_alphanumeric());
        let name = subject["name"].as_str().unwrap();
        let is_own = |uid: &&str| {
            let rest = name.strip_prefix(uid);
            rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(is_suffix))
        };
        subject["kind"] == "User" && (self.also.contains(&name) || self.uids.iter().any(is_own))
    }
}

fn subjects_of(object: &Value) -> Vec<Value> {
    object["subjects"].as_array().cloned().unwrap_or_default()
}

fn is_bound(leavers: &Leavers<'_>, object: &Value) -> bool {
    subjects_of(object).iter().any(|subject| leavers.have(subject))
}

/// What is left of the objects when these identities leave: others keep their places, a binding of nobody goes unless a
/// finalizer holds it.
fn without(leavers: &Leavers<'_>, objects: &Objects) -> Objects {
    let mut left = objects.clone();
    left.retain(|_, object| {
        if !is_bound(leavers, object) {
            return true;
        }
        let mut subjects = subjects_of(object);
        subjects.retain(|subject| !leavers.have(subject));
        let stays = !subjects.is_empty() || object["metadata"]["finalizers"].is_array();
        if subjects.is_empty() {
            object.as_object_mut().unwrap().remove("subjects");
        } else {
            object["subjects"] = subjects.into();
        }
        stays
    });
    left
}

/// As [`as_arranged`], subjects as a set. A list that holds nobody is none.
fn as_before(objects: Objects) -> Objects {
    let mut arranged = as_arranged(objects);
    for object in arranged.values_mut() {
        let mut subjects = subjects_of(object);
        subjects.dedup();
        let object = object.as_object_mut().unwrap();
        object.remove("subjects");
        object.extend((!subjects.is_empty()).then(|| ("subjects".to_owned(), subjects.into())));
    }
    arranged
}

/// The same objects, subjects in their order, but for what is new in each that is written.
fn in_order(mut objects: Objects) -> Objects {
    for object in objects.values_mut() {
        let metadata = object["metadata"].as_object_mut().unwrap();
        ["uid", "resourceVersion", "creationTimestamp"].iter().for_each(|own| drop(metadata.remove(*own)));
        if subjects_of(object).is_empty() {
            object.as_object_mut().unwrap().remove("subjects");
        }
    }
    objects
}

/// Whether a binding names one of the identities and a role that isn't there.
fn is_dangling(leavers: &Leavers<'_>, objects: &Objects) -> bool {
    objects.iter().any(|(place, object)| {
        let role = &object["roleRef"];
        is_bound(leavers, object)
            && (role["name"] == DANGLING.1 || (role["kind"] == "Role" && place.starts_with("RoleBinding shop/")))
    })
}

fn stage(cluster: &[Made], behaviour: CleanBehaviour) -> Incident<ackcred_sandbox::apiserver::ApiServer> {
    let incident = Incident::sandbox(|setup| {
        let finns = || KubeconfigRecord::effective(now() + days(400)).owner("RamUser", "finn");
        setup.clean_behaviour(behaviour).change_cluster(move |cluster| cluster.kubeconfig(FINN, finns()))
    });
    // Every right is asked about in every revocation: a few of them are enough here.
    for role in ["cs:ns:dev", "cs:restricted"] {
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
        let narrowed = json!([{"op": "replace", "path": "/rules", "value": rules}]);
        incident.patch(&format!("{RBAC}/clusterroles/{role}"), &narrowed);
    }
    for (place, object) in cluster {
        incident.post(&place.collection(), object);
    }
    incident
}

/// Names beside that the bindings hold.
fn resembling(objects: &Objects) -> Vec<&'static str> {
    let subjects: Vec<Value> = objects.values().flat_map(subjects_of).collect();
    let is_there = |name: &str| subjects.iter().any(|subject| subject["kind"] == "User" && subject["name"] == name);
    RESEMBLING.into_iter().filter(|name| is_there(name)).collect()
}

/// With the names beside that resemble carl's, or without them.
fn revoke_and_restore(uids: &[&str], with_resembling: bool, cluster: &[Made], behaviour: CleanBehaviour) {
    let incident = stage(cluster, behaviour);
    let before = incident.bindings();
    let alike = resembling(&before);
    let leavers = &Leavers { uids, also: if with_resembling { alike.clone() } else { Vec::new() } };
    let revoke: Vec<&str> =
        ["revoke"].iter().chain(uids).chain(&["--yes", "--settle", "0", "--force"]).copied().collect();
    let flag = if with_resembling { "--also-name" } else { "--accept-name" };
    let named: Vec<&str> = alike.iter().flat_map(|name| [flag, name]).collect();
    let (status, revoked, said) = incident.json(&[&revoke[..], &named].concat());
    assert_eq!(status, Status::Done, "{said}\n{revoked:#}");

    let after = incident.bindings();
    let bound: Vec<&String> =
        after.iter().filter(|(_, object)| is_bound(leavers, object)).map(|(place, _)| place).collect();
    assert_eq!(bound, Vec::<&String>::new(), "still bound\n{revoked:#}");
    assert_eq!(in_order(after.clone()), in_order(without(leavers, &before)), "others keep what they had\n{revoked:#}");
    for (place, object) in before.iter().filter(|(_, object)| !is_bound(leavers, object)) {
        assert_eq!(after.get(place), Some(object), "{place} was none of the leaver's");
    }

    // A name that is gone is not there to be given.
    let still_there = if with_resembling { Vec::new() } else { named };
    let (status, again, said) = incident.json(&[&revoke[..], &still_there].concat());
    assert_eq!(status, Status::Done, "{said}\n{again:#}");
    assert_eq!(incident.bindings(), after, "a second time there is nothing to do\n{again:#}");

    let operation = revoked["operation"].as_str().unwrap();
    let (status, restored, said) = incident.json(&["restore", operation, "--yes", "--force"]);
    if is_dangling(leavers, &before) {
        let refusals = restored["refusals"].as_array().unwrap();
        assert!(status == Status::Refused && refusals.iter().all(|one| one["code"] == "RoleGone"), "{restored:#}");
        assert_eq!(incident.bindings(), after, "what is refused changes nothing");
        return;
    }
    assert_eq!(status, Status::Done, "{said}\n{restored:#}");
    assert_eq!(as_before(incident.bindings()), as_before(before.clone()), "as before\n{restored:#}");
    for (place, object) in before.iter().filter(|(_, object)| !is_bound(leavers, object)) {
        assert_eq!(incident.bindings().get(place), Some(object), "{place} was none of the leaver's");
    }
}

fn cases(count: u32, seed: u64) -> Config {
    Config {
        cases: count,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(cases(12, 1))]

    #[test]
    fn one_leaves_and_comes_back_and_nobody_else_notices(cluster in cluster(), with_resembling: bool) {
        revoke_and_restore(&[CARL], with_resembling, &cluster, CleanBehaviour::OwnBindings);
    }
}

proptest! {
    #![proptest_config(cases(12, 2))]

    #[test]
    fn two_leave_and_come_back_whatever_the_cloud_cleans(
        cluster in cluster(),
        with_resembling: bool,
        behaviour in select(vec![
            CleanBehaviour::OwnBindings, CleanBehaviour::NamedBindings, CleanBehaviour::Subjects, CleanBehaviour::Nothing,
        ]),
    ) {
        revoke_and_restore(&[CARL, FINN], with_resembling, &cluster, behaviour);
    }
}

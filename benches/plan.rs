//! How fast what was heard of clusters becomes one sealed plan: a thousand bindings of two hundred leavers, in one cluster and
//! in fifty.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kubectl_ackcred::internals::{
    Answer, BindingItem, BindingKind, BindingObject, ClusterDirectory, ClusterId, ClusterScan, ClusterSources,
    Confirmation, Draft, DryRuns, Flags, Grants, InputCluster, InputTarget, Inventory, KnownCluster, KubeconfigFact,
    Listing, Operator, Plan, RevocationInput, RevokeMode, Roles, Target, Uid, Verdict,
};
use serde_json::{Value, json};

const LEAVERS: usize = 200;
const BINDINGS: usize = 1000;

fn uid(number: usize) -> Uid {
    Uid::parse(&(200_000_000_000_000_000 + number).to_string()).expect("digits are a UID")
}

/// A binding of one leaver, which another leaver and a service account share.
fn binding(number: usize) -> Value {
    let user = |number: usize| {
        let name = format!("{}-1760000000", uid(number % LEAVERS));
        json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
    };
    json!({
        "kind": "RoleBinding",
        "metadata": {"name": format!("team-{number}"), "namespace": "shop", "uid": "u", "resourceVersion": "7"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cs:ns:dev"},
        "subjects": [user(number), user(number + 1), {"kind": "ServiceAccount", "namespace": "shop", "name": "robot"}],
    })
}

fn input(number: usize) -> RevocationInput {
    let id = ClusterId::parse(&format!("c{number:032x}"));
    let bindings: Vec<Value> = (0..BINDINGS).map(binding).collect();
    let mut inventory = Inventory::default();
    for text in bindings.iter().map(Value::to_string) {
        let item: BindingItem<'_> = serde_json::from_str(&text).expect("the bench's own binding is one");
        inventory.add(BindingKind::RoleBinding, &item);
    }
    let grants = Grants::extract(inventory, Vec::new());
    let object = |value| serde_json::from_value::<BindingObject>(value).expect("the bench's own binding is one");
    RevocationInput {
        cluster: InputCluster {
            known: KnownCluster { id: id.clone(), ..KnownCluster::default() },
            key: number.to_string(),
            name: None,
            context: None,
            server: String::new(),
            ca_keys: Vec::new(),
            state: None,
            confirmation: Confirmation::ClusterProfile,
        },
        scan: ClusterScan::new(id, grants, ClusterDirectory::new(ClusterSources::not_asked())),
        roles: Roles::default(),
        minor_version: None,
        targets: (0..LEAVERS).map(target).collect(),
        bindings: bindings.into_iter().map(object).collect(),
        same_named: Vec::new(),
        namespaces: BTreeMap::new(),
        operator: Operator::default(),
        cloud: Ok(()),
        unread: Vec::new(),
        static_tokens: None,
    }
}

fn target(number: usize) -> InputTarget {
    InputTarget {
        target: Target::new(uid(number)),
        verdict: Verdict::without_uid(),
        kubeconfig: KubeconfigFact::NotListed,
        permissions: Answer::NotAsked,
        activity: None,
        elsewhere: Listing::NotAsked,
        is_resumed: false,
    }
}

fn plans(criterion: &mut Criterion) {
    let flags = Flags { rbac_only: true, ..Flags::default() };
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for (clusters, mode) in [(1, RevokeMode::Named), (50, RevokeMode::MultiCluster)] {
        let cases: Vec<RevocationInput> = (0..clusters).map(input).collect();
        group.throughput(Throughput::Elements((clusters * BINDINGS) as u64));
        group.bench_with_input(BenchmarkId::new("bindings", clusters), &cases, |bencher, cases| {
            bencher.iter(|| {
                let drafts = black_box(cases).iter().map(|input| Draft::of(input, &flags, &[], mode, &DryRuns::new()));
                Plan::new(drafts.collect(), flags.clone(), Vec::new())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, plans);
criterion_main!(benches);

//! How fast a list of bindings becomes an inventory, without the network.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kubectl_ackcred::internals::{BindingItem, BindingKind, Grants, Inventory, ListDecoder};

/// As large as the pieces that gzip hands over.
const FRAME: usize = 8 * 1024;

fn role_bindings(count: usize) -> Vec<u8> {
    let items: Vec<String> = (0..count).map(role_binding).collect();
    format!(
        r#"{{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{{"resourceVersion":"9"}},"items":[{}]}}"#,
        items.join(",")
    )
    .into_bytes()
}

fn role_binding(index: usize) -> String {
    let (uid, namespace) = (200_000_000_000_000_000 + index, index % 50);
    format!(
        r#"{{"metadata":{{"name":"{uid}-team-{namespace}-rolebinding","namespace":"team-{namespace}",
"uid":"0b0d3f52-0000-4000-8000-{index:012}","resourceVersion":"{index}","creationTimestamp":"2026-01-02T03:04:05Z",
"managedFields":[{{"manager":"ack","operation":"Update","apiVersion":"rbac.authorization.k8s.io/v1",
"time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":{{"f:roleRef":{{}},"f:subjects":{{}}}}}}]}},
"subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{uid}-1676970192"}}],
"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cs:ns:dev"}}}}"#
    )
}

fn read(body: &[u8]) -> Inventory {
    let mut inventory = Inventory::default();
    let mut decoder = ListDecoder::new(3 << 20);
    for frame in body.chunks(FRAME) {
        let fed = decoder.feed(frame, |item| {
            inventory.add(BindingKind::RoleBinding, &serde_json::from_slice::<BindingItem<'_>>(item)?);
            Ok(())
        });
        fed.expect("the bench's own list is valid");
    }
    decoder.finish().expect("the bench's own list is complete");
    inventory
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(20);
    for count in [10_000, 100_000] {
        let body = role_bindings(count);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("inventory", count), &body, |bencher, body| {
            bencher.iter(|| read(black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("grants", count), &body, |bencher, body| {
            bencher.iter(|| Grants::extract(read(black_box(body)), Vec::new()));
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);

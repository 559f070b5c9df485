//! How fast kubeconfig files become statuses and UIDs become verdicts, without files and without the network.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::{Credential as Shown, Kubeconfig as File};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use kubectl_ackcred::internals::{
    AccountDirectory, AccountSources, ClusterDirectory, ClusterSources, Credential, ExpiryLimits, Kubeconfig, Listing,
    Material, RamUser, Uid, assess_expiry, parse_kubeconfig,
};

const CONTEXTS: usize = 200;
const USERS: usize = 10_000;

fn file(kind: KeyKind) -> Vec<u8> {
    let authority = Authority::of_today().expect("a CA can be made");
    let mut file = File::new();
    for number in 0..CONTEXTS {
        let (uid, cluster) = (uid(number), format!("c{number:032x}"));
        let identity = authority.client(&Subject::ack(uid.as_str()), Validity::ack(Timestamp::UNIX_EPOCH), kind);
        let shown = Shown::of(&identity.expect("a certificate can be made"));
        file = file
            .cluster(&cluster, "https://127.0.0.1:6443", Some(&authority.certificate_pem()))
            .user(uid.as_str(), &shown)
            .context(&cluster, &cluster, uid.as_str());
    }
    file.yaml().into_bytes()
}

fn read(bytes: &[u8]) -> Kubeconfig {
    parse_kubeconfig(bytes, Arc::from(Path::new("config"))).expect("the bench's own file is valid")
}

fn kubeconfigs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kubeconfig");
    group.sample_size(20);
    for (name, kind) in [("rsa", KeyKind::Rsa), ("p256", KeyKind::EcdsaP256), ("p384", KeyKind::EcdsaP384)] {
        let bytes = file(kind);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(BenchmarkId::new("parse", name), &bytes, |bencher, bytes| {
            bencher.iter(|| read(black_box(bytes)));
        });
        let kubeconfig = read(&bytes);
        group.bench_with_input(BenchmarkId::new("expiry", name), &kubeconfig, |bencher, kubeconfig| {
            bencher.iter(|| {
                let users = kubeconfig.users.values();
                let credentials = users.map(|user| Credential::assess(&user.value, &Material::default()));
                credentials
                    .map(|credential| assess_expiry(&credential, Timestamp::UNIX_EPOCH, &ExpiryLimits::default()))
                    .collect::<Vec<_>>()
            });
        });
    }
    group.finish();
}

fn uid(number: usize) -> Uid {
    Uid::parse(&(200_000_000_000_000_000 + number).to_string()).expect("digits are a UID")
}

/// Half of the identities that a scan meets are in the account's list of users.
fn verdicts(criterion: &mut Criterion) {
    let users = (0..USERS).step_by(2).map(|number| RamUser {
        uid: uid(number),
        name: format!("user-{number}"),
        display_name: String::new(),
    });
    let voices = AccountSources { users: Listing::Complete(users.collect()), ..AccountSources::not_asked() };
    let account = AccountDirectory::new(voices);
    let cluster = ClusterDirectory::new(ClusterSources::not_asked());
    let met: Vec<Uid> = (0..USERS).map(uid).collect();
    let mut group = criterion.benchmark_group("verdict");
    group.sample_size(20).throughput(Throughput::Elements(USERS as u64));
    group.bench_function("judge", |bencher| {
        bencher.iter(|| {
            let judged = met.iter().map(|uid| (uid, account.judge(uid, &cluster)));
            judged.collect::<BTreeMap<_, _>>()
        });
    });
    group.finish();
}

criterion_group!(benches, kubeconfigs, verdicts);
criterion_main!(benches);

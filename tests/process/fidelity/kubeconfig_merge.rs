//! Loading and merging kubeconfig files, with `kubectl config view` as the judge.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use kubectl_ackcred::internals::{
    Data, Kubeconfig, LoadError, Loaded, Overrides, chain, load_kubeconfig, resolve_context,
};
use kubectl_ackcred::world::{Environment, Streams, World};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestRng, TestRunner};
use serde_json::Value;

use super::{compare, generate};

/// kubectl takes some 60 ms for each.
const CASES: u32 = 200;

/// One entry of `KUBECONFIG`.
#[derive(Clone, Debug)]
enum Entry {
    File(String),
    Missing,
    Empty,
    /// A file that was named before, by its index, spelled the same or another way.
    Again(prop::sample::Index, bool),
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = prop_oneof![
        12 => generate::file().prop_map(Entry::File),
        1 => Just(Entry::Missing),
        1 => Just(Entry::Empty),
        1 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(index, same)| Entry::Again(index, same)),
    ];
    // Most sets are small: one refused file refuses the set.
    prop_oneof![3 => prop::collection::vec(entry.clone(), 1..=1), 4 => prop::collection::vec(entry, 2..=4)]
}

/// A folder with the files of a case in it.
struct Scene {
    folder: tempfile::TempDir,
    list: String,
}

impl Scene {
    fn new(entries: &[Entry]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut names: Vec<String> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            names.push(match entry {
                Entry::Missing => "missing/config".to_owned(),
                Entry::Empty => String::new(),
                Entry::Again(earlier, same) if !names.is_empty() => {
                    let name = names[earlier.index(names.len())].clone();
                    if *same || name.is_empty() { name } else { format!("./{name}") }
                }
                Entry::Again(..) => "missing/config".to_owned(),
                Entry::File(content) => {
                    let name = format!("sub{index}/config");
                    fs::create_dir(folder.path().join(format!("sub{index}"))).unwrap();
                    fs::write(folder.path().join(&name), content).unwrap();
                    name
                }
            });
        }
        Self { folder, list: names.join(":") }
    }

    fn world(&self) -> World {
        World {
            now: jiff::Timestamp::UNIX_EPOCH,
            since: std::time::Instant::now(),
            env: Environment::new([("KUBECONFIG", self.list.as_str())]),
            home: Some(self.folder.path().join("home")),
            cwd: self.folder.path().to_owned(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(io::empty())),
                stdout: Arc::new(Mutex::new(io::sink())),
                stderr: Arc::new(Mutex::new(io::sink())),
                stdin_is_terminal: false,
                stdout_is_terminal: false,
                columns: None,
                stderr_is_terminal: false,
            },
            host: "desk".to_owned(),
            open_files: kubectl_ackcred::world::OpenFiles::default(),
        }
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        load_kubeconfig(&self.world(), None)
    }

    /// What kubectl prints, or what it complains about.
    fn ask(&self, kubectl: &Path, arguments: &[&str]) -> Result<Value, String> {
        let output = Command::new(kubectl)
            .args(["config", "view", "--raw", "-o", "json"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("KUBECONFIG", &self.list)
            .env("HOME", self.folder.path().join("home"))
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    }
}

/// kubectl, where there is one.
#[expect(clippy::disallowed_methods, reason = "the environment says where the judge is")]
fn kubectl() -> Option<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let found = assets
        .into_iter()
        .chain(folders.unwrap_or_default())
        .map(|folder| folder.join("kubectl"))
        .find(|path| path.is_file());
    let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
    assert!(found.is_some() || !required, "kubectl is required here, but neither KUBEBUILDER_ASSETS nor PATH has it");
    found
}

/// kubectl, or word that the test is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test must not look like one that ran")]
fn judge(test: &str) -> Option<PathBuf> {
    let kubectl = kubectl();
    if kubectl.is_none() {
        eprintln!("skipped: fidelity::kubeconfig_merge::{test} (no kubectl in KUBEBUILDER_ASSETS or PATH)");
    }
    kubectl
}

fn shown(entries: &[Entry]) -> String {
    entries.iter().fold(String::new(), |mut text, entry| {
        let _ = match entry {
            Entry::File(content) => writeln!(text, "--- file: {:?}", content),
            other => writeln!(text, "--- {other:?}"),
        };
        text
    })
}

fn agree(kubectl: &Path, entries: &[Entry]) -> Result<bool, TestCaseError> {
    let scene = Scene::new(entries);
    let ours = scene.load();
    if ours.as_ref().is_ok_and(|loaded| compare::has_malformed_data(&loaded.kubeconfig)) {
        return Ok(false);
    }
    match (ours, scene.ask(kubectl, &[])) {
        (Ok(loaded), Ok(view)) => {
            let (ours, theirs) = (compare::ours(&loaded.kubeconfig), compare::theirs(&view, &loaded.kubeconfig));
            prop_assert_eq!(ours, theirs, "{}", shown(entries));
            Ok(true)
        }
        (Err(_), Err(_)) => Ok(false),
        // What is no base64 and doesn't count either, because an earlier file has the same name, costs only kubectl the file.
        (Ok(_), Err(_)) if entries.iter().any(has_malformed_data) => Ok(false),
        (Ok(_), Err(complaint)) => {
            Err(TestCaseError::fail(format!("only kubectl refuses: {complaint}{}", shown(entries))))
        }
        (Err(error), Ok(_)) => {
            Err(TestCaseError::fail(format!("only this program refuses: {}\n{}", chain(&error), shown(entries))))
        }
    }
}

fn has_malformed_data(entry: &Entry) -> bool {
    let alone = Scene::new(std::slice::from_ref(entry)).load();
    alone.is_ok_and(|loaded| compare::has_malformed_data(&loaded.kubeconfig))
}

#[test]
#[expect(clippy::print_stderr, reason = "the seed repeats a failing run")]
fn the_same_contexts_clusters_and_users_or_both_refuse() {
    let Some(kubectl) = judge("the_same_contexts_clusters_and_users_or_both_refuse") else { return };
    let seed = seed();
    eprintln!("seed: {seed} (set ACKCRED_FIDELITY_SEED to repeat)");
    let config = Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let accepted = std::cell::Cell::new(0);
    let outcome = runner.run(&entries(), |entries| {
        accepted.set(accepted.get() + u32::from(agree(&kubectl, &entries)?));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(accepted.get() > CASES / 4, "too few sets were read at all: {}", accepted.get());
}

#[expect(clippy::disallowed_methods, reason = "every run tries other files, and a failing one can be repeated")]
fn seed() -> u64 {
    let given = std::env::var("ACKCRED_FIDELITY_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| jiff::Timestamp::now().as_nanosecond() as u64)
}

/// Sets that are worth asking about each time.
const SETS: &[&[&str]] = &[
    &[
        "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
        "current-context: b\ncontexts: [{name: a}, {name: b}]\n",
    ],
    &["clusters: [{name: c, cluster: {server: x}}]\n", "clusters: [{name: c, cluster: {server: y, proxy-url: z}}]\n"],
    &[
        "users: [{name: u, user: {tokenFile: t, client-key: ../k, exec: {command: bin/p}}}]\n",
        "users: [{name: v, user: {exec: {command: p}}}]\n",
    ],
    &["", "current-context: a\n"],
    &["current-context: ''\n", "current-context: a\n"],
    &["users: 7\n", "current-context: a\n"],
    &["kind: Pod\n"],
    &["users: [{name: 272, user: {token: t}}]\n"],
    &["users: [{name: \"272\", user: {token: 1234}}]\n"],
];

#[test]
fn well_known_sets_are_read_alike() {
    let Some(kubectl) = judge("well_known_sets_are_read_alike") else { return };
    for set in SETS {
        let entries: Vec<_> = set.iter().map(|text| Entry::File((*text).to_owned())).collect();
        if let Err(error) = agree(&kubectl, &entries) {
            panic!("{error}");
        }
    }
}

#[test]
fn a_context_comes_to_the_same_cluster_and_user() {
    let Some(kubectl) = judge("a_context_comes_to_the_same_cluster_and_user") else { return };
    let file = "
contexts:
- {name: one, context: {cluster: c, user: u, namespace: ns}}
- {name: two, context: {cluster: d, user: u}}
clusters:
- {name: c, cluster: {server: https://c, tls-server-name: t, certificate-authority-data: aGk=}}
- {name: d, cluster: {server: https://d, insecure-skip-tls-verify: true}}
users:
- {name: u, user: {token: t, as: x}}
";
    let scene = Scene::new(&[Entry::File(file.to_owned())]);
    let kubeconfig = scene.load().unwrap().kubeconfig;
    for name in ["one", "two"] {
        let theirs = compare::theirs(&scene.ask(&kubectl, &["--minify", "--context", name]).unwrap(), &kubeconfig);
        let context =
            resolve_context(&kubeconfig, &Overrides { context: Some(name.into()), ..Overrides::default() }).unwrap();
        let clusters = BTreeMap::from([(context.cluster_name, context.cluster.unwrap())]);
        let users = BTreeMap::from([(context.user_name, context.user.unwrap())]);
        let contexts = kubeconfig.contexts.iter().filter(|(other, _)| *other == name);
        let contexts = contexts.map(|(name, context)| (name.clone(), context.clone())).collect();
        let minified = Kubeconfig { current_context: None, contexts, clusters, users };
        let mut ours = compare::ours(&minified);
        ours["current-context"] = name.into();
        assert_eq!(ours, theirs);
    }
    assert!(scene.ask(&kubectl, &["--minify", "--context", "three"]).is_err());
}

#[test]
fn relative_paths_lead_to_the_same_files() {
    let Some(kubectl) = judge("relative_paths_lead_to_the_same_files") else { return };
    let user = |name: &str, path: &str| {
        Entry::File(format!("users: [{{name: {name}, user: {{client-certificate: {path}}}}}]\n"))
    };
    let scene = Scene::new(&[user("a", "c.pem"), user("b", "../c.pem"), user("a", "./d.pem"), user("d", "~/c.pem")]);
    for (path, content) in [("sub0/c.pem", "one"), ("c.pem", "two"), ("sub2/d.pem", "three"), ("sub3/~/c.pem", "four")]
    {
        let path = scene.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let flattened = scene.ask(&kubectl, &["--flatten"]).unwrap();
    let mut kubeconfig = scene.load().unwrap().kubeconfig;
    for user in kubeconfig.users.values_mut() {
        let content = fs::read(user.value.client_certificate.take().unwrap()).unwrap();
        user.value.client_certificate_data = Some(Data::Decoded(content));
    }
    assert_eq!(compare::ours(&kubeconfig), compare::theirs(&flattened, &kubeconfig));
}

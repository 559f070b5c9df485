//! The real kubectl and the real kube-apiserver as judges: who is connected there is connected here, and nobody else.

use std::process::Command;

use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::controlplane::{ControlPlane, ControlPlaneOptions, assets_for};
use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::{Issuer, Odds};
use super::random::Random;
use super::text::{self, Pair};
use super::{cases, keys, ours, seed};

/// How many pairs are shown to the API server in a run, besides the cases.
const PAIRS: usize = 80;

#[test]
fn a_pair_connects_here_if_it_connects_with_kubectl() {
    let Some(assets) = assets_for("tests/process judge real") else { return };
    let seed = seed();
    let random = Random::new(seed);
    let (issuer, keys) = (Issuer::of_the_cases(), keys::keys());
    let generated = (0..PAIRS).map(|number| {
        text::pair(&random, &issuer, &keys[..8], Odds { once_in: if number % 2 == 0 { 8 } else { 30 }, signed: true })
    });
    let pairs: Vec<Pair> = generated.chain(cases()).collect();
    let options = ControlPlaneOptions { more_client_authorities: issuer.pem.clone(), ..ControlPlaneOptions::default() };
    let server = ControlPlane::start(&assets, &options).unwrap();
    let mut connected = 0;
    for (pair, offline) in pairs.iter().zip(ours(&pairs)) {
        let kubeconfig = kubeconfig(pair, &server);
        let session = Session::now().unwrap();
        let file = session.write(".kube/config", kubeconfig.to_string()).unwrap();
        let kubectl = Command::new(assets.join("kubectl"))
            .args(["auth", "whoami", "-o", "json", "--kubeconfig"])
            .arg(&file)
            .output()
            .unwrap();
        let theirs = serde_json::from_slice::<Value>(&kubectl.stdout).unwrap_or_default();
        let theirs = theirs["status"]["userInfo"]["username"].as_str();
        let outcome = session.run(&["whoami", "-o", "json"]);
        let online = serde_json::from_str::<Value>(&outcome.stdout).unwrap_or_default();
        let said = || {
            let (kubectl, pair) =
                (String::from_utf8_lossy(&kubectl.stderr), String::from_utf8_lossy(&pair.certificate));
            let key = kubeconfig["users"][0]["user"]["client-key-data"].to_string();
            format!("seed {seed}: kubectl: {kubectl}\nexpiry: {offline}\nwhoami: {outcome:?}\n{pair}\n{key}")
        };
        let works = !matches!(offline["status"].as_str(), Some("Invalid" | "Expired" | "NotYetValid"));
        assert_eq!(theirs.is_some(), works, "{}", said());
        let is_unsupported = outcome.stderr.contains("kubectl-ackcred can't connect with it, kubectl can");
        match online["apiServer"]["username"].as_str() {
            Some(ours) => assert_eq!(Some(ours), theirs, "{}", said()),
            None => assert!(theirs.is_none() || is_unsupported, "{}", said()),
        }
        connected += usize::from(theirs.is_some());
    }
    let all = pairs.len();
    assert!((all / 5..all * 9 / 10).contains(&connected), "seed {seed}: {connected} pairs of {all} are connected");
}

fn kubeconfig(pair: &Pair, server: &ControlPlane) -> Value {
    let (certificate, key) = (STANDARD.encode(&pair.certificate), STANDARD.encode(&pair.key));
    let cluster = json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(server.ca_pem())});
    json!({
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "me", "user": {"client-certificate-data": certificate, "client-key-data": key}}],
    })
}

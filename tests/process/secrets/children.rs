//! Programs that are run: what stands in their command line and environment, and what other programs can see of them.

use std::fs;

use ackcred_sandbox::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::canary::{Canaries, canary};
use super::kubeconfigs::identity;
use super::watched::Watched;

/// Writes down what a program sees of itself, and fails.
const TELLING: &str = "cat /proc/$$/cmdline /proc/$$/environ > seen; exit 1";

/// Both the program for the cluster and the one for the cloud are run in turn, and everything else that holds a secret lies beside
/// them: another user's token and password, a key, the cloud's profiles. The file that they write is looked through as every other.
#[test]
fn a_program_gets_no_secret_that_its_own_entry_does_not_give_it() {
    let identity = identity();
    let (token, password, cloud) = (canary("token"), canary("password"), canary("cloud"));
    let key = identity.key().pkcs8_pem();
    let data = STANDARD.encode(&key);
    let canaries = Canaries::default()
        .secret("token", &token)
        .secret("password", &password)
        .secret("secret of the cloud", &cloud)
        .key("key", &key);
    let watched = Watched::new(Session::now().unwrap().with("PATH", "/usr/bin:/bin"), &canaries);
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
        "args": ["-c", TELLING], "provideClusterInfo": true,
    });
    let user = |name: &str, user: Value| json!({"name": name, "user": user});
    let context = |user: &str| json!({"name": user, "context": {"cluster": "c", "user": user}});
    let file = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "plugin",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [context("plugin"), context("other")],
        "users": [
            user("plugin", json!({"exec": exec})),
            user("other", json!({"token": token, "client-key-data": data, "client-certificate-data": data})),
            user("third", json!({"username": "admin", "password": password})),
        ],
    });
    watched.place(".kube/config", file.to_string());
    let profile = |name: &str, more: Value| {
        let mut profile = json!({"name": name, "mode": "External", "region_id": "cn-hangzhou"});
        profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        profile
    };
    let profiles = json!([
        profile("work", json!({"process_command": format!("/bin/sh -c '{TELLING}'")})),
        profile("other", json!({"mode": "AK", "access_key_id": "LTAIown", "access_key_secret": cloud})),
    ]);
    watched.place(".aliyun/config.json", json!({"current": "work", "profiles": profiles}).to_string());
    let plugin = "KUBERNETES_EXEC_INFO=";
    for (words, is_the_plugin) in [(&["scan", "--offline"][..], true), (&["status", crate::home::UID], false)] {
        watched.run_as("program", words);
        let seen = fs::read(watched.session.home().join("seen")).unwrap();
        let seen = String::from_utf8_lossy(&seen).into_owned();
        assert!(seen.contains("/bin/sh") && seen.contains(plugin) == is_the_plugin, "{words:?}: {seen}");
    }
}

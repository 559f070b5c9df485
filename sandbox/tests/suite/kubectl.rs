//! kubectl works against the sandbox. Runs where KUBEBUILDER_ASSETS names a folder with it.

use std::path::Path;
use std::process::Command;

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::controlplane::assets_for;
use ackcred_sandbox::story::{DEVELOPER, LEAVER, OPERATOR, Story};

fn kubectl(assets: &Path, story: &Story, file: &Path, args: &str) -> (bool, String) {
    let mut command = Command::new(assets.join("kubectl"));
    command.args(args.split(' ')).env_clear().env("KUBECONFIG", file).env("HOME", story.folder());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn kubectl_finds_its_way() {
    let Some(assets) = assets_for("sandbox/tests/suite/kubectl") else { return };
    let story = Story::start(ApiServerOptions::default()).unwrap();
    for (file, args, succeeds, shown) in [
        (&story.operator, "auth whoami", true, OPERATOR.uid),
        (&story.leaked, "auth whoami", true, LEAVER.uid),
        (&story.operator, "auth can-i delete clusterroles", true, "yes"),
        (&story.leaked, "auth can-i delete clusterroles", false, "no"),
        (&story.leaked, "auth can-i list pods -n shop", true, "yes"),
        (&story.leaked, "auth can-i --list -n shop", true, "deployments.apps"),
        (&story.operator, "get rolebindings --all-namespaces -o wide", true, DEVELOPER.uid),
        (&story.operator, "get clusterrolebindings -o yaml", true, "kind: List"),
        (&story.operator, "get clusterrolebinding cluster-admin", true, "ClusterRole/cluster-admin"),
        (&story.operator, "get configmap ack-cluster-profile -n kube-system -o yaml", true, "clusterid"),
        (&story.leaked, "get pods -n shop", true, "No resources found"),
        (&story.leaked, "get secrets -n shop", false, "cannot list resource \"secrets\""),
        (&story.operator, "get rolebinding not-there -n shop", false, "(NotFound)"),
        (&story.operator, "delete rolebinding auditors -n billing", true, "deleted"),
    ] {
        let (success, text) = kubectl(&assets, &story, file, args);
        assert!(success == succeeds && text.contains(shown), "kubectl {args}: {text}");
    }
}

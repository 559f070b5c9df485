//! kubectl works against the sandbox. Runs where KUBEBUILDER_ASSETS names a folder with it.

use std::fs;
use std::path::Path;
use std::process::Command;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{assets_for, shared};
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

/// What an administrator does with bindings: the arguments of kubectl, whether it succeeds, and what it says. `edit` runs the
/// command behind `|` on the object.
const WRITING: &[(&str, bool, &str)] = &[
    ("create clusterrolebinding ops --clusterrole=view --user=bo --group=team", true, "ops created"),
    ("create clusterrolebinding ops --clusterrole=view --user=bo", false, "already exists"),
    ("create clusterrolebinding bad/name --clusterrole=view --user=bo", false, "is invalid"),
    ("create rolebinding dev -n default --clusterrole=edit --serviceaccount=default:robot", true, "dev created"),
    ("create rolebinding dev -n nowhere --clusterrole=edit --user=bo", false, "namespaces \"nowhere\" not found"),
    ("create clusterrolebinding dry --clusterrole=view --user=bo --dry-run=server", true, "created (server dry run)"),
    ("get clusterrolebinding dry", false, "NotFound"),
    ("create role reader -n default --verb=get,list --resource=pods --resource-name=a", true, "reader created"),
    ("create clusterrole health --verb=get --non-resource-url=/healthz", true, "health created"),
    ("create clusterrole all --aggregation-rule=app=shop", true, "all created"),
    ("create namespace shop2", true, "shop2 created"),
    ("create configmap settings -n shop2 --from-literal=a=before", true, "settings created"),
    ("create -f binding.yaml", true, "team created"),
    ("create -f binding.yaml", false, "AlreadyExists"),
    ("create -f misspelt.yaml", false, "strict decoding error: unknown field"),
    ("create -f misspelt.yaml --validate=ignore", true, "misspelt created"),
    ("create -f misspelt.yaml --validate=warn", false, "AlreadyExists"),
    ("apply -f binding.yaml", true, "team configured"),
    ("apply -f binding.yaml", true, "team unchanged"),
    ("apply -f changed.yaml", true, "team configured"),
    ("apply -f other-role.yaml", false, "cannot change roleRef"),
    ("apply -f misspelt.yaml", false, "unknown field"),
    ("apply -f two.yaml", true, "second created"),
    ("edit clusterrolebinding team|sed -i s/carl/dora/", true, "team edited"),
    ("edit clusterrolebinding team|true", true, "no changes made"),
    ("edit clusterrolebinding team|sed -i s/subjects:/subject:/", false, "is invalid"),
    ("edit configmap settings -n shop2|sed -i s/before/after/", true, "settings edited"),
    ("label clusterrolebinding team tier=gold", true, "team labeled"),
    ("annotate clusterrolebinding team note=x", true, "team annotated"),
    ("set subject clusterrolebinding team --user=hal", true, "subjects updated"),
    ("replace -f binding.yaml", true, "team replaced"),
    ("patch clusterrolebinding team -p {\"metadata\":{\"labels\":{\"p\":\"1\"}}}", true, "team patched"),
    ("delete -f two.yaml", true, "second"),
];

/// Files that `WRITING` names.
fn write_files(folder: &Path) {
    let binding = |name: &str, role: &str, user: &str, more: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: {name}, labels: {{app: x}}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n\
             subjects: [{{kind: User, apiGroup: rbac.authorization.k8s.io, name: {user}}}]\n{more}"
        )
    };
    for (file, text) in [
        ("binding.yaml", binding("team", "view", "bo", "")),
        ("changed.yaml", binding("team", "view", "carl", "")),
        ("other-role.yaml", binding("team", "edit", "carl", "")),
        ("misspelt.yaml", binding("misspelt", "view", "bo", "subject: []\n")),
        ("two.yaml", format!("{}---\n{}", binding("first", "view", "bo", ""), binding("second", "view", "bo", ""))),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
}

/// Does all of `WRITING` in a cluster, and gives what kubectl said.
fn written(assets: &Path, cluster: &dyn Cluster) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let config = folder.path().join("config");
    fs::write(&config, cluster.kubeconfig(&Subject::user("admin", ["system:masters"])).unwrap()).unwrap();
    let run = |line: &str| {
        let (args, editor) = line.split_once('|').unwrap_or((line, "true"));
        let output = Command::new(assets.join("kubectl"))
            .args(args.split(' '))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            // The editor's copy of an edit that failed goes with the folder.
            .env("TMPDIR", folder.path())
            .env("KUBECONFIG", &config)
            .env("KUBE_EDITOR", editor)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    for (line, succeeds, shown) in WRITING {
        let (success, text) = run(line);
        wrong.extend((success != *succeeds || !text.contains(shown)).then(|| format!("kubectl {line}: {text}")));
        said.push(format!("kubectl {line}\n{text}"));
    }
    assert!(wrong.is_empty(), "{}: {}", cluster.url(), wrong.join("\n"));
    let left = "get clusterrolebinding,rolebinding,role,clusterrole,configmap -n default -o custom-columns=KIND:.kind,NAME:.metadata.name,LABELS:.metadata.labels,SUBJECTS:.subjects,ROLE:.roleRef,RULES:.rules,AGGREGATION:.aggregationRule,DATA:.data";
    let ours = ["ops", "dev", "team", "first", "misspelt", "reader", "health", "all", "settings"];
    let listed = run(left).1;
    let ours = listed.lines().filter(|row| row.split_whitespace().nth(1).is_some_and(|name| ours.contains(&name)));
    said.extend(ours.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")));
    said
}

/// What kubectl says without what two servers can't have in common.
fn comparable(said: &[String], cluster: &dyn Cluster) -> Vec<String> {
    let comparable = |text: &String| {
        let text = text.replace(&cluster.url(), "[server]");
        // The editor's copy of an edit that failed has a name of its own.
        text.lines().filter(|line| !line.contains("/kubectl-edit-")).collect::<Vec<_>>().join("\n")
    };
    said.iter().map(comparable).collect()
}

#[test]
fn kubectl_writes_bindings_as_with_the_real_api_server() {
    let Some(assets) = assets_for("sandbox/tests/suite/kubectl") else { return };
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let here = comparable(&written(&assets, &server), &server);
    let Some(real) = shared("sandbox/tests/suite/kubectl").unwrap() else { return };
    let there = comparable(&written(&assets, &real), &real);
    assert_eq!(here, there);
}

#[test]
fn server_side_apply_is_refused_by_name() {
    let Some(assets) = assets_for("sandbox/tests/suite/kubectl") else { return };
    let story = Story::start(ApiServerOptions::default()).unwrap();
    write_files(story.folder());
    let file = story.folder().join("binding.yaml");
    let (success, text) =
        kubectl(&assets, &story, &story.operator, &format!("apply --server-side -f {}", file.display()));
    assert!(!success && text.contains("the sandbox has no server-side apply"), "{text}");
}

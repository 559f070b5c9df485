//! A real cluster to which deploy/base was applied, with a deleted user's binding, ack-ram-authenticator, and the account beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ackcred_sandbox::cloud::{Account, AckCluster, Cloud, Permissions, Product, RamRole, Tls};
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::controlplane::{ControlPlane, ControlPlaneOptions, assets_for};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people::{ANN, BO, CARL};
use serde_json::Value;
use tempfile::TempDir;

use super::root;

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const ACCOUNT: &str = "1000000000000001";
const PROVIDER: &str = "acs:ram::1000000000000001:oidc-provider/ack-rrsa";
const ROLE: &str = "acs:ram::1000000000000001:role/ackcred-reader";

/// What is in the cluster besides deploy/base. The name of the binding is one that ACK gives.
const OBJECTS: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: ack-cluster-profile, namespace: kube-system}
data: {clusterid: c5e8f0a1b2c3d4e5f60718293a4b5c6d7, uid: "1000000000000001"}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ramidentitymappings.ramauthenticator.k8s.alibabacloud}
spec:
  group: ramauthenticator.k8s.alibabacloud
  scope: Cluster
  names: {kind: RAMIdentityMapping, listKind: RAMIdentityMappingList, plural: ramidentitymappings, singular: ramidentitymapping}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"#;

/// One at a time: each test changes what the others need.
static TURN: Mutex<()> = Mutex::new(());

/// The cluster, and what the pod finds in it.
pub(super) struct Watched {
    pub(super) plane: ControlPlane,
    pub(super) kubectl: Kubectl,
    /// Variables by which the pod reaches the account: RRSA, and where the simulated cloud is.
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) folder: TempDir,
    _cloud: Cloud,
    _turn: MutexGuard<'static, ()>,
}

/// Starts all of it, or says that it was skipped.
pub(super) fn watched() -> Option<Watched> {
    let assets = assets_for("tests/process watching")?;
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let plane = ControlPlane::start(&assets, &ControlPlaneOptions::default()).unwrap();
    let folder = TempDir::with_prefix("ackcred-watching-").unwrap();
    let kubectl = Kubectl::of_administrator(&assets, &plane, folder.path());
    kubectl.run(&["apply", "-f", "-"], OBJECTS);
    let mappings = "crd/ramidentitymappings.ramauthenticator.k8s.alibabacloud";
    kubectl.run(&["wait", "--for=condition=established", "--timeout=60s", mappings], "");
    let bound = format!("{}-clusterrolebinding", CARL.uid);
    let name = format!("--user={}-1735689600", CARL.uid);
    kubectl.run(&["create", "clusterrolebinding", &bound, "--clusterrole=cs:restricted", &name], "");
    kubectl.apply("deploy/base");
    plane.catch_up().unwrap();
    let token = kubectl.token(&["--audience=sts.aliyuncs.com"]);
    let cloud = account(&plane, &token);
    let variables = variables(&plane, &cloud, folder.path(), &token);
    Some(Watched { plane, kubectl, variables, folder, _cloud: cloud, _turn: turn })
}

/// The account, with a role that trusts the service account and may do what docs/permissions.md lists.
fn account(plane: &ControlPlane, token: &str) -> Cloud {
    let page = fs::read_to_string(root("docs/permissions.md")).unwrap();
    let policy: Value =
        serde_json::from_str(page.split("```json\n").nth(1).unwrap().split("```").next().unwrap()).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap());
    let role = RamRole::new("300000000000000902", "ackcred-reader")
        .permissions(Permissions::allowing(actions))
        .trusts_oidc(PROVIDER, token);
    let account =
        [ANN, BO].into_iter().fold(Account::new(ACCOUNT, "shop"), |account, person| person.in_account(account));
    let cluster = AckCluster::new(CLUSTER, "shop-prod").server(&plane.url());
    let tls = Tls::issued_by(plane.authority()).unwrap();
    Cloud::builder(Some(tls)).account(account.role(role).cluster(cluster)).start().unwrap()
}

fn variables(plane: &ControlPlane, cloud: &Cloud, folder: &Path, token: &str) -> Vec<(&'static str, String)> {
    let written = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let url = |product| cloud.url(product).to_owned();
    let address = plane.url();
    let (host, port) = address.trim_start_matches("https://").rsplit_once(':').unwrap();
    vec![
        ("KUBERNETES_SERVICE_HOST", host.to_owned()),
        ("KUBERNETES_SERVICE_PORT", port.to_owned()),
        ("ALIBABA_CLOUD_ROLE_ARN", ROLE.to_owned()),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", PROVIDER.to_owned()),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", written("rrsa-token", token)),
        ("SSL_CERT_FILE", written("cloud-ca.pem", &plane.ca_pem())),
        ("ACKCRED_CS_ENDPOINT", url(Product::Cs)),
        ("ACKCRED_RAM_ENDPOINT", url(Product::Ram)),
        ("ACKCRED_IMS_ENDPOINT", url(Product::Ims)),
        ("ACKCRED_STS_ENDPOINT", url(Product::Sts)),
        ("ACKCRED_METADATA_ENDPOINT", "http://127.0.0.1:1".to_owned()),
    ]
}

/// kubectl as the administrator.
pub(super) struct Kubectl {
    program: PathBuf,
    home: PathBuf,
}

impl Kubectl {
    fn of_administrator(assets: &Path, plane: &ControlPlane, home: &Path) -> Self {
        let admin = Credential::of(&plane.administrator().unwrap());
        let kubeconfig = Kubeconfig::ack(&plane.url(), &plane.ca_pem(), CLUSTER, "admin", &admin);
        fs::create_dir(home.join(".kube")).unwrap();
        fs::write(home.join(".kube/config"), kubeconfig.yaml()).unwrap();
        Self { program: assets.join("kubectl"), home: home.to_owned() }
    }

    /// Its output and its messages, or why it failed.
    pub(super) fn try_to(&self, args: &[&str], stdin: &str) -> Result<(String, String), String> {
        let mut child = Command::new(&self.program)
            .args(args)
            .env_remove("KUBECONFIG")
            .env("HOME", &self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        if output.status.success() { Ok((stdout, stderr)) } else { Err(stderr) }
    }

    pub(super) fn run(&self, args: &[&str], stdin: &str) -> (String, String) {
        self.try_to(args, stdin).unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// One object.
    pub(super) fn get(&self, target: &[&str]) -> Value {
        let args: Vec<&str> = ["get", "-o", "json"].into_iter().chain(target.iter().copied()).collect();
        serde_json::from_str(&self.run(&args, "").0).unwrap()
    }

    pub(super) fn apply(&self, folder: &str) {
        self.run(&["apply", "--server-side", "--force-conflicts", "-k", &root(folder)], "");
    }

    /// A token of the service account that deploy/base makes.
    pub(super) fn token(&self, more: &[&str]) -> String {
        let args: Vec<&str> =
            ["create", "token", "ackcred-watch", "-n", "ackcred"].into_iter().chain(more.iter().copied()).collect();
        self.run(&args, "").0.trim().to_owned()
    }

    /// The objects of a folder, as kustomize renders them.
    pub(super) fn rendered(&self, folder: &str) -> Vec<Value> {
        let (yaml, _) = self.run(&["kustomize", &root(folder)], "");
        yaml.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
    }
}

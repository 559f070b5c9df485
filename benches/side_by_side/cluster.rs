//! RoleBindings as ACK makes them, on a real API server.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use ackcred_sandbox::certs::Identity;
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::ControlPlane;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use anyhow::{Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

/// The identity of the first binding.
pub(crate) const ONE_UID: &str = "200000000000000000";
/// Its user name.
pub(crate) const ONE_USER: &str = "200000000000000000-1676970192";
const NAMESPACES: usize = 50;
/// Every so many bindings grant a Role of their namespace, the others ACK's ClusterRole.
const OWN_ROLES: usize = 10;
const WRITERS: usize = 8;
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Makes the bindings of these numbers, spread over 50 namespaces, each with one RAM user.
pub(crate) fn add_role_bindings(plane: &ControlPlane, numbers: Range<usize>) -> Result<()> {
    let administrator = plane.administrator()?;
    if numbers.start == 0 {
        add_namespaces(plane, &administrator)?;
    }
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mine = numbers.clone().skip(writer).step_by(WRITERS);
                let administrator = &administrator;
                scope.spawn(move || add_all(plane, administrator, mine))
            })
            .collect();
        writers.into_iter().try_for_each(|writer| match writer.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn add_namespaces(plane: &ControlPlane, administrator: &Identity) -> Result<()> {
    let client = Client::new(plane, Some(administrator))?;
    let rules = json!([
        {"verbs": ["*"], "apiGroups": [""], "resources": ["pods", "pods/log", "services", "configmaps", "persistentvolumeclaims"]},
        {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "daemonsets", "replicasets"]},
        {"verbs": ["*"], "apiGroups": ["batch"], "resources": ["jobs", "cronjobs"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": ["", "networking.k8s.io"], "resources": ["events", "endpoints", "ingresses"]},
    ]);
    let role = |name: &str| json!({"metadata": {"name": name}, "rules": rules}).to_string();
    create(&client, &format!("{RBAC}/clusterroles"), &role("cs:ns:dev"))?;
    for number in 0..NAMESPACES {
        let namespace = namespace(number);
        create(&client, "/api/v1/namespaces", &json!({"metadata": {"name": namespace}}).to_string())?;
        create(&client, &format!("{RBAC}/namespaces/{namespace}/roles"), &role("deployer"))?;
    }
    Ok(())
}

fn add_all(plane: &ControlPlane, administrator: &Identity, numbers: impl Iterator<Item = usize>) -> Result<()> {
    let client = Client::new(plane, Some(administrator))?;
    for number in numbers {
        let (namespace, uid) = (namespace(number), 200_000_000_000_000_000 + number);
        let has_own_role = number % OWN_ROLES == 0;
        let (kind, role) = if has_own_role { ("Role", "deployer") } else { ("ClusterRole", "cs:ns:dev") };
        let body = json!({
            "metadata": {"name": format!("{uid}-{namespace}-rolebinding")},
            "subjects": [
                {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": format!("{uid}-1676970192")},
            ],
            "roleRef": {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": role},
        });
        let path = format!("{RBAC}/namespaces/{namespace}/rolebindings");
        create(&client, &path, &body.to_string())?;
    }
    Ok(())
}

fn create(client: &Client, path: &str, body: &str) -> Result<()> {
    let reply = client.send("POST", path, &[], body)?;
    ensure!(reply.code == 201, "POST {path}: {} {}", reply.code, String::from_utf8_lossy(&reply.body));
    Ok(())
}

fn namespace(number: usize) -> String {
    format!("team-{}", number % NAMESPACES)
}

#[derive(Deserialize)]
struct Scan {
    grants: Vec<IgnoredAny>,
    incomplete: bool,
}

/// Whether a scan's JSON holds a row for every binding.
pub(crate) fn check_scan(json: &[u8], bindings: usize) -> Result<()> {
    let scan: Scan = serde_json::from_slice(json)?;
    ensure!(!scan.incomplete, "it is incomplete");
    ensure!(scan.grants.len() == bindings, "{} rows for {bindings} bindings", scan.grants.len());
    Ok(())
}

/// The administrator's credential, in files.
pub(crate) struct Files {
    pub(crate) kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Files {
    /// Writes them for a server at `url`.
    pub(crate) fn write(folder: &Path, plane: &ControlPlane, url: &str) -> Result<Self> {
        let administrator = plane.administrator()?;
        let kubeconfig = Kubeconfig::new()
            .cluster("kubernetes", url, Some(&plane.ca_pem()))
            .user("admin", &Credential::of(&administrator))
            .context("admin", "kubernetes", "admin")
            .current("admin");
        let files = Self { kubeconfig: folder.join("config"), folder: folder.to_owned() };
        let [ca, certificate, key] = files.pem();
        fs::write(ca, plane.ca_pem())?;
        fs::write(certificate, administrator.certificate_pem())?;
        fs::write(key, administrator.key().pkcs8_pem())?;
        fs::write(&files.kubeconfig, kubeconfig.yaml())?;
        Ok(files)
    }

    /// CA, certificate and key in PEM.
    pub(crate) fn pem(&self) -> [PathBuf; 3] {
        ["ca.pem", "client.pem", "client.key"].map(|name| self.folder.join(name))
    }
}

//! A small account with a past: people at work, somebody who left, and what they still hold.

mod account;
mod cluster;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::apiserver::{ApiServer, Options};
use crate::certs::{Authority, Identity, KeyKind, Subject, Validity};
use crate::clock;
use crate::cloud::Cloud;
use crate::cluster::{Cluster, ClusterError};
use crate::kubeconfigs::{Credential, Kubeconfig};

/// The file with the CA of both servers.
const CA_FILE: &str = "ca.pem";

/// The cluster's ID.
pub const CLUSTER_ID: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
/// The account that owns the cluster.
pub const ACCOUNT: &str = "1000000000000001";

/// Somebody in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The RAM user's or role's ID.
    pub uid: &'static str,
    /// The name in RAM.
    pub name: &'static str,
    /// Whether they still exist in RAM.
    pub active: bool,
    /// Whether this is a RAM role.
    pub role: bool,
}

/// The operator: an administrator of the cluster.
pub const OPERATOR: Person = Person { uid: "200000000000000101", name: "ann", active: true, role: false };
/// A developer at work.
pub const DEVELOPER: Person = Person { uid: "200000000000000102", name: "bo", active: true, role: false };
/// The one who left, and whose kubeconfig leaked.
pub const LEAVER: Person = Person { uid: "200000000000000103", name: "carl", active: false, role: false };
/// The role under which deployments run.
pub const DEPLOYER: Person = Person { uid: "300000000000000201", name: "deployer", active: true, role: true };
/// Everybody.
pub const PEOPLE: [Person; 4] = [OPERATOR, DEVELOPER, LEAVER, DEPLOYER];

/// The running story: a cluster, an account, and the files in a folder of their own; all of it goes when this is dropped.
pub struct Story {
    /// The API server.
    pub server: ApiServer,
    /// The account.
    pub cloud: Cloud,
    /// The operator's kubeconfig.
    pub operator: PathBuf,
    /// The leaver's kubeconfig, as it was found somewhere it should not be.
    pub leaked: PathBuf,
    /// The certificate and key in it.
    pub leaver: Identity,
    /// The user name in it.
    pub leaver_name: String,
    folder: TempDir,
}

impl Story {
    /// Starts the server, fills it and writes the files.
    ///
    /// # Errors
    /// Where the server doesn't start or a file can't be written.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        let now = clock::now();
        let authority = Arc::new(Authority::new(now)?);
        let server = ApiServer::start_under(Arc::clone(&authority), options)?;
        let cloud = account::start(&authority, &server, now)?;
        for object in cluster::objects(now) {
            server.put(object, "ack-console")?;
        }
        let folder = TempDir::with_prefix("ackcred-sandbox-")?;
        let own = identity(&server, OPERATOR, now)?;
        let operator = write(folder.path(), "operator.yaml", &kubeconfig(&server, OPERATOR, &own))?;
        let leaver = identity(&server, LEAVER, now)?;
        let leaked = write(folder.path(), "leaked.yaml", &kubeconfig(&server, LEAVER, &leaver))?;
        write(folder.path(), CA_FILE, &server.ca_pem())?;
        let leaver_name = user_name(LEAVER, now);
        Ok(Self { server, cloud, operator, leaked, leaver, leaver_name, folder })
    }

    /// The variables by which the operator's shell knows the cluster and the account.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("KUBECONFIG", self.operator.display().to_string()),
            ("SSL_CERT_FILE", self.folder().join(CA_FILE).display().to_string()),
        ];
        variables.extend(account::variables(&self.cloud));
        variables
    }

    /// The folder that holds the files, for more of them.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// When somebody's kubeconfig was issued: the number in its common name.
fn issued(person: Person, now: Timestamp) -> Timestamp {
    let days = if person.active { 30 } else { 400 };
    let then = now.saturating_sub(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}

/// The first second of somebody's certificate: ACK signs it right after it has made up the common name.
fn certificate_start(person: Person, now: Timestamp) -> Timestamp {
    issued(person, now).saturating_add(SignedDuration::from_secs(1)).unwrap_or(now)
}

/// Somebody's user name in the cluster: `<uid>-<seconds>`.
fn user_name(person: Person, now: Timestamp) -> String {
    format!("{}-{}", person.uid, issued(person, now).as_second())
}

fn identity(server: &ApiServer, person: Person, now: Timestamp) -> Result<Identity, ClusterError> {
    let start = certificate_start(person, now);
    let subject = Subject::ack(user_name(person, now));
    // Two people never share a key.
    let kind = if person == LEAVER { KeyKind::Rsa } else { KeyKind::OtherRsa };
    Ok(server.authority().client(&subject, Validity::ack(start), kind)?)
}

fn kubeconfig(server: &ApiServer, person: Person, identity: &Identity) -> String {
    let key = identity.key().pkcs1_pem().unwrap_or_else(|| identity.key().pkcs8_pem());
    let credential = Credential::Certificate { certificate: identity.bundle_pem(server.authority()), key };
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER_ID, person.uid, &credential).yaml()
}

fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = folder.join(name);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(text.as_bytes())?;
    fs::canonicalize(path)
}

#[cfg(test)]
mod tests {
    use crate::client::{Client, Connector};
    use crate::cloud::Product;

    use super::*;

    #[test]
    fn the_storys_cloud_cleans_the_storys_cluster() {
        let story = Story::start(Options::default()).unwrap();
        let client = Client::new(&story.server, Some(&story.server.administrator().unwrap())).unwrap();
        let bindings = || {
            let path = "/apis/rbac.authorization.k8s.io/v1/rolebindings";
            let list = client.send("GET", path, &[], "").unwrap().json();
            let names = list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone());
            names.map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let leavers = format!("{}-shop-rolebinding", LEAVER.uid);
        assert!(bindings().contains(&leavers));

        let url = story.cloud.url(Product::Cs);
        let path = format!("/cluster/{CLUSTER_ID}/user/{}/permissions", LEAVER.uid);
        let headers = account::signed(url, "DELETE", &path, "CleanClusterUserPermissions");
        let cloud = Connector::to(url, story.server.authority(), None).unwrap().client().unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = cloud.send("DELETE", &path, &headers, "").unwrap();
        assert_eq!(reply.code, 200, "{}", reply.json());
        let left = bindings();
        assert!(!left.contains(&leavers) && left.contains(&"month-end".to_owned()), "{left:?}");
    }
}

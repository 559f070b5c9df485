//! A small account with a history: an operator, a developer, a leaver, and the access that each of them holds.

pub(crate) mod account;
pub(crate) mod cluster;
pub(crate) mod people;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;

pub use self::account::ACCOUNT;
pub use self::people::{DEPLOYER, DEVELOPER, LEAVER, OPERATOR, PEOPLE};

use crate::ack;
use crate::apiserver::{ApiServer, ApiServerOptions};
use crate::certs::{Authority, CertError, Identity, KeyKind};
use crate::clock;
use crate::cloud::Cloud;
use crate::cluster::{Cluster, ClusterError};
use crate::files::write_private;
use crate::kubeconfigs::{Credential, Kubeconfig};
use crate::people::Person;
use crate::session::Session;

/// The file with the CA of both servers.
const CA_FILE: &str = "ca.pem";

/// The cluster's ID.
pub const CLUSTER_ID: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";

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
    /// If the server doesn't start or a file can't be written.
    pub fn start(options: ApiServerOptions) -> Result<Self, ClusterError> {
        let now = clock::now();
        let authority = Arc::new(Authority::new(now)?);
        let server = ApiServer::start_under(Arc::clone(&authority), options)?;
        let recorded = account::recorded(CLUSTER_ID, "shop-prod", &server.url(), now);
        let cloud = account::cloud(&authority, [recorded])?
            .on_clean(ack::cleaner(&server)?)
            .on_rotate(ack::rotator(&server)?)
            .on_issue(ack::issuer(&server))
            .start()?;
        for object in cluster::objects(CLUSTER_ID, now) {
            server.put(object, "ack-console")?;
        }
        let folder = TempDir::with_prefix("ackcred-sandbox-")?;
        let own = identity(&server, OPERATOR, now)?;
        let operator = write_private(folder.path(), "operator.yaml", &kubeconfig(&server, OPERATOR, &own))?;
        let leaver = identity(&server, LEAVER, now)?;
        let leaked = write_private(folder.path(), "leaked.yaml", &kubeconfig(&server, LEAVER, &leaver))?;
        write_private(folder.path(), CA_FILE, &server.ca_pem())?;
        let leaver_name = people::user_name(LEAVER, now);
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

    /// The operator at work, at the machine's own time.
    ///
    /// # Errors
    /// If no folder can be made.
    pub fn session(&self) -> io::Result<Session> {
        Session::now_with(self.variables())
    }

    /// The folder that holds the files, for more of them.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn identity(server: &ApiServer, person: Person, now: Timestamp) -> Result<Identity, CertError> {
    // Two people never share a key.
    let kind = if person == LEAVER { KeyKind::Rsa } else { KeyKind::OtherRsa };
    people::identity(server.authority(), person, kind, now)
}

fn kubeconfig(server: &ApiServer, person: Person, identity: &Identity) -> String {
    let credential = Credential::bundled(identity, server.authority());
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER_ID, person.uid, &credential).yaml()
}

#[cfg(test)]
mod tests {
    use crate::client::{Client, Connector};
    use crate::cloud::Product;

    use super::*;

    #[test]
    fn the_storys_cloud_cleans_the_storys_cluster() {
        let story = Story::start(ApiServerOptions::default()).unwrap();
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
        let headers = account::signed(url, "DELETE", &path, "CleanClusterUserPermissions", &[]);
        let cloud = Connector::to(url, story.server.authority(), None).unwrap().client().unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = cloud.send("DELETE", &path, &headers, "").unwrap();
        assert_eq!(reply.code, 200, "{}", reply.json());
        let left = bindings();
        assert!(!left.contains(&leavers) && left.contains(&"month-end".to_owned()), "{left:?}");
    }
}

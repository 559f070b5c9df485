//! An account with many clusters, for the tests and benches of commands that read several of them.
//!
//! Each cluster is filled as that of the story, under its own CA; the people are those of the story. The operator is an
//! administrator everywhere, and the leaver still holds grants everywhere.

mod account;
mod member;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

pub use self::member::Member;

use crate::apiserver::{Fault, Gate, Host};
use crate::certs::Authority;
use crate::clock;
use crate::cloud::Cloud;
use crate::cluster::{Cluster, ClusterError};
use crate::files::write_private;
use crate::kubeconfigs::Kubeconfig;
use crate::session::Session;
use crate::story;

const KUBECONFIG_FILE: &str = "config";
/// The file with the CA of the account's endpoints.
const CA_FILE: &str = "ca.pem";

/// How many threads the API servers of a fleet share.
const THREADS: usize = 4;

/// How a fleet differs from a plain one.
#[derive(Clone, Copy, Debug, Default)]
pub struct FleetOptions {
    /// How many clusters there are.
    pub clusters: usize,
    /// Whether ack-ram-authenticator's API group exists in them.
    pub ram_authenticator: bool,
}

/// The running clusters with the account that owns them, and the operator's files in a folder; all of it goes when this is
/// dropped.
pub struct Fleet {
    /// The clusters. Everything below names one by its place here.
    pub clusters: Vec<Member>,
    /// The account.
    pub cloud: Cloud,
    authority: Authority,
    folder: TempDir,
}

impl Fleet {
    /// Starts that many clusters.
    ///
    /// # Errors
    /// If a server doesn't start or a file can't be written.
    pub fn start(clusters: usize) -> Result<Self, ClusterError> {
        Self::start_with(FleetOptions { clusters, ..FleetOptions::default() })
    }

    /// Starts the clusters and the cloud, and writes the files.
    ///
    /// # Errors
    /// If a server doesn't start or a file can't be written.
    pub fn start_with(options: FleetOptions) -> Result<Self, ClusterError> {
        let now = clock::now();
        let hosts = (0..THREADS).map(|_| Host::start()).collect::<io::Result<Vec<_>>>()?;
        let hosts = hosts.iter().cycle().take(options.clusters).enumerate();
        let clusters = hosts
            .map(|(place, host)| Member::start(place, host, options.ram_authenticator, now))
            .collect::<Result<Vec<_>, _>>()?;
        let authority = Authority::new(now)?;
        let cloud = account::start(&authority, &clusters, now)?;
        let folder = TempDir::with_prefix("ackcred-fleet-")?;
        let fleet = Self { clusters, cloud, authority, folder };
        write_private(fleet.folder(), KUBECONFIG_FILE, &fleet.kubeconfig())?;
        write_private(fleet.folder(), CA_FILE, &fleet.authority.certificate_pem())?;
        Ok(fleet)
    }

    /// The text of the operator's kubeconfig, with a context for each cluster; the first is the current one.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_of(&(0..self.clusters.len()).collect::<Vec<_>>())
    }

    /// The same for some of the clusters, in this order.
    pub fn kubeconfig_of(&self, places: &[usize]) -> String {
        self.kubeconfig_by_way_of(places, |place| self.clusters[place].server.url())
    }

    /// The same for some of the clusters, each reached at the URL that `way` gives for it, for example through a relay.
    pub fn kubeconfig_by_way_of(&self, places: &[usize], way: impl Fn(usize) -> String) -> String {
        let ways = places.iter().map(|place| (&self.clusters[*place], way(*place)));
        kubeconfig(&ways.collect::<Vec<_>>())
    }

    /// The variables by which the operator's shell knows the clusters and the account.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |file: &str| self.folder().join(file).display().to_string();
        let mut variables = vec![("KUBECONFIG", path(KUBECONFIG_FILE)), ("SSL_CERT_FILE", path(CA_FILE))];
        variables.extend(story::account::variables(&self.cloud));
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

/// What can be wrong with a cluster: one thing at a time, each in place of the one before. Only a killed cluster stays as it is;
/// the others are well again when the faults of their server are cleared.
impl Fleet {
    /// Stops the cluster: connections are refused. The port stays reserved.
    ///
    /// # Errors
    /// If another process takes the port first.
    pub fn kill(&self, place: usize) -> io::Result<()> {
        self.clusters[place].server.shut()
    }

    /// The cluster accepts requests and answers none until the gate is opened.
    pub fn hang(&self, place: usize) -> Gate {
        let gate = Gate::new();
        self.always(place, Fault::HoldRequest(gate.clone()));
        gate
    }

    /// The cluster answers every request with 429, and asks to come again after a second.
    pub fn throttle(&self, place: usize) {
        self.always(place, Fault::Busy { retry_after: 1 });
    }

    /// Each answer of the cluster comes that much later.
    pub fn delay(&self, place: usize, time: Duration) {
        self.always(place, Fault::Delay(time));
    }

    fn always(&self, place: usize, fault: Fault) {
        let faults = self.clusters[place].server.faults();
        faults.clear();
        faults.add("*", "", usize::MAX, fault);
    }
}

/// ACK calls every cluster `kubernetes` and every user by the UID: in one file they need names that differ.
fn kubeconfig(members: &[(&Member, String)]) -> String {
    let mut file = Kubeconfig::new().current(members.first().map_or("", |(first, _)| &first.context));
    for (member, url) in members {
        let Member { id, context, server, operator, .. } = *member;
        file = file.cluster(id, url, Some(&server.ca_pem())).user(context, operator).context(context, id, context);
    }
    file.yaml()
}

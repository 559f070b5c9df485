//! An operator with a fleet of clusters, at a terminal that watches over every word it shows.

use ackcred_sandbox::cloud::{AckCluster, Network, Proxy};
use ackcred_sandbox::fleet::{Fleet, FleetOptions};
use ackcred_sandbox::session::{Outcome, Session};
use ackcred_sandbox::story::{DEVELOPER, LEAVER, OPERATOR};
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::schema::assert_keeps_to_its_schema;

/// How many grants the leaver has in each cluster.
pub(crate) const GRANTS: usize = 3;

/// A fleet and its operator.
pub(crate) struct Scene {
    pub(crate) fleet: Fleet,
    pub(crate) session: Session,
}

impl Scene {
    pub(crate) fn of(clusters: usize) -> Self {
        let fleet = Fleet::start_with(FleetOptions { clusters, ..FleetOptions::default() }).unwrap();
        let session = fleet.session().unwrap();
        let state = session.home().join("state");
        Self { session: session.with("ACKCRED_HOME", state), fleet }
    }

    /// Has the operator's kubeconfig hold the contexts of these clusters only.
    pub(crate) fn with_contexts_of(mut self, places: &[usize]) -> Self {
        let file = self.session.write("some", self.fleet.kubeconfig_of(places)).unwrap();
        self.session = self.session.with("KUBECONFIG", file);
        self
    }

    /// Has the cloud reached under its own host names, from a network.
    pub(crate) fn on_network(mut self, network: Network) -> (Self, Proxy) {
        let proxy = Proxy::start(&self.fleet.cloud, network).unwrap();
        self.session = self.session.with("HTTPS_PROXY", proxy.url());
        for product in ["CS", "RAM", "IMS", "STS"] {
            self.session = self.session.with(&format!("ACKCRED_{product}_ENDPOINT"), "");
        }
        (self, proxy)
    }

    /// Puts a cluster into a region.
    pub(crate) fn in_region(self, place: usize, region: &str) -> Self {
        self.change_cluster(place, |cluster| cluster.region(region))
    }

    /// Changes what the account has on record of a cluster.
    pub(crate) fn change_cluster(self, place: usize, change: impl FnOnce(AckCluster) -> AckCluster) -> Self {
        self.fleet.cloud.edit(|cloud_state| {
            let cluster = cloud_state.cluster_mut(&self.fleet.clusters[place].id).unwrap();
            *cluster = change(cluster.clone());
        });
        self
    }

    /// How often an operation was called.
    pub(crate) fn calls(&self, action: &str) -> usize {
        self.fleet.cloud.log().iter().filter(|request| request.action == action).count()
    }

    /// Puts another file beside the operator's kubeconfig, which comes first.
    pub(crate) fn with_file(mut self, name: &str, text: &str) -> Self {
        let first = self.fleet.folder().join("config");
        let other = self.session.write(name, text).unwrap();
        self.session = self.session.with("KUBECONFIG", std::env::join_paths([first, other]).unwrap());
        self
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.fleet.clusters.iter().map(|cluster| cluster.id.as_str()).collect()
    }

    /// Runs a command. Whatever it was, no secret that the cloud knows may be in what it said.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        let outcome = self.session.run(args);
        for stream in [&outcome.stdout, &outcome.stderr] {
            assert!(
                !self.fleet.cloud.secrets().iter().any(|secret| stream.contains(secret)),
                "{args:?} shows a secret"
            );
        }
        outcome
    }

    /// Runs a command and reads its document, which must keep to the published schema.
    pub(crate) fn json(&self, args: &[&str]) -> Report {
        let outcome = self.run(&[args, &["-o", "json"]].concat());
        let Ok(document) = serde_json::from_str::<Value>(&outcome.stdout) else { panic!("{args:?}\n{outcome}") };
        assert_keeps_to_its_schema(&document);
        Report { status: outcome.status, document, stderr: outcome.stderr }
    }

    /// How the last operation ended, by the history.
    pub(crate) fn last_outcome(&self) -> String {
        text(&self.json(&["history"]).document["operations"][0]["outcome"])
    }

    /// How many grants the leaver has in each cluster, by the word of whoever can still be asked.
    pub(crate) fn grants_of_leaver(&self) -> Vec<usize> {
        let report = self.json(&["scan", "--all-contexts", "--uid", LEAVER.uid, "--offline"]);
        let count = |id: &&str| report.grants().iter().filter(|row| row["clusterId"] == *id).count();
        self.ids().iter().map(count).collect()
    }
}

/// What a command report.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) status: Status,
    pub(crate) document: Value,
    pub(crate) stderr: String,
}

impl Report {
    pub(crate) fn grants(&self) -> &[Value] {
        self.document["grants"].as_array().unwrap()
    }

    /// The clusters that could not be read, with the reason.
    pub(crate) fn unread(&self) -> Vec<(String, String)> {
        let clusters = self.document["clusters"].as_array().unwrap().iter();
        let unread = clusters.filter(|cluster| !cluster["error"].is_null());
        unread.map(|one| (text(&one["id"]), text(&one["error"]))).collect()
    }

    pub(crate) fn ids_of(&self, list: &str) -> Vec<String> {
        let mut ids: Vec<String> =
            self.document[list].as_array().unwrap().iter().map(|one| text(&one["clusterId"])).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) const LEAVERS_UID: &str = LEAVER.uid;
pub(crate) const OPERATORS_UID: &str = OPERATOR.uid;
pub(crate) const DEVELOPERS_UID: &str = DEVELOPER.uid;

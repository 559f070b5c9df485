//! A cluster, the account that owns it, and an operator's terminal that watches over every word it shows.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cloud::{self, AccessKey, Account, Cloud, Permissions, Product, RamRole, Tls};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::{Outcome, Session};
use jiff::{SignedDuration, Timestamp};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::schema::assert_keeps_to_its_schema;

pub(crate) const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
pub(crate) const ACCOUNT: &str = "1000000000000001";
pub(crate) const OPERATOR: &str = people::ANN.uid;
pub(crate) const FROZEN: &str = people::FRED.uid;
pub(crate) const RECYCLED: &str = people::RITA.uid;
/// Gone by ACK's own word.
pub(crate) const CONFIRMED: &str = people::CARL.uid;
/// Gone: in no list of the account.
pub(crate) const INFERRED: &str = people::HAL.uid;
/// Gone, with an issued kubeconfig and without a binding.
pub(crate) const UNBOUND: &str = people::UMA.uid;
pub(crate) const ROLE: &str = people::DEPLOYER.uid;
/// Everybody who is gone.
pub(crate) const GONE: [&str; 3] = [CONFIRMED, INFERRED, UNBOUND];

pub(crate) const KEY: &str = "LTAIoperator";
pub(crate) const SECRET: &str = "operators-own-secret-0123456789";

const RBAC: &str = "rbac.authorization.k8s.io";

/// How long the real API server may take to make its own namespaces.
const UP_WITHIN: Duration = Duration::from_secs(60);

/// How many people and roles hold access.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) users: usize,
    pub(crate) roles: usize,
}

pub(crate) const SMALL: Size = Size { users: 20, roles: 5 };

#[expect(clippy::disallowed_methods, reason = "the sandbox's servers go by the machine's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// A cluster with an API server, and the cloud.
pub(crate) struct Scene<C> {
    pub(crate) server: C,
    pub(crate) cloud: Cloud,
    pub(crate) session: Session,
}

impl Scene<ApiServer> {
    /// A few people in the sandbox's cluster.
    pub(crate) fn small() -> Self {
        Self::with(|account| account)
    }

    /// The same, with more in the account.
    pub(crate) fn with(more: impl FnOnce(Account) -> Account) -> Self {
        Self::stage(ApiServer::start(ApiServerOptions::default()).unwrap(), SMALL, more)
    }
}

impl<C: Cluster> Scene<C> {
    /// Fills a server and sets up the account that owns it.
    pub(crate) fn stage(server: C, size: Size, more: impl FnOnce(Account) -> Account) -> Self {
        fill(&server, size);
        let account = more(account(&server, size));
        Self::of(server, account)
    }

    /// A cluster in which no RAM identity holds anything: the operator comes in as `system:masters`.
    pub(crate) fn empty(server: C) -> Self {
        let administrator = server.administrator().unwrap();
        let client = Client::new(&server, Some(&administrator)).unwrap();
        create(&client, PROFILES, &profile());
        let account = people::DEPLOYER
            .in_account(people::ANN.in_account(Account::new(ACCOUNT, "acme")))
            .cluster(cloud::AckCluster::new(CLUSTER, "prod").server(&server.url()));
        let config =
            Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, OPERATOR, &Credential::of(&administrator)).yaml();
        let scene = Self::of(server, account);
        scene.session.write(".kube/config", config).unwrap();
        scene
    }

    fn of(server: C, account: Account) -> Self {
        let authority = Authority::of_today().unwrap();
        let cloud = Cloud::builder(Some(Tls::issued_by(&authority).unwrap()))
            .account(account)
            .region("eu-central-1")
            .key(AccessKey::user(ACCOUNT, OPERATOR, KEY, SECRET).permissions(Permissions::everything()))
            .start()
            .unwrap();
        let mut session = Session::at(now()).unwrap();
        session.write("ca.pem", authority.certificate_pem()).unwrap();
        session.write(".kube/config", kubeconfig(&server, OPERATOR)).unwrap();
        session = session.with("SSL_CERT_FILE", "ca.pem");
        for (variable, url) in [
            ("ACKCRED_CS_ENDPOINT", cloud.url(Product::Cs)),
            ("ACKCRED_RAM_ENDPOINT", cloud.url(Product::Ram)),
            ("ACKCRED_IMS_ENDPOINT", cloud.url(Product::Ims)),
            ("ACKCRED_STS_ENDPOINT", cloud.url(Product::Sts)),
            ("ACKCRED_METADATA_ENDPOINT", cloud.metadata_url()),
            ("ACKCRED_OAUTH_ENDPOINT", cloud.oauth_url()),
        ] {
            session = session.with(variable, url);
        }
        Self { server, cloud, session }
    }

    /// Puts variables into the terminal's environment.
    pub(crate) fn variables<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        for (name, value) in variables {
            self.session = self.session.with(name, value);
        }
        self
    }

    /// Puts the operator's access key into the environment.
    pub(crate) fn signed_in(self) -> Self {
        self.variables([("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)])
    }

    /// Changes what the operator's key may do.
    pub(crate) fn permit(&self, permissions: Permissions) {
        self.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, permissions));
    }

    /// Runs a command at the most talkative level. Whatever it was, no secret that the cloud knows may be in what it said.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        let args: Vec<&str> = args.iter().copied().chain(["-vvv"]).collect();
        let outcome = self.session.run(&args);
        self.assert_no_secret_in(&args, &outcome);
        outcome
    }

    fn assert_no_secret_in(&self, args: &[&str], outcome: &Outcome) {
        let secrets = self.cloud.secrets();
        assert!(secrets.contains(SECRET));
        for stream in [&outcome.stdout, &outcome.stderr] {
            // Not by assert_eq: a failure is not to spread the secret further than it has come.
            assert!(!secrets.iter().any(|secret| stream.contains(secret)), "{args:?} shows a secret");
        }
    }

    /// Runs a command and reads its document, which must keep to the published schema.
    pub(crate) fn json(&self, args: &[&str]) -> (Status, Value, String) {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let outcome = self.run(&args);
        let Ok(document) = serde_json::from_str::<Value>(&outcome.stdout) else { panic!("{args:?}\n{outcome}") };
        assert_keeps_to_its_schema(&document);
        (outcome.status, document, outcome.stderr)
    }

    /// Scans everybody.
    pub(crate) fn scan(&self, args: &[&str]) -> Scan {
        let args: Vec<&str> = ["scan"].iter().chain(args).copied().collect();
        let (status, document, stderr) = self.json(&args);
        Scan { status, document, stderr }
    }
}

/// What a scan found.
pub(crate) struct Scan {
    pub(crate) status: Status,
    pub(crate) document: Value,
    pub(crate) stderr: String,
}

impl Scan {
    pub(crate) fn rows(&self) -> &[Value] {
        self.document["grants"].as_array().unwrap()
    }

    /// The rows of somebody.
    pub(crate) fn of(&self, uid: &str) -> Vec<&Value> {
        self.rows().iter().filter(|row| row["uid"] == uid).collect()
    }

    /// The one state that all rows of somebody tell.
    pub(crate) fn state(&self, uid: &str) -> &str {
        let states: Vec<&str> = self.of(uid).iter().map(|row| row["state"].as_str().unwrap()).collect();
        assert!(!states.is_empty() && states.iter().all(|state| *state == states[0]), "{uid}: {states:?}\n{self}");
        states[0]
    }

    pub(crate) fn evidence(&self, uid: &str) -> &str {
        self.of(uid)[0]["evidence"].as_str().unwrap()
    }

    /// Everybody in a state.
    pub(crate) fn in_state(&self, state: &str) -> Vec<&str> {
        let rows = self.rows().iter().filter(|row| row["state"] == state);
        let uids: std::collections::BTreeSet<&str> = rows.filter_map(|row| row["uid"].as_str()).collect();
        uids.into_iter().collect()
    }

    /// Nobody is called gone but those who are.
    pub(crate) fn assert_nobody_wrongly_deleted(&self) {
        for uid in self.in_state("Deleted") {
            assert!(GONE.contains(&uid), "{uid} is called Deleted\n{self}");
        }
    }

    pub(crate) fn count(&self) -> BTreeMap<&str, usize> {
        let mut count = BTreeMap::new();
        for row in self.rows() {
            *count.entry(row["state"].as_str().unwrap()).or_default() += 1;
        }
        count
    }
}

impl fmt::Display for Scan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}\n{}\n{}", self.status, self.document["cloud"], self.stderr)
    }
}

/// The subject of somebody's certificate and bindings: the UID and when the kubeconfig was issued.
pub(crate) fn subject(uid: &str) -> String {
    format!("{uid}-1760000000")
}

/// An ACK kubeconfig of somebody, as it lies in a home folder.
pub(crate) fn kubeconfig(server: &impl Cluster, uid: &str) -> String {
    let validity = Validity::ack(now() - days(30));
    let identity = server.authority().client(&Subject::ack(subject(uid)), validity, KeyKind::EcdsaP256).unwrap();
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, uid, &Credential::of(&identity)).yaml()
}

fn account(server: &impl Cluster, size: Size) -> Account {
    let lasting = || cloud::KubeconfigRecord::effective(now() + days(400));
    let cluster = cloud::AckCluster::new(CLUSTER, "prod")
        .server(&server.url())
        .kubeconfig(ACCOUNT, lasting())
        .kubeconfig(OPERATOR, lasting())
        .kubeconfig(FROZEN, lasting())
        .kubeconfig(CONFIRMED, lasting().owner("RamUser", "carl"))
        .kubeconfig(UNBOUND, cloud::KubeconfigRecord::expired(now() - days(3)).owner("RamUser", "uma"));
    let cluster =
        (1..=size.users).map(Account::numbered_user).fold(cluster, |cluster, uid| cluster.kubeconfig(&uid, lasting()));
    let account = Account::new(ACCOUNT, "acme");
    [people::ANN, people::CARL, people::FRED, people::HAL, people::RITA, people::UMA]
        .into_iter()
        .fold(account, |account, person| person.in_account(account))
        .numbered_users(size.users)
        .role(RamRole::new(ROLE, "deployer").permissions(Permissions::everything()))
        .numbered_roles(size.roles)
        .cluster(cluster)
}

const PROFILES: &str = "/api/v1/namespaces/kube-system/configmaps";

fn profile() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ack-cluster-profile"},
        "data": {"clusterid": CLUSTER, "uid": ACCOUNT},
    })
}

/// Fills the API server as ACK and its people would.
fn fill(server: &impl Cluster, size: Size) {
    let administrator = server.administrator().unwrap();
    let client = Client::new(server, Some(&administrator)).unwrap();
    create(&client, PROFILES, &profile());
    let admins = [(ACCOUNT, "cluster-admin"), (OPERATOR, "cluster-admin")];
    for (uid, role) in admins {
        let name = format!("{uid}-cluster-admin-clusterrolebinding");
        let path = format!("/apis/{RBAC}/v1/clusterrolebindings");
        create(&client, &path, &binding("ClusterRoleBinding", &name, role, &[uid.to_owned()]));
    }
    for uid in [FROZEN, RECYCLED, CONFIRMED, INFERRED, ROLE] {
        bind(&client, &format!("{uid}-default-rolebinding"), "cs:ns:dev", &[uid.to_owned()]);
    }
    let numbered = (1..=size.users).map(Account::numbered_user);
    let numbered: Vec<String> = numbered.chain((1..=size.roles).map(Account::numbered_role)).collect();
    for (number, people) in numbered.chunks(25).enumerate() {
        bind(&client, &format!("team-{number:03}"), "view", people);
    }
}

fn bind(client: &Client, name: &str, role: &str, uids: &[String]) {
    let path = format!("/apis/{RBAC}/v1/namespaces/default/rolebindings");
    create(client, &path, &binding("RoleBinding", name, role, uids));
}

fn binding(kind: &str, name: &str, role: &str, uids: &[String]) -> Value {
    let subjects: Vec<Value> =
        uids.iter().map(|uid| json!({"kind": "User", "apiGroup": RBAC, "name": subject(uid)})).collect();
    json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
    })
}

/// Creates an object. The real API server makes kube-system a moment after it is ready.
fn create(client: &Client, path: &str, object: &Value) {
    let until = Instant::now() + UP_WITHIN;
    while Instant::now() < until {
        let reply = client.send("POST", path, &[], &object.to_string()).unwrap();
        if reply.code == 201 {
            return;
        }
        assert_eq!(reply.code, 404, "{}", reply.json());
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{path} doesn't come up");
}

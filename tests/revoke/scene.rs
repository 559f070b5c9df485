//! The incident: somebody has left, their kubeconfig has leaked, and an operator sits at a terminal. It is set on the sandbox's API
//! server or on a real one, with the account beside it, and every word that is said there is watched over.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ackcred_sandbox::ack;
use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Exchange, Faults};
use ackcred_sandbox::binding::RBAC;
use ackcred_sandbox::certs::{Authority, Identity, KeyKind, Subject, Validity};
use ackcred_sandbox::client::{Client, Connector, JSON_PATCH};
use ackcred_sandbox::cloud::{AccessKey, Cloud, Permissions, Product, Tls};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::{Outcome, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kubectl_ackcred::internals::{CloudSettings, ClusterId, Connection, EndpointOverrides, Uid};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::schema::assert_keeps_to_its_schema;

use crate::setting::{self, Setup};

pub(crate) const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
pub(crate) const ACCOUNT: &str = "1000000000000001";
/// The operator: a cluster-admin.
pub(crate) const ANN: &str = people::ANN.uid;
/// Who shares a binding with the leaver.
pub(crate) const BO: &str = people::BO.uid;
/// The leaver.
pub(crate) const CARL: &str = people::CARL.uid;
/// Who is active and bound to nothing.
pub(crate) const DORA: &str = people::DORA.uid;
/// The second cluster-admin.
pub(crate) const EVE: &str = people::EVE.uid;

pub(crate) const KEY: &str = "LTAIoperator";
const SECRET: &str = "operators-own-secret-0123456789";

/// How long anything may take that happens at all, on a machine that does much else: a test that waits in vain fails then.
pub(crate) const SOON: Duration = Duration::from_secs(300);

#[expect(clippy::disallowed_methods, reason = "the sandbox's servers go by the machine's clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// The user name of somebody: the UID and when the kubeconfig was issued.
pub(crate) fn name(uid: &str) -> String {
    format!("{uid}-1760000000")
}

/// The leaver's user name in a kubeconfig of before.
pub(crate) fn former_name() -> String {
    format!("{CARL}-1750000000")
}

/// Groups of everybody who comes with a certificate by ACK.
pub(crate) const GROUPS: [&str; 2] = ["system:users", "system:authenticated"];

/// RBAC's objects by kind and name, `RoleBinding shop/team` say.
pub(crate) type Objects = BTreeMap<String, Value>;

/// The scene, set. Everything in it ends with it.
pub(crate) struct Incident<C> {
    // The cloud cleans the cluster: it has to end first.
    pub(crate) cloud: Cloud,
    pub(crate) server: C,
    /// The operator's terminal.
    pub(crate) session: Session,
    /// The leaver's kubeconfig, somewhere in the session's home.
    pub(crate) leaked: PathBuf,
    admin: Mutex<Client>,
    holder: Connector,
    operator: Connector,
    keys: Vec<String>,
    /// The keys of the kubeconfigs that the cloud has issued, as they stand in files.
    issued: Arc<Mutex<Vec<String>>>,
}

impl Incident<ApiServer> {
    /// The incident on a sandbox of its own, whose log is empty.
    pub(crate) fn sandbox(change: impl FnOnce(Setup) -> Setup) -> Self {
        Self::sandbox_with(|setup, _| change(setup))
    }

    /// The same, where the setup has faults happen.
    pub(crate) fn sandbox_with(change: impl FnOnce(Setup, Faults) -> Setup) -> Self {
        let server = ApiServer::start(ApiServerOptions::default()).unwrap();
        let faults = server.faults();
        let incident = Self::stage(server, |setup| change(setup, faults));
        incident.server.faults().forget();
        incident
    }

    /// The paths of what was answered with 401, oldest first.
    pub(crate) fn unauthorized(&self) -> Vec<String> {
        let exchanges = self.server.faults().exchanges().into_iter();
        exchanges.filter(|exchange| exchange.code == 401).map(|exchange| exchange.path).collect()
    }

    /// What was written in the cluster since, by whomever.
    pub(crate) fn changes(&self) -> Vec<Exchange> {
        self.server.faults().changes()
    }
}

impl<C: Cluster> Incident<C> {
    /// Sets the scene on a server, from which everything is swept that an incident before may have left.
    pub(crate) fn stage(server: C, change: impl FnOnce(Setup) -> Setup) -> Self {
        let mut setup = change(Setup::default());
        let cleaner = setup.cleaner(Box::new(ack::cleaner(&server).unwrap()));
        let admin = Client::new(&server, Some(&server.administrator().unwrap())).unwrap();
        setting::sweep(&server, &admin);
        setting::fill(&admin, &setup);
        server.catch_up().unwrap();

        let authority = Authority::of_today().unwrap();
        let (issuer, issued) = (ack::issuer(&server), Arc::<Mutex<Vec<String>>>::default());
        let (rotator, seen) = (setup.rotator(Box::new(ack::rotator(&server).unwrap())), Arc::clone(&issued));
        let (operator, behaviour) = (setup.operator.clone(), setup.behaviour);
        let cloud = Cloud::builder(Some(Tls::issued_by(&authority).unwrap()))
            .account(setup.account(&server.url()))
            .key(AccessKey::user(ACCOUNT, ANN, KEY, SECRET).permissions(Permissions::everything()))
            .clean_behaviour(behaviour)
            .on_clean(cleaner)
            .on_rotate(rotator)
            .on_issue(move |request| {
                issuer(request).inspect(|issued| seen.lock().unwrap().extend(key_in(&issued.config)))
            })
            .start()
            .unwrap();

        let (operators, leavers) = (identity(&server, &operator), identity(&server, &Subject::ack(name(CARL))));
        let session = Session::now().unwrap();
        session.write("ca.pem", authority.certificate_pem()).unwrap();
        session.write(".kube/config", kubeconfig(&server, ANN, &operators)).unwrap();
        let leaked = session.write("found/leaked.yaml", kubeconfig(&server, CARL, &leavers)).unwrap();
        let keys = [&operators, &leavers].into_iter().flat_map(private).collect();
        let [holder, operator] =
            [&leavers, &operators].map(|identity| Connector::new(&server, Some(identity)).unwrap());
        let session = signed_in(session, &cloud);
        Self { cloud, server, session, leaked, admin: Mutex::new(admin), holder, operator, keys, issued }
    }

    /// Ends the incident and gives the server back, as it is.
    pub(crate) fn end(self) -> C {
        self.server
    }

    /// A client of a member of `system:masters`.
    pub(crate) fn admin(&self) -> Client {
        Client::new(&self.server, Some(&self.server.administrator().unwrap())).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.asked("GET", path, &[], &Value::Null, 200)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.asked("POST", path, &[], body, 201)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Value {
        self.asked("PUT", path, &[], body, 200)
    }

    /// A JSON patch.
    pub(crate) fn patch(&self, path: &str, operations: &Value) -> Value {
        self.asked("PATCH", path, &[JSON_PATCH], operations, 200)
    }

    pub(crate) fn delete(&self, path: &str) -> Value {
        self.asked("DELETE", path, &[], &Value::Null, 200)
    }

    /// Asks as the administrator for what must be answered with `code`.
    fn asked(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value, code: u16) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = admin.send(method, path, headers, &body).unwrap();
        assert_eq!(reply.code, code, "{method} {path}: {}", reply.json());
        reply.json()
    }

    /// All of RBAC's objects as they are, but for who manages which field.
    pub(crate) fn bindings(&self) -> Objects {
        let mut objects = Objects::new();
        for (resource, kind) in setting::KINDS {
            for mut object in self.get(&format!("{RBAC}/{resource}"))["items"].as_array().unwrap().clone() {
                let metadata = object["metadata"].as_object_mut().unwrap();
                metadata.remove("managedFields");
                let place = match (metadata["name"].as_str().unwrap(), metadata.get("namespace")) {
                    (name, Some(namespace)) => format!("{kind} {}/{name}", namespace.as_str().unwrap()),
                    (name, None) => format!("{kind} {name}"),
                };
                objects.insert(place, object);
            }
        }
        objects
    }

    /// The names of a binding's subjects in their order, a ServiceAccount's as `namespace/name`; `None` where there is no such
    /// binding. A ClusterRoleBinding has no namespace.
    pub(crate) fn subjects(&self, kind: &str, namespace: &str, name: &str) -> Option<Vec<String>> {
        let place = if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") };
        let bindings = self.bindings();
        let subjects = bindings.get(&place)?["subjects"].as_array().into_iter().flatten();
        let named = |subject: &Value| {
            let name = subject["name"].as_str().unwrap();
            subject["namespace"].as_str().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
        };
        Some(subjects.map(named).collect())
    }

    /// Whether a review says that somebody may do this, after all that was written so far. `attributes` are those of a resource
    /// or, with a `path`, of none.
    pub(crate) fn can(&self, user: &str, groups: &[&str], attributes: &Value) -> bool {
        self.server.catch_up().unwrap();
        self.review(user, groups, attributes)
    }

    /// Waits until somebody may do this, or may no longer: for what others are about to change.
    pub(crate) fn until(&self, user: &str, groups: &[&str], attributes: &Value, allowed: bool) {
        let until = Instant::now() + SOON;
        while self.review(user, groups, attributes) != allowed {
            assert!(Instant::now() < until, "{user} never got {allowed} for {attributes}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn review(&self, user: &str, groups: &[&str], attributes: &Value) -> bool {
        let key = if attributes["path"].is_null() { "resourceAttributes" } else { "nonResourceAttributes" };
        let spec = json!({"user": user, "groups": groups, key: attributes});
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        self.post(path, &json!({"spec": spec}))["status"]["allowed"] == true
    }

    /// The status that the leaked file's holder gets for a GET, over a connection of its own.
    pub(crate) fn leaked_status(&self, path: &str) -> u16 {
        self.holder.client().unwrap().send("GET", path, &[], "").unwrap().code
    }

    /// The status that the operator's certificate of the beginning gets for a GET, over a connection of its own.
    pub(crate) fn old_status(&self, path: &str) -> u16 {
        self.operator.client().unwrap().send("GET", path, &[], "").unwrap().code
    }

    /// A kubeconfig of somebody, with a fresh certificate.
    pub(crate) fn kubeconfig_of(&self, uid: &str) -> String {
        kubeconfig(&self.server, uid, &identity(&self.server, &Subject::ack(name(uid))))
    }

    /// A kubeconfig of a certificate of this name.
    pub(crate) fn kubeconfig_as(&self, name: &str) -> String {
        let uid = name.split('-').next().unwrap();
        kubeconfig(&self.server, uid, &identity(&self.server, &Subject::ack(name.to_owned())))
    }

    /// Calls CleanClusterUserPermissions by ann's key, as a colleague may do at the same time. An error is the cloud's refusal.
    pub(crate) fn clean(&self, uid: &str, force: bool) -> Result<(), String> {
        let endpoints = EndpointOverrides {
            cs: Some(self.cloud.url(Product::Cs).parse().unwrap()),
            ..EndpointOverrides::default()
        };
        let settings = CloudSettings { endpoints, ..CloudSettings::default() };
        let (cluster, uid) = (ClusterId::parse(CLUSTER).unwrap(), Uid::parse(uid).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connection = kubectl_ackcred::internals::Cloud::connect(&self.session.world(), settings).await.unwrap();
            let waiting = kubectl_ackcred::internals::Waiting::not_at_all();
            let Connection::Connected(cloud) = connection else { panic!("the session has no key") };
            let cleaned = cloud.cs(None).unwrap().clean_cluster_user_permissions(&cluster, &uid, force, &waiting).await;
            cleaned.map(drop).map_err(|error| error.to_string())
        })
    }

    /// Runs a command at the most talkative level, with nobody there to answer unless the session says so. Whatever it was, no
    /// secret of the cloud and no private key may be in what it said.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.watched(args, |args| self.session.run(args))
    }

    /// Runs a command as [`Self::run`] does, to which somebody types this text.
    pub(crate) fn answering(&self, text: &str, args: &[&str]) -> Outcome {
        self.watched(args, |args| self.session.run_answering(Some(text), args))
    }

    /// The real binary, or another program, as somebody starts it at the operator's terminal.
    pub(crate) fn process(&self, program: impl AsRef<OsStr>) -> std::process::Command {
        let world = self.session.world();
        let mut command = std::process::Command::new(program);
        command
            .env_clear()
            .envs(world.env.iter())
            .env("HOME", self.session.home())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.session.home());
        command
    }

    fn watched(&self, args: &[&str], run: impl Fn(&[&str]) -> Outcome) -> Outcome {
        let args: Vec<&str> = args.iter().copied().chain(["-vvv"]).collect();
        let outcome = run(&args);
        let secrets = self.cloud.secrets();
        assert!(secrets.contains(SECRET));
        for stream in [&outcome.stdout, &outcome.stderr] {
            // Not by assert_eq: a failure is not to spread the secret further than it has come.
            let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
            let mut hidden = secrets.iter().chain(&self.keys).chain(issued.iter());
            assert!(!hidden.any(|secret| stream.contains(secret)), "{args:?} shows a secret");
        }
        outcome
    }

    /// Runs a command and reads its document, which must keep to the published schema; with what was said beside it.
    pub(crate) fn json(&self, args: &[&str]) -> (Status, Value, String) {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let outcome = self.run(&args);
        let Ok(document) = serde_json::from_str::<Value>(&outcome.stdout) else { panic!("{args:?}\n{outcome}") };
        assert_keeps_to_its_schema(&document);
        (outcome.status, document, outcome.stderr)
    }
}

/// A text of a document, empty where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A check of the first verification in a report.
pub(crate) fn check_of<'r>(report: &'r Value, check: &str) -> &'r Value {
    let checks = report["verification"][0]["checks"].as_array().unwrap();
    checks.iter().find(|one| one["check"] == check).unwrap()
}

/// What a check of the first verification came to.
pub(crate) fn result_of<'r>(report: &'r Value, check: &str) -> &'r str {
    check_of(report, check)["result"].as_str().unwrap()
}

/// What a command prints that ends well.
pub(crate) fn done<C: Cluster>(incident: &Incident<C>, args: &[&str]) -> Value {
    let (status, report, said) = incident.json(args);
    assert_eq!(status, Status::Done, "{args:?}\n{report:#}\n{said}");
    report
}

/// Sends as the administrator from where the cloud works, and gives the status: the cloud has a runtime, and a client brings one of its own.
pub(crate) fn sent_beside_the_cloud(administrator: &Connector, method: &str, path: &str, body: &str) -> u16 {
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| administrator.client().unwrap().send(method, path, &[], body).unwrap().code);
        sent.join().unwrap()
    })
}

/// Objects without what is new in each: two states are the same where this is, whatever was deleted and made again.
pub(crate) fn as_arranged(mut objects: Objects) -> Objects {
    for object in objects.values_mut() {
        let metadata = object["metadata"].as_object_mut().unwrap();
        for own in ["uid", "resourceVersion", "creationTimestamp"] {
            metadata.remove(own);
        }
        if let Some(subjects) = object["subjects"].as_array_mut() {
            subjects.sort_by_key(Value::to_string);
        }
    }
    objects
}

/// A certificate as ACK issued it a month ago. Two people never share a key.
fn identity(server: &impl Cluster, subject: &Subject) -> Identity {
    server.authority().client(subject, Validity::ack(now() - days(30)), KeyKind::EcdsaP256).unwrap()
}

fn kubeconfig(server: &impl Cluster, uid: &str, identity: &Identity) -> String {
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, uid, &Credential::of(identity)).yaml()
}

/// A private key as it stands in files: in PEM, its first line, and in base64 around that.
fn private(identity: &Identity) -> [String; 2] {
    let pem = identity.key().pkcs8_pem();
    [pem.lines().nth(1).unwrap().to_owned(), STANDARD.encode(&pem)]
}

/// The private key of a kubeconfig, as it stands there.
fn key_in(config: &str) -> Option<String> {
    let line = config.lines().find_map(|line| line.trim().strip_prefix("client-key-data:"))?;
    Some(line.trim().trim_matches('"').to_owned())
}

/// The operator's access key and the cloud's endpoints in the environment.
fn signed_in(mut session: Session, cloud: &Cloud) -> Session {
    let state = session.home().join("state");
    session = session.with("ACKCRED_HOME", state).with("SSL_CERT_FILE", "ca.pem");
    for (variable, value) in [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
        ("ACKCRED_CS_ENDPOINT", cloud.url(Product::Cs)),
        ("ACKCRED_RAM_ENDPOINT", cloud.url(Product::Ram)),
        ("ACKCRED_IMS_ENDPOINT", cloud.url(Product::Ims)),
        ("ACKCRED_STS_ENDPOINT", cloud.url(Product::Sts)),
        ("ACKCRED_METADATA_ENDPOINT", cloud.metadata_url()),
    ] {
        session = session.with(variable, value);
    }
    session
}

//! Several clusters of one account, and an operator at a terminal.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ackcred_sandbox::ack;
use ackcred_sandbox::apiserver::{ApiServer, Faults};
use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::certs::{Authority, Identity, KeyKind, Subject as CertificateSubject, Validity};
use ackcred_sandbox::client::{Client, Reply};
use ackcred_sandbox::cloud::{
    AccessKey, Account, AckCluster, Cleaning, Cloud, IssueRequest, IssuedKubeconfig, KubeconfigRecord,
    PermissionRecord, PermissionScope, Permissions, Product, RamRole, Rotation, Tls,
};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::SharedControlPlane;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use ackcred_sandbox::session::Session;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::bindings::{Bindings, Bound, NAMESPACES, ROLES, binding_ref};
use crate::people::{IDENTITIES, LEFT, OPERATOR, SECOND, user_name};

const ACCOUNT: &str = "1000000000000001";
const KEY: &str = "LTAIoperator";
const SECRET: &str = "operators-own-secret-0123456789";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const UP_WITHIN: Duration = Duration::from_secs(60);

/// An API server of the soak: its faults, where it can be made to have some.
pub(crate) trait Server: Cluster {
    fn fault_handle(&self) -> Option<Faults>;
}

impl Server for ApiServer {
    fn fault_handle(&self) -> Option<Faults> {
        Some(self.faults())
    }
}

impl Server for SharedControlPlane {
    fn fault_handle(&self) -> Option<Faults> {
        None
    }
}

/// A cluster.
pub(crate) struct Place<C> {
    pub(crate) id: String,
    /// The operator's context.
    pub(crate) context: String,
    pub(crate) server: C,
    admin: Client,
}

/// The clusters with their account, and the operator's terminal.
pub(crate) struct World<C> {
    // The cloud cleans the clusters: it has to end first.
    pub(crate) cloud: Cloud,
    pub(crate) session: Session,
    pub(crate) places: Vec<Place<C>>,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox's servers go by the machine's clock")]
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// A kubeconfig as ACK's records have it, long before its end.
pub(crate) fn issued(uid: &str) -> KubeconfigRecord {
    let record = KubeconfigRecord::effective(now() + days(400)).common_name(&user_name(uid));
    if LEFT.contains(&uid) { record.owner("RamUser", "") } else { record }
}

type Hook<Asked, Done> = Box<dyn Fn(&Asked) -> Result<Done, String> + Send + Sync>;

/// What the cloud does in that one of the clusters which is meant.
fn in_cluster<Asked: 'static, Done: 'static>(
    hooks: BTreeMap<String, Hook<Asked, Done>>,
    id: impl Fn(&Asked) -> &str + Send + Sync + 'static,
) -> impl Fn(&Asked) -> Result<Done, String> + Send + Sync + 'static {
    move |asked| hooks.get(id(asked)).ok_or_else(|| format!("there is no cluster {}", id(asked)))?(asked)
}

impl<C: Server> World<C> {
    /// Sweeps the servers and fills each with these bindings.
    pub(crate) fn of(servers: Vec<C>, bindings: &[Bindings]) -> Self {
        let place = |(number, server): (usize, C)| {
            let id = format!("c{:032x}", number + 1);
            let admin = Client::new(&server, Some(&server.administrator().unwrap())).unwrap();
            Place { context: format!("{OPERATOR}-{id}"), id, server, admin }
        };
        let places: Vec<Place<C>> = servers.into_iter().enumerate().map(place).collect();
        for (place, bindings) in places.iter().zip(bindings) {
            place.sweep();
            place.fill(bindings);
        }
        let authority = Authority::of_today().unwrap();
        let cloud = cloud(&authority, &places);
        let session = session(&authority, &places, &cloud);
        Self { cloud, session, places }
    }

    /// Ends the world and gives the servers back, as they are.
    pub(crate) fn end(self) -> Vec<C> {
        self.places.into_iter().map(|place| place.server).collect()
    }

    /// What the clusters hold now.
    pub(crate) fn bindings(&self) -> Vec<Bindings> {
        self.places.iter().map(Place::bindings).collect()
    }

    /// What the account has on record of each identity's kubeconfig in a cluster: a line an identity.
    pub(crate) fn kubeconfigs(&self, place: usize) -> BTreeMap<String, String> {
        self.cloud.edit(|state| {
            let records = &state.cluster_mut(&self.places[place].id).unwrap().kubeconfigs;
            records.iter().map(|(uid, record)| (uid.clone(), format!("{record:?}"))).collect()
        })
    }

    /// The number of the cluster with this ID.
    pub(crate) fn place_of(&self, id: &str) -> Option<usize> {
        self.places.iter().position(|place| place.id == id)
    }

    /// The bindings that a report says were created anew, each with its cluster.
    pub(crate) fn created_anew(&self, report: &Value) -> Vec<(usize, BindingRef)> {
        let lost = report["collateral"].as_array().into_iter().flatten().filter(|lost| lost["whole"] == true);
        lost.filter_map(|lost| Some((self.place_of(lost["clusterId"].as_str()?)?, binding_ref(&lost["binding"])?)))
            .collect()
    }

    pub(crate) fn clear_faults(&self) {
        self.cloud.clear_faults();
        self.places.iter().filter_map(|place| place.server.fault_handle()).for_each(|faults| faults.clear());
    }

    /// The kubeconfig of an identity in a cluster, with a certificate of its own: the path of its file.
    pub(crate) fn leaked(&self, place: usize, uid: &str) -> String {
        let Place { id, server, .. } = &self.places[place];
        let credential = Credential::of(&certificate(server, &user_name(uid)));
        let text = Kubeconfig::ack(&server.url(), &server.ca_pem(), id, uid, &credential).yaml();
        self.session.write(&format!("leaked-{place}-{uid}.yaml"), text).unwrap().display().to_string()
    }
}

impl<C: Server> Place<C> {
    /// Asks as an administrator.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.admin.send(method, path, headers, &body).unwrap()
    }

    fn list(&self, resource: &str) -> Vec<Value> {
        let reply = self.ask("GET", &format!("{RBAC}/{resource}"), &[], &Value::Null);
        assert_eq!(reply.code, 200, "{resource}: {}", reply.json());
        reply.json()["items"].as_array().unwrap().clone()
    }

    pub(crate) fn bindings(&self) -> Bindings {
        let all = ["clusterrolebindings", "rolebindings"].map(|resource| self.list(resource));
        all.iter().flatten().filter_map(Bound::read).collect()
    }

    pub(crate) fn make(&self, place: &BindingRef, bound: &Bound) {
        self.create(&place.collection(), &bound.object(place));
    }

    /// Whether a review lets a user whose certificate is ACK's get this resource in a namespace.
    pub(crate) fn lets(&self, user: &str, resource: &str, namespace: &str) -> bool {
        let attributes = json!({"verb": "get", "resource": resource, "namespace": namespace});
        let spec = json!({"user": user, "groups": crate::bindings::GROUPS, "resourceAttributes": attributes});
        let reply = self.ask("POST", REVIEWS, &[], &json!({"spec": spec}));
        assert_eq!(reply.code, 201, "{}", reply.json());
        reply.json()["status"]["allowed"] == true
    }

    /// Takes away what an earlier world may have left.
    fn sweep(&self) {
        for resource in ["clusterrolebindings", "rolebindings", "clusterroles", "roles"] {
            for object in self.list(resource) {
                let metadata = &object["metadata"];
                if metadata["labels"]["kubernetes.io/bootstrapping"].is_null() {
                    let name = metadata["name"].as_str().unwrap();
                    let path = match metadata["namespace"].as_str() {
                        Some(namespace) => format!("{RBAC}/namespaces/{namespace}/{resource}/{name}"),
                        None => format!("{RBAC}/{resource}/{name}"),
                    };
                    assert_eq!(self.ask("DELETE", &path, &[], &Value::Null).code, 200, "{path}");
                }
            }
        }
        self.ask("DELETE", "/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile", &[], &Value::Null);
    }

    fn fill(&self, bindings: &Bindings) {
        for namespace in NAMESPACES {
            self.create("/api/v1/namespaces", &json!({"metadata": {"name": namespace}}));
        }
        let data = json!({"clusterid": self.id, "uid": ACCOUNT});
        let profile = json!({"metadata": {"name": "ack-cluster-profile"}, "data": data});
        self.create("/api/v1/namespaces/kube-system/configmaps", &profile);
        for (name, resource) in ROLES {
            let rules = json!([{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}]);
            self.create(&format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": name}, "rules": rules}));
        }
        bindings.iter().for_each(|(place, bound)| self.make(place, bound));
        self.server.catch_up().unwrap();
    }

    /// Creates an object. The real API server makes kube-system a moment after it is ready; a namespace may be there already.
    fn create(&self, path: &str, object: &Value) {
        let until = Instant::now() + UP_WITHIN;
        loop {
            let reply = self.ask("POST", path, &[], object);
            match reply.code {
                201 => return,
                409 if path == "/api/v1/namespaces" => return,
                404 if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
                _ => panic!("{path}: {} {}", reply.code, reply.json()),
            }
        }
    }
}

/// A certificate as ACK issued it a month ago.
fn certificate(server: &impl Cluster, name: &str) -> Identity {
    let validity = Validity::ack(now() - days(30));
    server.authority().client(&CertificateSubject::ack(name), validity, KeyKind::EcdsaP256).unwrap()
}

fn cloud<C: Server>(authority: &Authority, places: &[Place<C>]) -> Cloud {
    let people = IDENTITIES.into_iter().chain([people::ANN, people::EVE]);
    let account = people.clone().fold(Account::new(ACCOUNT, "acme"), |account, person| person.in_account(account));
    // No account has clusters without the roles by which ACK works for it.
    let account = account.role(RamRole::new("300000000000000200", "AliyunCSManagedKubernetesRole"));
    let account = places.iter().enumerate().fold(account, |account, (number, place)| {
        let cluster = AckCluster::new(&place.id, &format!("prod-{number}")).server(&place.server.url());
        account.cluster(people.clone().fold(cluster, |cluster, person| {
            let permission = PermissionRecord::preset(person.uid, PermissionScope::Namespace("shop".into()), "dev");
            cluster.kubeconfig(person.uid, issued(person.uid)).permission(permission)
        }))
    });
    let mut cleaners = BTreeMap::<String, Hook<Cleaning, ()>>::new();
    let mut rotators = BTreeMap::<String, Hook<Rotation, ()>>::new();
    let mut issuers = BTreeMap::<String, Hook<IssueRequest, IssuedKubeconfig>>::new();
    for Place { id, server, .. } in places {
        cleaners.insert(id.clone(), Box::new(ack::cleaner(server).unwrap()));
        rotators.insert(id.clone(), Box::new(ack::rotator(server).unwrap()));
        issuers.insert(id.clone(), Box::new(ack::issuer(server)));
    }
    Cloud::builder(Some(Tls::issued_by(authority).unwrap()))
        .account(account)
        .key(AccessKey::user(ACCOUNT, OPERATOR, KEY, SECRET).permissions(Permissions::everything()))
        .on_clean(in_cluster(cleaners, |cleaning| &cleaning.cluster_id))
        .on_rotate(in_cluster(rotators, |rotation| &rotation.cluster_id))
        .on_issue(in_cluster(issuers, |request| &request.cluster_id))
        .start()
        .unwrap()
}

/// The operator's terminal: a kubeconfig with a context for each cluster, the access key, and where the cloud is.
fn session<C: Server>(authority: &Authority, places: &[Place<C>], cloud: &Cloud) -> Session {
    let file = places.iter().fold(Kubeconfig::new().current(&places[0].context), |file, place| {
        let Place { id, context, server, .. } = place;
        let credential = Credential::of(&certificate(server, &user_name(OPERATOR)));
        file.cluster(id, &server.url(), Some(&server.ca_pem())).user(context, &credential).context(context, id, context)
    });
    let variables = [
        ("SSL_CERT_FILE", "ca.pem".to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY.to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET.to_owned()),
        ("ACKCRED_CS_ENDPOINT", cloud.url(Product::Cs).to_owned()),
        ("ACKCRED_RAM_ENDPOINT", cloud.url(Product::Ram).to_owned()),
        ("ACKCRED_IMS_ENDPOINT", cloud.url(Product::Ims).to_owned()),
        ("ACKCRED_STS_ENDPOINT", cloud.url(Product::Sts).to_owned()),
        ("ACKCRED_METADATA_ENDPOINT", cloud.metadata_url().to_owned()),
    ];
    let session = Session::now_with(variables).unwrap();
    session.write("ca.pem", authority.certificate_pem()).unwrap();
    session.write(".kube/config", file.yaml()).unwrap();
    session
}

/// The binding of an administrator, by ACK's name.
pub(crate) fn administrators_binding(uid: &str) -> BindingRef {
    BindingRef::cluster_role_binding(&format!("{uid}-cluster-admin-clusterrolebinding"))
}

/// The bindings of the two administrators.
pub(crate) fn administrators() -> Bindings {
    let administrator = |uid: &str| {
        let place = administrators_binding(uid);
        let subjects = vec![crate::bindings::Subject::user(&user_name(uid))];
        (place, Bound { role: "cluster-admin".to_owned(), labels: BTreeMap::new(), subjects })
    };
    [OPERATOR, SECOND].map(administrator).into()
}

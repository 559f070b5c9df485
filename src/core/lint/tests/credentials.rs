//! L10 and L12: tokens and kubeconfigs.

use jiff::SignedDuration;

use super::setting::*;
use crate::core::credential::static_token::{LastUse, StaticToken, StaticTokenKind};
use crate::core::identity::ack::{AccountState, AccountType, CertificateState, KubeconfigState};
use crate::core::identity::evidence::Listing;
use crate::core::ids::Uid;

fn token(namespace: &str, name: &str, last_use: LastUse) -> StaticToken {
    StaticToken {
        kind: StaticTokenKind::ServiceAccount,
        namespace: namespace.into(),
        name: name.into(),
        keys: 3,
        created: None,
        last_use,
        is_ended: false,
    }
}

fn with_tokens(tokens: Vec<StaticToken>) -> Setting {
    Setting { tokens, ..Setting::new() }
}

#[test]
fn a_token_that_was_made_alike_in_each_namespace_is_one_cause() {
    let tokens = vec![
        token("a", "default-token-x7k2p", LastUse::NoneRecorded),
        token("b", "default-token-9zzzz", LastUse::NoneRecorded),
        token("b", "robot-token-abcde", LastUse::NoneRecorded),
        token("c", "default-token-00000", LastUse::Recent),
        token("c", "deploy", LastUse::Older),
        token("c", "deploy-tools", LastUse::Unread),
    ];
    assert_eq!(
        with_tokens(tokens).findings(),
        [
            "L10 Secret/a/default-token-x7k2p in 2",
            "L10 Secret/b/robot-token-abcde",
            "L10 Secret/c/default-token-00000",
            "L10 Secret/c/deploy",
            "L10 Secret/c/deploy-tools",
        ]
    );
}

#[test]
fn a_token_that_was_ended_or_expires_by_itself_is_none() {
    let ended = StaticToken { is_ended: true, ..token("a", "old", LastUse::Older) };
    let bootstrap = StaticToken { kind: StaticTokenKind::Bootstrap, ..token("kube-system", "b", LastUse::Unread) };
    assert_eq!(with_tokens(vec![ended, bootstrap]).findings(), [""; 0]);
    let accepted = with_tokens(vec![token("a", "old", LastUse::Older)]).allow(&["Secret/a/old"]);
    assert_eq!(accepted.findings(), [""; 0]);
}

#[test]
fn a_token_is_ended_by_a_label_where_the_server_knows_it() {
    let commands =
        |minor_version| Setting { minor_version, ..with_tokens(vec![token("a", "old", LastUse::Older)]) }.commands();
    let label = "kubectl label secret old -n a kubernetes.io/legacy-token-invalid-since=2026-11-29";
    assert_eq!(commands(Some(29)), [label]);
    assert_eq!(commands(Some(28)), [""; 0]);
    assert_eq!(commands(None), [""; 0]);
}

fn kubeconfig(uid: &str, certificate: CertificateState, hours: i64) -> KubeconfigState {
    KubeconfigState {
        uid: Uid::parse(uid).unwrap(),
        account_type: AccountType::RamUser,
        account_state: AccountState::Active,
        account_name: String::new(),
        display_name: String::new(),
        certificate,
        expires: Some(now() + SignedDuration::from_hours(hours)),
        revocable: None,
        cloud_service: None,
    }
}

#[test]
fn a_kubeconfig_that_lives_longer_than_allowed() {
    let findings = |longest: Option<i64>, kubeconfigs: Vec<KubeconfigState>| {
        let setting = Setting::new().kubeconfigs(Listing::Complete(kubeconfigs));
        Setting { longest: longest.map(SignedDuration::from_hours), ..setting }.findings()
    };
    let works = |hours| vec![kubeconfig("200", CertificateState::Unexpired, hours)];
    assert_eq!(findings(Some(24), works(25)), ["L12 Kubeconfig/-/200 User/200"]);
    assert_eq!(findings(Some(24), works(24)), [""; 0], "exactly as long as allowed");
    assert_eq!(findings(None, works(30_000)), [""; 0], "no limit was asked for");
    for gone in [CertificateState::Expired, CertificateState::Removed, CertificateState::Unissued] {
        assert_eq!(findings(Some(24), vec![kubeconfig("200", gone, 25)]), [""; 0], "{gone:?}");
    }
    let endless = KubeconfigState { expires: None, ..kubeconfig("200", CertificateState::Unexpired, 0) };
    assert_eq!(findings(Some(24), vec![endless]), [""; 0], "its end is not known");
}

#[test]
fn lifetimes_that_no_one_was_asked_for_were_not_checked() {
    let setting = Setting::new().kubeconfigs(Listing::NotAsked);
    let setting = Setting { longest: Some(SignedDuration::from_hours(1)), ..setting };
    setting.look(|linted, _| assert_eq!(linted.not_checked[0].rule.id(), "L12"));
    let unasked = Setting::new().kubeconfigs(Listing::NotAsked);
    unasked.look(|linted, _| assert!(linted.not_checked.is_empty()));
}

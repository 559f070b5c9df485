//! L11: identities that are gone or unknown, and mappings by name alone.

use serde_json::{Value, json};

use super::setting::*;
use crate::core::identity::verdict::{Basis, State};
use crate::core::ids::Uid;
use crate::core::lint::Level;
use crate::core::rbac::mapping::{MappedIdentity, Mapping, MappingOrigin};

fn of(state: State) -> Setting {
    Setting::new()
        .bind("shop", "a", "view", json!([user("200-17"), user("ann")]))
        .bind("billing", "b", "view", json!([user("200")]))
        .verdict("200", state)
}

#[test]
fn one_identity_is_one_cause_and_only_evidence_makes_an_error() {
    let found = ["L11 RoleBinding/billing/b User/200 beside User/ann in 2"];
    for (state, level) in [
        (State::Deleted(Basis::Confirmed), Level::Error),
        (State::Deleted(Basis::Inferred), Level::Error),
        (State::Recycled, Level::Warning),
        (State::Unknown, Level::Warning),
    ] {
        assert_eq!(of(state).findings(), found, "{state:?}");
        of(state).look(|linted, _| assert_eq!(linted.findings[0].level, level, "{state:?}"));
    }
    for state in [State::Active, State::Frozen] {
        assert_eq!(of(state).findings(), [""; 0], "{state:?}");
    }
}

#[test]
fn without_a_cloud_no_one_is_unknown_and_the_rule_was_not_checked() {
    let offline = |state| Setting { cloud_was_asked: false, ..of(state) };
    assert_eq!(offline(State::Unknown).findings(), [""; 0]);
    offline(State::Unknown).look(|linted, _| {
        let [one] = linted.not_checked.as_slice() else { panic!("{:?}", linted.not_checked) };
        assert_eq!((one.rule.id(), one.reason.contains("was not asked")), ("L11", true));
    });
    let no_one = Setting { cloud_was_asked: false, ..Setting::new() };
    no_one.look(|linted, _| assert!(linted.not_checked.is_empty(), "there is no one to ask about"));
}

#[test]
fn only_a_deleted_identity_is_revoked_by_a_command() {
    let commands = of(State::Deleted(Basis::Confirmed)).commands();
    assert_eq!(commands, ["kubectl ackcred revoke 200"]);
    assert_eq!(of(State::Unknown).commands(), [""; 0]);
}

#[test]
fn a_mapping_without_a_recorded_uid_rests_on_a_name() {
    let findings = |origin, identity, uid: Option<&str>| {
        let mapping = Mapping {
            origin,
            name: "m".into(),
            identity,
            uid: uid.and_then(Uid::parse),
            account: None,
            username: "carl".into(),
            groups: Vec::new(),
            created: None,
        };
        Setting::new().mapping(mapping).verdict("200", State::Active).findings()
    };
    let arn = || MappedIdentity::Arn("acs:ram::1000:user/carl".into());
    let found = ["L11 RAMIdentityMapping/-/m User/carl"];
    assert_eq!(findings(MappingOrigin::Object, arn(), None), found);
    assert_eq!(findings(MappingOrigin::ConfigMap, arn(), None), found);
    assert_eq!(findings(MappingOrigin::Object, arn(), Some("200")), [""; 0]);
    let account = MappedIdentity::Account("1000".into());
    assert_eq!(findings(MappingOrigin::ConfigMap, account, None), [""; 0], "an account's number is no name");
}

#[test]
fn what_resembles_an_identity_is_none() {
    let named = |name: &str| -> Value { json!([user(name)]) };
    for name in ["200.17", "200@corp", "200-17-2", "x200"] {
        assert_eq!(Setting::new().bind("shop", "a", "view", named(name)).findings(), [""; 0], "{name}");
    }
    let unknown = Setting::new().bind("shop", "a", "view", named("200")).findings();
    assert_eq!(unknown, ["L11 RoleBinding/shop/a User/200"], "one of whom no source says anything");
}

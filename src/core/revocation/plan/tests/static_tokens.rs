//! Static tokens that the identity could read.

use super::*;
use crate::core::revocation::static_tokens::{InputToken, InputTokens, SecretRef, readers};

fn secret(name: &str) -> SecretRef {
    SecretRef { namespace: "shop".to_owned(), name: name.to_owned() }
}

fn token(name: &str, reader: &[&str]) -> InputToken {
    InputToken {
        secret: secret(name),
        resource_version: "9".to_owned(),
        created: None,
        readers: reader.iter().map(|text| uid(text)).collect(),
        dry_run: None,
    }
}

fn with(read: InputTokens) -> RevocationInput {
    RevocationInput { static_tokens: Some(read), ..carls_case() }
}

fn ending() -> Flags {
    Flags { end_static_tokens: true, ..Flags::default() }
}

fn ended(plan: &Plan) -> Vec<String> {
    plan.token_steps().map(|(step, token)| format!("{} {}", step.id, token.secret)).collect()
}

#[test]
fn they_are_ended_behind_the_bindings_and_before_the_cloud() {
    let tokens = vec![token("a", &[CARL]), token("b", &["999"]), token("c", &[CARL, "999"])];
    let plan = plan_with(&with(InputTokens { tokens, ..InputTokens::default() }), &ending());
    assert_eq!(codes(&plan.refusals), []);
    assert_eq!(ended(&plan), ["3 Secret/shop/a", "4 Secret/shop/c"], "of others' tokens none");
    assert!(matches!(plan.steps[4].kind, StepKind::Kubeconfig(_)));
    let (step, _) = plan.token_steps().next().unwrap();
    assert!(step.undo.ends_with("kubectl label secret -n shop a kubernetes.io/legacy-token-invalid-since-"));
    let reached = "tokens of ServiceAccounts that it could reach";
    assert!(!plan.not_checked.iter().any(|what| what.starts_with(reached)), "{:?}", plan.not_checked);
    let without = plan_with(&carls_case(), &Flags::default());
    assert!(without.not_checked.iter().any(|what| what.starts_with(reached)));
    assert_ne!(plan.hash, without.hash);
}

#[test]
fn a_plan_for_another_version_of_a_secret_is_another_plan() {
    let plan = |version: &str| {
        let token = InputToken { resource_version: version.to_owned(), ..token("a", &[CARL]) };
        plan_with(&with(InputTokens { tokens: vec![token], ..InputTokens::default() }), &ending())
    };
    assert_ne!(plan("9").hash, plan("10").hash);
    assert!(plan("9").is_sealed());
}

#[test]
fn what_could_not_be_read_or_changed_is_refused() {
    let refused = InputToken { dry_run: Some(Err("forbidden".to_owned())), ..token("a", &[CARL]) };
    let one = || vec![token("a", &[CARL])];
    for (minor_version, read, expected) in [
        (None, InputTokens { unread: vec!["forbidden".to_owned()], ..InputTokens::default() }, 1),
        (Some(28), InputTokens { tokens: one(), ..InputTokens::default() }, 1),
        (Some(28), InputTokens::default(), 0),
        (Some(29), InputTokens { tokens: one(), ..InputTokens::default() }, 0),
        (None, InputTokens { tokens: one(), ..InputTokens::default() }, 0),
        (None, InputTokens { tokens: vec![refused], ..InputTokens::default() }, 1),
    ] {
        let plan = plan_with(&RevocationInput { minor_version, ..with(read.clone()) }, &ending());
        assert_eq!(codes(&plan.refusals), vec![RefusalCode::MissingRight; expected], "{minor_version:?} {read:?}");
    }
}

#[test]
fn who_may_list_or_watch_could_read_as_well() {
    let mut input = carls_case();
    input.targets[0].target.names.insert("200-1".to_owned());
    let role = |verb: &str, names: &[&str]| crate::core::rbac::RoleFacts {
        uid: "r".to_owned(),
        rules: serde_json::from_value(json!([{
            "verbs": [verb], "apiGroups": [""], "resources": ["secrets"], "resourceNames": names,
        }]))
        .unwrap(),
    };
    let bound = input.bindings[0].role_ref.name.clone();
    for (verb, names, expected) in [
        ("get", &[][..], true),
        ("get", &["b"], false),
        ("list", &["a"], true),
        ("watch", &[], true),
        ("watch", &["b"], false),
        ("create", &[], false),
    ] {
        input.roles.insert_cluster_role(bound.clone(), role(verb, names));
        assert_eq!(!readers(&input, &secret("a")).is_empty(), expected, "{verb} {names:?}");
    }
}

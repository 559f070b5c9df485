//! Plans that are about several leaked files.

use super::*;
use crate::core::revocation::operation::tombstones_of;
use crate::core::revocation::other_credential::OtherCredential;

fn file(file: &str, name: &str) -> LeakedFacts {
    LeakedFacts {
        file: Some(file.to_owned()),
        certificate_sha256: format!("sha of {file}"),
        ..leaked_certificate(name, &["system:users"])
    }
}

/// What the cluster's input says once these certificates are known.
fn plan_about(input: &mut RevocationInput, leaked: &[LeakedFacts], mode: RevokeMode) -> Plan {
    for target in &mut input.targets {
        let own: Vec<&LeakedFacts> = leaked.iter().filter(|one| one.is_of(&target.target.uid)).collect();
        let known = std::mem::replace(&mut target.target, Target::new(uid("1")));
        target.target =
            own.iter().fold(known, |known, one| known.with_certificate(&one.common_name, &one.organizations));
    }
    let draft = Draft::of(input, &Flags::default(), leaked, mode, &DryRuns::new());
    Plan::new(vec![draft], Flags::default(), leaked.to_vec())
}

fn carl_and_finn() -> RevocationInput {
    input(&[CARL, FINN], &[bound("own", "view", &[user("200-1")]), bound("team", "view", &[user("300-1"), robot()])])
}

#[test]
fn what_several_files_of_one_identity_come_to() {
    let (alive, other, dead) = (file("a.yaml", "200-1"), file("b.yaml", "200-2"), file("c.yaml", "200-7"));
    let forged = LeakedFacts { signed_by_ca: Some(false), ..other.clone() };
    let both_dead = [dead.clone(), file("d.yaml", "200-8")];
    let (one_is, all_are) =
        ("the credential in c.yaml is already revoked", "the credentials in c.yaml, d.yaml are already");
    for (leaked, refused, says) in [
        (vec![], None, ""),
        (vec![alive.clone()], None, ""),
        (vec![alive.clone(), other.clone()], None, ""),
        (vec![dead.clone()], Some("the credential in the file is already revoked: 200-7 has no access here"), ""),
        (both_dead.to_vec(), Some(all_are), ""),
        (vec![dead, alive.clone()], None, one_is),
        (vec![alive.clone(), forged.clone()], None, "did not sign the certificate in b.yaml: a forged file"),
        (vec![forged], None, "did not sign the certificate in the file: a forged file"),
    ] {
        let plan = plan_about(&mut carls_case(), &leaked, RevokeMode::Single);
        let message = plan.refusals.first().map(|refusal| refusal.message.as_str());
        assert_eq!(message.is_some(), refused.is_some(), "{leaked:?} {message:?}");
        assert!(message.unwrap_or_default().contains(refused.unwrap_or_default()), "{leaked:?} {message:?}");
        assert_eq!(plan.warnings.len(), usize::from(!says.is_empty()), "{:?}", plan.warnings);
        assert!(plan.warnings.iter().all(|warning| warning.contains(says)), "{:?}", plan.warnings);
        assert_eq!(plan.targets.len(), 1, "one identity, however many files");
        assert!(leaked.iter().all(|one| plan.targets[0].names.contains(&one.common_name)));
    }
}

#[test]
fn each_file_counts_for_its_own_identity_alone() {
    let token = OtherCredential {
        kind: crate::core::credential::CredentialKind::Token,
        description: "a token of ServiceAccount shop/ci".into(),
        remedy: "delete it".into(),
    };
    let carls = LeakedFacts {
        other_credentials: vec![token],
        not_after: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        ..file("carl.yaml", "200-1")
    };
    let finns = LeakedFacts { key_sha256: "finns key".into(), ..file("finn.yaml", "300-1") };
    let mut case = carl_and_finn();
    let plan = plan_about(&mut case, &[carls.clone(), finns.clone()], RevokeMode::Named);
    assert_eq!(codes(&plan.refusals), []);
    assert_eq!(plan.uids(), [uid(CARL), uid(FINN)]);
    let of = |who: &'static str| plan.remains.iter().filter(move |remain| remain.uid == Some(uid(who)));
    let carls_token =
        "carl.yaml also holds a token of ServiceAccount shop/ci; this revocation does not end it: delete it";
    assert_eq!(of(CARL).filter(|remain| remain.what == carls_token).count(), 1, "{:?}", plan.remains);
    assert_eq!(of(FINN).filter(|remain| remain.kind == RemainKind::OtherCredential).count(), 0);
    assert!(of(CARL).any(|remain| remain.what == "the certificate itself still opens /version until 2027-01-01"));

    case.operator.key = Some("finns key".into());
    let plan = plan_about(&mut case, &[carls, finns], RevokeMode::Named);
    assert_eq!(codes(&plan.refusals), [RefusalCode::OwnIdentity]);
    assert_eq!(plan.refusals[0].scope, RefusalScope::Identity(uid(FINN)));
    assert!(plan.is_stopped(RevokeMode::Named), "a refusal about one of the files stops all");
}

#[test]
fn the_last_of_several_certificates_says_how_long_they_open_the_version() {
    let until = |end: &str, file: LeakedFacts| LeakedFacts { not_after: Some(end.parse().unwrap()), ..file };
    let leaked = [
        until("2027-01-01T00:00:00Z", file("a.yaml", "200-1")),
        until("2028-01-01T00:00:00Z", file("b.yaml", "200-2")),
    ];
    let plan = plan_about(&mut carls_case(), &leaked, RevokeMode::Single);
    let said = "the certificates themselves still open /version until 2028-01-01";
    assert_eq!(plan.remains.iter().filter(|remain| remain.what == said).count(), 1, "{:?}", plan.remains);
    let copy = LeakedFacts { file: Some("copy of a.yaml".into()), ..leaked[0].clone() };
    let plan = plan_about(&mut carls_case(), &[leaked[0].clone(), copy], RevokeMode::Single);
    let said = "the certificate itself still opens /version until 2027-01-01";
    assert_eq!(plan.remains.iter().filter(|remain| remain.what == said).count(), 1, "{:?}", plan.remains);
}

#[test]
fn the_seal_covers_every_certificate_and_not_the_order_of_the_files() {
    let (a, b, c) = (file("a.yaml", "200-1"), file("b.yaml", "200-2"), file("c.yaml", "200-3"));
    let copy = LeakedFacts { file: Some("copy of a.yaml".into()), ..a.clone() };
    let seal = |leaked: &[LeakedFacts]| seal::of_revocation(&Plan { leaked: leaked.to_vec(), ..plan(&carls_case()) });
    let all = [a.clone(), b.clone(), c];
    let seals: Vec<String> = [&all[..0], &all[..1], &all[1..2], &all[..2], &all].into_iter().map(seal).collect();
    assert!((1..seals.len()).all(|place| !seals[..place].contains(&seals[place])), "{seals:?}");
    assert_eq!(seal(&[b.clone(), a.clone()]), seals[3]);
    assert_eq!(seal(&[a, copy, b]), seals[3], "another copy of a certificate is the same certificate");
}

#[test]
fn each_certificate_has_its_tombstone_once() {
    let (a, b) = (file("a.yaml", "200-1"), file("b.yaml", "300-1"));
    let copy = LeakedFacts { file: Some("copy of a.yaml".into()), ..a.clone() };
    let plan = plan_about(&mut carl_and_finn(), &[a, copy, b], RevokeMode::Named);
    let kept: Vec<_> = tombstones_of(&plan).into_iter().map(|one| (one.common_name, one.uid)).collect();
    assert_eq!(kept, [("200-1".to_owned(), uid(CARL)), ("300-1".to_owned(), uid(FINN))]);
}

/// The holder of the file is let in by the group, whatever became of the name.
#[test]
fn a_certificate_of_a_group_that_is_let_in_is_not_dead() {
    let admin = |file| LeakedFacts { organizations: vec!["system:masters".into()], ..file };
    let plan = plan_about(&mut carls_case(), &[admin(file("a.yaml", "200-7"))], RevokeMode::Single);
    assert!(!codes(&plan.refusals).contains(&RefusalCode::CredentialDead), "{:?}", plan.refusals);
    let of_group = |file| LeakedFacts { organizations: vec!["ops".into()], ..file };
    let bindings = [bound("own", "view", &[user("200-1")]), bound("ops", "view", &[group("ops")])];
    let plan = plan_about(&mut input(&[CARL], &bindings), &[of_group(file("a.yaml", "200-7"))], RevokeMode::Single);
    assert!(!codes(&plan.refusals).contains(&RefusalCode::CredentialDead), "{:?}", plan.refusals);
}

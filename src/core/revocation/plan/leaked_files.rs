//! What a plan has to say of the leaked files that it is about: which holds nothing any more, which is perhaps forged, and what else lies
//! in them.

use super::refuse::is_bound;
use super::remain::{self, RemainKind};
use super::{Flags, names};
use crate::core::distinct::distinct;
use crate::core::revocation::input::{InputTarget, RevocationInput};
use crate::core::revocation::leaked::{LeakedFacts, of_identity};
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::revocation::refusal::{Refusal, RefusalCode};

/// How a file is called: by its name where there are several.
fn called<'a>(one: &'a LeakedFacts, leaked: &[LeakedFacts], alone: &'a str) -> &'a str {
    if leaked.len() > 1 { one.label() } else { alone }
}

/// Those of an identity's certificates that hold nothing here, where the identity itself does.
fn dead<'a>(input: &RevocationInput, target: &InputTarget, leaked: &'a [LeakedFacts]) -> Vec<&'a LeakedFacts> {
    let by_group = !remain::group_grants(input, target, &Flags::default()).is_empty() || target.target.is_master();
    if by_group || !is_bound(input, target) {
        return Vec::new();
    }
    let is_named = |one: &LeakedFacts| {
        let mut subjects = input.bindings.iter().flat_map(|object| &object.subjects);
        subjects.any(|subject| subject.kind == "User" && subject.name == one.common_name)
    };
    of_identity(leaked, &target.target.uid).into_iter().filter(|one| !is_named(one)).collect()
}

/// All the certificates that were given of an identity are revoked already, and what it holds is another one's.
pub(super) fn dead_credential(
    input: &RevocationInput,
    target: &InputTarget,
    leaked: &[LeakedFacts],
) -> Option<Refusal> {
    let dead = dead(input, target, leaked);
    if dead.is_empty() || dead.len() < of_identity(leaked, &target.target.uid).len() {
        return None;
    }
    let uid = &target.target.uid;
    let shown = distinct(dead.iter().map(|one| one.common_name.as_str()));
    let (whose, have) = match dead.as_slice() {
        [one] => (format!("the credential in {} is", called(one, leaked, "the file")), "has"),
        several => {
            let files: Vec<&str> = several.iter().map(|one| one.label()).collect();
            (format!("the credentials in {} are", names::some_of(&files)), "have")
        }
    };
    let shown = names::some_of(&shown);
    let message = format!("{whose} already revoked: {shown} {have} no access here, other names of {uid} have");
    let hint = format!("kubectl ackcred revoke {uid} revokes the access of its other names");
    Some(Refusal::new(RefusalCode::CredentialDead, message).hint(hint))
}

/// What doesn't stand in the way and must be known.
pub(super) fn warnings(input: &RevocationInput, targets: &[&InputTarget], leaked: &[LeakedFacts]) -> Vec<String> {
    let forged = leaked.iter().filter(|one| one.signed_by_ca == Some(false)).map(|one| {
        let file = called(one, leaked, "the file");
        format!("this cluster's CA did not sign the certificate in {file}: a forged file can name any identity")
    });
    let dead_beside_others = targets.iter().flat_map(|target| {
        let (all, dead) = (of_identity(leaked, &target.target.uid).len(), dead(input, target, leaked));
        if dead.len() < all { dead } else { Vec::new() }
    });
    let dead_beside_others = dead_beside_others.map(|one| {
        let LeakedFacts { common_name, .. } = one;
        format!("the credential in {} is already revoked: {common_name} has no access here", one.label())
    });
    forged.chain(dead_beside_others).collect()
}

/// What the files of an identity hold beside the certificates.
pub(super) fn other_credentials(target: &InputTarget, leaked: &[LeakedFacts]) -> Vec<(RemainKind, String)> {
    let mut found = Vec::new();
    for one in of_identity(leaked, &target.target.uid) {
        let file = called(one, leaked, "the leaked file");
        found.extend(one.other_credentials.iter().map(|OtherCredential { description, remedy, .. }| {
            let what = format!("{file} also holds {description}; this revocation does not end it: {remedy}");
            (RemainKind::OtherCredential, what)
        }));
    }
    found
}

/// What the certificates themselves still open, and until when; `None` where none of an identity's was given.
pub(super) fn certificates_end(target: &InputTarget, leaked: &[LeakedFacts]) -> Option<Option<jiff::Timestamp>> {
    let own = of_identity(leaked, &target.target.uid);
    (!own.is_empty()).then(|| own.iter().filter_map(|one| one.not_after).max())
}

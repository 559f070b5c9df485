//! Credentials of leaked files: whose each is, what it is called beside others, and which files are at hand again.

use super::other_credential::OtherCredential;
use crate::core::ids::Uid;

/// A credential that was found where it should not be. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakedFacts {
    /// The file, as it was named; `None` in records that are older than this.
    pub file: Option<String>,
    /// The common name of its certificate.
    pub common_name: String,
    /// The organizations of its certificate.
    pub organizations: Vec<String>,
    /// The serial number of its certificate.
    pub serial: String,
    /// SHA-256 fingerprint of its certificate, in hexadecimal digits.
    pub certificate_sha256: String,
    /// SHA-256 fingerprint of its public key, in hexadecimal digits.
    pub key_sha256: String,
    /// The last second of its validity.
    pub not_after: Option<jiff::Timestamp>,
    /// Whether the CA of the cluster signed it; null where its kind of signature can't be checked.
    pub signed_by_ca: Option<bool>,
    /// What its file holds beside the certificate and may open the cluster, too.
    pub other_credentials: Vec<OtherCredential>,
}

impl LeakedFacts {
    /// Whether the certificate names this identity.
    pub fn is_of(&self, uid: &Uid) -> bool {
        Uid::of_user_name(&self.common_name).as_ref() == Some(uid)
    }

    /// What sets it apart from others: its file, else the name in its certificate.
    pub fn label(&self) -> &str {
        self.file.as_deref().unwrap_or(&self.common_name)
    }
}

/// Those of an identity.
pub fn of_identity<'a>(leaked: &'a [LeakedFacts], uid: &Uid) -> Vec<&'a LeakedFacts> {
    leaked.iter().filter(|one| one.is_of(uid)).collect()
}

/// For each credential that is known, the place of the same certificate among those that are at hand. Copies of a certificate that lie
/// in several files are kept apart by their files, and each counts once: one may hold a token that the other lacks.
pub fn at_hand(known: &[LeakedFacts], given: &[&LeakedFacts]) -> Vec<Option<usize>> {
    let mut free: Vec<bool> = vec![true; given.len()];
    let mut found: Vec<Option<usize>> = vec![None; known.len()];
    for must_be_that_file in [true, false] {
        for (known, found) in known.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let is_same = |one: &LeakedFacts| {
                one.certificate_sha256 == known.certificate_sha256 && (!must_be_that_file || one.file == known.file)
            };
            *found = given.iter().zip(&free).position(|(one, is_free)| *is_free && is_same(one));
            if let Some(place) = *found {
                free[place] = false;
            }
        }
    }
    found
}

/// What is known of credentials, with what is newly read of those that are at hand.
pub fn renewed(known: &[LeakedFacts], given: Vec<LeakedFacts>) -> Vec<LeakedFacts> {
    if known.is_empty() {
        return given;
    }
    let places = at_hand(known, &given.iter().collect::<Vec<_>>());
    let newest = |(known, place): (&LeakedFacts, Option<usize>)| place.map_or(known, |place| &given[place]).clone();
    known.iter().zip(places).map(newest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::revocation::fixtures::leaked_certificate;

    fn of(file: &str, sha256: &str) -> LeakedFacts {
        let file = (!file.is_empty()).then(|| file.to_owned());
        LeakedFacts { file, certificate_sha256: sha256.into(), ..leaked_certificate("200-17", &[]) }
    }

    #[test]
    fn a_certificate_is_of_the_identity_that_its_name_begins_with() {
        let uid = |text: &str| Uid::parse(text).unwrap();
        let leaked = [leaked_certificate("200-17", &[]), leaked_certificate("2001-17", &[]), of("a", "ef")];
        for (of, expected) in [("200", 2), ("2001", 1), ("20", 0), ("17", 0)] {
            assert_eq!(of_identity(&leaked, &uid(of)).len(), expected, "{of}");
        }
    }

    #[test]
    fn a_credential_is_called_by_its_file() {
        assert_eq!((of("a.yaml", "ab").label(), of("", "ab").label()), ("a.yaml", "200-17"));
    }

    #[test]
    fn each_file_that_is_at_hand_stands_for_one_that_is_known() {
        let known = [of("a", "ab"), of("b", "cd"), of("copy of b", "cd")];
        for (given, expected) in [
            (vec![], [None, None, None]),
            (vec![of("a", "ab")], [Some(0), None, None]),
            (vec![of("elsewhere", "ab")], [Some(0), None, None]),
            (vec![of("a", "ef")], [None, None, None]),
            (vec![of("copy of b", "cd")], [None, None, Some(0)]),
            (vec![of("elsewhere", "cd")], [None, Some(0), None]),
            (vec![of("copy of b", "cd"), of("elsewhere", "cd"), of("a", "ab")], [Some(2), Some(1), Some(0)]),
            (vec![of("b", "cd"), of("b", "cd"), of("b", "cd")], [None, Some(0), Some(1)]),
        ] {
            let given: Vec<&LeakedFacts> = given.iter().collect();
            assert_eq!(at_hand(&known, &given), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_newly_read_replaces_what_is_known_and_nothing_is_lost() {
        let known = [of("", "ab"), of("b", "cd")];
        assert_eq!(renewed(&known, vec![]), known);
        assert_eq!(renewed(&known, vec![of("a", "ab")]), [of("a", "ab"), of("b", "cd")]);
        assert_eq!(renewed(&[], vec![of("a", "ab"), of("b", "cd")]), [of("a", "ab"), of("b", "cd")]);
    }
}

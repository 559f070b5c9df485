//! The credentials that a plan is about: those of leaked files, and one's own that are rotated.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::CredentialWord;
use super::{distance, time};
use crate::core::distinct::distinct;
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::other_credential::OtherCredential;

/// A credential that leaked. Nothing of it is secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeakedView {
    /// The file, as it was named; null where that was not kept.
    #[serde(default)]
    pub file: Option<String>,
    /// The common name of its certificate.
    pub common_name: String,
    /// The organizations of its certificate.
    pub organizations: Vec<String>,
    /// The serial number of its certificate, in hexadecimal digits.
    pub serial: String,
    /// SHA-256 of its certificate, in hexadecimal digits.
    pub certificate_sha256: String,
    /// SHA-256 of its public key, in hexadecimal digits.
    pub key_sha256: String,
    /// The last second of its validity.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub not_after: Option<Timestamp>,
    /// Whether the CA of the cluster signed it; null where its kind of signature can't be checked.
    pub signed_by_ca: Option<bool>,
    /// What its file holds beside the certificate and may open the cluster, too.
    #[serde(default)]
    pub other_credentials: Vec<OtherCredentialView>,
}

/// A credential that the leaked file holds beside the certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OtherCredentialView {
    /// Its kind.
    pub kind: CredentialWord,
    /// What it is.
    pub description: String,
    /// How the access that it gives is ended.
    pub remedy: String,
}

impl LeakedView {
    pub(super) fn of(leaked: &LeakedFacts) -> Self {
        let leaked = leaked.clone();
        let others = leaked.other_credentials.into_iter();
        Self {
            file: leaked.file,
            common_name: leaked.common_name,
            organizations: leaked.organizations,
            serial: leaked.serial,
            certificate_sha256: leaked.certificate_sha256,
            key_sha256: leaked.key_sha256,
            not_after: leaked.not_after,
            signed_by_ca: leaked.signed_by_ca,
            other_credentials: others
                .map(|OtherCredential { kind, description, remedy }| OtherCredentialView {
                    kind: kind.into(),
                    description,
                    remedy,
                })
                .collect(),
        }
    }
}

/// A line for each certificate; of several each says in which files it lies.
pub(super) fn lines(leaked: &[LeakedView], now: Timestamp) -> Vec<String> {
    let line = |sha256: &String| {
        let own: Vec<&LeakedView> = leaked.iter().filter(|one| one.certificate_sha256 == *sha256).collect();
        let first = own.first()?;
        let end = first.not_after.map_or("without an end".to_owned(), |end| {
            format!("valid until {} ({})", time(end), distance(end.as_second() - now.as_second()))
        });
        let files: Vec<&str> = own.iter().filter(|_| leaked.len() > 1).filter_map(|one| one.file.as_deref()).collect();
        let place = if files.is_empty() { String::new() } else { format!(", in {}", files.join(" and ")) };
        Some(format!("Credential    certificate CN={}, {end}{place}", first.common_name))
    };
    distinct(leaked.iter().map(|one| &one.certificate_sha256)).into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    fn of(file: &str, name: &str, sha256: &str) -> LeakedView {
        LeakedView {
            file: Some(file.to_owned()),
            common_name: name.to_owned(),
            organizations: Vec::new(),
            serial: "01".to_owned(),
            certificate_sha256: sha256.to_owned(),
            key_sha256: "cd".to_owned(),
            not_after: Some(at("2026-01-03T00:00:00Z")),
            signed_by_ca: None,
            other_credentials: Vec::new(),
        }
    }

    #[test]
    fn several_files_are_named_with_the_certificate_that_lies_in_them() {
        let line = |leaked: &[LeakedView]| lines(leaked, at("2026-01-01T00:00:00Z"));
        let [a, b, copy] = [("a.yaml", "200-17", "ab"), ("b.yaml", "200-18", "cd"), ("c.yaml", "200-17", "ab")]
            .map(|(file, name, sha256)| of(file, name, sha256));
        assert_eq!(line(&[]), Vec::<String>::new());
        assert_eq!(
            line(std::slice::from_ref(&a)),
            ["Credential    certificate CN=200-17, valid until 2026-01-03T00:00:00Z (2d)"]
        );
        let all = line(&[a, b, copy]);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].ends_with(", in a.yaml and c.yaml") && all[1].ends_with(", in b.yaml"), "{all:?}");
    }
}

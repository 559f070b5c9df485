//! A credential that leaked, within a plan.

use serde::{Deserialize, Serialize};

use super::{OnDisk as _, RecordError, all, maybe, one, text};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::other_credential::OtherCredential;

/// A credential that leaked. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeakedV1 {
    /// The file, as it was named. May be missing: it was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The common name of its certificate.
    pub common_name: String,
    /// The organizations of its certificate.
    pub organizations: Vec<String>,
    /// The serial number of its certificate.
    pub serial: String,
    /// SHA-256 of its certificate, in hexadecimal digits.
    pub certificate_sha256: String,
    /// SHA-256 of its public key, in hexadecimal digits.
    pub key_sha256: String,
    /// The last second of its validity. May be missing: not known.
    #[serde(default)]
    pub not_after: Option<String>,
    /// Whether the cluster's CA signed it. May be missing: not known.
    #[serde(default)]
    pub signed_by_ca: Option<bool>,
    /// What its file holds beside the certificate. May be missing: nothing.
    #[serde(default)]
    pub other_credentials: Vec<OtherCredentialV1>,
}

/// A credential that the leaked file holds beside the certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherCredentialV1 {
    /// Its kind: `Token`, `TokenFile`, `Exec`, `AuthProvider` or `Basic`.
    pub kind: String,
    /// What it is.
    pub description: String,
    /// How the access that it gives is ended.
    pub remedy: String,
}

impl From<&LeakedFacts> for LeakedV1 {
    fn from(leaked: &LeakedFacts) -> Self {
        let leaked = leaked.clone();
        Self {
            file: leaked.file,
            common_name: leaked.common_name,
            organizations: leaked.organizations,
            serial: leaked.serial,
            certificate_sha256: leaked.certificate_sha256,
            key_sha256: leaked.key_sha256,
            not_after: text(leaked.not_after.as_ref()),
            signed_by_ca: leaked.signed_by_ca,
            other_credentials: leaked.other_credentials.iter().map(OtherCredentialV1::from).collect(),
        }
    }
}

impl TryFrom<LeakedV1> for LeakedFacts {
    type Error = RecordError;

    fn try_from(leaked: LeakedV1) -> Result<Self, RecordError> {
        Ok(Self {
            file: leaked.file,
            common_name: leaked.common_name,
            organizations: leaked.organizations,
            serial: leaked.serial,
            certificate_sha256: leaked.certificate_sha256,
            key_sha256: leaked.key_sha256,
            not_after: maybe("notAfter", leaked.not_after.as_deref())?,
            signed_by_ca: leaked.signed_by_ca,
            other_credentials: all("otherCredentials", leaked.other_credentials)?,
        })
    }
}

impl From<&OtherCredential> for OtherCredentialV1 {
    fn from(other: &OtherCredential) -> Self {
        let OtherCredential { kind, description, remedy } = other.clone();
        Self { kind: kind.write(), description, remedy }
    }
}

impl TryFrom<OtherCredentialV1> for OtherCredential {
    type Error = RecordError;

    fn try_from(other: OtherCredentialV1) -> Result<Self, RecordError> {
        let OtherCredentialV1 { kind, description, remedy } = other;
        Ok(Self { kind: one("kind", &kind)?, description, remedy })
    }
}

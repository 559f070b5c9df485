//! With which algorithm a certificate is signed.

use x509_parser::oid_registry::{
    OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384, OID_NIST_HASH_SHA512, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA256WITHRSA,
    OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384,
    OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519,
};

use super::Defect;
use crate::core::credential::der::{self, Der};

/// `1.2.840.113549.1.1.8`.
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];

/// The algorithms that are refused by name: MD5, SHA-1 twice, and SHA-1 with ECDSA.
const WEAK: [(&[u8], &str); 4] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], "MD5"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], "SHA-1"),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1d], "SHA-1"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], "SHA-1"),
];

/// Reads an `AlgorithmIdentifier`. Gives what API servers refuse it for; the error is what kubectl refuses, too.
pub(super) fn check(mut algorithm: Der<'_>) -> Result<Option<Defect>, Defect> {
    let (oid, parameters) = algorithm.algorithm().ok_or(Defect::Malformed("signature algorithm"))?;
    let plain = [
        OID_PKCS1_SHA256WITHRSA,
        OID_PKCS1_SHA384WITHRSA,
        OID_PKCS1_SHA512WITHRSA,
        OID_SIG_ECDSA_WITH_SHA256,
        OID_SIG_ECDSA_WITH_SHA384,
        OID_SIG_ECDSA_WITH_SHA512,
    ];
    let is_known = plain.iter().any(|known| known.as_bytes() == oid)
        || oid == OID_SIG_ED25519.as_bytes() && parameters.is_empty()
        || oid == OID_PKCS1_RSASSAPSS.as_bytes() && is_sound_pss(parameters).unwrap_or(false);
    let weak = WEAK.iter().find(|(weak, _)| *weak == oid).map(|(_, name)| *name);
    Ok((!is_known).then_some(Defect::SignatureAlgorithm(weak.unwrap_or("an unknown algorithm"))))
}

/// RSASSA-PSS with one hash throughout and a salt of its length (RFC 4055, 3.1).
fn is_sound_pss(parameters: &[u8]) -> Option<bool> {
    let mut parameters = Der(parameters).sequence()?;
    let mut hash = Der(parameters.take(der::explicit(0))?).sequence()?;
    let mut mask = Der(parameters.take(der::explicit(1))?).sequence()?;
    let salt_length = Der(parameters.take(der::explicit(2))?).small_integer()?;
    let trailer = match parameters.take_if_there(der::explicit(3))? {
        Some(trailer) => Der(trailer).small_integer()?,
        None => 1,
    };
    let (hash, has_hash_parameters) = (hash.object_identifier()?, !is_empty_or_null(hash));
    let is_mgf1 = mask.object_identifier()? == MGF1;
    let mut mask_hash = mask.sequence()?;
    let is_same = mask_hash.object_identifier()? == hash && is_empty_or_null(mask_hash);
    let expected = [(OID_NIST_HASH_SHA256, 32), (OID_NIST_HASH_SHA384, 48), (OID_NIST_HASH_SHA512, 64)];
    let fits = expected.iter().any(|(oid, length)| oid.as_bytes() == hash && *length == salt_length);
    Some(fits && is_mgf1 && is_same && !has_hash_parameters && trailer == 1)
}

fn is_empty_or_null(parameters: Der<'_>) -> bool {
    parameters.is_empty() || parameters.0 == der::NULL
}

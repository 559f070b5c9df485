//! A request for a certificate (PKCS#10): for whom it is.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use super::certificate::Subject;

/// The subject of a request in PEM; `None` where it can't be read. API servers take the last common name, and so does this.
/// Source: <https://www.rfc-editor.org/rfc/rfc2986>
pub fn subject_of(pem: &[u8]) -> Option<Subject> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let (_, request) = X509CertificationRequest::from_der(&block.contents).ok()?;
    let subject = &request.certification_request_info.subject;
    let common_name = subject.iter_common_name().last().and_then(|name| name.as_str().ok()).map(str::to_owned);
    let organizations = subject.iter_organization().filter_map(|name| name.as_str().ok()).map(str::to_owned).collect();
    Some(Subject { common_name, organizations })
}

/// `openssl req -new -newkey ed25519 -nodes -subj /O=dev/O=ops/CN=first/CN=ann`
#[cfg(test)]
pub(crate) const OF_ANN: &str = "-----BEGIN CERTIFICATE REQUEST-----\n\
    MIG5MG0CAQAwOjEMMAoGA1UECgwDZGV2MQwwCgYDVQQKDANvcHMxDjAMBgNVBAMM\n\
    BWZpcnN0MQwwCgYDVQQDDANhbm4wKjAFBgMrZXADIQDno6GtKoVdX1mh7/foUpUk\n\
    SZ6Llk0LMjXG3/EhX1HjPaAAMAUGAytlcANBAJa6fQZwovXkZs2aInYeupz5nZ0v\n\
    3qdny9faC+mlr91tfVWRSGI5SOxPVunGYWvEIF8QjasROTAlBoYm6urubgc=\n\
    -----END CERTIFICATE REQUEST-----\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_read_as_api_servers_read_it() {
        let subject = subject_of(OF_ANN.as_bytes()).unwrap();
        assert_eq!(subject.common_name.as_deref(), Some("ann"));
        assert_eq!(subject.organizations, ["dev", "ops"]);
    }

    #[test]
    fn what_is_no_request_has_no_subject() {
        let cut = OF_ANN.replacen("MII", "MIA", 1).replacen("MI", "AA", 1);
        for text in ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", &cut] {
            assert_eq!(subject_of(text.as_bytes()), None, "{text}");
        }
    }
}

//! Metrics of `expiry`. Those of certificates have the names that x509-certificate-exporter gave them, so that its alerts hold.
//! Source: <https://github.com/enix/x509-certificate-exporter/blob/main/docs/metrics.md>

use num_bigint::BigUint;

use super::{Labels, Metrics, count, labels};
use crate::output::views::{CredentialStatusWord, CredentialWord, ExpiryItem, ExpiryReport, Word as _};

impl Metrics {
    /// What `expiry` found.
    pub fn of_expiry(report: &ExpiryReport) -> Self {
        let mut metrics = Self::default();
        let certificates =
            || report.items.iter().filter(|item| item.credential == Some(CredentialWord::ClientCertificate));
        let is = |item: &ExpiryItem, statuses: &[CredentialStatusWord]| i64::from(statuses.contains(&item.status));
        metrics.add(
            "x509_cert_not_after",
            "When the certificate ends, in seconds since 1970.",
            certificates().filter_map(|item| Some((certificate(item), item.not_after?.as_second()))),
        );
        metrics.add(
            "x509_cert_not_before",
            "When the certificate begins, in seconds since 1970.",
            certificates().filter_map(|item| Some((certificate(item), item.not_before?.as_second()))),
        );
        metrics.add(
            "x509_cert_expired",
            "Whether the certificate has ended.",
            certificates().map(|item| (certificate(item), is(item, &[CredentialStatusWord::Expired]))),
        );
        let unusable = [CredentialStatusWord::Invalid, CredentialStatusWord::Missing];
        metrics.add(
            "x509_cert_error",
            "Whether the certificate can't be read or can't work.",
            certificates().map(|item| (certificate(item), is(item, &unusable))),
        );
        let unread = report.items.iter().filter(|item| item.credential.is_none()).count() + unread_by_search(report);
        metrics.add("x509_read_errors", "How many files could not be read.", [(Labels::new(), count(unread))]);
        metrics.add(
            "ackcred_credential_expiration_timestamp_seconds",
            "When a credential of any kind ends, in seconds since 1970; none for one that never does.",
            report.items.iter().filter_map(|item| Some((credential(item), item.not_after?.as_second()))),
        );
        metrics.add_sums(
            "ackcred_credentials",
            "How many credentials have each status.",
            CredentialStatusWord::ALL
                .iter()
                .map(|status| (labels([("status", Some(status.as_str()))]), 0))
                .chain(report.items.iter().map(|item| (labels([("status", Some(item.status.as_str()))]), 1))),
        );
        metrics.add(
            "ackcred_expiry_incomplete",
            "Whether something that was asked for could not be read.",
            [(Labels::new(), i64::from(unread > 0))],
        );
        metrics
    }
}

/// Where a certificate is and whose it is, under the names of x509-certificate-exporter where that has some.
fn certificate(item: &ExpiryItem) -> Labels {
    let source = item.source.as_deref();
    let decimal = item.serial.as_deref().and_then(|hex| BigUint::parse_bytes(hex.as_bytes(), 16));
    let mut certificate = labels([
        ("filename", source.and_then(|path| path.rsplit(['/', '\\']).next())),
        ("filepath", source),
        ("line", item.line.map(|line| line.to_string()).as_deref()),
        ("serial_number", decimal.map(|number| number.to_string()).as_deref()),
        ("subject_CN", item.common_name.as_deref()),
    ]);
    certificate.extend(whose(item));
    certificate
}

fn credential(item: &ExpiryItem) -> Labels {
    let mut credential = labels([
        ("credential", item.credential.map(|kind| kind.as_str())),
        ("filepath", item.source.as_deref()),
        ("line", item.line.map(|line| line.to_string()).as_deref()),
        ("status", Some(item.status.as_str())),
    ]);
    credential.extend(whose(item));
    credential
}

fn whose(item: &ExpiryItem) -> Labels {
    labels([
        ("cluster_id", item.cluster_id.as_deref()),
        ("context", item.context.as_deref()),
        ("uid", item.uid.as_deref()),
    ])
}

fn unread_by_search(report: &ExpiryReport) -> usize {
    report.search.as_ref().map_or(0, |search| search.unread.len())
}

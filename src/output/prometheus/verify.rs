//! Metrics of `verify`. Where nothing could be checked there is no value: absent is not 0.

use super::{Labels, Metrics, labels};
use crate::output::views::{RecheckOutcome, RecheckView, VerificationReport, VerifiedOperation};

impl Metrics {
    /// Whether what was revoked is still gone.
    pub fn of_verify(report: &VerificationReport) -> Self {
        let mut metrics = Self::default();
        let known = report.rows().filter_map(|(one, row)| {
            let is_back = match row.outcome {
                RecheckOutcome::Verified | RecheckOutcome::Restored => 0,
                RecheckOutcome::Residual => 1,
                RecheckOutcome::Unverifiable => return None,
            };
            Some((place(one, row), is_back))
        });
        metrics.add(
            "ackcred_verify_access_back",
            "Whether an identity has access again that an operation took away.",
            known,
        );
        metrics.add(
            "ackcred_verify_unverifiable",
            "Whether it could not be checked that an identity's access is still gone.",
            report.rows().map(|(one, row)| (place(one, row), i64::from(row.outcome == RecheckOutcome::Unverifiable))),
        );
        metrics.add(
            "ackcred_verify_put_back_timestamp_seconds",
            "When the subjects of a binding were last written that names an identity again.",
            report.rows().flat_map(|(one, row)| {
                row.put_back.iter().filter_map(move |found| {
                    let mut labels = place(one, row);
                    labels.extend(super::labels([
                        ("binding", Some(found.binding.to_string().as_str())),
                        ("manager", found.manager.as_deref()),
                    ]));
                    Some((labels, found.since?.as_second()))
                })
            }),
        );
        metrics.add(
            "ackcred_verify_unreadable_operations",
            "How many operations of this machine can't be read, so that it is not known what they revoked.",
            [(Labels::new(), super::count(report.operations.iter().filter(|one| one.error.is_some()).count()))],
        );
        metrics.add(
            "ackcred_verify_incomplete",
            "Whether something that was to be checked could not be.",
            [(Labels::new(), i64::from(report.incomplete))],
        );
        metrics
    }
}

fn place(one: &VerifiedOperation, row: &RecheckView) -> Labels {
    labels([("cluster_id", row.cluster_id.as_deref()), ("operation", Some(&one.id)), ("uid", Some(&row.uid))])
}

//! Check `LeakedFile`: what the operator's own API server says to the leaked credential.

use super::reviews::{Reviewed, read_review};
use super::{Before, Check, CheckReport, Probe};
use crate::core::cluster::server_view::{AccessReview, ServerIdentity};
use crate::core::rbac::path_of;
use crate::core::revocation::leaked::LeakedFacts;

/// How the leaked credential is tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeakedQuestion<'a> {
    /// By a GET of this path, which the probe allowed before.
    Get(&'a Probe, String),
    /// By a review of itself: what was allowed before is no GET.
    Review(&'a Probe),
}

/// The question to try it out with; without any, the check's report.
pub fn leaked_question<'a>(before: &'a Before, facts: &LeakedFacts) -> Result<LeakedQuestion<'a>, CheckReport> {
    let own = || before.allowed.iter().filter(|probe| probe.name == facts.common_name);
    let get = own().find_map(|probe| Some(LeakedQuestion::Get(probe, path_of(&probe.attributes)?)));
    let question = get.or_else(|| own().next().map(LeakedQuestion::Review));
    question.ok_or_else(|| CheckReport::skipped(Check::LeakedFile, "nothing was seen to work before"))
}

/// Whether the API server takes the asker for another than the certificate's owner: something between replaces the credential.
pub fn mistaken_identity(seen: &ServerIdentity, facts: &LeakedFacts) -> Option<CheckReport> {
    let expected = format!("X509SHA256={}", facts.certificate_sha256);
    let detail = if seen.username != facts.common_name {
        format!("the API server sees {} instead of {}", seen.username, facts.common_name)
    } else if seen.credential_id().is_some_and(|id| id != expected) {
        "the API server sees another certificate than the file's".to_owned()
    } else {
        return None;
    };
    Some(CheckReport::error(Check::LeakedFile, detail))
}

/// The report where the API server refuses the certificate itself.
pub fn certificate_refused() -> CheckReport {
    CheckReport::passed(Check::LeakedFile, "the API server doesn't accept the certificate (401)")
}

/// What the API server's answer to a GET comes to.
pub fn weigh_get(probe: &Probe, path: &str, status: u16, message: &str) -> CheckReport {
    match read_leaked_status(status, message, &probe.name) {
        Ok(()) => {
            let detail = format!("GET {path}: {status} (the review had said yes before)");
            CheckReport::passed(Check::LeakedFile, detail)
        }
        Err(reason) if is_let_in(status) => {
            let left = format!("the leaked file may {}: {reason}", probe.attributes);
            CheckReport::failed(Check::LeakedFile, format!("GET {path}: {status}"), vec![left])
        }
        Err(reason) => CheckReport::error(Check::LeakedFile, format!("GET {path}: {reason}")),
    }
}

/// What the credential's review of itself comes to.
pub fn weigh_own_review(probe: &Probe, review: &AccessReview) -> CheckReport {
    let attributes = &probe.attributes;
    match read_review(review) {
        Reviewed::No => CheckReport::passed(Check::LeakedFile, format!("may it {attributes}? No, says its own review")),
        Reviewed::Unclear(reason) => {
            CheckReport::error(Check::LeakedFile, format!("may it {attributes}? No clear answer: {reason}"))
        }
        Reviewed::ByRbac(reason) | Reviewed::ByAnother(reason) => {
            let left = format!("the leaked file may {attributes}: {reason}");
            CheckReport::failed(Check::LeakedFile, "its own review still says yes", vec![left])
        }
    }
}

/// Whether an answer of the API server is one to a request that was allowed. A 404 comes after the authorization.
pub fn is_let_in(status: u16) -> bool {
    matches!(status, 200..=299 | 404)
}

/// What the API server's answer to the leaked credential means; the probe had been allowed before. A denial counts only if it
/// names the credential's own user: something between may drop the certificate, and a request without one is denied too.
pub(super) fn read_leaked_status(status: u16, message: &str, user: &str) -> Result<(), String> {
    match status {
        401 => Ok(()),
        403 if message.contains(&format!("User {user:?}")) => Ok(()),
        403 => Err(format!("403: the answer doesn't name {user}, so it may be about another credential")),
        404 => Err("404: it may still look".to_owned()),
        200..=299 => Err(format!("{status}: it still works")),
        _ => Err(format!("{status}: no clear answer")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixtures::leaked;
    use super::*;
    use crate::core::rbac::Attributes;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed, Skipped};

    fn probe(name: &str, verb: &str, resource: &str) -> Probe {
        let [verb, resource] = [verb, resource].map(str::to_owned);
        Probe {
            name: name.into(),
            groups: Vec::new(),
            attributes: Attributes { verb, resource, ..Attributes::default() },
        }
    }

    #[test]
    fn a_leaked_credential_is_revoked_only_where_it_is_clearly_refused() {
        let of = |user: &str| format!("pods is forbidden: User {user:?} cannot list resource \"pods\"");
        for (status, message, expected) in [
            (401, "Unauthorized".to_owned(), Passed),
            (403, of("200-17"), Passed),
            (403, String::new(), Error),
            (403, "denied".to_owned(), Error),
            (403, of("system:anonymous"), Error),
            (403, of("200-171"), Error),
            (200, of("200-17"), Failed),
            (204, String::new(), Failed),
            (404, of("200-17"), Failed),
            (302, of("200-17"), Error),
            (410, of("200-17"), Error),
            (429, of("200-17"), Error),
            (500, of("200-17"), Error),
            (503, of("200-17"), Error),
        ] {
            let report = weigh_get(&probe("200-17", "list", "pods"), "/api/v1/pods", status, &message);
            assert_eq!(
                (report.result, report.findings.len()),
                (expected, usize::from(expected == Failed)),
                "{report:?}"
            );
        }
    }

    #[test]
    fn what_is_no_refusal_is_named_as_what_it_is() {
        for (status, says) in
            [(403, "may be about another credential"), (404, "may still look"), (204, "still works"), (500, "no clear")]
        {
            let why = read_leaked_status(status, "User \"bo\" cannot", "200-17").unwrap_err();
            assert!(why.starts_with(&status.to_string()) && why.contains(says), "{why}");
        }
    }

    #[test]
    fn its_own_review_counts_by_a_clear_answer_alone() {
        for (allowed, error, expected) in
            [(false, None, Passed), (true, None, Failed), (true, Some("x"), Failed), (false, Some("x"), Error)]
        {
            let evaluation_error = error.map(str::to_owned);
            let review = AccessReview { allowed, evaluation_error, ..AccessReview::default() };
            assert_eq!(weigh_own_review(&probe("200-17", "delete", "pods"), &review).result, expected, "{review:?}");
        }
    }

    #[test]
    fn another_user_or_another_certificate_than_the_files_is_no_proof() {
        let key = "authentication.kubernetes.io/credential-id";
        for (username, id, is_another) in [
            ("200-17", None, false),
            ("200-17", Some("X509SHA256=ab"), false),
            ("200-17", Some("X509SHA256=ac"), true),
            ("200-18", Some("X509SHA256=ab"), true),
            ("system:anonymous", None, true),
        ] {
            let extra: BTreeMap<_, _> = id.map(|id| (key.to_owned(), vec![id.to_owned()])).into_iter().collect();
            let seen = ServerIdentity { username: username.into(), extra, ..ServerIdentity::default() };
            let expected = is_another.then_some(Error);
            assert_eq!(mistaken_identity(&seen, &leaked()).map(|report| report.result), expected, "{seen:?}");
        }
    }

    #[test]
    fn a_get_is_preferred_and_only_questions_about_the_certificates_own_name_are_asked() {
        let (get, post) = (probe("200-17", "list", "pods"), probe("200-17", "create", "pods"));
        let other = probe("200-18", "list", "pods");
        let question = |allowed: Vec<Probe>| {
            let before = Before { allowed, ..Before::default() };
            match leaked_question(&before, &leaked()) {
                Ok(LeakedQuestion::Get(probe, path)) => format!("GET {path} {}", probe.name),
                Ok(LeakedQuestion::Review(probe)) => format!("review {} {}", probe.attributes, probe.name),
                Err(report) => format!("{:?}", report.result),
            }
        };
        assert_eq!(question(vec![post.clone(), get]), "GET /api/v1/pods?limit=1 200-17");
        assert_eq!(question(vec![other.clone(), post]), "review create pods 200-17");
        assert_eq!(question(vec![other]), format!("{Skipped:?}"));
    }
}

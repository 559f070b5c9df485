//! The leaked credential, presented to the operator's own server and to no other.

use tokio::time::{Instant, sleep};

use super::{REVIEW_STEP, REVIEWS_SETTLE_WITHIN, VerificationQuery};
use crate::adapters::cluster::{ApiServer, GetAnswer};
use crate::core::rbac::{Attributes, path_of};
use crate::core::revocation::input::InputTarget;
use crate::core::revocation::verification::{Check, CheckReport, Probe, Reviewed, read_leaked_status, read_review};
use crate::error::chain;

/// Presents the leaked credential to the operator's own server, with one question that was allowed before.
pub(super) async fn present_leaked(question: &VerificationQuery<'_>, target: &InputTarget) -> CheckReport {
    let Some(leaked) = question.leaked.filter(|leaked| leaked.uid == target.target.uid) else {
        return CheckReport::skipped(Check::LeakedFile, "none was given");
    };
    let bearer = match question.api.with_login(&leaked.login) {
        Ok(bearer) => bearer,
        Err(error) => return CheckReport::error(Check::LeakedFile, chain(&error)),
    };
    match bearer.self_subject_review().await {
        Err(error) if error.is_unauthorized() => {
            return CheckReport::passed(Check::LeakedFile, "the API server doesn't accept the certificate (401)");
        }
        Ok(Some(seen)) if seen.username != leaked.facts.common_name => {
            let seen = format!("the API server sees {} instead of {}", seen.username, leaked.facts.common_name);
            return CheckReport::error(Check::LeakedFile, seen);
        }
        Ok(Some(seen)) => {
            let expected = format!("X509SHA256={}", leaked.facts.certificate_sha256);
            if seen.credential_id().is_some_and(|id| id != expected) {
                return CheckReport::error(
                    Check::LeakedFile,
                    "the API server sees another certificate than the file's",
                );
            }
        }
        Ok(None) | Err(_) => {}
    }
    let own = || question.before.allowed.iter().filter(|probe| probe.name == leaked.facts.common_name);
    match own().find_map(|probe| Some((probe, path_of(&probe.attributes)?))) {
        Some((probe, path)) => get_as_leaked(&bearer, probe, &path).await,
        None => match own().next() {
            Some(probe) => review_as_leaked(&bearer, &probe.attributes).await,
            None => CheckReport::skipped(Check::LeakedFile, "nothing was seen to work before"),
        },
    }
}

async fn get_as_leaked(bearer: &ApiServer, probe: &Probe, path: &str) -> CheckReport {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        let GetAnswer { status, message } = match bearer.status_of_get(path).await {
            Err(error) => return CheckReport::error(Check::LeakedFile, chain(&error)),
            Ok(answer) => answer,
        };
        match read_leaked_status(status, &message, &probe.name) {
            Ok(()) => {
                let detail = format!("GET {path}: {status} (the review had said yes before)");
                return CheckReport::passed(Check::LeakedFile, detail);
            }
            Err(_) if Instant::now() < until => sleep(REVIEW_STEP).await,
            Err(reason) if matches!(status, 200..=299 | 404) => {
                let left = format!("the leaked file may {}: {reason}", probe.attributes);
                return CheckReport::failed(Check::LeakedFile, format!("GET {path}: {status}"), vec![left]);
            }
            Err(reason) => return CheckReport::error(Check::LeakedFile, format!("GET {path}: {reason}")),
        }
    }
}

async fn review_as_leaked(bearer: &ApiServer, attributes: &Attributes) -> CheckReport {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        let review = match bearer.self_subject_access_review(attributes).await {
            Err(error) => return CheckReport::error(Check::LeakedFile, chain(&error)),
            Ok(review) => read_review(&review),
        };
        match review {
            Reviewed::No => {
                return CheckReport::passed(Check::LeakedFile, format!("may it {attributes}? No, says its own review"));
            }
            _ if Instant::now() < until => sleep(REVIEW_STEP).await,
            Reviewed::Unclear(reason) => {
                return CheckReport::error(
                    Check::LeakedFile,
                    format!("may it {attributes}? No clear answer: {reason}"),
                );
            }
            Reviewed::ByRbac(reason) | Reviewed::ByAnother(reason) => {
                let left = format!("the leaked file may {attributes}: {reason}");
                return CheckReport::failed(Check::LeakedFile, "its own review still says yes", vec![left]);
            }
        }
    }
}

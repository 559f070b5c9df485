//! Presents the leaked credential to the operator's own server and to no other.

use tokio::time::{Instant, sleep};

use super::{REVIEW_STEP, REVIEWS_SETTLE_WITHIN, VerificationQuery};
use crate::adapters::cluster::{ApiServer, CallError, GetAnswer};
use crate::core::revocation::input::InputTarget;
use crate::core::revocation::verification::{
    Check, CheckReport, CheckResult, LeakedQuestion, certificate_refused, leaked_question, mistaken_identity,
    weigh_get, weigh_own_review,
};
use crate::error::chain;

/// Presents the leaked credential, with one question that was allowed before.
pub(super) async fn present_leaked(question: &VerificationQuery<'_>, target: &InputTarget) -> CheckReport {
    let Some(leaked) = question.leaked.filter(|leaked| leaked.uid == target.target.uid) else {
        return CheckReport::skipped(Check::LeakedFile, "none was given");
    };
    let as_leaked = match question.api.with_login(&leaked.login) {
        Ok(as_leaked) => as_leaked,
        Err(error) => return CheckReport::error(Check::LeakedFile, chain(&error)),
    };
    match as_leaked.self_subject_review().await {
        Err(error) if error.is_unauthorized() => return certificate_refused(),
        Ok(Some(seen)) => {
            if let Some(report) = mistaken_identity(&seen, &leaked.facts) {
                return report;
            }
        }
        Ok(None) | Err(_) => {}
    }
    match leaked_question(question.before, &leaked.facts) {
        Ok(question) => ask_until_refused(&as_leaked, &question).await,
        Err(report) => report,
    }
}

/// Asks until the answer is a clear no, or for as long as the API server may need to apply its own change.
async fn ask_until_refused(as_leaked: &ApiServer, question: &LeakedQuestion<'_>) -> CheckReport {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        match ask(as_leaked, question).await {
            Err(error) => return CheckReport::error(Check::LeakedFile, chain(&error)),
            Ok(report) if report.result == CheckResult::Passed || Instant::now() >= until => return report,
            Ok(_) => sleep(REVIEW_STEP).await,
        }
    }
}

async fn ask(as_leaked: &ApiServer, question: &LeakedQuestion<'_>) -> Result<CheckReport, CallError> {
    Ok(match question {
        LeakedQuestion::Get(probe, path) => {
            let GetAnswer { status, message } = as_leaked.status_of_get(path).await?;
            weigh_get(probe, path, status, &message)
        }
        LeakedQuestion::Review(probe) => {
            weigh_own_review(probe, &as_leaked.self_subject_access_review(&probe.attributes).await?)
        }
    })
}

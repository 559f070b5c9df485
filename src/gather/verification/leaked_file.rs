//! Presents the leaked credential to the operator's own server and to no other.

use std::time::Duration;

use futures_util::future;
use tokio::time::{Instant, sleep};

use super::{REVIEW_STEP, VerificationQuery};
use crate::adapters::cluster::{ApiServer, CallError, GetAnswer};
use crate::core::rbac::user_info::ANONYMOUS;
use crate::core::revocation::input::InputTarget;
use crate::core::revocation::verification::{
    Check, CheckReport, CheckResult, CredentialAnswer, LeakedQuestion, certificate_refused, leaked_question,
    mistaken_identity, of_files, weigh_get, weigh_other, weigh_own_review, with_others, without_file,
};
use crate::error::chain;
use crate::gather::leaked::{Leaked, OtherLogin};

/// Presents every credential of an identity's leaked files.
pub(super) async fn present_leaked(question: &VerificationQuery<'_>, target: &InputTarget) -> CheckReport {
    let own = question.files().into_iter().filter(|(facts, _)| facts.is_of(&target.target.uid));
    let presented = own.map(async |(facts, file)| match file {
        Some(leaked) => (facts, present_file(question, leaked, target).await),
        None => (facts, without_file(facts)),
    });
    of_files(future::join_all(presented).await, question.plan.leaked.len() == 1)
}

/// Presents every credential of one file.
async fn present_file(question: &VerificationQuery<'_>, leaked: &Leaked, target: &InputTarget) -> CheckReport {
    let others =
        future::join_all(leaked.others.iter().map(async |other| {
            weigh_other(&other.credential, &present_other(question.api, other).await, &target.target)
        }));
    let (certificate, others) = tokio::join!(present_certificate(question, leaked), others);
    with_others(certificate, others)
}

/// Asks who one is with another credential of the file than its certificate.
async fn present_other(api: &ApiServer, other: &OtherLogin) -> CredentialAnswer {
    let login = match &other.login {
        Ok(login) => login,
        Err(why) => return CredentialAnswer::NotAsked(why),
    };
    let as_other = match api.with_login(login) {
        Ok(as_other) => as_other,
        Err(error) => return CredentialAnswer::Unclear(chain(&error)),
    };
    match as_other.self_subject_review().await {
        Ok(Some(seen)) if seen.username == ANONYMOUS => CredentialAnswer::NotAccepted,
        Ok(seen) => CredentialAnswer::Accepted(seen),
        Err(error) if error.is_unauthorized() || error.is_forbidden_to_anonymous() => CredentialAnswer::NotAccepted,
        Err(error) if error.is_forbidden() => CredentialAnswer::Accepted(None),
        Err(error) => CredentialAnswer::Unclear(chain(&error)),
    }
}

/// Presents the certificate, with one question that was allowed before.
async fn present_certificate(question: &VerificationQuery<'_>, leaked: &Leaked) -> CheckReport {
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
        Ok(asked) => ask_until_refused(&as_leaked, &asked, question.lag()).await,
        Err(report) => report,
    }
}

/// Asks until the answer is a clear no, or for as long as the API server may need to apply its own change.
async fn ask_until_refused(as_leaked: &ApiServer, question: &LeakedQuestion<'_>, lag: Duration) -> CheckReport {
    let until = Instant::now() + lag;
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

//! The leaked credential, presented to the operator's own server and to no other.

use tokio::time::{Instant, sleep};

use super::{Question, REVIEW_STEP, REVIEWS_SETTLE_WITHIN};
use crate::adapters::cluster::{ApiServer, GetAnswer};
use crate::core::rbac::{Attributes, path_of};
use crate::core::revocation::input::TargetCase;
use crate::core::revocation::verification::{Probe, Reviewed, Voice, VoiceAnswer, read_leaked_status, read_review};
use crate::error::chain;

/// Presents the leaked credential to the operator's own server, with one question that was allowed before.
pub(super) async fn present_leaked(question: &Question<'_>, target: &TargetCase) -> VoiceAnswer {
    let Some(leaked) = question.leaked.filter(|leaked| leaked.uid == target.target.uid) else {
        return VoiceAnswer::not_asked(Voice::LeakedFile, "none was given");
    };
    let bearer = match question.api.with_login(&leaked.login) {
        Ok(bearer) => bearer,
        Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
    };
    match bearer.self_subject_review().await {
        Err(error) if error.is_unauthorized() => {
            return VoiceAnswer::clean(Voice::LeakedFile, "the API server doesn't accept the certificate (401)");
        }
        Ok(Some(seen)) if seen.username != leaked.facts.common_name => {
            let seen = format!("the API server sees {} instead of {}", seen.username, leaked.facts.common_name);
            return VoiceAnswer::failed(Voice::LeakedFile, seen);
        }
        Ok(Some(seen)) => {
            let expected = format!("X509SHA256={}", leaked.facts.certificate_sha256);
            if seen.credential_id().is_some_and(|id| id != expected) {
                return VoiceAnswer::failed(
                    Voice::LeakedFile,
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
            None => VoiceAnswer::not_asked(Voice::LeakedFile, "nothing was seen to work before"),
        },
    }
}

async fn get_as_leaked(bearer: &ApiServer, probe: &Probe, path: &str) -> VoiceAnswer {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        let GetAnswer { status, message } = match bearer.status_of_get(path).await {
            Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
            Ok(answer) => answer,
        };
        match read_leaked_status(status, &message, &probe.name) {
            Ok(()) => {
                let told = format!("GET {path}: {status} (the review had said yes before)");
                return VoiceAnswer::clean(Voice::LeakedFile, told);
            }
            Err(_) if Instant::now() < until => sleep(REVIEW_STEP).await,
            Err(reason) if matches!(status, 200..=299 | 404) => {
                let left = format!("the leaked file may {}: {reason}", probe.attributes);
                return VoiceAnswer::residual(Voice::LeakedFile, format!("GET {path}: {status}"), vec![left]);
            }
            Err(reason) => return VoiceAnswer::failed(Voice::LeakedFile, format!("GET {path}: {reason}")),
        }
    }
}

async fn review_as_leaked(bearer: &ApiServer, attributes: &Attributes) -> VoiceAnswer {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        let review = match bearer.self_subject_access_review(attributes).await {
            Err(error) => return VoiceAnswer::failed(Voice::LeakedFile, chain(&error)),
            Ok(review) => read_review(&review),
        };
        match review {
            Reviewed::No => {
                return VoiceAnswer::clean(Voice::LeakedFile, format!("may it {attributes}? No, says its own review"));
            }
            _ if Instant::now() < until => sleep(REVIEW_STEP).await,
            Reviewed::Unclear(reason) => {
                return VoiceAnswer::failed(
                    Voice::LeakedFile,
                    format!("may it {attributes}? No clear answer: {reason}"),
                );
            }
            Reviewed::ByRbac(reason) | Reviewed::ByAnother(reason) => {
                let left = format!("the leaked file may {attributes}: {reason}");
                return VoiceAnswer::residual(Voice::LeakedFile, "its own review still says yes", vec![left]);
            }
        }
    }
}

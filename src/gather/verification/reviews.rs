//! Asks the API server for its own decisions, before the change and after it.

use std::cell::Cell;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::{REVIEW_STEP, REVIEWS_SETTLE_WITHIN, VerificationQuery};
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{
    Answers, Before, CheckReport, Probe, Reviewed, answers, questions, read_review, weigh_reviews,
};
use crate::error::chain;
use crate::gather::revocation::SIDE_BY_SIDE;

/// Asks what the bindings to be taken away allow, and keeps what is answered with yes: these are the questions that must be
/// answered with no afterwards. The first question that has no answer ends it; its error is returned, too.
pub async fn probes_that_work(api: &ApiServer, input: &RevocationInput) -> (Before, Option<CallError>) {
    let questions = questions(input);
    let answers = stream::iter(&questions)
        .map(async |(_, probe)| (api.subject_access_review(&probe.user_info(), &probe.attributes).await, probe));
    let mut answers = std::pin::pin!(answers.buffered(SIDE_BY_SIDE));
    let (mut answered, mut failure) = (Vec::new(), None);
    while let Some((answer, probe)) = answers.next().await {
        match answer {
            Ok(review) => answered.push((probe, read_review(&review))),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    (Before::of_answers(&questions, &answered, failure.as_ref().map(|error| chain(error))), failure)
}

/// What the API server allows after a restore.
#[derive(Clone, Debug, Default)]
pub struct Again {
    /// How many questions it answered.
    pub asked: usize,
    /// How many of them it answers with yes.
    pub allowed: usize,
    /// All of them with their answers, as they are kept.
    pub answers: Vec<Answers>,
}

/// Asks what was allowed before a revocation, until the answer is yes or for as long as the API server may need to apply a change.
/// A question that is not answered does not count.
pub async fn allowed_again(api: &ApiServer, probes: &[Probe]) -> Again {
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    let ask = stream::iter(probes).map(async |probe| {
        loop {
            match api.subject_access_review(&probe.user_info(), &probe.attributes).await {
                Ok(review) if !review.allowed && Instant::now() < until => sleep(REVIEW_STEP).await,
                answer => return (probe, answer),
            }
        }
    });
    let answered = ask.buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await;
    let asked = answered.iter().filter(|(_, answer)| answer.is_ok()).count();
    let allowed = answered.iter().filter(|(_, answer)| answer.as_ref().is_ok_and(|review| review.allowed)).count();
    let read = answered.iter().map(|(probe, answer)| match answer {
        Ok(review) => (*probe, read_review(review)),
        Err(error) => (*probe, Reviewed::Unclear(chain(error))),
    });
    Again { asked, allowed, answers: answers(read) }
}

/// Asks every question again that was answered with yes before the change. Gives the answers, too.
pub(super) async fn review(question: &VerificationQuery<'_>, target: &Target) -> (CheckReport, Vec<Answers>) {
    let own = match question.before.probes_of(target) {
        Ok(own) => own,
        Err(report) => return (report, Vec::new()),
    };
    let until = Instant::now() + question.lag();
    // Where the API server doesn't answer one question for all that time, the others would each wait as long.
    let is_silent = Cell::new(false);
    let ask = async |probe| match is_silent.get() {
        true => Reviewed::Unclear("not asked: the question before had no answer".to_owned()),
        false => match review_until(question.api, probe, until).await {
            Ok(reviewed) => reviewed,
            Err(error) => {
                is_silent.set(true);
                Reviewed::Unclear(chain(&error))
            }
        },
    };
    let reviewed: Vec<Reviewed> = stream::iter(own.iter().copied()).map(ask).buffered(SIDE_BY_SIDE).collect().await;
    let asked = || own.iter().copied().zip(reviewed.iter().cloned());
    (weigh_reviews(asked()), answers(asked()))
}

/// Asks until the answer is no, or for as long as the API server may need to apply its own change.
async fn review_until(api: &ApiServer, probe: &Probe, until: Instant) -> Result<Reviewed, CallError> {
    loop {
        let answer = api.subject_access_review(&probe.user_info(), &probe.attributes).await;
        let read = answer.as_ref().map(read_review);
        if matches!(read, Ok(Reviewed::No)) || Instant::now() >= until {
            return answer.map(|review| read_review(&review));
        }
        sleep(REVIEW_STEP).await;
    }
}

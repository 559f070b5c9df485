//! Asks an API server whether users may do what was evaluated here.

use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};

use super::runtime::Interrupt;
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::cluster::server_view::AccessReview;
use crate::core::rbac::{Attributes, UserInfo};

/// How many questions are asked at a time.
const SIDE_BY_SIDE: usize = 8;

/// What an API server answered.
#[derive(Debug)]
pub struct Answers {
    /// The answers, in the order of the questions; where the asking ended early, those to the first ones.
    pub reviews: Vec<AccessReview>,
    /// Why the others were not asked or not answered; `None` where all were answered.
    pub ended: Option<EndedEarly>,
}

/// Why questions are left without an answer.
#[derive(Debug)]
pub enum EndedEarly {
    /// An API server that doesn't answer one of them is not asked for the others.
    Failed(CallError),
    /// The system asked to end.
    Interrupted,
}

/// Asks whether each user is allowed the request beside it.
pub async fn ask<'a>(
    api: &ApiServer,
    questions: impl Iterator<Item = (&'a UserInfo, &'a Attributes)>,
    interrupt: &Interrupt,
) -> Answers {
    let asked = stream::iter(questions).map(|(user, request)| api.subject_access_review(user, request));
    let mut asked = pin!(asked.buffered(SIDE_BY_SIDE));
    let mut reviews = Vec::new();
    let ended = loop {
        tokio::select! {
            biased;
            () = interrupt.pressed() => break Some(EndedEarly::Interrupted),
            answer = asked.next() => match answer {
                None => break None,
                Some(Ok(review)) => reviews.push(review),
                Some(Err(error)) => break Some(EndedEarly::Failed(error)),
            },
        }
    };
    Answers { reviews, ended }
}

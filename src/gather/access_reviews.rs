//! Asks an API server whether users may do what was evaluated here.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::cluster::server_view::AccessReview;
use crate::core::rbac::{Attributes, UserInfo};

/// How many questions are asked at a time.
const SIDE_BY_SIDE: usize = 8;

/// Asks whether each user is allowed the request beside it; the answers are in the order of the questions.
///
/// # Errors
/// The first failure: an API server that doesn't answer one of them is not asked for the others.
pub async fn ask<'a>(
    api: &ApiServer,
    questions: impl Iterator<Item = (&'a UserInfo, &'a Attributes)>,
) -> Result<Vec<AccessReview>, CallError> {
    let answers = stream::iter(questions).map(|(user, request)| api.subject_access_review(user, request));
    answers.buffered(SIDE_BY_SIDE).try_collect().await
}

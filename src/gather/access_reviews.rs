//! Asks an API server whether users may do what was evaluated here.

use futures_util::stream::{self, StreamExt as _};

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::cluster::server_view::AccessReview;
use crate::core::rbac::{Attributes, UserInfo};

/// How many questions are asked at a time.
const SIDE_BY_SIDE: usize = 8;

/// A question about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewQuestion {
    /// Who asks.
    pub user: UserInfo,
    /// What for.
    pub attributes: Attributes,
    /// Whether the rules that were read allow it.
    pub expected: bool,
}

/// Asks all questions, in their order.
///
/// # Errors
/// The first failure: an API server that doesn't answer one of them is not asked for the others.
pub async fn ask(api: &ApiServer, questions: &[ReviewQuestion]) -> Result<Vec<AccessReview>, CallError> {
    let ask = |question: &ReviewQuestion| {
        let ReviewQuestion { user, attributes, .. } = question.clone();
        async move { api.subject_access_review(&user, &attributes).await }
    };
    let mut answers = std::pin::pin!(stream::iter(questions).map(ask).buffered(SIDE_BY_SIDE));
    let mut reviews = Vec::new();
    while let Some(answer) = answers.next().await {
        reviews.push(answer?);
    }
    Ok(reviews)
}

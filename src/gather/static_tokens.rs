//! The Secrets that hold static tokens, in several clusters side by side.

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::credential::static_token::StaticToken;
use crate::core::failure::{Cause, Failure};
use crate::error::chain;

/// What of a cluster's static tokens was read.
#[derive(Debug, Default)]
pub struct TokenReading {
    /// The Secrets. Nothing of what they hold was read.
    pub tokens: Vec<StaticToken>,
    /// What could not be read.
    pub unread: Vec<Failure>,
}

/// Asks each of these API servers, so many at a time; the answers are in their order.
pub async fn ask(apis: &[&ApiServer], now: Timestamp, at_a_time: usize) -> Vec<TokenReading> {
    let answers = stream::iter(apis).map(async |api| {
        let found = api.static_tokens(now).await;
        let reading = TokenReading { tokens: found.tokens, unread: found.unread.iter().map(unread).collect() };
        api.disconnect();
        reading
    });
    answers.buffered(at_a_time).collect().await
}

/// What is denied in every namespace is one failure.
fn unread(error: &CallError) -> Failure {
    let text = format!("static tokens: {}", chain(error));
    match error.is_forbidden() {
        false => text.into(),
        true => Failure::of_cause(
            text,
            Cause {
                what: format!("{}: static tokens: Secrets or namespaces can't be listed: forbidden", error.server),
                hint: "lint needs list on namespaces and secrets for L10; --skip L10 leaves that rule out",
            },
        ),
    }
}

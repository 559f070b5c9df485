//! Which static tokens are still taken, by the labels of their Secrets.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::revocation::plan::Plan;
use crate::core::revocation::static_tokens::SecretRef;
use crate::error::chain;

/// How many Secrets are asked for at a time.
const SIDE_BY_SIDE: usize = 16;

/// Those of the plan's Secrets that are there and have no label.
pub(super) async fn still_taken(api: &ApiServer, plan: &Plan, now: Timestamp) -> Result<BTreeSet<SecretRef>, String> {
    let asked = stream::iter(plan.token_steps()).map(async |(_, step)| {
        let is_taken = is_taken(api, &step.secret, now).await?;
        Ok::<_, CallError>(is_taken.then(|| step.secret.clone()))
    });
    let answers: Vec<Result<Option<SecretRef>, CallError>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let taken: Result<Vec<_>, CallError> = answers.into_iter().collect();
    taken.map(|taken| taken.into_iter().flatten().collect()).map_err(|error| chain(&error))
}

async fn is_taken(api: &ApiServer, secret: &SecretRef, now: Timestamp) -> Result<bool, CallError> {
    Ok(!api.is_token_ended(secret, None).await? && api.secret_version(secret, now).await?.is_some())
}

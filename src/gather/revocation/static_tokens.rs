//! The static tokens that the identities of a revocation could read, by the rows of their Secrets alone.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::SIDE_BY_SIDE;
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::credential::static_token::{StaticTokenKind, day};
use crate::core::ids::Uid;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::plan::TokenStep;
use crate::core::revocation::static_tokens::{InputToken, InputTokens, LabelChange, SecretRef, readers};
use crate::error::chain;

/// Reads them. `remembered` are those of an operation that is gone on with, which the identities could read when it began.
pub(super) async fn read(
    api: &ApiServer,
    input: &RevocationInput,
    remembered: &[TokenStep],
    dry_run: bool,
    now: Timestamp,
) -> InputTokens {
    let listed = api.static_tokens(now).await;
    let mut unread: Vec<String> = listed.unread.iter().map(|error| chain(error)).collect();
    let remembered: BTreeMap<&SecretRef, &Vec<Uid>> =
        remembered.iter().map(|step| (&step.secret, &step.identities)).collect();
    let is_taken =
        listed.tokens.into_iter().filter(|token| token.kind == StaticTokenKind::ServiceAccount && !token.is_ended);
    let wanted = is_taken.filter_map(|token| {
        let secret = SecretRef { namespace: token.namespace, name: token.name };
        let mut readers = readers(input, &secret);
        readers.extend(remembered.get(&secret).into_iter().copied().flatten().cloned());
        readers.sort();
        readers.dedup();
        (!readers.is_empty()).then_some((secret, readers))
    });
    let wanted: Vec<(SecretRef, Vec<Uid>)> = wanted.collect();
    let asked = stream::iter(wanted).map(|(secret, readers)| one(api, secret, readers, dry_run, now));
    let answers: Vec<Result<Option<InputToken>, CallError>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let mut tokens = Vec::new();
    for answer in answers {
        match answer {
            Ok(token) => tokens.extend(token),
            Err(error) => unread.push(chain(&error)),
        }
    }
    InputTokens { tokens, unread }
}

/// Reads the version of one Secret; `None` where it is gone.
async fn one(
    api: &ApiServer,
    secret: SecretRef,
    readers: Vec<Uid>,
    dry_run: bool,
    now: Timestamp,
) -> Result<Option<InputToken>, CallError> {
    let Some(version) = api.secret_version(&secret, now).await? else { return Ok(None) };
    let resource_version = version.resource_version;
    let answer = if dry_run {
        let value = day(api.time().unwrap_or(now)).to_string();
        let change =
            LabelChange { secret: secret.clone(), resource_version: resource_version.clone(), value, sets: true };
        match api.may_label_secret(&change).await {
            // It moved since it was read, which says nothing of what one may do.
            Err(error) if error.status() != Some(409) => Some(Err(chain(&error))),
            _ => Some(Ok(())),
        }
    } else {
        None
    };
    Ok(Some(InputToken { secret, resource_version, created: version.created, readers, dry_run: answer }))
}

//! One static token: its Secret gets the label with which API servers no longer take it, or loses that label again.

use std::time::Duration;

use jiff::Timestamp;

use super::{StepReport, Tools};
use crate::adapters::cluster::{CallError, new_audit_id};
use crate::core::credential::static_token::{AboutTime, day};
use crate::core::revocation::journal::{Event, RequestAnswer, StepResult};
use crate::core::revocation::static_tokens::{InputToken, LabelChange, SecretRef};
use crate::error::chain;

/// How often a Secret is read and written in all: its last use may be written down meanwhile.
const ATTEMPTS: u32 = 5;
/// The wait after an exchange that broke; it grows with each.
const PAUSE: Duration = Duration::from_millis(200);

/// Ends a token.
pub(super) async fn end(tools: &Tools<'_>, id: u32, planned: &InputToken) -> StepReport {
    let value = day(tools.api.time().unwrap_or_else(|| tools.recorder.time())).to_string();
    let is_there = async || tools.api.is_token_ended(&planned.secret, None).await;
    let is_other = |created| planned.was_replaced_by(created);
    carry_out(tools, id, &planned.secret, &value, true, is_there, is_other).await
}

/// Has a token taken again, if its label is still the one that was set.
pub(super) async fn give_back(tools: &Tools<'_>, id: u32, secret: &SecretRef, value: &str) -> StepReport {
    let is_gone = async || tools.api.is_token_ended(secret, Some(value)).await.map(|is_ended| !is_ended);
    carry_out(tools, id, secret, value, false, is_gone, |_| false).await
}

/// Looks, writes down, writes, and looks again: the answer shows no label.
async fn carry_out(
    tools: &Tools<'_>,
    id: u32,
    secret: &SecretRef,
    value: &str,
    sets: bool,
    is_so: impl AsyncFn() -> Result<bool, CallError>,
    is_other: impl Fn(Option<AboutTime>) -> bool,
) -> StepReport {
    let mut report = StepReport::new(id, StepResult::AlreadyDone);
    let mut last_words = String::new();
    for attempt in 1..=ATTEMPTS {
        let looked = look(tools, secret, &is_so).await;
        let version = match looked {
            Ok(Look::Gone | Look::IsSo) => return report,
            Ok(Look::Version(_, created)) if is_other(created) => {
                let why = "it was replaced by another Secret of the same name after the plan";
                return StepReport { result: StepResult::Skipped, ..report }.because(why);
            }
            Ok(Look::Version(version, _)) => version,
            Err(error) if attempt < ATTEMPTS && error.status().is_none() => {
                tokio::time::sleep(PAUSE * attempt).await;
                continue;
            }
            Err(error) => {
                let was_sent = report.audit_id.is_some();
                let result = if was_sent { StepResult::Unknown } else { StepResult::Failed };
                return StepReport { result, ..report }.because(chain(&error));
            }
        };
        let change = LabelChange { secret: secret.clone(), resource_version: version, value: value.to_owned(), sets };
        let audit_id = new_audit_id();
        let sending = Event::SendingLabel {
            time: tools.recorder.time(),
            audit_id: audit_id.clone(),
            cluster_id: tools.cluster.cloned(),
            change: change.clone(),
        };
        if let Err(reason) = tools.recorder.record(sending).await {
            return report.not_sent(&reason);
        }
        let answer = tools.api.label_secret(&change, &audit_id).await;
        tools.recorder.queue(answered(tools.recorder.time(), &audit_id, &answer));
        report.audit_id = Some(audit_id);
        // Where the next look shows that it is so, it was this request or one before it.
        report.result = StepResult::Done;
        match answer {
            Ok(_) if is_so().await.is_ok_and(|is_so| is_so) => return report,
            Ok(_) => "the API server accepted the change and the label is unchanged".clone_into(&mut last_words),
            Err(error) => {
                tools.recorder.flush();
                last_words = chain(&error);
                match error.status() {
                    Some(404 | 409 | 422) => {}
                    Some(400..=499) => return StepReport { result: StepResult::Failed, ..report }.because(last_words),
                    _ => tokio::time::sleep(PAUSE * attempt).await,
                }
            }
        }
    }
    StepReport { result: StepResult::Unknown, ..report }.because(last_words)
}

/// What is there now.
enum Look {
    /// No such Secret: then there is no such token.
    Gone,
    /// It is as it should be.
    IsSo,
    /// It is to be changed under this version.
    Version(String, Option<AboutTime>),
}

/// The version is read first: what is changed after it makes the change fail.
async fn look(
    tools: &Tools<'_>,
    secret: &SecretRef,
    is_so: &impl AsyncFn() -> Result<bool, CallError>,
) -> Result<Look, CallError> {
    let Some(now) = tools.api.secret_version(secret, tools.recorder.time()).await? else { return Ok(Look::Gone) };
    Ok(if is_so().await? { Look::IsSo } else { Look::Version(now.resource_version, now.created) })
}

fn answered(time: Timestamp, audit_id: &str, answer: &Result<u16, CallError>) -> Event {
    let answer = match answer {
        Ok(status) => RequestAnswer::Done { status: *status, after: None, request_id: None },
        Err(error) => {
            RequestAnswer::Failed { status: error.status(), code: None, error: chain(error), request_id: None }
        }
    };
    Event::Answered { time, audit_id: audit_id.to_owned(), answer }
}

//! The label that ends a static token: whether a Secret has it, and setting it or taking it away. What comes back is a row of a
//! table, never the Secret.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::{CallError, Failure};
use super::review::absent_when_not_found;
use super::table::{Columns, Row, Table};
use crate::core::credential::static_token::{AboutTime, INVALID_SINCE, StaticTokenKind};
use crate::core::percent;
use crate::core::revocation::static_tokens::{LabelChange, SecretRef};

/// Under this name changes stand in `managedFields`.
const FIELD_MANAGER: &str = "kubectl-ackcred";
const SECRET: Columns = &["Name", "Type", "Age"];

/// A Secret with a static token, as its row shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its version.
    pub resource_version: String,
    /// When it was made.
    pub created: Option<AboutTime>,
}

impl ApiServer {
    /// Reads the version of a Secret that holds a ServiceAccount's token; `None` where there is no such Secret, or another one of
    /// that name.
    ///
    /// # Errors
    /// The call failed.
    pub async fn secret_version(&self, secret: &SecretRef, now: Timestamp) -> Result<Option<SecretVersion>, CallError> {
        let question = ApiRequest::get(call("get", secret), format!("{}?includeObject=None", path(secret)));
        let Some(table) = absent_when_not_found(self.table(question, SECRET).await)? else { return Ok(None) };
        let row = self.only_row(secret, &table)?;
        let text = |place: usize| row.get(place).and_then(Value::as_str).unwrap_or_default();
        let is_token = text(1) == StaticTokenKind::ServiceAccount.secret_type();
        let created = AboutTime::from_age(text(2), self.time().unwrap_or(now));
        Ok(is_token.then_some(SecretVersion { resource_version: table.version, created }))
    }

    /// Whether a Secret has the label with which its token is not taken any more; with this value, where one is given.
    ///
    /// # Errors
    /// The call failed.
    pub async fn is_token_ended(&self, secret: &SecretRef, value: Option<&str>) -> Result<bool, CallError> {
        let label = value.map_or(INVALID_SINCE.to_owned(), |value| format!("{INVALID_SINCE}={value}"));
        let field = format!("metadata.name={}", secret.name);
        let selection = format!(
            "fieldSelector={}&labelSelector={}",
            percent::encode_segment(&field),
            percent::encode_segment(&label)
        );
        let list = format!("/api/v1/namespaces/{}/secrets", percent::encode_segment(&secret.namespace));
        let rows = self.rows(&call("list", secret), &list, &selection, SECRET).await?;
        match rows.as_slice() {
            [] => Ok(false),
            [row] if row.first().and_then(Value::as_str) == Some(&secret.name) => Ok(true),
            _ => Err(self.error(call("list", secret), other_row())),
        }
    }

    /// Sets the label, or takes it away, if the Secret still has this version. Gives the HTTP status.
    ///
    /// # Errors
    /// The call failed. Where no answer came it may have been carried out all the same.
    pub async fn label_secret(&self, change: &LabelChange, audit_id: &str) -> Result<u16, CallError> {
        let question = question(change, "");
        let question = ApiRequest { audit_id: Some(audit_id.to_owned()), ..question };
        let table = self.table(question, SECRET).await?;
        self.only_row(&change.secret, &table).map(|_| 200)
    }

    /// Asks what the API server would say to a change of the label.
    ///
    /// # Errors
    /// It would refuse, or the call failed.
    pub async fn may_label_secret(&self, change: &LabelChange) -> Result<(), CallError> {
        let table = self.table(question(change, "&dryRun=All"), SECRET).await?;
        self.only_row(&change.secret, &table).map(|_| ())
    }

    fn only_row<'t>(&self, secret: &SecretRef, table: &'t Table) -> Result<&'t Row, CallError> {
        match table.rows.as_slice() {
            [row] if row.first().and_then(Value::as_str) == Some(&secret.name) => Ok(row),
            _ => Err(self.error(call("get", secret), other_row())),
        }
    }
}

/// A merge patch with the version fails with 409 where anything moved, and sets a label whether or not there are any. The type can't
/// be changed, so it is a precondition as well. Taking the label away is a JSON Patch that tests its value.
fn question(change: &LabelChange, more: &str) -> ApiRequest {
    let LabelChange { secret, resource_version, value, sets } = change;
    let path = format!("{}?includeObject=None&fieldManager={FIELD_MANAGER}{more}", path(secret));
    let (body, content_type) = if *sets {
        let body = json!({
            "type": StaticTokenKind::ServiceAccount.secret_type(),
            "metadata": {"resourceVersion": resource_version, "labels": {INVALID_SINCE: value}},
        });
        (body, "application/merge-patch+json")
    } else {
        let label = format!("/metadata/labels/{}", INVALID_SINCE.replace('/', "~1"));
        let body = json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": resource_version},
            {"op": "test", "path": label, "value": value},
            {"op": "remove", "path": label},
        ]);
        (body, "application/json-patch+json")
    };
    let patch = ApiRequest::with_body(call("patch", secret), Method::PATCH, path, Bytes::from(body.to_string()));
    ApiRequest { content_type, ..patch }
}

fn other_row() -> Failure {
    Failure::WrongObject { expected: "the row of that Secret".to_owned(), found: "another".to_owned() }
}

fn call(verb: &str, secret: &SecretRef) -> String {
    format!("{verb} secret {}/{}", secret.namespace.escape_debug(), secret.name.escape_debug())
}

fn path(secret: &SecretRef) -> String {
    let (namespace, name) = (percent::encode_segment(&secret.namespace), percent::encode_segment(&secret.name));
    format!("/api/v1/namespaces/{namespace}/secrets/{name}")
}

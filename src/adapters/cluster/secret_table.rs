//! Lists the Secrets that hold static tokens, and never a byte of what they hold.
//!
//! A table's row has the Secret's name, type, number of keys and age, and neither its namespace nor its labels: namespaces are
//! asked one by one, and what a label says is asked by a selector.

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde_json::Value;

use super::ApiServer;
use super::failure::{CallError, Failure};
use super::table::{Columns, Row};
use crate::core::credential::static_token::{
    AboutTime, INVALID_SINCE, LAST_USED, LastUse, StaticToken, StaticTokenKind, recent_days,
};
use crate::core::percent;

/// How many lists are asked for at a time.
const SIDE_BY_SIDE: usize = 16;
/// Where bootstrap tokens are; elsewhere the API server does not look for them.
const BOOTSTRAP_NAMESPACE: &str = "kube-system";
/// The columns of a Secret's row.
pub const SECRET: Columns = &["Name", "Type", "Data", "Age"];
const NAMESPACE: Columns = &["Name"];

/// What was found, and what could not be read.
#[derive(Debug, Default)]
pub struct StaticTokens {
    /// The Secrets, by namespace and name.
    pub tokens: Vec<StaticToken>,
    /// The lists that could not be read.
    pub unread: Vec<CallError>,
}

/// Which Secrets of a namespace to list.
enum Selection {
    Type(StaticTokenKind),
    Labelled(&'static str),
    /// The label has one of these values.
    LabelIn(&'static str, Vec<String>),
}

impl Selection {
    fn query(&self) -> String {
        match self {
            Self::Type(kind) => format!("fieldSelector=type%3D{}", percent::encode_segment(kind.secret_type())),
            Self::Labelled(label) => format!("labelSelector={}", percent::encode_segment(label)),
            Self::LabelIn(label, values) => {
                let selector = format!("{label} in ({})", values.join(","));
                format!("labelSelector={}", percent::encode_segment(&selector))
            }
        }
    }
}

/// One row of a list of Secrets.
pub struct SecretRow {
    /// The Secret's name.
    pub name: String,
    secret_type: String,
    keys: u64,
    age: String,
}

impl ApiServer {
    /// Lists the Secrets that hold static tokens, with what is recorded of their use. `now` counts where the API server does
    /// not say which time it has.
    pub async fn static_tokens(&self, now: Timestamp) -> StaticTokens {
        let namespaces = match self.namespace_names().await {
            Ok(namespaces) => namespaces,
            Err(error) => return StaticTokens { tokens: Vec::new(), unread: vec![error] },
        };
        let now = self.time().unwrap_or(now);
        let ask = |namespace: String| async move { self.static_tokens_in(&namespace, now).await };
        let answers: Vec<StaticTokens> = stream::iter(namespaces).map(ask).buffered(SIDE_BY_SIDE).collect().await;
        let mut all = StaticTokens::default();
        for answer in answers {
            all.tokens.extend(answer.tokens);
            all.unread.extend(answer.unread);
        }
        all
    }

    /// The names of all namespaces.
    ///
    /// # Errors
    /// Where they can't be listed.
    pub async fn namespace_names(&self) -> Result<Vec<String>, CallError> {
        let call = "list namespaces";
        let rows = self.rows(call, "/api/v1/namespaces", "", NAMESPACE).await?;
        let names = rows.into_iter().map(|row| text(&row, 0)).collect::<Option<Vec<_>>>();
        match names {
            Some(names) if names.is_empty() => {
                Err(self.error(call, Failure::WithoutTheServersOwn { what: "namespaces" }))
            }
            Some(names) => Ok(names),
            None => Err(self.error(call, no_such_row("a namespace"))),
        }
    }

    async fn static_tokens_in(&self, namespace: &str, now: Timestamp) -> StaticTokens {
        let mut found = StaticTokens::default();
        let kinds: &[StaticTokenKind] = match namespace {
            BOOTSTRAP_NAMESPACE => &[StaticTokenKind::ServiceAccount, StaticTokenKind::Bootstrap],
            _ => &[StaticTokenKind::ServiceAccount],
        };
        for kind in kinds {
            match self.secrets(namespace, &Selection::Type(*kind)).await {
                Ok(rows) => found.tokens.extend(rows.into_iter().map(|row| row.token(*kind, namespace, now))),
                Err(error) => found.unread.push(error),
            }
        }
        if found.tokens.iter().any(|token| token.kind == StaticTokenKind::ServiceAccount) {
            self.add_labels(namespace, now, &mut found).await;
        }
        found
    }

    /// Adds what the labels of a namespace's Secrets say.
    async fn add_labels(&self, namespace: &str, now: Timestamp, found: &mut StaticTokens) {
        let recently = Selection::LabelIn(LAST_USED, recent_days(now));
        let (used, recent, ended) = tokio::join!(
            self.secrets(namespace, &Selection::Labelled(LAST_USED)),
            self.secrets(namespace, &recently),
            self.secrets(namespace, &Selection::Labelled(INVALID_SINCE)),
        );
        let mut names = |rows: Result<Vec<SecretRow>, CallError>| match rows {
            Ok(rows) => Some(rows.into_iter().map(|row| row.name).collect::<Vec<String>>()),
            Err(error) => {
                found.unread.push(error);
                None
            }
        };
        let (used, recent, ended) = (names(used), names(recent), names(ended));
        let has = |names: &Option<Vec<String>>, name: &String| names.as_ref().map(|names| names.contains(name));
        for token in found.tokens.iter_mut().filter(|token| token.kind == StaticTokenKind::ServiceAccount) {
            token.is_ended = has(&ended, &token.name) == Some(true);
            token.last_use = match (has(&used, &token.name), has(&recent, &token.name)) {
                (_, Some(true)) => LastUse::Recent,
                (Some(true), Some(false)) => LastUse::Older,
                (Some(false), Some(false)) => LastUse::NoneRecorded,
                _ => LastUse::Unread,
            };
        }
    }

    async fn secrets(&self, namespace: &str, selection: &Selection) -> Result<Vec<SecretRow>, CallError> {
        let call = format!("list secrets in namespace {}", namespace.escape_debug());
        let path = format!("/api/v1/namespaces/{}/secrets", percent::encode_segment(namespace));
        let rows = self.rows(&call, &path, &selection.query(), SECRET).await?;
        let rows = rows.iter().map(secret_row).collect::<Option<Vec<_>>>();
        let rows = rows.filter(|rows| rows.iter().all(|row| selection.has_the_type_of(row)));
        rows.ok_or_else(|| self.error(call, no_such_row("a Secret")))
    }
}

impl Selection {
    /// A server that does not know the selector would list every Secret.
    fn has_the_type_of(&self, row: &SecretRow) -> bool {
        match self {
            Self::Type(kind) => row.secret_type == kind.secret_type(),
            Self::Labelled(_) | Self::LabelIn(..) => true,
        }
    }
}

fn no_such_row(what: &str) -> Failure {
    Failure::WrongObject { expected: format!("a row of {what}"), found: "another row".to_owned() }
}

/// Reads a row with the columns [`SECRET`]; `None` where it is of something else.
pub fn secret_row(row: &Row) -> Option<SecretRow> {
    Some(SecretRow { name: text(row, 0)?, secret_type: text(row, 1)?, keys: row.get(2)?.as_u64()?, age: text(row, 3)? })
}

fn text(row: &Row, place: usize) -> Option<String> {
    row.get(place).and_then(Value::as_str).map(str::to_owned)
}

impl SecretRow {
    /// The static token that lies in the Secret, before anything is known of its labels. `now` is the time of the list.
    pub fn token(self, kind: StaticTokenKind, namespace: &str, now: Timestamp) -> StaticToken {
        StaticToken {
            kind,
            namespace: namespace.to_owned(),
            name: self.name,
            keys: self.keys,
            created: AboutTime::from_age(&self.age, now),
            last_use: LastUse::Unread,
            is_ended: false,
        }
    }
}

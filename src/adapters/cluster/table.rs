//! Lists and objects as rows of a table, for kinds whose objects must not be read.
//!
//! Only that form is asked for, and without the objects: metadata alone would already carry what `kubectl apply` repeats of
//! the data. An answer in another form is dropped, and no word of it comes into an error.
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

use serde::Deserialize;
use serde_json::Value;

use super::ApiServer;
use super::exchange::{ApiRequest, Encoding};
use super::failure::{CallError, Failure};
use super::object::Head;
use crate::core::percent;

const API_VERSION: &str = "meta.k8s.io/v1";
const MOST_PAGES: usize = 1000;

/// The columns of a table that are read, each by its name and in this order; the API server may have more between them.
pub type Columns = &'static [&'static str];

/// One row: the cells of the columns that were asked for.
pub type Row = Vec<Value>;

/// Rows, and the version that they show.
#[derive(Debug, PartialEq)]
pub struct Table {
    /// The resourceVersion: of the list, or of one object its own.
    pub version: String,
    /// The rows, in the order in which they came.
    pub rows: Vec<Row>,
    continue_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableDocument {
    metadata: TableMetadata,
    column_definitions: Vec<Column>,
    rows: Vec<RowDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableMetadata {
    resource_version: String,
    #[serde(default, rename = "continue")]
    continue_token: String,
    #[serde(default)]
    remaining_item_count: Option<i64>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct RowDocument {
    cells: Vec<Value>,
    #[serde(default)]
    object: Value,
}

impl ApiServer {
    /// Reads all rows of a list. `selection` is the rest of the query, such as `fieldSelector=…`; empty for all.
    pub(super) async fn rows(
        &self,
        call: &str,
        path: &str,
        selection: &str,
        columns: Columns,
    ) -> Result<Vec<Row>, CallError> {
        let mut rows = Vec::new();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec!["includeObject=None".to_owned()];
            query.extend((!selection.is_empty()).then(|| selection.to_owned()));
            query.extend((!token.is_empty()).then(|| format!("continue={}", percent::encode_segment(&token))));
            let question = ApiRequest::get(call, format!("{path}?{}", query.join("&")));
            let table = self.table(question, columns).await?;
            rows.extend(table.rows);
            if table.continue_token.is_empty() {
                return Ok(rows);
            }
            token = table.continue_token;
        }
        Err(self.error(call, Failure::TooManyPages(MOST_PAGES)))
    }

    /// Sends a request whose path says `includeObject=None`, and reads its answer as a table.
    pub(super) async fn table(&self, question: ApiRequest, columns: Columns) -> Result<Table, CallError> {
        let question = question.in_encoding(Encoding::Table);
        let read = async {
            let body = self.ask(&question).await?.whole(self.limits.list).await?;
            read_table(&body, columns)
        };
        read.await.map_err(|failure| self.error(&question.call, failure))
    }
}

/// Reads an answer as a table. What is said where it is none quotes nothing of it but its kind.
///
/// # Errors
/// It is another document, has not these columns, or holds objects.
pub fn read_table(body: &[u8], columns: Columns) -> Result<Table, Failure> {
    let other = |found: String| Failure::WrongObject { expected: format!("`Table` of `{API_VERSION}`"), found };
    // What the JSON reader says may quote the document.
    let unreadable = || other("something that is no such table".to_owned());
    let head = Head::of(body).map_err(|_| unreadable())?;
    if head.kind != "Table" || head.api_version != API_VERSION {
        let found = format!("`{}` of `{}`", head.kind, head.api_version);
        return Err(other(found.chars().take(100).collect()));
    }
    let document: TableDocument = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let metadata = document.metadata;
    match metadata.remaining_item_count {
        Some(remaining) if remaining > 0 && metadata.continue_token.is_empty() => {
            return Err(Failure::NoWayToTheRest { remaining });
        }
        _ if metadata.resource_version.is_empty() => return Err(Failure::NoVersion),
        _ => {}
    }
    let place = |name: &&str| document.column_definitions.iter().position(|column| column.name == **name);
    let missing = || other(format!("a table without the columns {}", columns.join(", ")));
    let places: Vec<usize> = columns.iter().map(place).collect::<Option<_>>().ok_or_else(missing)?;
    let rows = document.rows.into_iter().map(|row| {
        if !row.object.is_null() {
            return Err(other("a table with the objects, which were not asked for".to_owned()));
        }
        places.iter().map(|place| row.cells.get(*place).cloned()).collect::<Option<Row>>().ok_or_else(missing)
    });
    Ok(Table {
        version: metadata.resource_version,
        rows: rows.collect::<Result<_, _>>()?,
        continue_token: metadata.continue_token,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: Columns = &["Name", "Age"];

    fn document() -> Value {
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
            "columnDefinitions": [{"name": "Name"}, {"name": "Type"}, {"name": "Age"}],
            "rows": [{"cells": ["a", "Opaque", "3d"], "object": null}],
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<Table, String> {
        let mut document = document();
        change(&mut document);
        read_table(document.to_string().as_bytes(), COLUMNS).map_err(|failure| crate::error::chain(&failure))
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let whole = read(|_| ()).unwrap();
        assert_eq!((whole.version.as_str(), whole.rows), ("7", vec![vec![json!("a"), json!("3d")]]));
        assert_eq!(read(|table| table["rows"] = json!([])).unwrap().rows, Vec::<Row>::new());
    }

    #[test]
    fn anything_else_is_an_error_without_a_word_of_what_came() {
        type Case = (fn(&mut Value), &'static str);
        let cases: &[Case] = &[
            (|table| table["kind"] = "SecretList".into(), "`SecretList` of `meta.k8s.io/v1`"),
            (|table| table["apiVersion"] = "meta.k8s.io/v1beta1".into(), "`Table` of `meta.k8s.io/v1beta1`"),
            (|table| table["rows"] = "CANARY".into(), "no such table"),
            (|table| table["rows"] = Value::Null, "no such table"),
            (|table| table["kind"] = json!({"CANARY": "CANARY"}), "no such table"),
            (|table| table["metadata"] = json!({}), "no such table"),
            (|table| table["metadata"]["resourceVersion"] = "".into(), "no resourceVersion"),
            (|table| table["metadata"]["remainingItemCount"] = 3.into(), "leaves out items (3)"),
            (|table| table["columnDefinitions"] = json!([{"name": "Name"}]), "without the columns Name, Age"),
            (|table| table["rows"][0]["cells"] = json!(["CANARY"]), "without the columns Name, Age"),
            (|table| table["rows"][0]["object"] = json!({"data": "CANARY"}), "a table with the objects"),
        ];
        for (change, expected) in cases {
            let error = read(change).unwrap_err();
            assert!(error.contains(expected) && !error.contains("CANARY"), "{expected}: {error}");
        }
        for body in ["", "[]", "null", "\"CANARY\"", "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\""] {
            let error = read_table(body.as_bytes(), COLUMNS).unwrap_err().to_string();
            assert!(error.contains("no such table") && !error.contains("CANARY"), "{body}: {error}");
        }
    }
}

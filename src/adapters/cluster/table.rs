//! Lists and objects as rows of a table, for kinds whose objects must not be read.
//!
//! Only that form is asked for, and without the objects: metadata alone would already carry what `kubectl apply` repeats of
//! the data. An answer in another form is dropped, and no word of it comes into an error.
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::Value;
use serde_json::value::RawValue;

use super::ApiServer;
use super::byte_budget::ByteBudget;
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

/// What a row takes in memory beside its text: a table of empty ones is not for nothing.
const KEPT_ROW: u64 = 256;
/// The cells of one row, or all columns: a few names and types of a few hundred bytes each.
const LARGEST_PART: usize = 64 << 10;

/// Of what there may be without end only the text is taken, and read piece by piece.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableDocument<'d> {
    metadata: TableMetadata,
    #[serde(borrow)]
    column_definitions: &'d RawValue,
    #[serde(borrow)]
    rows: &'d RawValue,
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
struct RowDocument<'d> {
    #[serde(borrow)]
    cells: &'d RawValue,
    object: Option<IgnoredAny>,
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
        let mut budget = ByteBudget::of(self.limits.list);
        let mut rows = Vec::new();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec!["includeObject=None".to_owned()];
            query.extend((!selection.is_empty()).then(|| selection.to_owned()));
            query.extend((!token.is_empty()).then(|| format!("continue={}", percent::encode_segment(&token))));
            let question = ApiRequest::get(call, format!("{path}?{}", query.join("&")));
            let table = self.table_within(question, columns, &mut budget).await?;
            rows.extend(table.rows);
            if table.continue_token.is_empty() {
                return Ok(rows);
            }
            token = table.continue_token;
        }
        Err(self.error(call, Failure::TooManyPages(MOST_PAGES)))
    }

    /// Sends a request about one object, whose path says `includeObject=None`, and reads its answer as a table.
    pub(super) async fn table(&self, question: ApiRequest, columns: Columns) -> Result<Table, CallError> {
        self.table_within(question, columns, &mut ByteBudget::of(self.limits.document)).await
    }

    async fn table_within(
        &self,
        question: ApiRequest,
        columns: Columns,
        budget: &mut ByteBudget,
    ) -> Result<Table, CallError> {
        let question = question.in_encoding(Encoding::Table);
        let read = async {
            let body = self.ask(&question).await?.whole(budget).await?;
            read_table(&body, columns, budget)
        };
        read.await.map_err(|failure| self.error(&question.call, failure))
    }
}

/// Reads an answer as a table; its rows are charged to the budget. What is said where it is none quotes nothing of it but its kind.
///
/// # Errors
/// It is another document, has not these columns, holds objects, or more than the budget allows.
pub fn read_table(body: &[u8], columns: Columns, budget: &mut ByteBudget) -> Result<Table, Failure> {
    let head = Head::of(body).map_err(|_| unreadable())?;
    if head.kind != "Table" || head.api_version != API_VERSION {
        let found = format!("`{}` of `{}`", head.kind, head.api_version);
        return Err(other(found.chars().take(100).collect::<String>()));
    }
    let document: TableDocument<'_> = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let metadata = document.metadata;
    match metadata.remaining_item_count {
        Some(remaining) if remaining > 0 && metadata.continue_token.is_empty() => {
            return Err(Failure::NoWayToTheRest { remaining });
        }
        _ if metadata.resource_version.is_empty() => return Err(Failure::NoVersion),
        _ => {}
    }
    let definitions: Vec<Column> = read_small(document.column_definitions)?;
    let place = |name: &&str| definitions.iter().position(|column| column.name == **name);
    let places = columns.iter().map(place).collect::<Option<_>>().ok_or_else(|| missing(columns))?;
    let mut reader = RowReader { columns, places, budget, rows: Vec::new(), failure: None };
    let read = serde_json::Deserializer::from_str(document.rows.get()).deserialize_seq(&mut reader);
    match (reader.failure, read) {
        (Some(failure), _) => Err(failure),
        (None, Err(_)) => Err(unreadable()),
        (None, Ok(())) => {
            Ok(Table { version: metadata.resource_version, rows: reader.rows, continue_token: metadata.continue_token })
        }
    }
}

/// Keeps of each row the cells at these places.
struct RowReader<'b> {
    columns: Columns,
    places: Vec<usize>,
    budget: &'b mut ByteBudget,
    rows: Vec<Row>,
    failure: Option<Failure>,
}

impl RowReader<'_> {
    fn row(&mut self, row: &RowDocument<'_>) -> Result<Row, Failure> {
        if row.object.is_some() {
            return Err(other("a table with the objects, which were not asked for"));
        }
        self.budget.charge(KEPT_ROW)?;
        let mut cells: Vec<Value> = read_small(row.cells)?;
        let kept = self.places.iter().map(|place| cells.get_mut(*place).map(Value::take)).collect::<Option<Row>>();
        let kept = kept.ok_or_else(|| missing(self.columns))?;
        let is_plain = |cell: &Value| !cell.is_array() && !cell.is_object();
        kept.iter().all(is_plain).then_some(kept).ok_or_else(unreadable)
    }
}

impl<'d> Visitor<'d> for &mut RowReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<RowDocument<'d>>()? {
            match self.row(&row) {
                Ok(row) => self.rows.push(row),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Err(A::Error::custom("a row can't be used"));
                }
            }
        }
        Ok(())
    }
}

/// Reads a part that is small in every table.
fn read_small<T: DeserializeOwned>(text: &RawValue) -> Result<T, Failure> {
    if text.get().len() > LARGEST_PART {
        return Err(other("a table with more than 64 KiB in its columns or in a row"));
    }
    serde_json::from_str(text.get()).map_err(|_| unreadable())
}

fn other(found: impl Into<String>) -> Failure {
    Failure::WrongObject { expected: format!("`Table` of `{API_VERSION}`"), found: found.into() }
}

/// What the JSON reader says may quote the document.
fn unreadable() -> Failure {
    other("something that is no such table")
}

fn missing(columns: Columns) -> Failure {
    other(format!("a table without the columns {}", columns.join(", ")))
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
        read_within(1 << 20, &document.to_string())
    }

    fn read_within(limit: u64, body: &str) -> Result<Table, String> {
        read_table(body.as_bytes(), COLUMNS, &mut ByteBudget::of(limit))
            .map_err(|failure| crate::error::chain(&failure))
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
            (|table| table["rows"][0]["cells"][2] = json!(["CANARY"]), "no such table"),
            (|table| table["rows"][0]["cells"][0] = json!({"CANARY": 1}), "no such table"),
            (|table| table["rows"][0]["cells"][1] = "CANARY".repeat(11_000).into(), "more than 64 KiB"),
            (|table| table["columnDefinitions"][1]["name"] = "CANARY".repeat(11_000).into(), "more than 64 KiB"),
            (|table| table["rows"][0]["object"] = json!({"data": "CANARY"}), "a table with the objects"),
        ];
        for (change, expected) in cases {
            let error = read(change).unwrap_err();
            assert!(error.contains(expected) && !error.contains("CANARY"), "{expected}: {error}");
        }
        for body in ["", "[]", "null", "\"CANARY\"", "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\""] {
            let error = read_within(1 << 20, body).unwrap_err();
            assert!(error.contains("no such table") && !error.contains("CANARY"), "{body}: {error}");
        }
    }

    #[test]
    fn a_table_of_small_rows_takes_what_its_rows_take() {
        let mut table = document();
        table["rows"] = vec![json!({"cells": [0, 0, 0]}); 100].into();
        let (body, exact) = (table.to_string(), 100 * KEPT_ROW);
        assert_eq!(read_within(exact, &body).unwrap().rows.len(), 100);
        let error = read_within(exact - 1, &body).unwrap_err();
        assert!(error.contains(&format!("larger than {} bytes", exact - 1)), "{error}");
    }
}

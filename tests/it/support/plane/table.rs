//! The API server's own tables: the words that kubectl prints, without kubectl.

use super::{Result, While};
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

/// A table as the API server prints a list of objects.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    column_definitions: Vec<Column>,
    #[serde(default)]
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
struct Column {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Row {
    cells: Vec<Value>,
    object: Object,
}

#[derive(Debug, Clone, Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
}

/// What the API server prints for a path such as `/api/v1/namespaces/istio-system/pods`.
pub async fn table(client: &Client, path: &str) -> Result<Table> {
    let accept = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
    let request = http::Request::get(path).header(http::header::ACCEPT, accept).body(Vec::new());
    let request = request.while_doing(format_args!("asking for {path}"))?;
    client.request(request).await.while_doing(format_args!("asking for the table of {path}"))
}

impl Table {
    /// The names of the columns, those of `-o wide` included.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.column_definitions.iter().map(|column| column.name.as_str())
    }

    /// The namespace and name of each row, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows
            .iter()
            .map(|row| (row.object.metadata.namespace.as_str(), row.object.metadata.name.as_str()))
    }

    /// The text of a cell, by the name of the object (in any namespace) and that of the column.
    ///
    /// # Panics
    ///
    /// When there is no such row or column: names those there are.
    pub fn cell(&self, name: &str, column: &str) -> String {
        let Some(index) = self.columns().position(|found| found == column) else {
            panic!("no column {column:?} among {:?}", self.columns().collect::<Vec<_>>());
        };
        let Some(row) = self.rows.iter().find(|row| row.object.metadata.name == name) else {
            panic!("no row {name:?} among {:?}", self.rows().collect::<Vec<_>>());
        };
        match &row.cells[index] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

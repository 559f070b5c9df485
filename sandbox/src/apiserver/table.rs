//! The columns that `kubectl get` prints.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::object::{BindingContent, Content, Object};
use super::resources::{Resource, Shape};

/// The column definitions of a resource.
pub(crate) fn columns(resource: &Resource) -> Value {
    let mut columns = vec![column("Name", "string", "name", 0)];
    match resource.shape {
        Shape::Role => columns.push(column("Created At", "date", "", 0)),
        Shape::Binding => {
            columns.extend([column("Role", "string", "", 0), column("Age", "string", "", 0)]);
            columns.extend(["Users", "Groups", "ServiceAccounts"].map(|name| column(name, "string", "", 1)));
        }
        Shape::Namespace => columns.extend([column("Status", "string", "", 0), column("Age", "string", "", 0)]),
        Shape::ConfigMap => columns.extend([column("Data", "string", "", 0), column("Age", "string", "", 0)]),
        Shape::Lease => columns.extend([column("Holder", "string", "", 0), column("Age", "string", "", 0)]),
        Shape::Secret => {
            columns.extend(["Type", "Data", "Age"].map(|name| column(name, "string", "", 0)));
        }
        Shape::Custom | Shape::Stored | Shape::Empty => columns.push(column("Age", "date", "", 0)),
    }
    columns.into()
}

/// One row.
pub(crate) fn cells(object: &Object, now: Timestamp) -> Vec<Value> {
    let name = json!(object.metadata.name);
    let age = json!(age(object, now));
    match &object.content {
        Content::Role(_) => vec![name, json!(object.metadata.creation_timestamp)],
        Content::Binding(binding) => {
            let role = json!(format!("{}/{}", binding.role_ref.kind, binding.role_ref.name));
            let mut cells = vec![name, role, age];
            cells.extend(["User", "Group", "ServiceAccount"].map(|kind| json!(names(binding, kind))));
            cells
        }
        Content::Namespace(namespace) => vec![name, json!(namespace.status.phase), age],
        Content::ConfigMap(map) => vec![name, json!(map.data.len() + map.binary_data.len()), age],
        Content::Secret(secret) => vec![name, json!(secret.secret_type), json!(secret.data.len()), age],
        Content::Lease(lease) => vec![name, json!(lease.spec.holder_identity.as_deref().unwrap_or_default()), age],
        Content::Custom(_) | Content::Stored(_) => vec![name, json!(object.metadata.creation_timestamp)],
    }
}

fn column(name: &str, kind: &str, format: &str, priority: i32) -> Value {
    json!({"name": name, "type": kind, "format": format, "description": "", "priority": priority})
}

fn names(binding: &BindingContent, kind: &str) -> String {
    let names = binding.subjects.iter().filter(|subject| subject.kind == kind).map(|subject| {
        if kind == "ServiceAccount" { format!("{}/{}", subject.namespace, subject.name) } else { subject.name.clone() }
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The age as kubectl shows it: the largest one or two units.
fn age(object: &Object, now: Timestamp) -> String {
    let created = object.metadata.creation_timestamp.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(created) = created else { return "<unknown>".into() };
    let seconds = now.duration_since(created).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 != 0 => format!("{minutes}m{}s", seconds % 60),
        120..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes % 60 != 0 => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        172_800..691_200 if hours % 24 != 0 => format!("{days}d{}h", hours % 24),
        _ => format!("{days}d"),
    }
}

//! The fields of the kinds that the sandbox holds: their names in JSON and their numbers in protobuf.
//!
//! Source: `generated.proto` in <https://github.com/kubernetes/api/tree/v0.36.3> (`coordination/v1`, `core/v1`,
//! `rbac/v1`) and in
//! <https://github.com/kubernetes/apimachinery/tree/v0.36.3> (`pkg/apis/meta/v1`)

use super::resources::{Resource, Shape};

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    pub(crate) content: FieldContent,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldContent {
    Text,
    Texts,
    /// Bytes, which are base64 in JSON.
    BytesByName,
    TextByName,
    Number,
    Flag,
    Time,
    MicroTime,
    /// JSON as it is, in a message of one field.
    Json,
    Message(&'static [Field]),
    Messages(&'static [Field]),
}

use FieldContent::{BytesByName, Flag, Json, Message, Messages, MicroTime, Number, Text, TextByName, Texts, Time};

const fn field(number: u64, name: &'static str, content: FieldContent) -> Field {
    Field { number, name, content }
}

const OWNER_REFERENCE: &[Field] = &[
    field(1, "kind", Text),
    field(3, "name", Text),
    field(4, "uid", Text),
    field(5, "apiVersion", Text),
    field(6, "controller", Flag),
    field(7, "blockOwnerDeletion", Flag),
];

const MANAGED_FIELDS: &[Field] = &[
    field(1, "manager", Text),
    field(2, "operation", Text),
    field(3, "apiVersion", Text),
    field(4, "time", Time),
    field(6, "fieldsType", Text),
    field(7, "fieldsV1", Json),
    field(8, "subresource", Text),
];

const METADATA: &[Field] = &[
    field(1, "name", Text),
    field(2, "generateName", Text),
    field(3, "namespace", Text),
    field(4, "selfLink", Text),
    field(5, "uid", Text),
    field(6, "resourceVersion", Text),
    field(7, "generation", Number),
    field(8, "creationTimestamp", Time),
    field(9, "deletionTimestamp", Time),
    field(10, "deletionGracePeriodSeconds", Number),
    field(11, "labels", TextByName),
    field(12, "annotations", TextByName),
    field(13, "ownerReferences", Messages(OWNER_REFERENCE)),
    field(14, "finalizers", Texts),
    field(17, "managedFields", Messages(MANAGED_FIELDS)),
];

const SUBJECT: &[Field] =
    &[field(1, "kind", Text), field(2, "apiGroup", Text), field(3, "name", Text), field(4, "namespace", Text)];

const ROLE_REF: &[Field] = &[field(1, "apiGroup", Text), field(2, "kind", Text), field(3, "name", Text)];

const BINDING: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(2, "subjects", Messages(SUBJECT)),
    field(3, "roleRef", Message(ROLE_REF)),
];

const RULE: &[Field] = &[
    field(1, "verbs", Texts),
    field(2, "apiGroups", Texts),
    field(3, "resources", Texts),
    field(4, "resourceNames", Texts),
    field(5, "nonResourceURLs", Texts),
];

const REQUIREMENT: &[Field] = &[field(1, "key", Text), field(2, "operator", Text), field(3, "values", Texts)];

const SELECTOR: &[Field] = &[field(1, "matchLabels", TextByName), field(2, "matchExpressions", Messages(REQUIREMENT))];

const AGGREGATION: &[Field] = &[field(1, "clusterRoleSelectors", Messages(SELECTOR))];

const ROLE: &[Field] = &[field(1, "metadata", Message(METADATA)), field(2, "rules", Messages(RULE))];

const CLUSTER_ROLE: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(2, "rules", Messages(RULE)),
    field(3, "aggregationRule", Message(AGGREGATION)),
];

const CONDITION: &[Field] = &[
    field(1, "type", Text),
    field(2, "status", Text),
    field(4, "lastTransitionTime", Time),
    field(5, "reason", Text),
    field(6, "message", Text),
];

const NAMESPACE: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(2, "spec", Message(&[field(1, "finalizers", Texts)])),
    field(3, "status", Message(&[field(1, "phase", Text), field(2, "conditions", Messages(CONDITION))])),
];

const CONFIG_MAP: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(2, "data", TextByName),
    field(3, "binaryData", BytesByName),
    field(4, "immutable", Flag),
];

const SECRET: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(2, "data", BytesByName),
    field(3, "type", Text),
    field(4, "stringData", TextByName),
    field(5, "immutable", Flag),
];

const LEASE: &[Field] = &[
    field(1, "metadata", Message(METADATA)),
    field(
        2,
        "spec",
        Message(&[
            field(1, "holderIdentity", Text),
            field(2, "leaseDurationSeconds", Number),
            field(3, "acquireTime", MicroTime),
            field(4, "renewTime", MicroTime),
            field(5, "leaseTransitions", Number),
        ]),
    ),
];

/// The fields of a resource's objects beside `apiVersion` and `kind`; `None` for a custom resource, which has no protobuf, and for
/// one of which there are no objects.
pub(crate) fn of(resource: &Resource) -> Option<&'static [Field]> {
    match resource.shape {
        Shape::Role if resource.namespaced => Some(ROLE),
        Shape::Role => Some(CLUSTER_ROLE),
        Shape::Binding => Some(BINDING),
        Shape::Namespace => Some(NAMESPACE),
        Shape::ConfigMap => Some(CONFIG_MAP),
        Shape::Secret => Some(SECRET),
        Shape::Lease => Some(LEASE),
        Shape::Custom | Shape::Stored | Shape::Empty => None,
    }
}

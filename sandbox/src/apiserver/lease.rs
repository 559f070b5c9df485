//! A Lease: who may do something, and until when that has to be said again.
//!
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/>

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use super::status::FieldError;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LeaseContent {
    pub(crate) spec: LeaseSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LeaseSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder_identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease_duration_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acquire_time: Option<MicroTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) renew_time: Option<MicroTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lease_transitions: Option<i32>,
}

/// A time with exactly six digits after the second, in what is read as in what is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MicroTime(Timestamp);

impl MicroTime {
    pub(crate) fn new(seconds: i64, nanoseconds: i32) -> Option<Self> {
        Timestamp::new(seconds, nanoseconds).ok().map(Self)
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.6}", self.0)
    }
}

impl Serialize for MicroTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MicroTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Go's layout: date, time, six digits, zone.
        let fraction = text.split_once('.').map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).count());
        let Some(6) = fraction else {
            let rest = text.get(19..).unwrap_or_default();
            let layout = "2006-01-02T15:04:05.000000Z07:00";
            return Err(de::Error::custom(format!(
                "parsing time {text:?} as {layout:?}: cannot parse {rest:?} as \".000000\""
            )));
        };
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

/// What is wrong with a Lease, field by field.
pub(crate) fn problems(spec: &LeaseSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(seconds) = spec.lease_duration_seconds.filter(|seconds| *seconds <= 0) {
        let detail = "must be greater than 0";
        errors.push(FieldError::invalid("spec.leaseDurationSeconds", &json!(seconds), detail));
    }
    if let Some(transitions) = spec.lease_transitions.filter(|transitions| *transitions < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("spec.leaseTransitions", &json!(transitions), detail));
    }
    errors
}

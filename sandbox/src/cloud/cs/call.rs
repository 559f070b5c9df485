//! What the handlers of Container Service's operations get, and how they read its parameters.

use serde_json::Value;

use super::super::backend::Backend;
use super::super::caller::Caller;
use super::super::reply::CloudError;
use super::super::request::CallParameters;

/// A call whose signature was accepted: the caller, the parameters, and the region of the endpoint (`None`: the central one).
pub(crate) struct Call<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) caller: &'a Caller,
    pub(crate) parameters: &'a CallParameters,
    pub(crate) region: Option<&'a str>,
}

/// Booleans count in any case: the official SDKs send `true` from Go and `True` from Python.
pub(super) fn boolean(parameters: &CallParameters, name: &str) -> Result<bool, CloudError> {
    let Some(text) = parameters.get(name) else { return Ok(false) };
    text.to_ascii_lowercase().parse().map_err(|_| {
        let message = format!("The parameter {name} must be true or false.");
        CloudError::product(400, &format!("InvalidParameter.{name}"), message)
    })
}

/// The text, empty if there is none.
pub(super) fn text_or_empty(value: Option<&String>) -> Value {
    Value::from(value.map_or("", String::as_str))
}

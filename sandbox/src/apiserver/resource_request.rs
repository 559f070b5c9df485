//! A request for a resource, as its handlers see it.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use super::action::Action;
use super::request::{QueryParameters, ResourceTarget};
use super::resources::ResourceRef;
use super::server_state::ServerState;
use super::status::StatusError;
use super::store::StoredObject;
use super::user::User;
use super::{managed_fields, request_headers};

/// A request that authorization has allowed: what the handlers of a resource see.
pub(crate) struct ResourceRequest<'a> {
    pub(crate) server: &'a ServerState,
    pub(crate) user: &'a User,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) parameters: &'a QueryParameters,
    pub(crate) target: &'a ResourceTarget,
    pub(crate) resource: ResourceRef,
    pub(crate) action: &'a Action,
    pub(crate) body: &'a Bytes,
    pub(crate) now: Timestamp,
}

impl ResourceRequest<'_> {
    /// The namespace of a namespaced resource; `None` at the cluster scope.
    pub(crate) fn namespace(&self) -> Option<&str> {
        (self.resource.namespaced && !self.target.namespace.is_empty()).then_some(self.target.namespace.as_str())
    }

    /// The object at this address.
    pub(crate) fn stored(&self) -> Result<Arc<StoredObject>, StatusError> {
        let stored = self.server.store.get(self.resource, self.namespace().unwrap_or_default(), &self.target.name);
        stored.ok_or_else(|| StatusError::not_found(self.resource, &self.target.name))
    }

    /// The media type of the body without parameters.
    pub(crate) fn content_type(&self) -> &str {
        request_headers::content_type(self.headers)
    }

    /// The field manager that the change is recorded for.
    pub(crate) fn manager(&self) -> String {
        managed_fields::manager(self.parameters.get("fieldManager"), request_headers::user_agent(self.headers))
    }
}

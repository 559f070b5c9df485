//! WATCH: what is there or what happened since a version, then what happens.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep_until};

use super::form::{self, Form, negotiate};
use super::read::number;
use super::resource_request::ResourceRequest;
use super::resources::ResourceRef;
use super::respond::{self, ApiResponse};
use super::selector::Selector;
use super::status::StatusError;
use super::store::{Change, Event, StoredObject};

/// The duration of a watch without `timeoutSeconds`.
const LONGEST: Duration = Duration::from_secs(45 * 60);
const QUEUE: usize = 64;

struct WatchRequest {
    resource: ResourceRef,
    namespace: Option<String>,
    selector: Selector,
    form: Form,
}

/// Answers a watch. It continues after the user has lost the right to start a new one, as the real server's does.
pub(crate) fn watch(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let watch = WatchRequest {
        resource: request.resource,
        namespace: request.namespace().map(str::to_owned),
        selector: Selector::parse(request.parameters, request.resource.shape)?,
        form: negotiate(request.headers, true)?,
    };
    let store = &request.server.store;
    let since = request.parameters.get("resourceVersion").unwrap_or("0");
    let since: u64 = since.parse().map_err(|_| {
        let go = format!("strconv.ParseUint: parsing {since:?}: invalid syntax");
        StatusError::internal(format!("resourceVersion: Invalid value: {since:?}: {go}"))
    })?;
    let mut first = Vec::new();
    let events = if since == 0 || request.parameters.flag("sendInitialEvents") {
        let (objects, version, events) = store.list_and_follow(request.resource, request.namespace());
        let wanted = objects.iter().filter(|stored| watch.selector.matches(&stored.object));
        first.extend(wanted.map(|stored| watch.line("ADDED", stored)));
        if request.parameters.flag("sendInitialEvents") && request.parameters.flag("allowWatchBookmarks") {
            first.push(watch.bookmark(version));
        }
        events
    } else {
        match store.events_since(since) {
            Ok((past, events)) => {
                first.extend(past.iter().filter_map(|event| watch.event(event)));
                events
            }
            Err(_) => return Ok(too_old(since, store.compacted())),
        }
    };
    let length = number(request.parameters, "timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok());
    let until = Instant::now() + length.filter(|seconds| *seconds > 0).map_or(LONGEST, Duration::from_secs);
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(follow(watch, first, events, sender, until));
    Ok(respond::stream(receiver))
}

async fn follow(
    watch: WatchRequest,
    first: Vec<Bytes>,
    mut events: broadcast::Receiver<Event>,
    sender: mpsc::Sender<Bytes>,
    until: Instant,
) {
    for line in first {
        if sender.send(line).await.is_err() {
            return;
        }
    }
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sleep_until(until) => return,
            () = sender.closed() => return,
        };
        // A watcher that fell too far behind is cut off, as by the real server; it lists again.
        let Ok(event) = event else { return };
        let Some(line) = watch.event(&event) else { continue };
        if sender.send(line).await.is_err() {
            return;
        }
    }
}

fn too_old(since: u64, oldest: u64) -> ApiResponse {
    let error = StatusError::expired(format!("too old resource version: {since} ({oldest})"));
    let (sender, receiver) = mpsc::channel(1);
    let line = format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", error.to_json().unwrap_or_default());
    // One line fits into a fresh channel of one.
    drop(sender.try_send(line.into()));
    respond::stream(receiver)
}

impl WatchRequest {
    fn event(&self, event: &Event) -> Option<Bytes> {
        let object = &event.object.object;
        let elsewhere = self.namespace.as_ref().is_some_and(|namespace| *namespace != object.metadata.namespace);
        if !std::ptr::eq(event.resource, self.resource) || elsewhere {
            return None;
        }
        let before = event.before.as_ref().is_some_and(|before| self.selector.matches(&before.object));
        let after = event.change != Change::Deleted && self.selector.matches(object);
        match (before, after) {
            (false, true) => Some(self.line("ADDED", &event.object)),
            (true, true) => Some(self.line("MODIFIED", &event.object)),
            (true, false) => Some(self.line("DELETED", &event.object)),
            (false, false) => None,
        }
    }

    fn line(&self, kind: &str, stored: &StoredObject) -> Bytes {
        let mut line = format!("{{\"type\":\"{kind}\",\"object\":").into_bytes();
        let now = stored.object.metadata.creation_timestamp.as_deref().and_then(|text| text.parse().ok());
        line.extend_from_slice(&form::single(self.form, stored, now.unwrap_or_default()));
        line.extend_from_slice(b"}\n");
        line.into()
    }

    fn bookmark(&self, version: u64) -> Bytes {
        let object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": version.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}},
        });
        format!("{{\"type\":\"BOOKMARK\",\"object\":{object}}}\n").into()
    }
}

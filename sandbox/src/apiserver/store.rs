//! The objects, one rising counter over all of them, and the history that watches and pages read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::broadcast;

use super::object::Object;
use super::resources::{Resource, ResourceRef};

const WATCH_BACKLOG: usize = 4096;

/// Where an object lies, `namespace/name` or `name`: the order of these texts is the order of lists.
pub(crate) type ObjectKey = String;

/// An object as kept, with its list form already written.
#[derive(Debug)]
pub(crate) struct StoredObject {
    pub(crate) object: Object,
    pub(crate) version: u64,
    pub(crate) item: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
}

/// One change, as the history keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) version: u64,
    pub(crate) change: Change,
    pub(crate) resource: ResourceRef,
    /// The object after the change; of a deletion the last state, under the deletion's version.
    pub(crate) object: Arc<StoredObject>,
    pub(crate) before: Option<Arc<StoredObject>>,
}

type Objects = BTreeMap<ObjectKey, Arc<StoredObject>>;

#[derive(Default)]
struct Contents {
    version: u64,
    /// History up to and including this version is gone.
    compacted: u64,
    objects: BTreeMap<(&'static str, &'static str), Objects>,
    history: VecDeque<Event>,
}

/// All objects of one server.
pub(crate) struct Store {
    contents: Mutex<Contents>,
    /// Serialises read-check-write: held over a whole change.
    pub(crate) writing: Mutex<()>,
    events: broadcast::Sender<Event>,
}

/// Why a past version can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PastError {
    Compacted,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { contents: Mutex::default(), writing: Mutex::default(), events: broadcast::channel(WATCH_BACKLOG).0 }
    }

    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    pub(crate) fn compacted(&self) -> u64 {
        self.lock().compacted
    }

    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<StoredObject>> {
        let contents = self.lock();
        contents.objects.get(&key(resource))?.get(&place(namespace, name)).cloned()
    }

    /// The objects now, in the order of namespace and name, and the version that they stand for.
    pub(crate) fn list(&self, resource: &Resource, namespace: Option<&str>) -> (Vec<Arc<StoredObject>>, u64) {
        let contents = self.lock();
        (contents.current(resource, namespace), contents.version)
    }

    /// The objects as they were at `version`.
    pub(crate) fn list_at(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Vec<Arc<StoredObject>>, PastError> {
        let contents = self.lock();
        if version < contents.compacted {
            return Err(PastError::Compacted);
        }
        let mut objects = contents.objects.get(&key(resource)).cloned().unwrap_or_default();
        let later = contents.history.iter().rev().take_while(|event| event.version > version);
        for event in later.filter(|event| key(event.resource) == key(resource)) {
            let place = key_of(&event.object.object);
            match &event.before {
                Some(before) => objects.insert(place, before.clone()),
                None => objects.remove(&place),
            };
        }
        Ok(objects.into_iter().filter(|(place, _)| within(namespace, place)).map(|(_, stored)| stored).collect())
    }

    /// Writes an object under the next version; gives it back as kept.
    pub(crate) fn put(&self, mut object: Object) -> Arc<StoredObject> {
        let mut contents = self.lock();
        contents.version += 1;
        let version = contents.version;
        object.metadata.resource_version = version.to_string();
        let resource = object.resource.0;
        let place = key_of(&object);
        let stored = Arc::new(StoredObject { item: object.item_bytes(), object, version });
        let before = contents.objects.entry(key(resource)).or_default().insert(place, stored.clone());
        let change = if before.is_some() { Change::Modified } else { Change::Added };
        self.record(contents, Event { version, change, resource, object: stored.clone(), before });
        stored
    }

    /// Takes an object away.
    pub(crate) fn remove(&self, gone: &Object) {
        let mut contents = self.lock();
        let resource = gone.resource.0;
        let place = key_of(gone);
        let Some(before) = contents.objects.get_mut(&key(resource)).and_then(|objects| objects.remove(&place)) else {
            return;
        };
        contents.version += 1;
        let version = contents.version;
        let mut object = gone.clone();
        object.metadata.resource_version = version.to_string();
        let object = Arc::new(StoredObject { item: object.item_bytes(), object, version });
        self.record(contents, Event { version, change: Change::Deleted, resource, object, before: Some(before) });
    }

    /// Forgets the history, as etcd's compaction does: older pages and watches get 410.
    pub(crate) fn compact(&self) {
        let mut contents = self.lock();
        contents.compacted = contents.version;
        contents.history.clear();
    }

    /// The events after `version` so far and those to come, without a gap.
    pub(crate) fn events_since(&self, version: u64) -> Result<(Vec<Event>, broadcast::Receiver<Event>), PastError> {
        let contents = self.lock();
        if version < contents.compacted {
            return Err(PastError::Compacted);
        }
        let past = contents.history.iter().filter(|event| event.version > version).cloned().collect();
        Ok((past, self.events.subscribe()))
    }

    /// The objects now and the events to come, without a gap.
    pub(crate) fn list_and_follow(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> (Vec<Arc<StoredObject>>, u64, broadcast::Receiver<Event>) {
        let contents = self.lock();
        (contents.current(resource, namespace), contents.version, self.events.subscribe())
    }

    fn record(&self, mut contents: MutexGuard<'_, Contents>, event: Event) {
        contents.history.push_back(event.clone());
        // No watch is no error.
        drop(self.events.send(event));
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn current(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Arc<StoredObject>> {
        let objects = self.objects.get(&key(resource)).into_iter().flatten();
        objects.filter(|(place, _)| within(namespace, place)).map(|(_, stored)| stored.clone()).collect()
    }
}

fn key(resource: &Resource) -> (&'static str, &'static str) {
    (resource.group, resource.plural)
}

pub(crate) fn key_of(object: &Object) -> ObjectKey {
    place(&object.metadata.namespace, &object.metadata.name)
}

fn place(namespace: &str, name: &str) -> ObjectKey {
    if namespace.is_empty() { name.into() } else { format!("{namespace}/{name}") }
}

fn within(namespace: Option<&str>, place: &ObjectKey) -> bool {
    namespace.is_none_or(|namespace| place.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('/')))
}

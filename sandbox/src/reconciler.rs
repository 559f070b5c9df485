//! A controller that restores a binding, as a GitOps controller does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::binding::{BindingRef, names};
use crate::certs::Subject;
use crate::client::{Client, Connector, JSON_PATCH};
use crate::cluster::{Cluster, ClusterError};

/// How long the end of a [`Reconciler`] may have to wait for it, and how long that waits after a failure.
const STEP: Duration = Duration::from_millis(50);

/// Watches a binding from its own thread until it is dropped: where the subject is taken out it is added again, where the
/// binding is deleted it is made anew as it was at the start.
pub struct Reconciler {
    // Dropping it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    repairs: Arc<AtomicUsize>,
}

impl Reconciler {
    /// Looks after `binding` as it is now, with `subject` in it. What is missing comes back `delay` after it was missed, under
    /// the field manager (and by the user) `manager`, an administrator.
    ///
    /// # Errors
    /// If the binding can't be read or the machine gives no thread.
    pub fn start(
        cluster: &dyn Cluster,
        binding: &BindingRef,
        subject: &Value,
        manager: &str,
        delay: Duration,
    ) -> Result<Self, ClusterError> {
        let identity = cluster.client(&Subject::user(manager, ["system:masters"]))?;
        let client = Connector::new(cluster, Some(&identity))?.client()?;
        let reply = client.send("GET", &binding.path(), &[], "")?;
        if reply.code != 200 {
            return Err(reply.refused("GET", &binding.path()));
        }
        let (stop, stopped) = channel();
        let repairs = Arc::<AtomicUsize>::default();
        let work = Work {
            binding: binding.clone(),
            subject: subject.clone(),
            desired: desired(reply.json(), subject),
            manager: manager.to_owned(),
            delay,
            stopped,
            repairs: Arc::clone(&repairs),
        };
        let thread =
            std::thread::Builder::new().name("sandbox-reconciler".into()).spawn(move || work.go_on(&client))?;
        Ok(Self { stop: Some(stop), thread: Some(thread), repairs })
    }

    /// How often it has put something back.
    pub fn repairs(&self) -> usize {
        self.repairs.load(Ordering::SeqCst)
    }
}

impl Drop for Reconciler {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The binding without the metadata that the server adds.
fn desired(mut binding: Value, subject: &Value) -> Value {
    let metadata = &binding["metadata"];
    let kept = ["name", "namespace", "labels", "annotations"].iter().filter(|key| !metadata[**key].is_null());
    binding["metadata"] = kept.map(|key| ((*key).to_owned(), metadata[*key].clone())).collect();
    if !names(&binding, subject) {
        match binding["subjects"].as_array_mut() {
            Some(subjects) => subjects.push(subject.clone()),
            None => binding["subjects"] = json!([subject]),
        }
    }
    binding
}

struct Work {
    binding: BindingRef,
    subject: Value,
    desired: Value,
    manager: String,
    delay: Duration,
    stopped: Receiver<()>,
    repairs: Arc<AtomicUsize>,
}

impl Work {
    fn go_on(&self, client: &Client) {
        while !self.waits(Duration::ZERO) {
            // Like any controller it begins anew, whatever went wrong.
            if self.look_after(client).is_err() && self.waits(STEP) {
                return;
            }
        }
    }

    /// Waits, and returns whether it is time to end.
    fn waits(&self, time: Duration) -> bool {
        self.stopped.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }

    /// Repairs the binding, then watches until something is missing or the end has come.
    fn look_after(&self, client: &Client) -> io::Result<()> {
        let only = format!("{}?fieldSelector=metadata.name={}", self.binding.collection(), self.binding.name);
        let list = client.send("GET", &only, &[], "")?.json();
        let version = list["metadata"]["resourceVersion"].as_str().ok_or(io::ErrorKind::InvalidData)?;
        if !list["items"].as_array().is_some_and(|items| items.iter().any(|item| names(item, &self.subject))) {
            return if self.waits(self.delay) { Ok(()) } else { self.repair(client) };
        }
        let mut watch = client.watch(&format!("{only}&watch=1&resourceVersion={version}"))?;
        while !self.waits(Duration::ZERO) {
            if let Some(event) = watch.next(STEP)?
                && (event["type"] == "DELETED" || !names(&event["object"], &self.subject))
            {
                break;
            }
        }
        Ok(())
    }

    fn repair(&self, client: &Client) -> io::Result<()> {
        let found = client.send("GET", &self.binding.path(), &[], "")?;
        let binding = found.json();
        if found.code == 200 && names(&binding, &self.subject) {
            return Ok(());
        }
        let manager = &self.manager;
        let reply = if found.code == 404 {
            let path = format!("{}?fieldManager={manager}", self.binding.collection());
            client.send("POST", &path, &[], &self.desired.to_string())?
        } else {
            let version = &binding["metadata"]["resourceVersion"];
            let add = if binding["subjects"].is_array() {
                json!({"op": "add", "path": "/subjects/-", "value": self.subject})
            } else {
                json!({"op": "add", "path": "/subjects", "value": [self.subject]})
            };
            let patch = json!([{"op": "test", "path": "/metadata/resourceVersion", "value": version}, add]);
            let path = format!("{}?fieldManager={manager}", self.binding.path());
            client.send("PATCH", &path, &[JSON_PATCH], &patch.to_string())?
        };
        if !matches!(reply.code, 200 | 201) {
            // Another writer was faster, or it is not possible just now.
            return Err(io::Error::other(reply.json().to_string()));
        }
        self.repairs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

//! Faults on the wire: a test holds, delays, drops or replaces single exchanges, and sees what was asked.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

/// What happens to an exchange.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The answer comes this much later.
    Delay(Duration),
    /// The request waits, undone, until the gate opens.
    HoldRequest(Gate),
    /// The request is done, its answer waits until the gate opens.
    HoldResponse(Gate),
    /// The connection closes before the request is done.
    DropRequest,
    /// The request is done, the connection closes without an answer.
    DropResponse,
    /// The request is carried out; the response breaks off after this many bytes of the body.
    Truncate(usize),
    /// The request is carried out; the response's body comes one byte at a time, with this time between them.
    Drip(Duration),
    /// The request is not carried out; the response is JSON that begins with `start` and repeats `repeat` without end.
    Endless {
        /// The body's first bytes.
        start: String,
        /// What follows, again and again.
        repeat: String,
        /// Whether it is compressed: a few bytes on the wire are a thousand times as many.
        is_compressed: bool,
    },
    /// The connection closes before the request is done, and each new one leads to an impostor until the faults are cleared.
    Impostor(Impostor),
    /// The request is not carried out: the server asks for a retry after this many seconds, with the message of a kube-apiserver
    /// whose cache of a resource is still filling. A server that rejects requests because of their number answers in plain text.
    Busy {
        /// The seconds.
        retry_after: u32,
    },
    /// The request isn't done: the head of a good answer comes, and then nothing, as from a proxy that buffers.
    Silent,
    /// The request isn't done: a good answer begins with this, then the connection breaks.
    Cut {
        /// The body's first bytes.
        body: String,
    },
    /// The request isn't done, and this is the answer.
    Answer {
        /// The HTTP status.
        code: u16,
        /// The type of the body.
        content_type: &'static str,
        /// The body.
        body: String,
    },
}

impl Fault {
    /// The request isn't done: the API server refuses it with this status, a reason such as `Conflict`, and this message.
    pub fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "reason": reason, "message": message, "code": code,
        });
        Self::Answer { code, content_type: "application/json", body: body.to_string() }
    }
}

/// A server that answers in this one's place, known by its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impostor {
    /// Another CA signed its certificate.
    OfAnotherAuthority,
    /// Its certificate was this server's, and has expired.
    Expired,
}

/// Something that an exchange waits at. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<(bool, usize)>>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new(watch::channel((false, 0)).0))
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0.send_modify(|(open, _)| *open = true);
    }

    /// How many exchanges came to the gate so far.
    pub fn reached(&self) -> usize {
        self.0.borrow().1
    }

    /// Waits until that many exchanges came to the gate; false when `timeout` passed before.
    pub fn wait_reached(&self, count: usize, timeout: Duration) -> bool {
        let step = Duration::from_millis(2);
        let mut waited = Duration::ZERO;
        while self.reached() < count {
            if waited >= timeout {
                return false;
            }
            std::thread::sleep(step);
            waited += step;
        }
        true
    }

    pub(crate) async fn pass(&self) {
        let mut state = self.0.subscribe();
        self.0.send_modify(|(_, reached)| *reached += 1);
        // An error means that the gate is gone, and with it the reason to wait.
        drop(state.wait_for(|(open, _)| *open).await);
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// One exchange that the server saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path without its parameters.
    pub path: String,
    /// The parameters as sent.
    pub query: String,
    /// The user after authentication and impersonation; empty where there was none.
    pub user: String,
    /// The `Audit-ID`, the client's own or the server's.
    pub audit_id: String,
    /// The body as sent.
    pub body: String,
    /// The answer's status; 0 where the connection was dropped or the answer is still to come.
    pub code: u16,
}

#[derive(Debug)]
struct Rule {
    method: String,
    path: String,
    left: usize,
    fault: Fault,
}

#[derive(Debug, Default)]
struct FaultState {
    rules: Vec<Rule>,
    impostor: Option<Impostor>,
    disowned: BTreeSet<String>,
    exchanges: VecDeque<Exchange>,
}

/// The handle by which a test arranges faults and reads what was asked. Clones are the same handle.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<FaultState>>);

impl Faults {
    /// The next `times` exchanges with this method (`*` for any) and a path that contains `path` meet the fault. What stands
    /// behind the path's `?` counts as well: `rolebindings?watch=1` is met by watches alone.
    pub fn add(&self, method: &str, path: &str, times: usize, fault: Fault) {
        self.lock().rules.push(Rule { method: method.into(), path: path.into(), left: times, fault });
    }

    /// The next `times` exchanges with this method and path meet none: those added later wait for their turn.
    pub fn pass(&self, method: &str, path: &str, times: usize) {
        self.add(method, path, times, Fault::Delay(Duration::ZERO));
    }

    /// A gate at the exchange with this method and path that comes after `passed` others; `hold` says on which side of it.
    pub fn gate_after(&self, method: &str, path: &str, passed: usize, hold: impl FnOnce(Gate) -> Fault) -> Gate {
        let gate = Gate::new();
        self.pass(method, path, passed);
        self.add(method, path, 1, hold(gate.clone()));
        gate
    }

    /// Removes all faults; requests that wait at a gate keep waiting.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.rules.clear();
        state.impostor = None;
        state.disowned.clear();
    }

    /// From now on a certificate of this user is not taken: 401.
    pub fn disown(&self, user: &str) {
        self.lock().disowned.insert(user.to_owned());
    }

    pub(crate) fn disowns(&self, user: &str) -> bool {
        self.lock().disowned.contains(user)
    }

    /// What was asked so far, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().cloned().collect()
    }

    /// What was asked so far that changes something: POST other than reviews, PUT, PATCH, DELETE, dry runs left out.
    pub fn changes(&self) -> Vec<Exchange> {
        let changes = |exchange: &Exchange| {
            exchange.method != "GET"
                && !exchange.path.trim_end_matches('/').ends_with("reviews")
                && !exchange.query.contains("dryRun=")
                // DELETE has it in its options.
                && !exchange.body.contains(r#""dryRun":["All"]"#)
        };
        self.exchanges().into_iter().filter(changes).collect()
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        self.lock().exchanges.clear();
    }

    pub(crate) fn take(&self, method: &str, path: &str, query: &str) -> Option<Fault> {
        let address = format!("{path}?{query}");
        let mut state = self.lock();
        let rule = state.rules.iter_mut().find(|rule| {
            rule.left > 0 && (rule.method == "*" || rule.method == method) && address.contains(&rule.path)
        })?;
        rule.left -= 1;
        Some(rule.fault.clone())
    }

    pub(crate) fn lead_to(&self, impostor: Impostor) {
        self.lock().impostor = Some(impostor);
    }

    /// Whom new connections lead to.
    pub(crate) fn impostor(&self) -> Option<Impostor> {
        self.lock().impostor
    }

    pub(crate) fn seen(&self, exchange: Exchange) {
        self.lock().exchanges.push_back(exchange);
    }

    pub(crate) fn answered(&self, audit_id: &str, user: &str, code: u16) {
        let mut state = self.lock();
        if let Some(exchange) = state.exchanges.iter_mut().rev().find(|exchange| exchange.audit_id == audit_id) {
            exchange.code = code;
            exchange.user = user.into();
        }
    }

    fn lock(&self) -> MutexGuard<'_, FaultState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

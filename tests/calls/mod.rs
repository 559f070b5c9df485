//! The calls that a verb sends, and the faults that each of them may meet.

mod table;

use std::collections::BTreeSet;

use ackcred_sandbox::apiserver::{Fault, Faults};
use ackcred_sandbox::cloud::{Cloud, CloudFault, FaultKind};

use table::Named;
pub(crate) use table::Patience;

/// A call of a verb, to the API server or to the cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    ApiServer { method: String, path: String },
    Cloud { action: String },
}

/// Has servers do it from now on.
type Set = dyn Fn(&Faults, &Cloud) + Send + Sync;

/// What befalls a call, each time that it is sent.
pub(crate) struct Strike {
    pub(crate) name: &'static str,
    pub(crate) patience: Patience,
    set: Box<Set>,
    is_impostor: bool,
}

/// What is said of a server that is not the one that is asked.
const OF_AN_IMPOSTOR: [&str; 3] = ["the server's certificate", "endpoints are not trusted", "invalid peer certificate"];

impl Strike {
    /// From now on.
    pub(crate) fn set(&self, faults: &Faults, cloud: &Cloud) {
        (self.set)(faults, cloud);
    }

    /// Whether a message names the call that it befell. Another call may have met an impostor first: then that is said.
    pub(crate) fn is_said(&self, call: &Call, message: &str) -> bool {
        let is_said_of_another = || OF_AN_IMPOSTOR.iter().any(|words| message.contains(words));
        call.is_named(message) || (self.is_impostor && is_said_of_another())
    }
}

impl Call {
    /// Those that were sent since both logs were cleared.
    pub(crate) fn sent(faults: &Faults, cloud: &Cloud) -> BTreeSet<Self> {
        let exchanges = faults.exchanges().into_iter();
        let mut calls: BTreeSet<Self> =
            exchanges.map(|one| Self::ApiServer { method: one.method, path: one.path }).collect();
        calls.extend(cloud.log().into_iter().map(|one| Self::Cloud { action: one.action }));
        calls
    }

    /// Whether a message names it: `rolebindings`, or `RoleBinding` where it is about one.
    fn is_named(&self, message: &str) -> bool {
        match self {
            Self::ApiServer { path, .. } => {
                let last = path.rsplit('/').next().unwrap().replace("%3A", ":");
                message.to_lowercase().contains(last.trim_end_matches('s'))
            }
            Self::Cloud { action } => message.contains(action),
        }
    }

    /// What may befall it.
    pub(crate) fn strikes(&self) -> Vec<Strike> {
        match self.clone() {
            Self::ApiServer { method, path } => {
                let strike = |Named { name, patience, fault }| {
                    let is_impostor = matches!(fault, Fault::Impostor(_));
                    let (method, path) = (method.clone(), format!("{path}?"));
                    let set = move |faults: &Faults, _: &Cloud| {
                        faults.add(&method, &path, usize::MAX, Fault::clone(&fault));
                    };
                    Strike { name, patience, set: Box::new(set), is_impostor }
                };
                table::of_the_api_server().into_iter().map(strike).collect()
            }
            Self::Cloud { action } => {
                let strike = |Named { name, patience, fault }| {
                    let is_impostor = fault == FaultKind::Impostor;
                    let fault = CloudFault::of(&action, fault);
                    let set = move |_: &Faults, cloud: &Cloud| cloud.add_fault(fault.clone());
                    Strike { name, patience, set: Box::new(set), is_impostor }
                };
                table::of_the_cloud().into_iter().map(strike).collect()
            }
        }
    }
}

/// Whether this call of this verb is to meet this fault. Where `ACKCRED_FAULTS` is `all` each is; where it is a part of some rows' names, as
/// failures print them, those are; else those that are `chosen`.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
pub(crate) fn is_asked_for(row: &str, chosen: bool) -> bool {
    match std::env::var("ACKCRED_FAULTS").as_deref() {
        Ok("all") => true,
        Ok(part) => row.contains(part),
        Err(_) => chosen,
    }
}

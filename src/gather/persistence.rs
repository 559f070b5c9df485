//! What findings of a cluster are made of: each kind by its own lists, and what could not be read named beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::access::scan::ClusterScan;
use crate::core::credential::static_token::StaticToken;
use crate::core::persistence::{
    AdmissionPolicy, AggregatedRole, ApiService, CertificateRequest, Webhook, is_candidate,
};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::managed_by::subjects_written;
use crate::error::chain;

/// What was read of one cluster.
#[derive(Debug, Default)]
pub struct PersistenceReading {
    /// The Secrets that hold static tokens.
    pub tokens: Vec<StaticToken>,
    /// Requests for certificates.
    pub requests: Vec<CertificateRequest>,
    /// Roles whose rules become a part of others.
    pub aggregated: Vec<AggregatedRole>,
    /// Webhooks that lead outside.
    pub webhooks: Vec<Webhook>,
    /// Policies that change what others write.
    pub policies: Vec<AdmissionPolicy>,
    /// Services that answer for a part of the API.
    pub services: Vec<ApiService>,
    /// When the subjects of bindings were written last.
    pub changed: BTreeMap<BindingRef, Timestamp>,
    /// What was read, in words.
    pub read: Vec<&'static str>,
    /// What was not, and why.
    pub unread: Vec<String>,
}

/// Asks for all of it, side by side. `since` is the time from which on findings are wanted: only then it matters when subjects were
/// written.
pub async fn ask(api: &ApiServer, scan: &ClusterScan, since: Option<Timestamp>, now: Timestamp) -> PersistenceReading {
    let (tokens, requests, aggregated, webhooks, policies, services, changed) = tokio::join!(
        api.static_tokens(now),
        api.certificate_requests(),
        api.aggregated_roles(),
        api.webhooks(),
        api.admission_policies(),
        api.api_services(),
        subject_times(api, scan, since.is_some()),
    );
    let mut reading = PersistenceReading { tokens: tokens.tokens, ..PersistenceReading::default() };
    match tokens.unread.is_empty() {
        true => reading.read.push("Secrets with static tokens, by name, type and age"),
        false => reading.unread.extend(alike(&tokens.unread)),
    }
    reading.requests = reading.take("requests for certificates", requests);
    reading.aggregated = reading.take("roles that become a part of admin, edit or view", aggregated);
    reading.webhooks = reading.take("webhooks", webhooks);
    reading.policies = reading.take("policies that change what others write", policies);
    reading.services = reading.take("services that answer for a part of the API", services);
    let (changed, unread) = changed;
    (reading.changed, reading.unread) = (changed, [reading.unread, unread].concat());
    reading
}

impl PersistenceReading {
    fn take<T>(&mut self, what: &'static str, answer: Result<Vec<T>, CallError>) -> Vec<T> {
        match answer {
            Ok(items) => {
                self.read.push(what);
                items
            }
            Err(error) => {
                self.unread.push(chain(&error));
                Vec::new()
            }
        }
    }
}

/// When the subjects of the bindings were written that may be findings.
async fn subject_times(
    api: &ApiServer,
    scan: &ClusterScan,
    wanted: bool,
) -> (BTreeMap<BindingRef, Timestamp>, Vec<String>) {
    let inventory = scan.grants.inventory();
    let candidates = inventory.bindings().iter().filter(|binding| wanted && is_candidate(binding));
    let references: Vec<BindingRef> = candidates.map(|binding| binding.reference()).collect();
    let answers = api.whole_bindings(&references, |place| inventory.count_in(place)).await;
    let (mut times, mut unread) = (BTreeMap::new(), Vec::new());
    for (reference, answer) in references.into_iter().zip(answers) {
        match answer {
            Ok(object) => {
                let written = object.as_ref().and_then(subjects_written);
                times.extend(written.map(|time| (reference, time)));
            }
            Err(error) => unread.push(error),
        }
    }
    (times, alike(&unread))
}

/// The first of several failures, with how many others there are.
fn alike(errors: &[CallError]) -> Vec<String> {
    let Some(first) = errors.first() else { return Vec::new() };
    match errors.len() - 1 {
        0 => vec![chain(first)],
        others => vec![format!("{} (and {others} more of such lists)", chain(first))],
    }
}

//! Requests that may have been made by an actor, too: the log doesn't name the credential, or names one that others could have.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::actors::LinkSource;
use super::event::Event;
use super::link::Link;
use crate::core::rbac::user_info::service_account_of;

/// What makes a lead: an actor, and its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadSource {
    /// The actor: an index.
    pub actor: u32,
    /// Its request.
    pub source: LinkSource,
}

/// Requests of one credential or name.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Which link it would be.
    pub link: Link,
    /// Whose it may be, and why.
    pub source: LeadSource,
    /// What it is about: the Secret, the pod, the common name.
    pub what: String,
    /// The user name.
    pub name: String,
    /// The credential.
    pub credential: Option<String>,
    /// How many requests there are.
    pub requests: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// The addresses.
    pub source_ips: BTreeSet<String>,
    /// Whether the log shows how it was before, so that a new address or certificate is known to be new.
    pub has_before: bool,
}

/// A Secret or a pod: namespace and name. Of a list, an empty name; of all namespaces, an empty namespace.
type Place = (String, String);

/// What is known, and what was seen.
#[derive(Default)]
pub struct Leads {
    secrets: BTreeMap<Place, LeadSource>,
    pods: BTreeMap<Place, LeadSource>,
    requested: BTreeMap<String, LeadSource>,
    /// What distinguishes requests, by link and what they are about, before the lead's own time.
    before: BTreeSet<(Link, String, String)>,
    seen: BTreeMap<(Link, String, String), Lead>,
}

impl Leads {
    /// Secrets were read. Says whether that is new.
    pub fn read_secrets(&mut self, namespace: &str, name: &str, source: LeadSource) -> bool {
        learn(&mut self.secrets, (namespace.to_owned(), name.to_owned()), source)
    }

    /// Something was run in a pod. Says whether that is new.
    pub fn executed(&mut self, namespace: &str, pod: &str, source: LeadSource) -> bool {
        learn(&mut self.pods, (namespace.to_owned(), pod.to_owned()), source)
    }

    /// A certificate of this name was requested. Says whether that is new.
    pub fn requested(&mut self, common_name: &str, source: LeadSource) -> bool {
        learn(&mut self.requested, common_name.to_owned(), source)
    }

    /// Forgets what was seen, as all of it is read again.
    pub fn count_anew(&mut self) {
        self.before.clear();
        self.seen.clear();
    }

    /// Looks at a request of no actor.
    pub fn note(&mut self, event: &Event<'_>) {
        let name = &*event.user.username;
        let namespace = service_account_of(name).map(|(namespace, _)| namespace);
        if let (Some(secret), Some(namespace)) = (event.annotations.legacy_secret(), namespace) {
            let source = [(namespace, secret), (namespace, ""), ("", "")]
                .into_iter()
                .filter_map(|(namespace, name)| self.secrets.get(&(namespace.to_owned(), name.to_owned())))
                .min_by_key(|source| source.source.time)
                .cloned();
            if let Some(source) = source.filter(|source| source.source.time <= event.received) {
                self.see(Link::Static, format!("{namespace}/{secret}"), String::new(), source, event);
            }
        }
        if let (Some(pod), Some(namespace)) = (event.user.extra.pod_name.first(), namespace)
            && let Some(source) = self.pods.get(&(namespace.to_owned(), pod.to_string())).cloned()
        {
            let address = event.source_ips.first().map(|address| address.to_string()).unwrap_or_default();
            self.see_new(Link::Exec, format!("{namespace}/{pod}", pod = &**pod), address, source, event);
        }
        if let Some(source) = self.requested.get(name).cloned()
            && let Some(credential) = event.user.credential_id().filter(|id| id.starts_with("X509SHA256="))
        {
            self.see_new(Link::Requested, name.to_owned(), credential.to_owned(), source, event);
        }
    }

    /// What was seen after the leads that there are, and is new: the first one first.
    pub fn found(&self) -> Vec<Lead> {
        let is_new = |(key, _): &(&(Link, String, String), &Lead)| !self.before.contains(*key);
        let has_before =
            |key: &(Link, String, String)| self.before.iter().any(|(link, what, _)| (link, what) == (&key.0, &key.1));
        let found = self.seen.iter().filter(is_new);
        let mut found: Vec<Lead> =
            found.map(|(key, lead)| Lead { has_before: has_before(key), ..lead.clone() }).collect();
        found.sort_by_key(|lead| lead.first);
        found
    }

    /// A request that shows something only if the same was not there before.
    fn see_new(&mut self, link: Link, what: String, by: String, source: LeadSource, event: &Event<'_>) {
        if event.received < source.source.time {
            self.before.insert((link, what, by));
        } else {
            self.see(link, what, by, source, event);
        }
    }

    fn see(&mut self, link: Link, what: String, by: String, source: LeadSource, event: &Event<'_>) {
        let lead = self.seen.entry((link, what.clone(), by)).or_insert_with(|| Lead {
            link,
            source,
            what,
            name: event.user.username.to_string(),
            credential: event.user.credential_id().map(str::to_owned),
            requests: 0,
            first: event.received,
            last: event.received,
            source_ips: BTreeSet::new(),
            has_before: false,
        });
        // A request has several stages, of which the first ones have no code.
        lead.requests += u64::from(event.code.is_some());
        lead.first = lead.first.min(event.received);
        lead.last = lead.last.max(event.received);
        lead.source_ips.extend(event.source_ips.iter().map(|address| address.to_string()));
    }
}

fn learn<K: Ord>(known: &mut BTreeMap<K, LeadSource>, key: K, source: LeadSource) -> bool {
    match known.get(&key) {
        Some(before) if before.source.time <= source.source.time => false,
        _ => known.insert(key, source).is_none(),
    }
}

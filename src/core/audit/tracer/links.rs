//! What a request of an actor led to: a token that was issued, a grant, and what may be the actor's as well.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::super::action::Action;
use super::super::actors::{Actor, ActorKey, TokenFacts};
use super::super::body::{BindingBody, Bodies, CertificateRequestBody, TokenBody};
use super::super::event::{Event, Level};
use super::super::grants::WrittenBinding;
use super::super::leads::LeadSource;
use super::super::link::Link;
use super::{Source, Tracer, of_link};
use crate::core::rbac::user_info::service_account_name;

impl Tracer {
    /// Follows what a request led to.
    pub(super) fn follow_links(&mut self, event: &Event<'_>, actor: u32, source: &Source<'_>) {
        let Some(object) = &event.object else { return };
        match Action::of(event) {
            Action::Mint => self.minted(event, actor, source),
            Action::Grant if object.resource.ends_with("bindings") => self.granted(event, actor, source),
            Action::ReadSecret => {
                let lead = self.lead(event, actor);
                self.has_learned |= self.leads.read_secrets(&object.namespace, &object.name, lead);
            }
            Action::Execute if !matches!(&*object.subresource, "proxy" | "portforward") => {
                let lead = self.lead(event, actor);
                if self.leads.executed(&object.namespace, &object.name, lead) {
                    self.has_learned |= self.screen.needles.add_name(&object.name);
                }
            }
            Action::Write if &*object.resource == "certificatesigningrequests" && &*event.verb == "create" => {
                let bodies = self.bodies::<CertificateRequestBody>(event, source);
                if let Some(common_name) = bodies.and_then(|bodies| bodies.common_name()) {
                    let lead = self.lead(event, actor);
                    if self.leads.requested(&common_name, lead) {
                        self.has_learned |= self.screen.needles.add_name(&common_name);
                    }
                }
            }
            _ => {}
        }
    }

    fn minted(&mut self, event: &Event<'_>, actor: u32, source: &Source<'_>) {
        let Some(id) = event.annotations.issued_credential_id.as_deref().filter(|id| !id.is_empty()) else {
            self.not_followed.nameless_tokens += 1;
            return;
        };
        let token = self.bodies::<TokenBody>(event, source).map(|bodies| TokenFacts::of(bodies, event.received));
        let name =
            event.object.as_ref().map(|object| self.texts.one(&service_account_name(&object.namespace, &object.name)));
        let child = Actor {
            name,
            parent: Some(actor),
            linked_by: Some(self.source_of(event, None)),
            token,
            ..of_link(Link::Minted, Some(id))
        };
        if self.actors.child(ActorKey::Credential(id.into()), child, self.asked.depth).is_some() {
            let is_new = self.screen.needles.add_credential(id);
            self.learned(is_new, event.received);
        }
    }

    fn granted(&mut self, event: &Event<'_>, actor: u32, source: &Source<'_>) {
        let Some(object) = &event.object else { return };
        let bodies = self.bodies::<BindingBody>(event, source);
        let subjects = bodies.as_ref().and_then(|bodies| bodies.subjects()).map(<[_]>::to_vec);
        let name = Some(object.name.to_string()).filter(|name| !name.is_empty());
        let name = name.or_else(|| self.name_in_body(event, source));
        let binding = match (&*object.resource, &name) {
            ("clusterrolebindings", Some(name)) => format!("ClusterRoleBinding/-/{name}"),
            (_, Some(name)) => format!("RoleBinding/{}/{name}", &*object.namespace),
            (_, None) => String::new(),
        };
        let is_all_by_it = &*event.verb == "create" && name.is_some();
        if subjects.is_none() && !is_all_by_it {
            self.not_followed.grants_to_unknown += 1;
            return;
        }
        let grant = WrittenBinding { actor, source: self.source_of(event, name), binding, subjects };
        self.not_followed.groups_of_everyone.extend(grant.groups_of_everyone().map(str::to_owned));
        if self.grants.contains(&grant) {
            return;
        }
        let is_new = grant.names().iter().fold(false, |is_new, name| self.screen.needles.add_name(name) | is_new);
        self.grants.push(grant);
        self.learned(is_new, event.received);
    }

    /// Something is looked for from now on that requests since then may be about.
    fn learned(&mut self, is_new: bool, since: Timestamp) {
        self.has_learned |= is_new;
        let has_dropped = self.window.as_ref().is_some_and(|window| window.has_dropped_since(since));
        self.not_followed.too_late += u64::from(is_new && has_dropped);
    }

    fn bodies<T: DeserializeOwned>(&self, event: &Event<'_>, source: &Source<'_>) -> Option<Bodies<T>> {
        (event.level >= Level::Request).then(|| Bodies::of(source.record, source.place))
    }

    fn lead(&mut self, event: &Event<'_>, actor: u32) -> LeadSource {
        LeadSource { actor, source: self.source_of(event, None) }
    }
}

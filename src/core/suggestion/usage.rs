//! What was used: each request that the authorizer allowed and nothing else refused, with all that the API server asked
//! about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::authority::{Authority, AuthorityBodies, asked_beside, hands_rights_on};
use super::uncovered::Uncovered;
use super::whose::Whose;
use super::{asked, impersonation};
use crate::core::audit::event::{Event, Stage, User};
use crate::core::rbac::user_info::NamedSubject;
use crate::core::rbac::{Attributes, PolicyRule, UserInfo, everyone_may};

/// Connections into pods: from Kubernetes 1.35 on, one by websocket is asked about as `create`, too.
const CONNECTIONS: [&str; 3] = ["exec", "attach", "portforward"];

/// How often something was seen, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many requests.
    pub count: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

impl Seen {
    fn once(at: Timestamp) -> Self {
        Self { count: 1, first: at, last: at }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// Requests with why they are in no role.
pub type UncoveredRequests = BTreeMap<(Attributes, Uncovered), Seen>;

/// What an identity, or a subject of bindings, was seen to use.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Whose it is.
    pub whose: Whose,
    /// How many requests were counted.
    pub counted: u64,
    /// How many were refused, and are not counted.
    pub refused: u64,
    /// How many took only what every user has, discovery for one.
    pub of_everyone: u64,
    /// What the authorizer was asked about them.
    pub asked: BTreeMap<Attributes, Seen>,
    /// What of it is in no role.
    pub uncovered: UncoveredRequests,
    /// Rules that were written into roles, by the request that wrote them.
    pub written: BTreeMap<Attributes, (Vec<PolicyRule>, Seen)>,
    names: BTreeMap<String, BTreeSet<String>>,
    known: HashSet<[u8; 16]>,
    connects_by_create: bool,
}

/// What came of a request.
enum Came {
    Allowed(u16),
    Refused,
    Unclear(Uncovered),
}

impl Usage {
    /// Nothing yet. `minor_version`: of the API server's 1.x, where it is known.
    pub fn new(whose: Whose, minor_version: Option<u32>) -> Self {
        Self {
            whose,
            counted: 0,
            refused: 0,
            of_everyone: 0,
            asked: BTreeMap::new(),
            uncovered: BTreeMap::new(),
            written: BTreeMap::new(),
            names: BTreeMap::new(),
            known: HashSet::new(),
            connects_by_create: minor_version.is_none_or(|minor| minor >= 35),
        }
    }

    /// The subjects to whom it is to be given: an identity under each name that was seen.
    pub fn subjects(&self) -> Vec<NamedSubject> {
        match &self.whose {
            Whose::Identity(_) => self.names.keys().cloned().map(NamedSubject::User).collect(),
            Whose::Subject(subject) => vec![subject.clone()],
        }
    }

    /// Takes an event. `bodies` is asked for where a right may depend on them.
    pub fn take(&mut self, event: &Event<'_>, bodies: impl FnOnce() -> AuthorityBodies) {
        let actor = event.impersonated.as_ref().unwrap_or(&event.user);
        let (is_action, is_impersonation) =
            (self.whose.is(actor), event.impersonated.is_some() && self.whose.is(&event.user));
        // An event of this stage says nothing of what came of it; a later one of the same request does.
        if !(is_action || is_impersonation)
            || event.stage == Stage::RequestReceived
            || !self.known.insert(event.request_key())
        {
            return;
        }
        let seen = Seen::once(event.received);
        let asked = asked::attributes(event);
        let request =
            asked.clone().unwrap_or_else(|| Attributes { verb: event.verb.to_string(), ..Attributes::default() });
        let code = match came(event) {
            Came::Refused => {
                self.refused += 1;
                return;
            }
            Came::Unclear(why) => return self.leave_out(request, why, seen),
            Came::Allowed(code) => code,
        };
        let Some(asked) = asked else { return self.leave_out(request, Uncovered::Unnamed, seen) };
        if is_action {
            self.add_name(actor);
            self.counted += 1;
            self.take_action(&asked, code, bodies, seen);
        }
        if let Some(user) = event.impersonated.as_ref().filter(|_| is_impersonation) {
            self.add_name(&event.user);
            self.counted += u64::from(!is_action);
            let constraint = event.impersonation_constraint.as_deref();
            impersonation::asked(user, constraint, &asked).into_iter().for_each(|asked| self.add(asked, seen));
        }
    }

    /// Who it was, as the API server knew them: each user name with the groups that it was seen in.
    pub fn users(&self) -> impl Iterator<Item = UserInfo> {
        let user = |(name, groups): (&String, &BTreeSet<String>)| UserInfo {
            name: name.clone(),
            groups: groups.iter().cloned().collect(),
        };
        self.names.iter().map(user)
    }

    fn add_name(&mut self, user: &User<'_>) {
        let groups = self.names.entry(user.username.to_string()).or_default();
        groups.extend(user.groups.iter().map(|group| group.to_string()));
    }

    fn take_action(&mut self, asked: &Attributes, code: u16, bodies: impl FnOnce() -> AuthorityBodies, seen: Seen) {
        if everyone_may(asked) {
            self.of_everyone += 1;
            return;
        }
        self.add(asked.clone(), seen);
        let is_connection = asked.verb == "get"
            && (asked.group.as_str(), asked.resource.as_str()) == ("", "pods")
            && CONNECTIONS.contains(&asked.subresource.as_str());
        let creates = matches!(asked.verb.as_str(), "update" | "patch") && code == 201;
        if creates || (is_connection && self.connects_by_create) {
            self.add(Attributes { verb: "create".to_owned(), ..asked.clone() }, seen);
        }
        if !hands_rights_on(asked) {
            return;
        }
        match asked_beside(asked, code, &bodies()) {
            Authority::Nothing => {}
            Authority::Right(right) => self.add(right, seen),
            Authority::Hidden(why) => self.leave_out(asked.clone(), why, seen),
            Authority::Rules(rules) => {
                let (known, sum) = self.written.entry(asked.clone()).or_insert((Vec::new(), Seen { count: 0, ..seen }));
                *sum = sum.and(seen);
                rules.into_iter().for_each(|rule| {
                    if !known.contains(&rule) {
                        known.push(rule)
                    }
                });
            }
        }
    }

    fn add(&mut self, asked: Attributes, seen: Seen) {
        if !has_a_rule(&asked) {
            return self.leave_out(asked, Uncovered::NoRuleForIt, seen);
        }
        self.asked.entry(asked).and_modify(|sum| *sum = sum.and(seen)).or_insert(seen);
    }

    fn leave_out(&mut self, request: Attributes, why: Uncovered, seen: Seen) {
        self.uncovered.entry((request, why)).and_modify(|sum| *sum = sum.and(seen)).or_insert(seen);
    }
}

/// The status decides, not what the authorizer said: of what it allowed, admission or a second check may have refused some.
fn came(event: &Event<'_>) -> Came {
    match (event.annotations.decision.as_deref(), event.code) {
        (_, Some(401 | 403 | 429)) => Came::Refused,
        (Some("allow"), Some(code)) => Came::Allowed(code),
        (Some("allow"), None) => Came::Unclear(Uncovered::NoStatus),
        (Some(_), _) => Came::Refused,
        (None, _) => Came::Unclear(Uncovered::NoDecision),
    }
}

/// Whether a rule can allow this and nothing else. A request may be made for what looks like a wildcard in a rule, and be allowed to who
/// may do everything.
fn has_a_rule(asked: &Attributes) -> bool {
    let is_literal = |text: &str| !text.contains('*');
    let is_namespace = asked.namespace.len() <= 63
        && asked.namespace.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let texts = [&asked.verb, &asked.group, &asked.resource, &asked.subresource];
    !asked.verb.is_empty()
        && texts.iter().all(|text| is_literal(text))
        && asked.path.as_deref().is_none_or(is_literal)
        && is_namespace
}

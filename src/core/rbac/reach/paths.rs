//! The closure: from a user info on, step by step, the shortest path to each target. Paths that hold by the API server alone are
//! looked for first.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::cluster::ReachCluster;
use super::node::{Node, NodeKey, Place};
use super::{Certainty, Primitive, ReachPath, Step, Target, authenticators, impersonation, roles, workloads};
use crate::core::rbac::Attributes;
use crate::core::rbac::holdings::BindingIndex;
use crate::core::rbac::inventory::{Binding, Role};
use crate::core::rbac::user_info::UserInfo;
use crate::core::rbac::who_can::{self, AccessQuestion};

/// The longest path that is looked for, in steps to another user or to more rights.
const DEPTH: usize = 5;

/// Where a step leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To<'a> {
    /// To one user.
    Node(NodeKey<'a>),
    /// To a user of whom nothing is known.
    Unknown,
    /// To any service account of a namespace, or of all: to each that is known, and to others.
    Accounts(Option<&'a str>),
    /// To any user outside of `system:masters`: to each that is known, and to others.
    AllUsers,
}

/// One step from a node.
#[derive(Clone, Debug)]
pub(super) struct Edge<'a> {
    pub(super) step: Step<'a>,
    pub(super) to: To<'a>,
}

impl<'a> Edge<'a> {
    pub(super) fn to(step: Step<'a>, key: NodeKey<'a>) -> Self {
        Self { step, to: To::Node(key) }
    }

    pub(super) fn to_any(step: Step<'a>) -> Self {
        Self { step, to: To::Unknown }
    }

    pub(super) fn to_accounts(step: Step<'a>, namespace: Option<&'a str>) -> Self {
        Self { step, to: To::Accounts(namespace) }
    }

    pub(super) fn to_all_users(step: Step<'a>) -> Self {
        Self { step, to: To::AllUsers }
    }
}

/// A step whose ends are known by their numbers.
#[derive(Clone, Debug)]
struct Link<'a> {
    step: Rc<Step<'a>>,
    ends: Rc<[usize]>,
    /// Whether it leads to one user, who is named by the step.
    is_to_one: bool,
}

/// Who can become something by what is allowed to another.
#[derive(Clone, Debug)]
pub struct Becoming<'a> {
    /// Who starts.
    pub who: UserInfo,
    /// Who it becomes, and how.
    pub path: ReachPath<'a>,
}

/// The nodes that were looked at, each once, whatever path leads there.
#[derive(Debug)]
pub struct Reach<'a> {
    cluster: ReachCluster<'a>,
    nodes: Vec<Rc<Node<'a>>>,
    numbers: BTreeMap<NodeKey<'a>, usize>,
    links: Vec<Option<Rc<[Link<'a>]>>>,
    /// The ends of steps that lead to many.
    crowds: BTreeMap<Crowd<'a>, Rc<[usize]>>,
    /// Of how many nodes the links were looked for.
    linked: usize,
}

/// Many ends of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Crowd<'a> {
    Accounts(Option<&'a str>),
    AllUsers,
}

/// How a search came to each node: from which one, by which step.
type Arrivals<'a> = BTreeMap<usize, Option<Arrival<'a>>>;

/// The node before, and the step from there.
#[derive(Clone, Debug)]
struct Arrival<'a> {
    from: usize,
    step: Rc<Step<'a>>,
    is_to_one: bool,
}

impl<'a> Reach<'a> {
    /// Looks for paths in this cluster.
    pub fn new(cluster: ReachCluster<'a>) -> Self {
        Self {
            cluster,
            nodes: Vec::new(),
            numbers: BTreeMap::new(),
            links: Vec::new(),
            crowds: BTreeMap::new(),
            linked: 0,
        }
    }

    /// The bindings by whom they name.
    pub fn index(&self) -> &BindingIndex<'a> {
        &self.cluster.index
    }

    /// Every target that a user info can become, once, with the shortest path; Exact ones first.
    pub fn paths(&mut self, info: &UserInfo) -> Vec<ReachPath<'a>> {
        let start = self.number(NodeKey::of(info.clone()));
        let mut found: BTreeMap<Target, ReachPath<'a>> = BTreeMap::new();
        for certainty in [Certainty::Exact, Certainty::Depends] {
            for path in self.search(start, certainty) {
                found.entry(path.target.clone()).or_insert(path);
            }
        }
        let mut paths: Vec<ReachPath<'a>> = found.into_values().filter(|path| !is_oneself(path, info)).collect();
        let all = paths.clone();
        paths.retain(|path| !all.iter().any(|longer| goes_on(path, longer)));
        paths.sort_by(|one, other| {
            let order = |path: &ReachPath<'a>| (path.certainty(), path.steps.len());
            order(one).cmp(&order(other)).then_with(|| one.target.cmp(&other.target))
        });
        paths
    }

    /// The users that are not allowed a request and could become one that is, each with the shortest path.
    pub fn becoming(&mut self, starts: &[UserInfo], question: &AccessQuestion) -> Vec<Becoming<'a>> {
        let mut found = Vec::new();
        // What leads nowhere for one user leads nowhere for the next who holds the same roles: most users hold what many do.
        let mut lead_nowhere: BTreeSet<Vec<(Place<'a>, &'a Role)>> = BTreeSet::new();
        for info in starts {
            let before = (self.crowds.len(), self.linked);
            let start = self.number(NodeKey::of(info.clone()));
            let roles = self.nodes[start].roles();
            if !is_allowed(&self.nodes[start], question) && !lead_nowhere.contains(&roles) {
                let path = self.path_to(start, Certainty::Exact, question);
                match path.or_else(|| self.path_to(start, Certainty::Depends, question)) {
                    Some(path) => found.push(Becoming { who: info.clone(), path }),
                    None => drop(lead_nowhere.insert(roles)),
                }
            }
            self.forget(start, before);
        }
        found
    }

    /// The shortest path to full rights in the whole cluster that holds by the API server alone; `None` where there is none, or where
    /// the user has them already.
    pub fn exact_path_to_full_rights(&mut self, info: &UserInfo) -> Option<ReachPath<'a>> {
        let question = AccessQuestion { attributes: full(None), place: who_can::Place::Cluster };
        let start = self.number(NodeKey::of(info.clone()));
        let has_them = is_allowed(&self.nodes[start], &question);
        if has_them { None } else { self.path_to(start, Certainty::Exact, &question) }
    }

    /// Forgets a node to which nothing can lead: it is the last one, and since its number was given (`before`: the number of crowds and of
    /// nodes whose links were known) only its own links were looked for.
    fn forget(&mut self, number: usize, before: (usize, usize)) {
        let is_alone = self.crowds.len() == before.0 && self.linked - before.1 <= 1;
        if is_alone && number + 1 == self.nodes.len() {
            self.links.pop();
            let key = self.nodes.pop().map(|node| node.key.clone());
            key.and_then(|key| self.numbers.remove(&key));
        }
    }

    fn path_to(&mut self, start: usize, certainty: Certainty, question: &AccessQuestion) -> Option<ReachPath<'a>> {
        let mut arrived = None;
        let arrivals = self.walk(start, certainty, |node, number, _| {
            let is_there = number != start && is_allowed(node, question);
            if is_there {
                arrived.get_or_insert(number);
            }
            !is_there
        });
        let number = arrived?;
        let steps = self.steps_to(&arrivals, number);
        let target = self.target_of(number, &steps);
        Some(ReachPath { target, steps })
    }

    fn target_of(&self, number: usize, steps: &[Rc<Step<'a>>]) -> Target {
        let node = &self.nodes[number];
        if node.info().is_master() {
            return Target::Masters;
        }
        if node.full_rights(Place::Cluster).is_some() {
            return Target::Administrator;
        }
        steps.last().and_then(|step| step.becomes.clone()).unwrap_or_else(|| itself(node))
    }

    /// The paths to everything that is found on the way.
    fn search(&mut self, start: usize, certainty: Certainty) -> Vec<ReachPath<'a>> {
        let mut order: Vec<(usize, Vec<Rc<Step<'a>>>)> = Vec::new();
        let arrivals = self.walk(start, certainty, |_, number, to_any| {
            order.push((number, to_any.to_vec()));
            true
        });
        let mut paths = Vec::new();
        for (number, to_any) in order {
            let steps = self.steps_to(&arrivals, number);
            paths.extend(self.conclusions(number).into_iter().map(|(target, last)| {
                let steps = steps.iter().cloned().chain(last.map(Rc::new)).collect();
                ReachPath { target, steps }
            }));
            for step in &to_any {
                let Some(target) = step.becomes.clone() else { continue };
                paths.push(ReachPath { target, steps: steps.iter().chain([step]).cloned().collect() });
            }
        }
        paths
    }

    /// Goes from node to node, nearer ones first. `visit` is called once a node, with the steps from there to no particular user,
    /// and says whether to go on.
    fn walk(
        &mut self,
        start: usize,
        certainty: Certainty,
        mut visit: impl FnMut(&Node<'a>, usize, &[Rc<Step<'a>>]) -> bool,
    ) -> Arrivals<'a> {
        let mut arrivals: Arrivals<'a> = BTreeMap::from([(start, None)]);
        let mut queue = VecDeque::from([(start, 0)]);
        while let Some((number, depth)) = queue.pop_front() {
            let node = self.nodes[number].clone();
            let links = if depth < DEPTH { self.links(number) } else { Rc::from([]) };
            let counts = |link: &&Link<'a>| link.step.certainty() <= certainty;
            let to_any: Vec<Rc<Step<'a>>> =
                links.iter().filter(counts).filter(|link| !link.is_to_one).map(|link| link.step.clone()).collect();
            if !visit(&node, number, &to_any) {
                break;
            }
            for link in links.iter().filter(counts) {
                for to in link.ends.iter().filter(|to| **to != start) {
                    if let Entry::Vacant(entry) = arrivals.entry(*to) {
                        let Link { step, is_to_one, .. } = link;
                        entry.insert(Some(Arrival { from: number, step: step.clone(), is_to_one: *is_to_one }));
                        queue.push_back((*to, depth + 1));
                    }
                }
            }
        }
        arrivals
    }

    fn number(&mut self, key: NodeKey<'a>) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let narrowed = key.narrowed.map(|(by, mode)| (self.nodes[by].clone(), mode));
        let number = self.nodes.len();
        self.nodes.push(Rc::new(self.cluster.node(key.clone(), narrowed)));
        self.links.push(None);
        self.numbers.insert(key, number);
        number
    }

    fn links(&mut self, number: usize) -> Rc<[Link<'a>]> {
        if let Some(links) = &self.links[number] {
            return links.clone();
        }
        let node = self.nodes[number].clone();
        let mut links = Vec::new();
        for Edge { step, to } in edges(&self.cluster, number, &node) {
            let (ends, is_to_one) = match to {
                To::Node(key) => (Rc::from([self.number(key)]), true),
                To::Unknown => (Rc::from([]), false),
                To::Accounts(namespace) => (self.crowd(Crowd::Accounts(namespace)), false),
                To::AllUsers => (self.crowd(Crowd::AllUsers), false),
            };
            links.push(Link { step: Rc::new(step), ends, is_to_one });
        }
        let links: Rc<[Link<'a>]> = links.into();
        self.links[number] = Some(links.clone());
        self.linked += 1;
        links
    }

    fn crowd(&mut self, crowd: Crowd<'a>) -> Rc<[usize]> {
        if let Some(known) = self.crowds.get(&crowd) {
            return known.clone();
        }
        let members: Vec<UserInfo> = match crowd {
            Crowd::AllUsers => self.cluster.all_users().into_iter().filter(|info| !info.is_master()).collect(),
            Crowd::Accounts(namespace) => {
                let is_there = |(of, _): &&(&str, &str)| namespace.is_none_or(|namespace| namespace == *of);
                let there = self.cluster.accounts.iter().filter(is_there);
                there.map(|(namespace, name)| UserInfo::service_account(namespace, name)).collect()
            }
        };
        let numbers: Rc<[usize]> = members.into_iter().map(|info| self.number(NodeKey::of(info))).collect();
        self.crowds.insert(crowd, numbers.clone());
        numbers
    }

    /// The steps by which a search came to a node. One that leads to many names who it was.
    fn steps_to(&self, arrivals: &Arrivals<'a>, number: usize) -> Vec<Rc<Step<'a>>> {
        let mut steps = Vec::new();
        let mut at = number;
        while let Some(Some(Arrival { from, step, is_to_one })) = arrivals.get(&at) {
            steps.push(match is_to_one {
                true => step.clone(),
                false => Rc::new(Step { becomes: Some(itself(&self.nodes[at])), ..Step::clone(step) }),
            });
            at = *from;
        }
        steps.reverse();
        steps
    }

    /// What one is at a node, and the last step where a right there says so.
    fn conclusions(&self, number: usize) -> Vec<(Target, Option<Step<'a>>)> {
        let node = &self.nodes[number];
        if node.info().is_master() && node.narrowed.is_none() {
            return vec![(Target::Masters, None)];
        }
        if let Some(bindings) = node.full_rights(Place::Cluster) {
            return vec![(Target::Administrator, last_step(Primitive::FullRights, full(None), bindings))];
        }
        let mut found = Vec::new();
        for place in node.places() {
            if let Some(bindings) = node.full_rights(place) {
                let target = Target::NamespaceAdmin(place.namespace().map(str::to_owned));
                found.push((target, last_step(Primitive::FullRights, full(place.namespace()), bindings)));
                if place == Place::Every {
                    break;
                }
            }
        }
        let secrets = node.names_of_each(Place::Every, &["list", "get", "watch"], "", "secrets");
        if let Some((verb, bindings)) = secrets.any() {
            let attributes =
                Attributes { verb: verb.to_owned(), resource: "secrets".to_owned(), ..Attributes::default() };
            found.push((Target::AllSecrets, last_step(Primitive::ReadSecrets, attributes, bindings.clone())));
        }
        found.extend(node.key.gained.iter().filter_map(|gained| {
            let role = gained.role.clone()?;
            Some((Target::Role { namespace: gained.place.namespace().map(str::to_owned), role }, None))
        }));
        found.push((itself(node), None));
        found
    }
}

fn is_allowed(node: &Node<'_>, question: &AccessQuestion) -> bool {
    let is_in = |place: Place<'_>| node.allows(&question.attributes_in(place.namespace()), place);
    match &question.place {
        who_can::Place::Cluster => is_in(Place::Cluster),
        who_can::Place::Namespace(namespace) => is_in(Place::Namespace(namespace)),
        who_can::Place::Anywhere => node.places().into_iter().any(is_in),
    }
}

/// What leads on from a node. From full rights everything else follows, and nothing is looked for.
fn edges<'a>(cluster: &ReachCluster<'a>, number: usize, node: &Node<'a>) -> Vec<Edge<'a>> {
    let is_at_the_top = node.narrowed.is_none() && node.info().is_master();
    if node.held.is_empty() || is_at_the_top || node.full_rights(Place::Cluster).is_some() {
        return Vec::new();
    }
    [
        impersonation::edges(cluster, number, node),
        workloads::tokens(cluster, node),
        // Acting as others for some verbs alone, one writes nothing for oneself.
        if node.narrowed.is_none() { roles::escalations(node) } else { Vec::new() },
        if node.narrowed.is_none() { roles::bindings(cluster, node) } else { Vec::new() },
        authenticators::certificates(node),
        authenticators::mappings(node),
        authenticators::others(node),
        workloads::of_namespaces(cluster, node),
    ]
    .concat()
}

fn itself(node: &Node<'_>) -> Target {
    match node.info().as_service_account() {
        Some((namespace, name)) => {
            Target::ServiceAccount { namespace: Some(namespace.to_owned()), name: Some(name.to_owned()) }
        }
        None => Target::Identity((!node.info().name.is_empty()).then(|| node.info().name.clone())),
    }
}

fn full(namespace: Option<&str>) -> Attributes {
    let [verb, group, resource] = ["*"; 3].map(str::to_owned);
    Attributes { verb, group, resource, namespace: namespace.unwrap_or_default().to_owned(), ..Attributes::default() }
}

/// A right that makes one what one is; none where the steps before gave it.
fn last_step<'a>(primitive: Primitive, attributes: Attributes, bindings: Vec<&'a Binding>) -> Option<Step<'a>> {
    let step = Step { primitive, attributes: vec![attributes], bindings, becomes: None, depends_on: Vec::new() };
    (!step.bindings.is_empty()).then_some(step)
}

fn is_oneself(path: &ReachPath<'_>, info: &UserInfo) -> bool {
    match &path.target {
        Target::Identity(Some(name)) => *name == info.name,
        Target::ServiceAccount { namespace: Some(namespace), name: Some(name) } => {
            info.as_service_account() == Some((namespace, name))
        }
        _ => false,
    }
}

/// Whether a path to one named target goes on to its end in a longer one.
fn goes_on(path: &ReachPath<'_>, longer: &ReachPath<'_>) -> bool {
    let is_named = matches!(
        path.target,
        Target::Identity(Some(_)) | Target::ServiceAccount { name: Some(_), .. } | Target::Role { .. }
    );
    let is_begun_alike = || {
        path.steps.iter().zip(&longer.steps).all(|(one, other)| {
            (one.primitive, &one.becomes, &one.attributes) == (other.primitive, &other.becomes, &other.attributes)
        })
    };
    is_named && path.steps.len() < longer.steps.len() && path.certainty() == longer.certainty() && is_begun_alike()
}

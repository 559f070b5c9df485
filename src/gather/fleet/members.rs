//! Which clusters are wanted, and how each of them can be reached.

use super::super::account::{Account, ClusterListing};
use super::super::cluster_access::Route;
use crate::adapters::cloud::IssueKubeconfig;
use crate::core::identity::ack::AccountCluster;
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::Data;
use crate::error::Error;

/// Which clusters are wanted.
#[derive(Debug)]
pub struct Choice {
    /// Whose.
    pub wanted: Wanted,
    /// What issues a credential for a cluster without a way; `None` where none may be issued.
    pub issue: Option<IssueKubeconfig>,
}

/// Whose clusters are wanted.
#[derive(Debug)]
pub enum Wanted {
    /// Those at the end of these ways.
    Routes(Vec<Route>),
    /// This one, at the end of this way.
    Exactly(Box<Route>, ClusterId),
    /// Those with these IDs, by whichever of the ways leads there.
    Ids(Vec<ClusterId>, Vec<Route>),
    /// All of the account, by whichever of the ways leads there.
    OfAccount(Vec<Route>),
}

/// A cluster, as far as it is known before it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterRef {
    /// Its ID.
    pub id: Option<ClusterId>,
    /// Its name in the account.
    pub name: Option<String>,
    /// The context that leads there first.
    pub context: Option<String>,
    /// Whether it is reached by a credential that the cloud issues for it.
    pub temporary_credential: bool,
}

/// A cluster that is wanted.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) cluster_ref: ClusterRef,
    /// The cluster that it must be, if one was given.
    pub(super) wanted: Option<ClusterId>,
    pub(super) reach: Reach,
}

/// How a cluster is reached.
#[derive(Debug)]
pub(super) enum Reach {
    /// By these ways, the first one first.
    Routes(Vec<Route>),
    /// By a credential that is issued for it.
    TemporaryCredential(AccountCluster, IssueKubeconfig),
    /// Not at all.
    Nothing(Unreachable),
}

/// Why it can't be reached.
#[derive(Debug)]
pub(super) enum Unreachable {
    /// No context leads there.
    NoContext,
    /// The account doesn't list it, so that nothing can be issued for it.
    NotListed,
    /// It serves no API in this state.
    ServesNoApi(String),
}

/// States in which a cluster serves no API, or none that answers.
/// Source: <https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclustersv1>
const SERVING_NO_API: [&str; 11] = [
    "initial",
    "create_timeout",
    "failed",
    "waiting",
    "inactive",
    "unavailable",
    "disconnected",
    "stopped",
    "deleting",
    "delete_failed",
    "deleted",
];

impl Unreachable {
    pub(super) fn error(&self) -> Error {
        match self {
            Self::NoContext => Error::failed(anyhow::anyhow!("not reached: no context leads to it")).hint(
                "name its context with --context beside --cluster-id, get a kubeconfig for it, or let \
                 --temporary-credentials get one for 15 minutes",
            ),
            Self::NotListed => {
                Error::failed(anyhow::anyhow!("not reached: no context leads to it, and the account does not list it"))
                    .hint("a credential is issued by the account that the cluster belongs to")
            }
            Self::ServesNoApi(state) => {
                Error::failed(anyhow::anyhow!("not reached: in state {state} a cluster serves no API"))
            }
        }
    }
}

impl ClusterRef {
    /// Its name and ID, else the context's name, else the ID.
    pub fn describe(&self) -> String {
        match (&self.name, &self.id, &self.context) {
            (Some(name), Some(id), _) => format!("{name} ({id})"),
            (_, _, Some(context)) => format!("context {context:?}"),
            (_, Some(id), None) => format!("cluster {id}"),
            (_, None, None) => "the server given by flags".to_owned(),
        }
    }

    /// One word for it: its name, else its ID, else the context's name.
    pub(super) fn word(&self) -> String {
        let id = self.id.as_ref().map(ToString::to_string);
        self.name.clone().or(id).or_else(|| self.context.clone()).unwrap_or_default()
    }
}

impl Choice {
    /// How many clusters it can be at most; `None` where only the account knows.
    pub fn at_most(&self) -> Option<usize> {
        match &self.wanted {
            Wanted::Exactly(..) => Some(1),
            Wanted::Routes(routes) => Some(routes.len()),
            Wanted::Ids(ids, _) => Some(ids.len()),
            Wanted::OfAccount(_) => None,
        }
    }

    /// One way, and no other cluster.
    pub fn one(route: Route) -> Self {
        Self { wanted: Wanted::Routes(vec![route]), issue: None }
    }

    /// Whether one of the ways runs a credential plugin, which may ask something at the terminal.
    pub fn runs_plugin(&self) -> bool {
        let runs_plugin = |route: &Route| route.context.user.as_ref().is_some_and(|user| user.value.exec.is_some());
        match &self.wanted {
            Wanted::Exactly(route, _) => runs_plugin(route),
            Wanted::Routes(routes) | Wanted::Ids(_, routes) | Wanted::OfAccount(routes) => {
                routes.iter().any(runs_plugin)
            }
        }
    }

    /// Why the one cluster that is wanted can't be reached, where that is known beforehand.
    pub fn leads_nowhere(&self) -> Option<Error> {
        match &self.wanted {
            Wanted::Ids(ids, routes) if self.issue.is_none() => match ids.as_slice() {
                [id] if leading_to(id, routes).is_empty() => {
                    Some(Unreachable::NoContext.error().context(&format!("cluster {id}")))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Which listing of the account it takes.
    pub(super) fn listing(&self) -> ClusterListing {
        match self.wanted {
            Wanted::OfAccount(_) => ClusterListing::ByRegion,
            Wanted::Routes(_) | Wanted::Exactly(..) | Wanted::Ids(..) => ClusterListing::Central,
        }
    }

    /// The clusters. The account is asked for its own where it matters.
    pub(super) async fn members(&self, account: &Account<'_>) -> Vec<Member> {
        match &self.wanted {
            Wanted::Routes(routes) => {
                merged(routes).into_iter().map(|routes| Member::at_the_end_of(routes, None)).collect()
            }
            Wanted::Exactly(route, id) => vec![Member::at_the_end_of(vec![Route::clone(route)], Some(id.clone()))],
            Wanted::Ids(ids, routes) => {
                let mut members = Vec::new();
                for id in ids {
                    members.push(match leading_to(id, routes) {
                        found if !found.is_empty() => Member::at_the_end_of(found, Some(id.clone())),
                        _ if self.issue.is_none() => Member::unreachable(id, None, Unreachable::NoContext),
                        _ => match account.cluster(id).await {
                            Some(listed) => self.listed(&listed, routes),
                            None => Member::unreachable(id, None, Unreachable::NotListed),
                        },
                    });
                }
                members
            }
            Wanted::OfAccount(routes) => {
                account.clusters().await.items().iter().map(|listed| self.listed(listed, routes)).collect()
            }
        }
    }

    fn listed(&self, cluster: &AccountCluster, routes: &[Route]) -> Member {
        let (id, name) = (&cluster.id, Some(cluster.name.clone()));
        if SERVING_NO_API.contains(&cluster.state.as_str()) {
            return Member::unreachable(id, name, Unreachable::ServesNoApi(cluster.state.clone()));
        }
        let found = leading_to(id, routes);
        if !found.is_empty() {
            let member = Member::at_the_end_of(found, Some(id.clone()));
            return Member { cluster_ref: ClusterRef { name, ..member.cluster_ref }, ..member };
        }
        let Some(issue) = self.issue else {
            return Member::unreachable(id, name, Unreachable::NoContext);
        };
        Member {
            cluster_ref: ClusterRef { id: Some(id.clone()), name, context: None, temporary_credential: true },
            wanted: Some(id.clone()),
            reach: Reach::TemporaryCredential(cluster.clone(), issue),
        }
    }
}

impl Member {
    fn at_the_end_of(routes: Vec<Route>, wanted: Option<ClusterId>) -> Self {
        let first = routes.first();
        let cluster_ref = ClusterRef {
            id: wanted.clone().or_else(|| first.and_then(Route::id).cloned()),
            context: first.and_then(|route| route.context.name.clone()),
            ..ClusterRef::default()
        };
        Self { cluster_ref, wanted, reach: Reach::Routes(routes) }
    }

    fn unreachable(id: &ClusterId, name: Option<String>, why: Unreachable) -> Self {
        let cluster_ref = ClusterRef { id: Some(id.clone()), name, ..ClusterRef::default() };
        Self { cluster_ref, wanted: None, reach: Reach::Nothing(why) }
    }
}

fn leading_to(id: &ClusterId, routes: &[Route]) -> Vec<Route> {
    routes.iter().filter(|route| route.id() == Some(id)).cloned().collect()
}

/// Puts ways together that lead to one cluster for sure: those with the same CA and the same ID, or, without an ID, the same
/// address. An ID alone can be part of an edited name, so that ways of two CAs are two clusters until both have answered.
fn merged(routes: &[Route]) -> Vec<Vec<Route>> {
    let mut clusters: Vec<Vec<Route>> = Vec::new();
    for route in routes {
        match clusters.iter_mut().find(|cluster| cluster.first().is_some_and(|first| are_one(first, route))) {
            Some(cluster) => cluster.push(route.clone()),
            None => clusters.push(vec![route.clone()]),
        }
    }
    clusters
}

fn are_one(one: &Route, other: &Route) -> bool {
    let same_place = match (one.id(), other.id()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => server(one).is_some() && server(one) == server(other),
        _ => false,
    };
    same_place && have_one_authority(one, other)
}

/// Whether two ways trust the same CA, by the bytes of its bundle or by its file.
pub(super) fn have_one_authority(one: &Route, other: &Route) -> bool {
    authority(one) == authority(other)
}

fn server(route: &Route) -> Option<&str> {
    route.context.cluster.as_ref().map(|cluster| cluster.value.server.as_str())
}

fn authority(route: &Route) -> Option<&[u8]> {
    let cluster = &route.context.cluster.as_ref()?.value;
    match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(Data::Decoded(bundle)), _) => Some(bundle),
        (_, Some(path)) => Some(path.as_os_str().as_encoded_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::core::kubeconfig::{Overrides, parse, resolve_each};

    const IDS: [&str; 2] = ["c0123456789abcdef0123456789abcdef", "cfedcba9876543210fedcba9876543210"];

    /// A way by a context of this name, server and CA.
    fn route(name: &str, server: &str, authority: &str) -> Route {
        let text = format!(
            "contexts: [{{name: {name}, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{}}}}]\n\
             clusters: [{{name: c, cluster: {{server: '{server}', certificate-authority: {authority}}}}}]\n"
        );
        let kubeconfig = parse(text.as_bytes(), Arc::from(Path::new("/config"))).unwrap();
        Route::by(resolve_each(&kubeconfig, &Overrides::default()).next().unwrap().unwrap())
    }

    fn names(clusters: &[Vec<Route>]) -> Vec<Vec<String>> {
        clusters.iter().map(|routes| routes.iter().map(|route| route.context.name.clone().unwrap()).collect()).collect()
    }

    #[test]
    fn contexts_of_one_cluster_are_one_member() {
        let [one, other] = IDS;
        let routes = [
            route(&format!("a-{one}"), "https://public", "ca"),
            route(&format!("a-{other}"), "https://elsewhere", "ca2"),
            route(&format!("b-{one}"), "https://private", "ca"),
            route("one", "https://x", "ca3"),
            route("two", "https://x", "ca3"),
            route("other", "https://x", "ca4"),
        ];
        let expected = [
            vec![format!("a-{one}"), format!("b-{one}")],
            vec![format!("a-{other}")],
            vec!["one".to_owned(), "two".to_owned()],
            vec!["other".to_owned()],
        ];
        assert_eq!(names(&merged(&routes)), expected);
    }

    #[test]
    fn an_id_that_two_cas_claim_is_two_clusters() {
        let [one, _] = IDS;
        let routes = [route(&format!("a-{one}"), "https://a", "ca"), route(&format!("b-{one}"), "https://b", "ca2")];
        assert_eq!(merged(&routes).len(), 2);
    }

    #[test]
    fn a_cluster_of_the_account_is_reached_skipped_or_named() {
        let [one, other] = IDS;
        let listed = |id: &str, state: &str| AccountCluster {
            id: ClusterId::parse(id).unwrap(),
            name: "shop".to_owned(),
            region: "cn-hangzhou".to_owned(),
            state: state.to_owned(),
            cluster_type: String::new(),
            public_server: None,
            intranet_server: None,
        };
        let none: IssueKubeconfig = |_, _, _, _| Box::pin(async { unreachable!("nothing is issued") });
        let choice =
            |temporary: bool| Choice { wanted: Wanted::OfAccount(Vec::new()), issue: temporary.then_some(none) };
        let routes = [route(&format!("a-{one}"), "https://a", "ca")];
        let outcome = |id: &str, state: &str, temporary| {
            let member = choice(temporary).listed(&listed(id, state), &routes);
            match member.reach {
                Reach::Routes(routes) => format!("{} ways", routes.len()),
                Reach::TemporaryCredential(..) => "issued".to_owned(),
                Reach::Nothing(why) => why.error().message(),
            }
        };
        assert_eq!(outcome(one, "running", false), "1 ways");
        assert_eq!(outcome(one, "running", true), "1 ways");
        assert_eq!(outcome(other, "running", true), "issued");
        assert_eq!(outcome(other, "running", false), "not reached: no context leads to it");
        for state in SERVING_NO_API {
            for temporary in [true, false] {
                let skipped = format!("not reached: in state {state} a cluster serves no API");
                assert_eq!(outcome(one, state, temporary), skipped);
            }
        }
    }
}

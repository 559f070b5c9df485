//! Reads which kinds an API server serves: all at once where it aggregates its discovery (Kubernetes 1.27 and later), else group by
//! group. What could not be read is named, and the rest counts.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;

use super::ApiServer;
use super::exchange::{ApiRequest, Encoding};
use super::failure::{CallError, Failure};
use super::object::{Expected, Head};
use crate::core::rbac::kinds::{Kind, KindScope, Kinds};
use crate::error::chain;

/// How many groups are asked for at a time.
const SIDE_BY_SIDE: usize = 8;

/// What discovery says, and what of it could not be read.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The kinds.
    pub kinds: Kinds,
    /// The parts of the API whose kinds are not known, and why.
    pub unread: Vec<String>,
}

/// All groups in one document.
#[derive(Deserialize)]
struct Aggregated {
    #[serde(default)]
    items: Vec<AggregatedGroup>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    resources: Vec<AggregatedKind>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedKind {
    resource: String,
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    subresources: Vec<AggregatedSubresource>,
}

#[derive(Deserialize)]
struct AggregatedSubresource {
    subresource: String,
}

/// The groups, each still to be asked.
#[derive(Deserialize)]
struct GroupList {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupVersion {
    group_version: String,
}

/// The kinds of a group and version.
#[derive(Deserialize)]
struct KindList {
    #[serde(default)]
    resources: Vec<ListedKind>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedKind {
    /// `pods`, or `pods/log` for a subresource.
    name: String,
    namespaced: bool,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    short_names: Vec<String>,
}

#[derive(Deserialize)]
struct ServerVersion {
    #[serde(default)]
    minor: String,
}

impl ApiServer {
    /// Reads the kinds that the API server serves.
    pub async fn discovery(&self) -> Discovery {
        let (core, groups) = tokio::join!(self.kinds_of("/api"), self.kinds_of("/apis"));
        let mut discovery = Discovery::default();
        for part in [core, groups] {
            match part {
                Ok(part) => {
                    part.kinds.into_iter().for_each(|kind| discovery.kinds.add(kind));
                    discovery.unread.extend(part.unread);
                }
                Err(error) => discovery.unread.push(chain(&error)),
            }
        }
        discovery
    }

    /// Reads the minor version of Kubernetes that the API server says it is; `None` where it says no number.
    ///
    /// # Errors
    /// Where the version can't be read.
    pub async fn minor_version(&self) -> Result<Option<u32>, CallError> {
        let question = ApiRequest::get("get /version", "/version");
        let read = async {
            let body = self.small_body(&question).await?;
            serde_json::from_slice::<ServerVersion>(&body).map_err(Failure::malformed)
        };
        let version = read.await.map_err(|failure| self.error(&question.call, failure))?;
        // Some distributions write 33+.
        Ok(version.minor.trim_end_matches('+').parse().ok())
    }

    /// Reads one of the two roots: the core group, or all others.
    async fn kinds_of(&self, root: &str) -> Result<Part, CallError> {
        let question = ApiRequest::get(format!("get API discovery at {root}"), root).in_encoding(Encoding::Discovery);
        let body = self.small_body(&question).await.map_err(|failure| self.error(&question.call, failure))?;
        let head = Head::of(&body).map_err(|failure| self.error(&question.call, failure))?;
        let malformed = |error| self.error(&question.call, Failure::malformed(error));
        match head.kind.as_str() {
            "APIGroupDiscoveryList" => Ok(aggregated(serde_json::from_slice(&body).map_err(malformed)?)),
            "APIVersions" => Ok(self.kinds_of_each(vec!["v1".to_owned()]).await),
            "APIGroupList" => {
                let list: GroupList = serde_json::from_slice(&body).map_err(malformed)?;
                let versions = list.groups.into_iter().flat_map(|group| group.versions);
                Ok(self.kinds_of_each(versions.map(|version| version.group_version).collect()).await)
            }
            other => {
                let found = format!("`{}`", other.chars().take(100).collect::<String>());
                let failure = Failure::WrongObject { expected: "a list of API groups".to_owned(), found };
                Err(self.error(&question.call, failure))
            }
        }
    }

    async fn kinds_of_each(&self, group_versions: Vec<String>) -> Part {
        let ask = |group_version: String| async move {
            let (group, _) = group_version.split_once('/').unwrap_or(("", ""));
            let root = if group.is_empty() { "api" } else { "apis" };
            let question =
                ApiRequest::get(format!("get API discovery of {group_version}"), format!("/{root}/{group_version}"));
            let listed = self.object::<KindList>(&question, Expected::kind("v1", "APIResourceList")).await;
            listed.map(|list| kinds_of_list(group, list))
        };
        let answers: Vec<_> = stream::iter(group_versions).map(ask).buffered(SIDE_BY_SIDE).collect().await;
        let mut part = Part::default();
        for answer in answers {
            match answer {
                Ok(kinds) => part.kinds.extend(kinds),
                Err(error) => part.unread.push(chain(&error)),
            }
        }
        part
    }
}

/// A part of discovery.
#[derive(Default)]
struct Part {
    kinds: Vec<Kind>,
    unread: Vec<String>,
}

fn aggregated(list: Aggregated) -> Part {
    let mut part = Part::default();
    for AggregatedGroup { metadata: Metadata { name: group }, versions } in list.items {
        for version in versions {
            // The server that serves this group doesn't answer: what is listed is what it said before, or nothing.
            if version.freshness == "Stale" {
                part.unread.push(format!(
                    "the kinds of {group}/{} are not known: their server does not answer",
                    version.version
                ));
            }
            part.kinds.extend(version.resources.into_iter().map(|kind| Kind {
                group: group.clone(),
                plural: kind.resource,
                singular: kind.singular_resource.to_lowercase(),
                short: kind.short_names,
                scope: scope(kind.scope == "Namespaced"),
                subresources: kind.subresources.into_iter().map(|one| one.subresource).collect(),
            }));
        }
    }
    part
}

fn kinds_of_list(group: &str, list: KindList) -> Vec<Kind> {
    let (subresources, kinds): (Vec<ListedKind>, Vec<ListedKind>) =
        list.resources.into_iter().partition(|kind| kind.name.contains('/'));
    let of = |plural: &str| -> BTreeSet<String> {
        let names = subresources.iter().filter_map(|one| one.name.strip_prefix(plural)?.strip_prefix('/'));
        names.map(str::to_owned).collect()
    };
    let kind = |kind: ListedKind| Kind {
        group: group.to_owned(),
        subresources: of(&kind.name),
        plural: kind.name,
        singular: kind.singular_name.to_lowercase(),
        short: kind.short_names,
        scope: scope(kind.namespaced),
    };
    kinds.into_iter().map(kind).collect()
}

fn scope(is_namespaced: bool) -> KindScope {
    if is_namespaced { KindScope::Namespaced } else { KindScope::Cluster }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let list = json!({"resources": [
            {"name": "pods", "singularName": "pod", "namespaced": true, "shortNames": ["po"]},
            {"name": "pods/log", "singularName": "", "namespaced": true},
            {"name": "nodes", "singularName": "node", "namespaced": false},
        ]});
        let all = json!({"items": [{"metadata": {}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
            {"resource": "pods", "scope": "Namespaced", "singularResource": "pod", "shortNames": ["po"],
             "subresources": [{"subresource": "log"}]},
            {"resource": "nodes", "scope": "Cluster", "singularResource": "node"},
        ]}]}]});
        let listed = kinds_of_list("", serde_json::from_value(list).unwrap());
        let part = aggregated(serde_json::from_value(all).unwrap());
        assert_eq!(listed, part.kinds);
        assert!(part.unread.is_empty());
        assert_eq!(listed[0].subresources, BTreeSet::from(["log".to_owned()]));
    }

    #[test]
    fn a_group_whose_server_does_not_answer_is_named() {
        let stale = json!({"items": [{"metadata": {"name": "metrics.k8s.io"}, "versions": [
            {"version": "v1beta1", "freshness": "Stale"},
        ]}]});
        let part = aggregated(serde_json::from_value(stale).unwrap());
        assert_eq!(part.unread, ["the kinds of metrics.k8s.io/v1beta1 are not known: their server does not answer"]);
    }
}

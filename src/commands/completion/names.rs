//! Which names can stand for the value of an argument.

use std::collections::BTreeSet;

use super::engine::Candidate;
use super::typed::Typed;
use crate::gather::completions::{Choice, LocalName, LocalNames, OperationUse};
use crate::world::World;

/// The names that can stand for an argument, from local files; none for an argument that has none there.
pub(super) fn of_argument(argument: &str, typed: &Typed, world: &World) -> Vec<Candidate> {
    let kubeconfig = typed.path("kubeconfig");
    let local = LocalNames::new(world, kubeconfig.as_deref());
    let names = match argument {
        "context" => match typed.path("file") {
            Some(file) if typed.verb() == Some("whoami") => local.contexts_in(&file),
            _ => local.contexts(),
        },
        "leaked_context" => typed.path("file").map(|file| local.contexts_in(&file)).unwrap_or_default(),
        "cluster" => local.clusters(),
        "user" => local.users(),
        "namespace" => local.namespaces(),
        "cluster_id" => local.cluster_ids(),
        "region" => local.regions(),
        "profile" => local.profiles(typed.path("profile_file").as_deref()),
        "uids" if typed.verb() == Some("scan") && !typed.has("persistence") => Vec::new(),
        "uids" if typed.verb() == Some("revoke") => without(local.uids(), &local.own_uids(&choice(typed))),
        "uid" | "uids" => local.uids(),
        "what" if typed.has("from") => local.uids(),
        // One operation at a time.
        "what" if typed.has("what") => Vec::new(),
        "what" => local.operations_for(OperationUse::Restore),
        "operation" => local.operations_for(OperationUse::Show),
        "operations" => local.operations_for(OperationUse::Restore),
        "resume" if typed.verb() == Some("rotate") => local.operations_for(OperationUse::ResumeRotation),
        "resume" => local.operations_for(OperationUse::Resume),
        _ => Vec::new(),
    };
    names.into_iter().map(|LocalName { name, about }| Candidate { value: name, about }).collect()
}

/// A revocation needs the access that it would take away.
fn without(uids: Vec<LocalName>, own: &BTreeSet<String>) -> Vec<LocalName> {
    uids.into_iter().filter(|uid| !own.contains(&uid.name)).collect()
}

fn choice(typed: &Typed) -> Choice {
    Choice {
        contexts: typed.values("context"),
        cluster_ids: typed.values("cluster_id"),
        user: typed.values("user").pop(),
        all: typed.has("all_contexts") || typed.has("all_clusters"),
    }
}

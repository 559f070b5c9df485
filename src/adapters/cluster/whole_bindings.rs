//! Bindings with all their fields: one by one, or by a list where many of one place are wanted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;

use super::ApiServer;
use super::bindings::{BindingScope, ListItems, ListOf};
use super::exchange::Encoding;
use super::failure::CallError;
use crate::core::json_fault::JsonFault;
use crate::core::rbac::binding::{BindingKind, BindingMetadata};
use crate::core::rbac::binding_object::{BindingObject, BindingRef};
use crate::core::rbac::protobuf::ProtobufError;

struct WholeBindings<'a> {
    kind: BindingKind,
    namespace: &'a str,
    wanted: &'a BTreeSet<&'a str>,
    objects: BTreeMap<String, BindingObject>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    metadata: BindingMetadata<'a>,
}

impl ListItems for WholeBindings<'_> {
    fn start_over(&mut self) {
        self.objects.clear();
    }

    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault> {
        let BindingMetadata { name, namespace, .. } = serde_json::from_slice::<Item<'_>>(item)?.metadata;
        if namespace.as_str() != self.namespace {
            return Err(JsonFault::because("a binding of another namespace"));
        }
        if self.wanted.contains(name.as_str()) {
            let mut object: Value = serde_json::from_slice(item)?;
            // Items don't say their kind; the list has said it for all of them.
            object["kind"] = self.kind.as_str().into();
            self.objects.insert(name.as_str().to_owned(), serde_json::from_value(object)?);
        }
        Ok(())
    }

    fn add_protobuf(&mut self, _item: &[u8]) -> Result<(), ProtobufError> {
        Err(ProtobufError::Malformed)
    }
}

/// Fewer than this are read one by one.
const FEW: usize = 32;
/// A list is read where it holds at most so many bindings for each one that is wanted.
const WORTH: usize = 4;
/// How many are read at a time, one by one.
const SIDE_BY_SIDE: usize = 16;

/// The names of the bindings that are wanted of each place: of a namespace, or of the cluster.
type Places<'a> = BTreeMap<Option<&'a str>, BTreeSet<&'a str>>;

impl ApiServer {
    /// Reads bindings as they are now, each with its own answer; `None` for one that is not there. `there` says how many bindings a
    /// namespace has, or the cluster, as far as that is known.
    pub async fn whole_bindings(
        &self,
        wanted: &[BindingRef],
        there: impl Fn(Option<&str>) -> usize,
    ) -> Vec<Result<Option<BindingObject>, CallError>> {
        let mut listed = BTreeMap::new();
        for (place, names) in worth_listing(wanted, there) {
            // Who may read each of them need not be allowed to list them.
            if let Ok(objects) = self.listed_whole(place, &names).await {
                listed.insert(place, objects);
            }
        }
        let answers = stream::iter(wanted).map(async |binding| match listed.get(&binding.namespace.as_deref()) {
            Some(objects) => Ok(objects.get(&binding.name).cloned()),
            None => self.binding(binding).await,
        });
        answers.buffered(SIDE_BY_SIDE).collect().await
    }

    async fn listed_whole(
        &self,
        namespace: Option<&str>,
        names: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, BindingObject>, CallError> {
        let scope = namespace.map_or(BindingScope::Cluster, |namespace| BindingScope::Namespace(namespace.to_owned()));
        let list = ListOf { encoding: Encoding::Json, ..scope.list() };
        let namespace = namespace.unwrap_or_default();
        let mut items = WholeBindings { kind: scope.kind(), namespace, wanted: names, objects: BTreeMap::new() };
        self.list(&list, &mut items).await?;
        Ok(items.objects)
    }
}

fn worth_listing<'a>(wanted: &'a [BindingRef], there: impl Fn(Option<&str>) -> usize) -> Places<'a> {
    let mut places = Places::new();
    for binding in wanted {
        places.entry(binding.namespace.as_deref()).or_default().insert(&binding.name);
    }
    places.retain(|place, names| names.len() >= FEW && there(*place) <= names.len() * WORTH);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(namespace: Option<&str>, count: usize) -> Vec<BindingRef> {
        let kind = if namespace.is_some() { BindingKind::RoleBinding } else { BindingKind::ClusterRoleBinding };
        let name = |number| BindingRef { kind, namespace: namespace.map(str::to_owned), name: format!("b{number}") };
        (0..count).map(name).collect()
    }

    #[test]
    fn a_place_is_listed_where_many_of_its_bindings_are_wanted() {
        let there = |place: Option<&str>| FEW * WORTH + usize::from(place.is_none());
        let listed = |shop: usize, cluster: usize| {
            let wanted = [references(Some("shop"), shop), references(None, cluster)].concat();
            worth_listing(&wanted, there).into_keys().map(|place| place.map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(listed(FEW, FEW), [Some("shop".to_owned())]);
        assert_eq!(listed(FEW - 1, FEW + 1), [None]);
        assert_eq!(listed(FEW - 1, FEW - 1), []);
    }
}

//! Reads all bindings of one kind, item by item.

use serde_json::Error as JsonError;

use super::ApiServer;
use super::exchange::{Question, percent_encoded};
use super::failure::{CallError, Failure};
use super::list::{ListDecoder, ListTrailer};
use crate::core::binding::{BindingItem, BindingKind};
use crate::core::inventory::Inventory;

/// How many pages a list may have. Servers don't page unasked, and who pages by hundreds still gets a million through.
const MOST_PAGES: usize = 10_000;

/// Which bindings to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingScope {
    /// Every ClusterRoleBinding.
    Cluster,
    /// Every RoleBinding of every namespace.
    AllNamespaces,
    /// The RoleBindings of one namespace.
    Namespace(String),
}

impl BindingScope {
    /// The kind of binding that it holds.
    pub fn kind(&self) -> BindingKind {
        match self {
            Self::Cluster => BindingKind::ClusterRoleBinding,
            Self::AllNamespaces | Self::Namespace(_) => BindingKind::RoleBinding,
        }
    }

    fn list(&self) -> ListOf {
        const API: &str = "/apis/rbac.authorization.k8s.io/v1";
        match self {
            Self::Cluster => ListOf {
                call: "list clusterrolebindings.rbac.authorization.k8s.io".into(),
                path: format!("{API}/clusterrolebindings"),
                kind: "ClusterRoleBindingList",
            },
            Self::AllNamespaces => ListOf {
                call: "list rolebindings.rbac.authorization.k8s.io in all namespaces".into(),
                path: format!("{API}/rolebindings"),
                kind: "RoleBindingList",
            },
            Self::Namespace(namespace) => ListOf {
                call: format!("list rolebindings.rbac.authorization.k8s.io in namespace {}", namespace.escape_debug()),
                path: format!("{API}/namespaces/{}/rolebindings", percent_encoded(namespace)),
                kind: "RoleBindingList",
            },
        }
    }
}

/// A list by its address and the kind that it says to be.
pub(super) struct ListOf {
    pub(super) call: String,
    pub(super) path: String,
    pub(super) kind: &'static str,
}

/// What happens while a list is read.
#[derive(Debug)]
pub(super) enum ListStep<'a> {
    /// The server has forgotten the version that the earlier pages showed: all items so far are to be forgotten.
    StartOver,
    /// The bytes of the next item.
    Item(&'a [u8]),
}

impl ApiServer {
    /// Reads all bindings of a scope as they are at one moment. Either all of them or an error, never a part.
    pub async fn bindings(&self, scope: &BindingScope) -> Result<Inventory, CallError> {
        let (list, kind) = (scope.list(), scope.kind());
        let mut inventory = Inventory::default();
        let collect = |step: ListStep<'_>| -> Result<(), JsonError> {
            match step {
                ListStep::StartOver => inventory.clear(),
                ListStep::Item(bytes) => inventory.add(kind, &serde_json::from_slice::<BindingItem<'_>>(bytes)?),
            }
            Ok(())
        };
        self.list(&list, collect).await?;
        Ok(inventory)
    }

    /// Reads a list to its end: one request without `limit` and `resourceVersion`, which is consistent and which servers
    /// stream; pages where the server gives them all the same.
    pub(super) async fn list<F>(&self, list: &ListOf, mut on_step: F) -> Result<(), CallError>
    where
        F: FnMut(ListStep<'_>) -> Result<(), JsonError>,
    {
        let read = async {
            match self.pages(list, &mut on_step).await {
                Err(Interrupted::VersionGone(_)) => {
                    tracing::debug!(call = list.call.as_str(), "the list has expired while it was read, starting over");
                    on_step(ListStep::StartOver).map_err(Failure::Malformed)?;
                    self.pages(list, &mut on_step).await.map_err(Failure::from)
                }
                other => other.map_err(Failure::from),
            }
        };
        read.await.map_err(|failure| self.error(&list.call, failure))
    }

    async fn pages<F>(&self, list: &ListOf, on_step: &mut F) -> Result<(), Interrupted>
    where
        F: FnMut(ListStep<'_>) -> Result<(), JsonError>,
    {
        let mut budget = self.limits.list;
        let mut token = String::new();
        for page in 0..MOST_PAGES {
            let trailer = match self.page(list, &token, &mut budget, on_step).await {
                Err(Failure::Refused(refusal)) if refusal.status == 410 && page > 0 => {
                    return Err(Interrupted::VersionGone(refusal));
                }
                other => other?,
            };
            if trailer.continue_token.is_empty() {
                return Ok(());
            }
            token = trailer.continue_token;
        }
        Err(Failure::TooManyPages(MOST_PAGES).into())
    }

    async fn page<F>(
        &self,
        list: &ListOf,
        token: &str,
        budget: &mut u64,
        on_step: &mut F,
    ) -> Result<ListTrailer, Failure>
    where
        F: FnMut(ListStep<'_>) -> Result<(), JsonError>,
    {
        let path = match token {
            "" => list.path.clone(),
            token => format!("{}?continue={}", list.path, percent_encoded(token)),
        };
        let mut answer = self.ask(&Question::get(&list.call, path)).await?;
        let mut decoder = ListDecoder::new(self.limits.item);
        while let Some(frame) = answer.frame().await? {
            *budget = budget.checked_sub(frame.len() as u64).ok_or(Failure::TooLarge { limit: self.limits.list })?;
            decoder.feed(&frame, |item| on_step(ListStep::Item(item)))?;
        }
        tracing::debug!(call = list.call.as_str(), items = decoder.items(), "page read");
        let trailer = decoder.finish()?;
        if trailer.kind != list.kind {
            return Err(Failure::WrongKind { expected: list.kind, found: trailer.kind.chars().take(100).collect() });
        }
        Ok(trailer)
    }
}

/// Why pages weren't read to the end.
enum Interrupted {
    VersionGone(super::failure::Refusal),
    Failed(Failure),
}

impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::VersionGone(refusal) => Self::Refused(refusal),
            Interrupted::Failed(failure) => failure,
        }
    }
}

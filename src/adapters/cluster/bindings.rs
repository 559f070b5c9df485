//! Reads all bindings of one kind, item by item.

use bytes::Bytes;

use super::ApiServer;
use super::byte_budget::ByteBudget;
use super::exchange::{ApiRequest, ApiResponse, Encoding};
use super::failure::{CallError, Failure};
use super::list::{ListDecoder, ListTrailer};
use super::protobuf_list::ProtobufListDecoder;
use crate::core::json_fault::JsonFault;
use crate::core::percent;
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::protobuf::ProtobufError;

/// How many pages a list may have. Servers don't page unasked, and who pages by hundreds still gets a million through.
const MOST_PAGES: usize = 10_000;

/// Where RBAC's resources are.
pub(super) const API: &str = "/apis/rbac.authorization.k8s.io/v1";

/// The version of RBAC's resources that is read.
pub(super) const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";

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

    pub(super) fn list(&self) -> ListOf {
        match self {
            Self::Cluster => ListOf {
                call: "list clusterrolebindings.rbac.authorization.k8s.io".into(),
                path: format!("{API}/clusterrolebindings"),
                api_version: RBAC_V1,
                kind: "ClusterRoleBindingList",
                encoding: Encoding::Protobuf,
            },
            Self::AllNamespaces => ListOf {
                call: "list rolebindings.rbac.authorization.k8s.io in all namespaces".into(),
                path: format!("{API}/rolebindings"),
                api_version: RBAC_V1,
                kind: "RoleBindingList",
                encoding: Encoding::Protobuf,
            },
            Self::Namespace(namespace) => ListOf {
                call: format!("list rolebindings.rbac.authorization.k8s.io in namespace {}", namespace.escape_debug()),
                path: format!("{API}/namespaces/{}/rolebindings", percent::encode_segment(namespace)),
                api_version: RBAC_V1,
                kind: "RoleBindingList",
                encoding: Encoding::Protobuf,
            },
        }
    }
}

/// A list by its address and the kind that it says to be.
pub(super) struct ListOf {
    pub(super) call: String,
    pub(super) path: String,
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) encoding: Encoding,
}

impl ListOf {
    /// Holds what a page says of itself against what every API server says of every page. An answer that lacks a part of it has
    /// lost something on the way, and what it lost can be the items.
    fn check(&self, page: &ListTrailer) -> Result<(), Failure> {
        if (page.api_version.as_str(), page.kind.as_str()) != (self.api_version, self.kind) {
            let found: String = format!("{} {}", page.api_version, page.kind).trim().chars().take(100).collect();
            return Err(Failure::WrongKind { expected: format!("{} {}", self.api_version, self.kind), found });
        }
        if page.resource_version.is_empty() {
            return Err(Failure::NoVersion);
        }
        match page.remaining_item_count {
            Some(remaining) if remaining != 0 && page.continue_token.is_empty() => {
                Err(Failure::NoWayToTheRest { remaining })
            }
            _ => Ok(()),
        }
    }
}

/// Where a list's items go while it is read.
pub(super) trait ListItems {
    /// The server has forgotten the version that the earlier pages showed: all items so far are to be forgotten.
    fn start_over(&mut self);

    /// Takes the next item in JSON.
    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault>;

    /// Takes the next item in protobuf, for lists that are asked for so.
    fn add_protobuf(&mut self, item: &[u8]) -> Result<(), ProtobufError>;
}

struct Bindings {
    kind: BindingKind,
    inventory: Inventory,
}

impl Bindings {
    fn add(&mut self, item: &BindingItem<'_>) -> Result<(), &'static str> {
        let has_namespace = !item.metadata.namespace.as_str().is_empty();
        match (self.kind, has_namespace) {
            (BindingKind::RoleBinding, false) => return Err("a RoleBinding without a namespace"),
            (BindingKind::ClusterRoleBinding, true) => return Err("a ClusterRoleBinding with a namespace"),
            _ => self.inventory.add(self.kind, item),
        }
        Ok(())
    }
}

impl ListItems for Bindings {
    fn start_over(&mut self) {
        self.inventory.clear();
    }

    fn add_json(&mut self, item: &[u8]) -> Result<(), JsonFault> {
        self.add(&serde_json::from_slice(item)?).map_err(JsonFault::because)
    }

    fn add_protobuf(&mut self, item: &[u8]) -> Result<(), ProtobufError> {
        self.add(&BindingItem::from_protobuf(item)?).map_err(|_| ProtobufError::Malformed)
    }
}

impl ApiServer {
    /// Reads all bindings of a scope as they are at one moment. Either all of them or an error, never a part.
    pub async fn bindings(&self, scope: &BindingScope) -> Result<Inventory, CallError> {
        Ok(self.bindings_at(scope).await?.0)
    }

    /// As [`bindings`](Self::bindings), with the version of the cluster's state that the list shows, from which a watch can go on.
    pub async fn bindings_at(&self, scope: &BindingScope) -> Result<(Inventory, String), CallError> {
        let mut bindings = Bindings { kind: scope.kind(), inventory: Inventory::default() };
        let list = scope.list();
        let version = self.list(&list, &mut bindings).await?;
        if *scope == BindingScope::Cluster && bindings.inventory.bindings().is_empty() {
            return Err(self.error(&list.call, Failure::WithoutTheServersOwn { what: "ClusterRoleBindings" }));
        }
        Ok((bindings.inventory, version))
    }

    /// Reads every binding of both kinds, each kind as it is at one moment. Either all of them or an error, never a part.
    pub async fn all_bindings(&self) -> Result<Inventory, CallError> {
        Ok(self.all_bindings_at().await?.0)
    }

    /// As [`all_bindings`](Self::all_bindings), with the version that each kind's list shows.
    pub async fn all_bindings_at(&self) -> Result<(Inventory, [(BindingScope, String); 2]), CallError> {
        let scopes = (BindingScope::Cluster, BindingScope::AllNamespaces);
        let (cluster, namespaced) = tokio::join!(self.bindings_at(&scopes.0), self.bindings_at(&scopes.1));
        let ((mut inventory, cluster), (others, namespaced)) = (cluster?, namespaced?);
        inventory.append(others);
        Ok((inventory, [(scopes.0, cluster), (scopes.1, namespaced)]))
    }

    /// Reads a list to its end: one request without `limit` and `resourceVersion`, which is consistent and which servers
    /// stream; pages where the server gives them all the same. Gives the version that the list shows.
    pub(super) async fn list(&self, list: &ListOf, items: &mut impl ListItems) -> Result<String, CallError> {
        let read = async {
            match self.pages(list, items).await {
                Err(Interrupted::VersionGone(_)) => {
                    tracing::debug!(call = list.call.as_str(), "the list has expired while it was read, starting over");
                    items.start_over();
                    self.pages(list, items).await.map_err(Failure::from)
                }
                other => other.map_err(Failure::from),
            }
        };
        read.await.map_err(|failure| self.error(&list.call, failure))
    }

    async fn pages(&self, list: &ListOf, items: &mut impl ListItems) -> Result<String, Interrupted> {
        let mut budget = ByteBudget::of(self.limits.list);
        let mut token = String::new();
        for page in 0..MOST_PAGES {
            let trailer = match self.page(list, &token, &mut budget, items).await {
                Err(Failure::Refused(refusal)) if refusal.status == 410 && page > 0 => {
                    return Err(Interrupted::VersionGone(refusal));
                }
                other => other?,
            };
            // All pages are of one version.
            if trailer.continue_token.is_empty() {
                return Ok(trailer.resource_version);
            }
            token = trailer.continue_token;
        }
        Err(Failure::TooManyPages(MOST_PAGES).into())
    }

    async fn page(
        &self,
        list: &ListOf,
        token: &str,
        budget: &mut ByteBudget,
        items: &mut impl ListItems,
    ) -> Result<ListTrailer, Failure> {
        let path = match token {
            "" => list.path.clone(),
            token => format!("{}?continue={}", list.path, percent::encode_segment(token)),
        };
        let question = ApiRequest::get(&list.call, path).in_encoding(list.encoding);
        let mut body = ListBody { answer: self.ask(&question).await?, budget, kept: 0 };
        let (trailer, count) = match body.answer.encoding() {
            Encoding::Json | Encoding::Table | Encoding::Discovery => {
                let mut decoder = ListDecoder::new(self.limits.item);
                while let Some(frame) = body.frame().await? {
                    decoder.feed(&frame, |item| items.add_json(item))?;
                    body.keep(decoder.items())?;
                }
                let count = decoder.items();
                (decoder.finish()?, count)
            }
            Encoding::Protobuf => {
                let mut decoder = ProtobufListDecoder::new(self.limits.item);
                while let Some(frame) = body.frame().await? {
                    decoder.feed(&frame, |item| items.add_protobuf(item))?;
                    body.keep(decoder.items())?;
                }
                let count = decoder.items();
                (decoder.finish()?, count)
            }
        };
        tracing::debug!(call = list.call.as_str(), items = count, "page read");
        list.check(&trailer)?;
        Ok(trailer)
    }
}

/// What an item takes in memory beside its text: a list of empty ones is not for nothing.
const KEPT_ITEM: u64 = 512;

/// A page's bytes, and what its list may still take.
struct ListBody<'b> {
    answer: ApiResponse,
    budget: &'b mut ByteBudget,
    /// The page's items that were charged.
    kept: u64,
}

impl ListBody<'_> {
    async fn frame(&mut self) -> Result<Option<Bytes>, Failure> {
        let frame = self.answer.frame().await?;
        self.budget.charge(frame.as_ref().map_or(0, Bytes::len) as u64)?;
        Ok(frame)
    }

    /// Charges for the items that are new among so many.
    fn keep(&mut self, items: u64) -> Result<(), Failure> {
        let new = items - self.kept;
        self.kept = items;
        self.budget.charge(new * KEPT_ITEM)
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

use jiff::Timestamp;
use serde::Serialize;

use super::paths::{PathView, RequestView};
use super::scan::{Binding, Role};
use super::who_can::{ScopeOfRights, ThroughView};
use super::words::{GroupsSourceWord, InertWord};
use super::{ApiVersion, Kind, ScannedCluster, distinct_names, nothing_in, time};
use crate::core::rbac::PolicyRule;
use crate::core::rbac::holdings::{HeldRule, Through};
use crate::core::rbac::inert::Inert;
use crate::core::rbac::others::Others;
use crate::output::html::Page;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `rights` prints: every rule that a user holds, and what the user could become.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RightsReport<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `RightsReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "RightsReport")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The clusters that were read, or that were to be.
    pub clusters: Vec<ScannedCluster>,
    /// The user names with their groups, as one request has them. Rights of two of them are never joined.
    pub users: Vec<RightsUser>,
    /// The rules, in the order of users and bindings.
    pub rules: Vec<HeldRuleView<'a>>,
    /// What each could become, the shortest path to each target.
    pub paths: Vec<UserPath>,
    /// What the API server itself answers; null where it was not asked.
    pub reviews: Option<Vec<ReviewView>>,
    /// Rules of the API server's defaults for every user that are left out.
    pub hidden_defaults: usize,
    /// Rules that allow nothing and are left out.
    pub hidden_inert: usize,
    /// Whether something that was asked could not be read: then more may be allowed.
    pub incomplete: bool,
    /// What is drawn.
    #[serde(skip)]
    pub columns: RightsColumns,
}

/// Which columns a table has beside its usual ones.
#[derive(Clone, Copy, Debug)]
pub struct RightsColumns {
    /// Whether rows of several clusters may stand beside each other.
    pub are_several: bool,
    /// Whether rules that allow nothing are shown with the reason.
    pub all: bool,
}

/// A user name with its groups.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RightsUser {
    /// By what the document's other parts name it.
    pub id: String,
    /// The cluster.
    pub cluster_id: Option<String>,
    /// The context that the cluster was read through.
    pub context: Option<String>,
    /// The RAM UID; null where it is no RAM identity.
    pub uid: Option<String>,
    /// The user name; null for the members of a group, which are not known.
    pub name: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// Where the groups are known from.
    pub groups_from: GroupsSourceWord,
    /// The mapping of ack-ram-authenticator that leads to it.
    pub mapping: Option<String>,
    /// The name in words.
    #[serde(skip)]
    pub text: String,
    /// The cluster's name.
    #[serde(skip)]
    pub cluster_name: Option<String>,
}

/// A rule, or a part of one, that a user holds by one binding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HeldRuleView<'a> {
    /// The user's `id`.
    pub user: String,
    /// Where it holds.
    pub scope: ScopeOfRights<'a>,
    /// The verbs.
    pub verbs: Vec<String>,
    /// The API groups, the core group as an empty text.
    pub api_groups: Vec<String>,
    /// The kinds in the plural, with a subresource behind `/`.
    pub resources: Vec<String>,
    /// The only names for which it holds; empty for all.
    pub resource_names: Vec<String>,
    /// Paths outside the resources.
    pub non_resource_urls: Vec<String>,
    /// The role.
    pub role: Role<'a>,
    /// The binding.
    pub binding: Binding<'a>,
    /// By what the binding names the user.
    pub through: ThroughView,
    /// The first of the binding's other subjects, `Kind/name` or `Kind/namespace/name`.
    pub shared_with: Vec<String>,
    /// How many other subjects the binding has.
    pub shared_with_count: usize,
    /// When the binding was created.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub created: Option<Timestamp>,
    /// Why it allows nothing; null where it does.
    pub inert: Option<InertWord>,
    /// Whether the role could not be read, so that it is not known what it allows.
    pub role_unread: bool,
    /// Whether it is one of the API server's defaults for every user; false where the role could not be read.
    pub is_default: bool,
    /// The reason in words.
    #[serde(skip)]
    pub reason: Option<&'static str>,
}

/// A path of a user.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserPath {
    /// The user's `id`.
    pub user: String,
    /// The path.
    #[serde(flatten)]
    pub path: PathView,
}

/// What the API server answers about a request.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    /// The user's `id`.
    pub user: String,
    /// The request.
    pub request: RequestView,
    /// Whether the API server allows it.
    pub allowed: bool,
    /// Whether the rules that were read allow it.
    pub expected: bool,
    /// Whether that is what RBAC says: nothing that could decide it is unread.
    #[serde(skip)]
    pub is_known: bool,
    /// The API server's reason; null where it gives none.
    pub reason: Option<String>,
    /// The request in words, with who asks.
    #[serde(skip)]
    pub text: String,
}

impl ReviewView {
    /// Whether the API server answers otherwise than RBAC by itself would.
    pub fn is_otherwise(&self) -> bool {
        self.is_known && self.expected != self.allowed
    }
}

impl<'a> HeldRuleView<'a> {
    /// The view of a rule that this user holds; `mapping` is what leads to the user.
    pub fn of(user: &RightsUser, held: &HeldRule<'a>) -> Self {
        let HeldRule { rule, is_unread, binding, through, inert, is_default, .. } = held;
        let through = match (through, &user.mapping) {
            (_, Some(mapping)) => ThroughView { kind: "RAMIdentityMapping".to_owned(), name: Some(mapping.clone()) },
            (Through::User, None) => ThroughView { kind: "User".to_owned(), name: None },
            (Through::ServiceAccount, None) => ThroughView { kind: "ServiceAccount".to_owned(), name: None },
            (Through::Group(group), None) => ThroughView { kind: "Group".to_owned(), name: Some((*group).to_owned()) },
        };
        let others = held.others();
        let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = rule.clone();
        Self {
            user: user.id.clone(),
            scope: ScopeOfRights { namespace: binding.namespace() },
            verbs,
            api_groups,
            resources,
            resource_names,
            non_resource_urls,
            role: Role::of(binding.role()),
            binding: Binding::of_inventory(binding),
            through,
            shared_with: others.named,
            shared_with_count: others.count,
            created: binding.created(),
            inert: inert.map(InertWord::from),
            role_unread: *is_unread,
            is_default: *is_default,
            reason: inert.map(Inert::reason),
        }
    }

    /// `pods/log,deployments.apps,/metrics`.
    pub(in crate::output) fn resource_text(&self) -> String {
        self.resource_texts().collect::<Vec<_>>().join(",")
    }

    /// `pods/log`, `deployments.apps`, `/metrics`.
    pub(in crate::output) fn resource_texts(&self) -> impl Iterator<Item = String> {
        let named = |resource: &String, group: &String| match group.as_str() {
            "" => resource.clone(),
            group => format!("{resource}.{group}"),
        };
        let of_group = move |group| self.resources.iter().map(move |resource| named(resource, group));
        let resources = self.api_groups.iter().flat_map(of_group);
        resources.chain(self.non_resource_urls.iter().cloned())
    }

    fn reason_cell(&self) -> Cell<'static> {
        match (self.reason, self.role_unread) {
            (Some(reason), _) => Cell::new(reason),
            (None, true) => Cell::new("the role could not be read"),
            (None, false) => Cell::default(),
        }
    }
}

impl RightsReport<'_> {
    fn user(&self, id: &str) -> Option<&RightsUser> {
        self.users.iter().find(|user| user.id == id)
    }
}

impl Report for RightsReport<'_> {
    fn headline(&self) -> Option<usize> {
        Some(if self.columns.are_several { 3 } else { 1 })
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let RightsColumns { are_several, all } = self.columns;
        let with_reason = all || self.rules.iter().any(|rule| rule.role_unread);
        let mut headers = vec!["USER", "SCOPE", "RESOURCE", "NAMES", "VERBS", "ROLE", "BINDING", "THROUGH"];
        if are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        headers.extend(with_reason.then_some("INERT"));
        if wide {
            headers.extend(["SHARED-WITH", "CREATED"]);
        }
        let cells = move |rule: &'_ HeldRuleView<'_>| {
            let user = self.user(&rule.user);
            let mut cells = Vec::new();
            if are_several {
                cells.push(Cell::maybe(user.and_then(|user| user.cluster_id.clone())));
                cells.push(Cell::maybe(user.and_then(|user| user.cluster_name.clone())));
            }
            let is_full =
                [&rule.verbs, &rule.api_groups, &rule.resources].iter().all(|all| all.iter().any(|one| one == "*"));
            let is_danger = is_full && rule.resource_names.is_empty() && rule.inert.is_none();
            let tone = if is_danger { Tone::Danger } else { Tone::Plain };
            cells.extend([
                Cell::maybe(user.map(|user| user.text.clone())),
                Cell::new(rule.scope.text()),
                if rule.role_unread { Cell::new("<unknown>") } else { Cell::new(rule.resource_text()).tone(tone) },
                Cell::new(rule.resource_names.join(",")),
                if rule.role_unread { Cell::new("<unknown>") } else { Cell::new(rule.verbs.join(",")) },
                Cell::new(rule.role.text()),
                Cell::new(rule.binding.text()),
                Cell::new(rule.through.text()),
            ]);
            if with_reason {
                cells.push(rule.reason_cell());
            }
            if wide {
                let others = Others { named: rule.shared_with.clone(), count: rule.shared_with_count };
                cells.push(Cell::new(others.to_string()));
                cells.push(Cell::maybe(rule.created.map(time)));
            }
            cells
        };
        Table { headers, rows: Box::new(self.rules.iter().map(cells)) }
    }

    fn footing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.paths.is_empty() {
            lines.extend([String::new(), "BECOMES".to_owned()]);
            lines.extend(self.paths.iter().map(|path| format!("  {}", path.path.sentence)));
        }
        if let Some(reviews) = &self.reviews {
            let differing: Vec<&ReviewView> = reviews.iter().filter(|one| one.is_otherwise()).collect();
            lines.extend([String::new(), "API SERVER".to_owned()]);
            lines.push(format!(
                "  {} requests asked, {} answered otherwise than by RBAC",
                reviews.len(),
                differing.len()
            ));
            lines.extend(differing.into_iter().map(|one| {
                let answer = if one.allowed { "allowed" } else { "denied" };
                let reason = one.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("  {answer}: {}{reason}", one.text)
            }));
        }
        lines
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_rights(self))
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        distinct_names(self.rules.iter().map(|rule| {
            let user = self.user(&rule.user).filter(|_| self.columns.are_several);
            let cluster = user.and_then(|user| user.cluster_id.clone().or_else(|| user.context.clone()));
            (cluster, rule.binding.text())
        }))
    }

    fn list(&self) -> Option<&'static str> {
        Some("rules")
    }

    fn nothing_found(&self) -> Option<String> {
        let is_empty = self.rules.is_empty() && self.paths.is_empty() && self.reviews.is_none();
        let nothing =
            "RBAC gives it nothing beyond what is hidden; other authorizers were not read, --ask asks the API server";
        is_empty.then(|| nothing_in(nothing, self.incomplete))
    }
}

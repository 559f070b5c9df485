use jiff::Timestamp;
use serde::Serialize;

use super::paths::{PathView, RequestView};
use super::scan::{Binding, Role};
use super::words::Word as _;
use super::{ApiVersion, CloudView, IdentityTypeWord, Kind, ScannedCluster, StateWord, distinct_names, state_tone};
use crate::core::access::allowed::{AllowedBy, AllowedRow};
use crate::core::ids::ClusterId;
use crate::core::rbac::who_can::{AccessQuestion, Place, is_everyone};
use crate::output::html::Page;
use crate::output::report::Report;
use crate::output::table::{Cell, Table};

/// What `who-can` prints: who may do something, worst first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhoCanReport<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `WhoCanReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "WhoCanReport")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The clusters that were read, or that were to be.
    pub clusters: Vec<ScannedCluster>,
    /// What was asked. In clusters that know another kind by this name, it was asked about that one.
    pub question: RequestView,
    /// Who may, and who could become one that may.
    pub subjects: Vec<AllowedView<'a>>,
    /// How many subjects may for some names only, and are left out.
    pub by_name_only: usize,
    /// Who called the cloud, and what failed; null where the cloud was not asked.
    pub cloud: Option<CloudView>,
    /// Whether something that was asked could not be read: then others may do it, too.
    pub incomplete: bool,
    /// What is drawn beside the rows.
    #[serde(skip)]
    pub columns: WhoCanColumns,
}

/// Which columns a table has beside its usual ones.
#[derive(Clone, Copy, Debug)]
pub struct WhoCanColumns {
    /// Whether rows of several clusters may stand beside each other.
    pub are_several: bool,
    /// Whether names are shown.
    pub names: bool,
    /// Whether it is shown who could become one that may.
    pub reach: bool,
}

/// One subject, and what allows it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AllowedView<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a str>,
    /// The context that it was read through.
    pub context: Option<&'a str>,
    /// Who may.
    pub subject: SubjectView,
    /// The RAM UID; null where it is no RAM identity, or where its UID is not known.
    pub uid: Option<String>,
    /// What kind of RAM identity it is; null where it is none.
    #[serde(rename = "type")]
    pub kind: Option<IdentityTypeWord>,
    /// Its name in RAM.
    pub name: Option<&'a str>,
    /// Whether it still exists; null where it is no RAM identity.
    pub state: Option<StateWord>,
    /// Where it may.
    pub scope: ScopeOfRights<'a>,
    /// The binding that allows it; null for members of `system:masters`, and for one that could become another.
    pub binding: Option<Binding<'a>>,
    /// The role that allows it.
    pub role: Option<Role<'a>>,
    /// By what it is named.
    pub through: ThroughView,
    /// The only names for which it may; empty for all, or for the one that was asked for.
    pub names: Vec<String>,
    /// The path by which it could become one that may; empty where it may itself.
    pub reach: Vec<PathView>,
    /// The cluster's name.
    #[serde(skip)]
    pub cluster_name: Option<&'a str>,
}

/// A subject as bindings name them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubjectView {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// The namespace of a service account.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// Where something is held.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScopeOfRights<'a> {
    /// The namespace; null for the whole cluster.
    pub namespace: Option<&'a str>,
}

impl ScopeOfRights<'_> {
    /// `cluster`, or `ns/shop`.
    pub(in crate::output) fn text(self) -> String {
        self.namespace.map_or_else(|| "cluster".to_owned(), |namespace| format!("ns/{namespace}"))
    }
}

/// By what a subject is named.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ThroughView {
    /// `User`, `Group`, `ServiceAccount`, `RAMIdentityMapping`, or `Reach` for one that could become another.
    pub kind: String,
    /// The name of the group or the mapping; null where the subject itself is named.
    pub name: Option<String>,
}

impl ThroughView {
    /// `User`, `Group/dev`, `RAMIdentityMapping/m`.
    pub(in crate::output) fn text(&self) -> String {
        self.name.as_ref().map_or_else(|| self.kind.clone(), |name| format!("{}/{name}", self.kind))
    }
}

impl<'a> AllowedView<'a> {
    /// The view of a row.
    pub fn of(row: &AllowedRow<'a>) -> Self {
        let binding = row.by.binding();
        let verdict = row.verdict;
        let through = match &row.by {
            AllowedBy::Mapping(mapping, _) => {
                ThroughView { kind: "RAMIdentityMapping".to_owned(), name: Some(mapping.name.clone()) }
            }
            AllowedBy::Reach(_) => ThroughView { kind: "Reach".to_owned(), name: None },
            AllowedBy::Masters | AllowedBy::Binding(_) => ThroughView { kind: row.subject.kind.clone(), name: None },
        };
        Self {
            cluster_id: row.cluster.id.as_ref().map(ClusterId::as_str),
            context: row.cluster.context.as_deref(),
            cluster_name: row.cluster.name.as_deref().or(row.cluster.context.as_deref()),
            subject: SubjectView {
                kind: row.subject.kind.clone(),
                namespace: row.subject.namespace.clone(),
                name: row.subject.name.clone(),
            },
            uid: row.uid.as_ref().map(ToString::to_string),
            kind: verdict.map(|verdict| IdentityTypeWord::from(verdict.identity_type)),
            name: verdict.and_then(|verdict| verdict.name.as_deref()),
            state: verdict.map(|verdict| StateWord::of(verdict.state)),
            scope: ScopeOfRights { namespace: binding.and_then(|binding| binding.namespace()) },
            binding: binding.map(Binding::of_inventory),
            role: binding.map(|binding| Role::of(binding.role())),
            through,
            names: row.names.clone(),
            reach: row.by.path().map(|path| PathView::of(&row.subject.to_string(), &path.into())).into_iter().collect(),
        }
    }

    /// Whether it is a group that everyone is in.
    pub(in crate::output) fn is_everyone(&self) -> bool {
        is_everyone(&self.subject.kind, &self.subject.name)
    }

    /// `User/ann`, `ServiceAccount/ci/robot`.
    pub(in crate::output) fn subject_text(&self) -> String {
        let SubjectView { kind, namespace, name } = &self.subject;
        match namespace {
            None => format!("{kind}/{name}"),
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
        }
    }
}

impl WhoCanReport<'_> {
    /// `get secrets in namespace shop`.
    pub(in crate::output) fn question_text(&self) -> String {
        self.question.text()
    }

    /// The question as its document has it: with the namespace in which it is asked, and without one where it is asked in all or for
    /// the whole cluster.
    pub fn question(question: &AccessQuestion) -> RequestView {
        let namespace = match &question.place {
            Place::Namespace(namespace) => Some(namespace.clone()),
            Place::Cluster | Place::Anywhere => None,
        };
        RequestView { namespace, ..RequestView::of(&question.attributes) }
    }
}

impl Report for WhoCanReport<'_> {
    fn headline(&self) -> Option<usize> {
        Some(if self.columns.are_several { 7 } else { 5 })
    }

    fn table(&self, _wide: bool) -> Table<'_> {
        let WhoCanColumns { are_several, names, reach } = self.columns;
        let mut headers = vec!["SUBJECT", "UID", "TYPE", "NAME", "STATE", "SCOPE", "ROLE", "BINDING", "THROUGH"];
        if are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        headers.extend(names.then_some("NAMES"));
        headers.extend(reach.then_some("REACH"));
        let cells = move |row: &'_ AllowedView<'_>| {
            let mut cells = Vec::new();
            if are_several {
                cells.extend([
                    Cell::maybe(row.cluster_id.map(str::to_owned)),
                    Cell::maybe(row.cluster_name.map(str::to_owned)),
                ]);
            }
            let state = row.state.map(|state| Cell::new(state.as_str()).tone(state_tone(state)));
            let binding = row.binding.map(|binding| binding.text());
            cells.extend([
                Cell::new(row.subject_text()),
                Cell::maybe(row.uid.clone()),
                Cell::maybe(row.kind.map(IdentityTypeWord::as_str)),
                Cell::maybe(row.name.map(str::to_owned)),
                state.unwrap_or_default(),
                if row.reach.is_empty() { Cell::new(row.scope.text()) } else { Cell::default() },
                Cell::maybe(row.role.map(|role| role.text())),
                Cell::maybe(binding),
                Cell::new(row.through.text()),
            ]);
            if names {
                cells.push(Cell::maybe((!row.names.is_empty()).then(|| row.names.join(","))));
            }
            if reach {
                cells.push(Cell::maybe(row.reach.first().map(|path| path.certainty.as_str())));
            }
            cells
        };
        Table { headers, rows: Box::new(self.subjects.iter().map(cells)) }
    }

    fn footing(&self) -> Vec<String> {
        let paths = self.subjects.iter().flat_map(|row| &row.reach);
        let lines: Vec<String> = paths.map(|path| format!("  {}", path.sentence)).collect();
        if lines.is_empty() { lines } else { [vec![String::new(), "BECOMES".to_owned()], lines].concat() }
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_who_can(self))
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        distinct_names(self.subjects.iter().map(|row| {
            let cluster = row.cluster_id.or(row.context).filter(|_| self.columns.are_several);
            (cluster.map(str::to_owned), row.subject_text())
        }))
    }

    fn list(&self) -> Option<&'static str> {
        Some("subjects")
    }

    fn nothing_found(&self) -> Option<String> {
        // Members of system:masters may everywhere: without a row no cluster was read.
        self.subjects.is_empty().then(|| "who may do it is not known: no cluster was read".to_owned())
    }
}

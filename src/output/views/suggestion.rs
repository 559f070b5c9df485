use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::paths::{PathView, RequestView};
use super::scan::{Binding, Role};
use super::suggestion_words::{UncoveredWord, WideningWord};
use super::trace::EventLevels;
use super::who_can::{ScopeOfRights, ThroughView};
use super::words::{StateWord, Word as _};
use super::{ApiVersion, Kind, ScannedCluster, counted, time};
use crate::core::audit::log_head::LogHead;
use crate::core::audit::period::Period;
use crate::core::rbac::holdings::Through;
use crate::core::rbac::user_info::NamedSubject;
use crate::core::rbac::{Attributes, PolicyRule};
use crate::core::suggestion::draft::{AddedRule, Draft, DraftedRole};
use crate::core::suggestion::uncovered::Uncovered;
use crate::core::suggestion::unseen::Lost;
use crate::core::suggestion::usage::{Seen, Usage};
use crate::output::report::{Manifests, Report};
use crate::output::table::{Cell, Table};

/// What `suggest` prints: the smallest roles for what was seen, and what they don't give.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Suggestion<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `Suggestion`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "Suggestion")))]
    pub kind: Kind,
    /// For whom it is.
    pub suggested_for: SuggestionFor,
    /// The cluster that was read; null where none was to be.
    pub cluster: Option<ScannedCluster>,
    /// What the log covers.
    pub window: SuggestionWindow,
    /// What the roles allow of it.
    pub covered: CoveredView,
    /// The roles, each with a binding of the same name.
    pub roles: Vec<SuggestedRoleView>,
    /// What is held today and was not seen in the window, what it could become first; null where that was not read.
    pub would_lose: Option<Vec<LostView<'a>>>,
    /// What was used and the roles don't allow.
    pub not_covered: Vec<NotCoveredView>,
    /// What the roles allow although it was not seen, because `--widen` asks for it.
    pub widened: Vec<WidenedView>,
    /// What the API server says to the roles and bindings; null where it was not asked.
    pub dry_run: Option<Vec<DryRunView>>,
    /// How many records of the log could not be read.
    pub unreadable: u64,
    /// Whether something that was asked could not be read, or something that was used is not covered.
    pub incomplete: bool,
    /// The roles and bindings themselves.
    #[serde(skip)]
    pub objects: Vec<Value>,
}

/// For whom a suggestion is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuggestionFor {
    /// The RAM UID; null where it is no RAM identity.
    pub uid: Option<String>,
    /// Whether the identity exists; null where that was not asked.
    pub state: Option<StateWord>,
    /// Whom the bindings name.
    pub subjects: Vec<RoleHolder>,
    /// In words.
    #[serde(skip)]
    pub text: String,
}

/// Whom a suggested binding names.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoleHolder {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: &'static str,
    /// A service account's namespace.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// What the log covers.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuggestionWindow {
    /// Its files, or `standard input`.
    pub sources: Vec<String>,
    /// The first request of anybody, or `--since` where that is later; null where there is none.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub from: Option<Timestamp>,
    /// The last request of anybody, or `--until` where that is earlier.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub to: Option<Timestamp>,
    /// On how many days there is any request, in UTC.
    pub days: usize,
    /// How many events were read, those before and after it too.
    pub events: u64,
    /// How many events there are of each level.
    pub levels: EventLevels,
}

/// What the roles allow of what was seen.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CoveredView {
    /// How many requests were allowed and are counted.
    pub requests: u64,
    /// How many of them took only what every user has.
    pub of_everyone: u64,
    /// How many requests were refused: they are not counted.
    pub refused: u64,
    /// What the authorizer was asked about the others, each once.
    pub asked: Vec<SeenRequestView>,
}

/// Something that was seen.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeenRequestView {
    /// What the authorizer was asked.
    pub request: RequestView,
    /// In how many requests.
    pub requests: u64,
    /// The first of them.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub first: Timestamp,
    /// The last of them.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub last: Timestamp,
}

/// A suggested role; its binding has the same name and namespace.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuggestedRoleView {
    /// `ClusterRole` or `Role`.
    pub kind: &'static str,
    /// The namespace; null for a ClusterRole.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Its rules.
    pub rules: Vec<SuggestedRuleView>,
}

/// A rule of a suggested role.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuggestedRuleView {
    /// What it allows.
    #[serde(flatten)]
    pub rule: RuleView,
    /// How often something of it was asked about.
    pub requests: u64,
    /// When first; null where it is there by `--widen` alone.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub first: Option<Timestamp>,
    /// When last.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub last: Option<Timestamp>,
}

/// What a rule allows.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
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
}

/// Something that is held today and would be lost: a rule, a part of one, or what could be become by the rules.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LostView<'a> {
    /// The user name; null for the members of a group.
    pub user: Option<String>,
    /// What the user could become today, and with the suggested roles could not; null where this is about a rule.
    pub path: Option<PathView>,
    /// The rule; null where this is about what the user could become.
    pub rule: Option<LostRuleView<'a>>,
}

/// A rule, or a part of one, that would be lost.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LostRuleView<'a> {
    /// Where it holds.
    pub scope: ScopeOfRights<'a>,
    /// What it allows.
    #[serde(flatten)]
    pub rule: RuleView,
    /// Whether something of it was seen: for some names or places, or for some of what a `*` stands for.
    pub seen_in_part: bool,
    /// The role that gives it today.
    pub role: Role<'a>,
    /// The binding that gives it today.
    pub binding: Binding<'a>,
    /// By what the binding names the user.
    pub through: ThroughView,
}

/// Something that was used and that the roles don't allow.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotCoveredView {
    /// What was seen.
    #[serde(flatten)]
    pub seen: SeenRequestView,
    /// Why it is not covered.
    pub reason: UncoveredWord,
    /// The same in a sentence.
    pub explanation: &'static str,
    /// The request in words.
    #[serde(skip)]
    pub text: String,
}

/// What `--widen` adds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WidenedView {
    /// Which of its words.
    pub by: WideningWord,
    /// The namespace; null for the whole cluster.
    pub namespace: Option<String>,
    /// What is allowed beside what was seen.
    #[serde(flatten)]
    pub rule: RuleView,
}

/// What the API server says to a role or a binding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DryRunView {
    /// The object's kind.
    pub kind: String,
    /// Its namespace; null for one of the cluster.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Why it would not be taken; null: it would.
    pub error: Option<String>,
}

impl RoleHolder {
    /// The view of a subject.
    pub fn of(subject: &NamedSubject) -> Self {
        let (kind, namespace, name) = match subject {
            NamedSubject::User(name) => ("User", None, name),
            NamedSubject::Group(name) => ("Group", None, name),
            NamedSubject::ServiceAccount { namespace, name } => ("ServiceAccount", Some(namespace.clone()), name),
        };
        Self { kind, namespace, name: name.clone() }
    }
}

impl SuggestionWindow {
    /// The view of what logs cover of the period that is asked about.
    pub fn of(head: &mut LogHead, period: Period, days: usize, sources: Vec<String>) -> Self {
        let (from, to) = head.bounds().and_then(|bounds| period.within(bounds)).unzip();
        Self { sources, from, to, days, events: head.events(), levels: EventLevels::of(head) }
    }

    /// `between 2026-11-01T00:00:00Z and 2026-11-30T00:00:00Z`.
    pub fn text(&self) -> String {
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("between {} and {}", time(from), time(to)),
            _ if self.events > 0 => "in a log without events of that time".to_owned(),
            _ => "in a log without events".to_owned(),
        }
    }
}

impl CoveredView {
    /// The view of what was used.
    pub fn of(usage: &Usage) -> Self {
        Self {
            requests: usage.counted,
            of_everyone: usage.of_everyone,
            refused: usage.refused,
            asked: usage.asked.iter().map(|(request, seen)| SeenRequestView::of(request, *seen)).collect(),
        }
    }
}

impl SeenRequestView {
    fn of(request: &Attributes, seen: Seen) -> Self {
        Self { request: RequestView::of(request), requests: seen.count, first: seen.first, last: seen.last }
    }
}

impl RuleView {
    fn of(rule: &PolicyRule) -> Self {
        let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = rule.clone();
        Self { verbs, api_groups, resources, resource_names, non_resource_urls }
    }

    /// `pods/log,deployments.apps,/metrics`.
    fn object_text(&self) -> String {
        let named = |resource: &String, group: &String| match group.as_str() {
            "" => resource.clone(),
            group => format!("{resource}.{group}"),
        };
        let of_group = |group| self.resources.iter().map(move |resource| named(resource, group));
        let resources = self.api_groups.iter().flat_map(of_group);
        resources.chain(self.non_resource_urls.iter().cloned()).collect::<Vec<_>>().join(",")
    }

    /// `get,list pods named web-1 in namespace shop`.
    fn sentence(&self, namespace: Option<&str>) -> String {
        let names = match self.resource_names.as_slice() {
            [] => String::new(),
            names => format!(" named {}", names.join(",")),
        };
        let place = match namespace {
            Some(namespace) => format!(" in namespace {namespace}"),
            None if self.non_resource_urls.is_empty() => " in the whole cluster".to_owned(),
            None => String::new(),
        };
        format!("{} {}{names}{place}", self.verbs.join(","), self.object_text())
    }
}

impl SuggestedRoleView {
    /// The view of a drafted role, with what was seen of each rule.
    pub fn of(role: &DraftedRole, usage: &Usage) -> Self {
        let rule = |rule: &PolicyRule| {
            let seen = role.seen(rule, usage);
            SuggestedRuleView {
                rule: RuleView::of(rule),
                requests: seen.map_or(0, |seen| seen.count),
                first: seen.map(|seen| seen.first),
                last: seen.map(|seen| seen.last),
            }
        };
        Self {
            kind: role.kind(),
            namespace: role.namespace.clone(),
            name: role.name.clone(),
            rules: role.rules.iter().map(rule).collect(),
        }
    }

    fn text(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

impl<'a> LostView<'a> {
    /// The view of a rule that a user would lose.
    pub fn of_rule(user: Option<String>, lost: &Lost<'a>) -> Self {
        let binding = lost.held.binding;
        let (kind, name) = match lost.held.through {
            Through::User => ("User", None),
            Through::ServiceAccount => ("ServiceAccount", None),
            Through::Group(group) => ("Group", Some(group.to_owned())),
        };
        let rule = LostRuleView {
            scope: ScopeOfRights { namespace: binding.namespace() },
            rule: RuleView::of(&lost.rule),
            seen_in_part: lost.is_seen_in_part,
            role: Role::of(binding.role()),
            binding: Binding::of_inventory(binding),
            through: ThroughView { kind: kind.to_owned(), name },
        };
        Self { user, path: None, rule: Some(rule) }
    }

    fn sentence(&self) -> String {
        match (&self.path, &self.rule) {
            (Some(path), _) => path.sentence.clone(),
            (None, Some(lost)) => {
                let part = if lost.seen_in_part { ", of which a part was seen" } else { "" };
                let by = match lost.through.name {
                    Some(_) => format!("{} by {}", lost.binding.text(), lost.through.text()),
                    None => lost.binding.text(),
                };
                format!("{}{part} ({by})", lost.rule.sentence(lost.scope.namespace))
            }
            (None, None) => String::new(),
        }
    }
}

impl NotCoveredView {
    /// All that a draft doesn't cover.
    pub fn all(draft: &Draft) -> Vec<Self> {
        let view = |((request, why), seen): (&(Attributes, Uncovered), &Seen)| Self {
            seen: SeenRequestView::of(request, *seen),
            reason: (*why).into(),
            explanation: why.reason(),
            text: request.to_string().trim_end().to_owned(),
        };
        draft.uncovered.iter().map(view).collect()
    }
}

impl WidenedView {
    /// The view of what a widening adds.
    pub fn of(added: &AddedRule) -> Self {
        Self { by: added.by.into(), namespace: added.namespace.clone(), rule: RuleView::of(&added.rule) }
    }
}

impl DryRunView {
    fn text(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

impl Suggestion<'_> {
    fn rules(&self) -> impl Iterator<Item = (&SuggestedRoleView, &SuggestedRuleView)> {
        self.roles.iter().flat_map(|role| role.rules.iter().map(move |rule| (role, rule)))
    }

    fn head(&self) -> String {
        format!(
            "{}: {} counted {}; the log has events of {}",
            self.suggested_for.text,
            counted_u64(self.covered.requests, "allowed request"),
            self.window.text(),
            counted(self.window.days, "day"),
        )
    }

    /// What is said where no role is suggested.
    pub fn no_role(&self) -> Option<String> {
        let text = &self.suggested_for.text;
        let message = match &self.covered {
            _ if !self.roles.is_empty() => return None,
            covered if covered.requests == 0 => {
                format!("no request of {text} that was allowed was seen {}", self.window.text())
            }
            covered if covered.requests == covered.of_everyone => {
                format!("{text} was seen to use nothing but what everyone may")
            }
            _ => format!("nothing that {text} was seen to use can be in a role"),
        };
        Some(message)
    }

    fn section(heading: &str, lines: Vec<String>) -> Vec<String> {
        if lines.is_empty() {
            return lines;
        }
        let lines = lines.into_iter().map(|line| format!("  {line}"));
        [String::new(), heading.to_owned()].into_iter().chain(lines).collect()
    }
}

fn counted_u64(number: u64, noun: &str) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

impl Report for Suggestion<'_> {
    fn heading(&self) -> Vec<String> {
        vec![self.head(), String::new()]
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["SCOPE", "RESOURCE", "NAMES", "VERBS", "ASKED", "LAST-SEEN"];
        if wide {
            headers.extend(["FIRST-SEEN", "ROLE"]);
        }
        let cells = move |(role, rule): (&SuggestedRoleView, &SuggestedRuleView)| {
            let scope = ScopeOfRights { namespace: role.namespace.as_deref() };
            let mut cells = vec![
                Cell::new(scope.text()),
                Cell::new(rule.rule.object_text()),
                Cell::new(rule.rule.resource_names.join(",")),
                Cell::new(rule.rule.verbs.join(",")),
                Cell::new(rule.requests.to_string()),
                Cell::maybe(rule.last.map(time)),
            ];
            if wide {
                cells.extend([Cell::maybe(rule.first.map(time)), Cell::new(role.text())]);
            }
            cells
        };
        Table { headers, rows: Box::new(self.rules().map(cells)) }
    }

    fn has_table(&self) -> bool {
        !self.roles.is_empty()
    }

    fn headline(&self) -> Option<usize> {
        Some(2)
    }

    fn footing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let widened = self.widened.iter().map(|added| {
            let by = added.by.as_str().to_lowercase();
            format!("{by}: {}", added.rule.sentence(added.namespace.as_deref()))
        });
        lines.extend(Self::section("WIDENED: allowed although not seen, by --widen", widened.collect()));
        let uncovered = self.not_covered.iter().map(|one| format!("{}: {}", one.text, one.explanation));
        lines.extend(Self::section("NOT-COVERED: seen, and in none of the roles", uncovered.collect()));
        let lost = self.would_lose.iter().flatten().map(LostView::sentence);
        let heading = format!("WOULD-LOSE: held today, not seen {}", self.window.text());
        lines.extend(Self::section(&heading, lost.collect()));
        let answers = self.dry_run.iter().flatten().map(|one| {
            let answer = one
                .error
                .as_ref()
                .map_or_else(|| "would be taken".to_owned(), |error| format!("would not be taken: {error}"));
            format!("{}: {answer}", one.text())
        });
        lines.extend(Self::section("API-SERVER: asked by dry run, nothing is stored", answers.collect()));
        lines
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.roles.iter().map(SuggestedRoleView::text))
    }

    fn list(&self) -> Option<&'static str> {
        Some("roles")
    }

    fn nothing_found(&self) -> Option<String> {
        self.no_role().filter(|_| self.footing().is_empty())
    }

    fn manifests(&self) -> Option<Manifests> {
        let comment =
            vec![self.head(), "Nothing is applied by kubectl ackcred; kubectl apply -f takes this file.".to_owned()];
        Some(Manifests { comment, objects: self.objects.clone() })
    }
}

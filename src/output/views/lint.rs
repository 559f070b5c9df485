use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::words::Word as _;
use super::{ApiVersion, CloudView, Kind, LintLevelWord, PathView, ScannedCluster, counted, distinct_names};
use crate::core::access::scan::ClusterScan;
use crate::core::ids::ClusterId;
use crate::core::lint::{Allowance, Finding, NotChecked, Place, Rule};
use crate::core::percent;
use crate::core::rbac::others::{Others, and_more};
use crate::core::rbac::reach::KnownPath;
use crate::output::report::Report;
use crate::output::sarif::{Sarif, SarifResult, SarifRule};
use crate::output::table::{Cell, Table, Tone};

/// How many places a table names of a finding; the document has them all.
const MOST_PLACES: usize = 5;

/// What `lint` prints: one finding a cause, worst first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LintReport<'a> {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `LintReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "LintReport")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The clusters that were read, or that were to be.
    pub clusters: Vec<ScannedCluster>,
    /// The findings.
    pub findings: Vec<LintFindingView<'a>>,
    /// How many findings there are of each level.
    pub summary: BTreeMap<LintLevelWord, usize>,
    /// What `--allow` accepted, name by name.
    pub accepted: Vec<AcceptedView>,
    /// The rules that were not held against a cluster, and why. That is no failure.
    pub not_checked: Vec<NotCheckedView<'a>>,
    /// Who called the cloud, and what failed; null where the cloud was not asked.
    pub cloud: Option<CloudView>,
    /// Whether something that was asked could not be read: then there may be more findings.
    pub incomplete: bool,
    /// Whether rows of several clusters may stand beside each other.
    #[serde(skip)]
    pub are_several: bool,
}

/// One cause.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LintFindingView<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a str>,
    /// The context that it was read through.
    pub context: Option<&'a str>,
    /// The number of the rule: `L01` to `L12`.
    pub id: &'static str,
    /// How grave it is.
    pub level: LintLevelWord,
    /// What has to be changed.
    pub place: PlaceView,
    /// The bindings and mappings by which it counts, each once; none for a credential.
    pub places: Vec<PlaceView>,
    /// A few of those whom it is about: `User/ann`, `ServiceAccount/ci/robot`.
    pub subjects: Vec<String>,
    /// How many they are.
    pub subjects_count: usize,
    /// What is wrong, in words for people.
    pub why: String,
    /// What to do.
    pub fix: FixView,
    /// A few of the other subjects of the same bindings, who keep what they have.
    pub shared_with: Vec<String>,
    /// How many they are.
    pub shared_with_count: usize,
    /// The path to full rights, of `L09` alone.
    pub path: Option<PathView>,
    /// The cluster's name.
    #[serde(skip)]
    pub cluster_name: Option<&'a str>,
    #[serde(skip)]
    uri: String,
}

/// An object of the cluster, or a kubeconfig.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlaceView {
    /// `ClusterRoleBinding`, `RoleBinding`, `ClusterRole`, `Role`, `Secret`, `RAMIdentityMapping` or `Kubeconfig`.
    pub kind: String,
    /// The namespace; null where it is in none.
    pub namespace: Option<String>,
    /// The name; of a kubeconfig the UID of whom it was issued to.
    pub name: String,
}

/// What ends a finding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FixView {
    /// In words for people.
    pub text: String,
    /// The commands that do it, all of them; empty where it takes a decision. They change the cluster.
    pub commands: Vec<String>,
}

/// A name that was accepted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AcceptedView {
    /// As it was given to `--allow`.
    pub name: String,
    /// How often it kept a binding, a role, a credential or a subject from being a finding.
    pub count: usize,
}

/// A rule that was not held against a cluster.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotCheckedView<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a str>,
    /// The context that it was read through.
    pub context: Option<&'a str>,
    /// The number of the rule.
    pub id: &'static str,
    /// Why, in words for people.
    pub reason: String,
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> Self {
        Self { kind: place.kind.clone(), namespace: place.namespace.clone(), name: place.name.clone() }
    }
}

impl PlaceView {
    /// `RoleBinding/namespace/name`, `ClusterRole/-/name`.
    fn text(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

impl From<&Allowance> for AcceptedView {
    fn from(allowance: &Allowance) -> Self {
        Self { name: allowance.text.clone(), count: allowance.count() }
    }
}

impl<'a> NotCheckedView<'a> {
    /// The view of a rule that was not held against this cluster.
    pub fn of(cluster: &'a ClusterScan, one: NotChecked) -> Self {
        let cluster_id = cluster.id.as_ref().map(ClusterId::as_str);
        Self { cluster_id, context: cluster.context.as_deref(), id: one.rule.id(), reason: one.reason }
    }
}

impl<'a> LintFindingView<'a> {
    /// The view of a finding in this cluster.
    pub fn of(cluster: &'a ClusterScan, finding: &Finding<'a>) -> Self {
        let who = finding.subjects.to_string();
        let path = finding.path.as_ref().map(|path| PathView::of(&who, &KnownPath::from(path)));
        let place = &finding.place;
        let path_of_place = place
            .api_path()
            .unwrap_or_else(|| format!("{}/{}", place.kind.to_lowercase(), percent::encode_segment(&place.name)));
        Self {
            cluster_id: cluster.id.as_ref().map(ClusterId::as_str),
            context: cluster.context.as_deref(),
            cluster_name: cluster.name.as_deref().or(cluster.context.as_deref()),
            id: finding.rule.id(),
            level: finding.level.into(),
            place: place.into(),
            places: finding.places.iter().map(PlaceView::from).collect(),
            subjects: finding.subjects.named.clone(),
            subjects_count: finding.subjects.count,
            why: path.as_ref().map_or_else(|| finding.why.clone(), |path| without(&path.sentence, &who)),
            fix: FixView { text: finding.fix.text.clone(), commands: finding.fix.commands.clone() },
            shared_with: finding.shared_with.named.clone(),
            shared_with_count: finding.shared_with.count,
            path,
            uri: path_of_place,
        }
    }

    /// The cluster, where it is known which.
    fn cluster(&self) -> &'a str {
        self.cluster_id.or(self.context).unwrap_or("cluster")
    }

    /// The place; of several bindings that are one cause, the first and how many more.
    fn place_text(&self) -> String {
        let first = self.place.text();
        match self.places.len() {
            count @ 2.. if self.places[0].text() == first => and_more(&[first], ",", count),
            _ => first,
        }
    }

    fn places_text(&self) -> String {
        let named: Vec<String> = self.places.iter().take(MOST_PLACES).map(PlaceView::text).collect();
        and_more(&named, ",", self.places.len())
    }

    /// What to do: the first command, or the sentence where there is none.
    fn fix_text(&self) -> String {
        match self.fix.commands.as_slice() {
            [] => self.fix.text.clone(),
            [one] => format!("{}: {one}", self.fix.text),
            [first, more @ ..] => format!("{}: {first} (and {} more, in -o json)", self.fix.text, more.len()),
        }
    }

    fn sarif(&self) -> SarifResult {
        let cluster = self.cluster();
        SarifResult {
            rule_id: self.id,
            level: sarif_level(self.level),
            message: format!("{}: {}. Fix: {}.", self.place_text(), self.why, self.fix.text),
            name: self.place.name.clone(),
            qualified_name: format!("{cluster}/{}", self.place.text()),
            uri: format!("{}/{}", percent::encode_segment(cluster), self.uri),
            commands: self.fix.commands.clone(),
        }
    }
}

/// A sentence without its subject, which stands beside it.
fn without(sentence: &str, who: &str) -> String {
    sentence.strip_prefix(who).unwrap_or(sentence).trim_start().to_owned()
}

fn sarif_level(level: LintLevelWord) -> &'static str {
    match level {
        LintLevelWord::Error => "error",
        LintLevelWord::Warning => "warning",
    }
}

impl Report for LintReport<'_> {
    fn headline(&self) -> Option<usize> {
        Some(if self.are_several { 5 } else { 3 })
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["ID", "LEVEL", "PLACE", "SUBJECT", "WHY"];
        if self.are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        if wide {
            headers.extend(["PLACES", "SHARED-WITH", "FIX"]);
        }
        let cells = move |row: &'_ LintFindingView<'_>| {
            let mut cells = Vec::new();
            if self.are_several {
                cells.push(Cell::maybe(row.cluster_id.map(str::to_owned)));
                cells.push(Cell::maybe(row.cluster_name.map(str::to_owned)));
            }
            let tone = match row.level {
                LintLevelWord::Error => Tone::Danger,
                LintLevelWord::Warning => Tone::Attention,
            };
            cells.extend([
                Cell::new(row.id),
                Cell::new(row.level.as_str()).tone(tone),
                Cell::new(row.place_text()),
                Cell::new(Others { named: row.subjects.clone(), count: row.subjects_count }.to_string()),
                Cell::new(row.why.clone()),
            ]);
            if wide {
                let others = Others { named: row.shared_with.clone(), count: row.shared_with_count };
                cells.extend([Cell::new(row.places_text()), Cell::new(others.to_string()), Cell::new(row.fix_text())]);
            }
            cells
        };
        Table { headers, rows: Box::new(self.findings.iter().map(cells)) }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        distinct_names(self.findings.iter().map(|row| {
            let cluster = row.cluster_id.or(row.context).filter(|_| self.are_several);
            (cluster.map(str::to_owned), row.place.text())
        }))
    }

    fn list(&self) -> Option<&'static str> {
        Some("findings")
    }

    fn sarif(&self) -> Option<Sarif> {
        let rule = |rule: Rule| {
            let text = rule.text();
            let level = sarif_level(text.level.into());
            SarifRule { id: text.id, level, finds: text.finds, why: text.why, fix: text.fix }
        };
        let accepted = self.accepted.iter().filter(|one| one.count > 0);
        let accepted = accepted.map(|one| format!("--allow {} accepted {}", one.name, counted(one.count, "case")));
        let not_checked = self.not_checked.iter().map(|one| format!("{} not checked: {}", one.id, one.reason));
        let mut unread: Vec<String> = self.clusters.iter().filter_map(|cluster| cluster.error.clone()).collect();
        unread.extend(self.cloud.as_ref().and_then(|cloud| cloud.error.clone()));
        if self.incomplete && unread.is_empty() {
            unread.push("not everything could be read".to_owned());
        }
        Some(Sarif {
            rules: Rule::ALL.into_iter().map(rule).collect(),
            results: self.findings.iter().map(LintFindingView::sarif).collect(),
            unread,
            notes: not_checked.chain(accepted).collect(),
        })
    }

    fn nothing_found(&self) -> Option<String> {
        let nothing = match self.incomplete {
            true => "nothing found in what was read; what was not read is named above",
            false => "nothing found by the rules that were checked",
        };
        self.findings.is_empty().then(|| nothing.to_owned())
    }
}

//! What identities could do before an operation and after it, question by question, by what is recorded of access reviews.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{ClusterRecord, OperationReport};
use super::verification::{Answers, Reviewed};
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;

/// The questions about the users of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The cluster; `None` where its ID is not known.
    pub cluster_id: Option<ClusterId>,
    /// The user names, each a column.
    pub names: Vec<String>,
    /// The questions, each a row.
    pub rows: Vec<MatrixRow>,
}

/// Questions that differ in their verb alone and were answered alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRow {
    /// What was asked, as `get,list pods in namespace shop`.
    pub question: String,
    /// The answers about each of the matrix's names, in their order.
    pub cells: Vec<BeforeAndAfter>,
}

/// The two answers to a question about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeAndAfter {
    /// Before the first change.
    pub before: Answer,
    /// After the last one.
    pub after: Answer,
}

/// What is known of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The question was not asked.
    NotAsked,
    /// Whether it was asked, and what was answered, is not on record.
    NotRecorded,
    /// It was answered with yes; why is not on record.
    Yes,
    /// An access review answered it.
    Review(Reviewed),
}

/// The questions about the users of a cluster; `None` where none was asked. `report` is missing for an operation that was cut off:
/// then nothing is known of what was asked after the change.
pub fn matrix(cluster: &ClusterRecord, report: Option<&OperationReport>) -> Option<Matrix> {
    let before = cluster.answers.as_deref();
    let after = report.and_then(|report| report.answers.as_deref()).map(|clusters| {
        let here = clusters.iter().filter(|one| one.cluster_id == cluster.id);
        here.flat_map(|one| &one.answers).collect::<Vec<_>>()
    });
    let before = Side::of(before.map(|answers| answers.iter().collect()));
    let after = Side::of(after);
    let recorded: BTreeSet<(&str, String)> =
        cluster.probes.iter().map(|probe| (probe.name.as_str(), probe.attributes.to_string())).collect();
    let of_probes = cluster.probes.iter().map(|probe| (probe.name.as_str(), probe.attributes.to_string()));
    let asked: Vec<(&str, String)> =
        before.asked.iter().cloned().chain(of_probes).chain(after.asked.iter().cloned()).collect();
    let names: Vec<&str> = distinct(asked.iter().map(|(name, _)| *name));
    let questions = distinct_questions(asked.iter().map(|(_, question)| question.as_str()));
    let cells = |question: &str| {
        let cell = |name: &&str| {
            let key = (*name, question.to_owned());
            let before = match before.answer(&key) {
                // An older record has only what was answered with yes.
                Answer::NotRecorded if recorded.contains(&key) => Answer::Yes,
                answer => answer,
            };
            BeforeAndAfter { before, after: after.answer(&key) }
        };
        names.iter().map(cell).collect::<Vec<_>>()
    };
    let rows = questions.into_iter().map(|question| (question, cells(question)));
    let rows = joined(rows);
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    (!rows.is_empty()).then(|| Matrix { cluster_id: cluster.id.clone(), names, rows })
}

/// What was answered at one time.
struct Side<'a> {
    is_recorded: bool,
    /// Name and question, in the order in which they were asked.
    asked: Vec<(&'a str, String)>,
    answers: BTreeMap<(&'a str, String), &'a Reviewed>,
}

impl<'a> Side<'a> {
    fn of(answers: Option<Vec<&'a Answers>>) -> Self {
        let is_recorded = answers.is_some();
        let all = answers.unwrap_or_default().into_iter().flat_map(|one| {
            one.questions.iter().map(move |question| ((one.name.as_str(), question.clone()), &one.answer))
        });
        let (asked, answers): (Vec<_>, Vec<_>) = all.map(|(key, answer)| (key.clone(), (key, answer))).unzip();
        Self { is_recorded, asked, answers: answers.into_iter().collect() }
    }

    fn answer(&self, key: &(&'a str, String)) -> Answer {
        match self.answers.get(key) {
            Some(reviewed) => Answer::Review((*reviewed).clone()),
            None if self.is_recorded => Answer::NotAsked,
            None => Answer::NotRecorded,
        }
    }
}

fn distinct_questions<'a>(questions: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = BTreeSet::new();
    questions.filter(|question| known.insert(*question)).collect()
}

/// Joins rows that differ in the verb alone, in the order of the first of them.
fn joined<'a>(rows: impl Iterator<Item = (&'a str, Vec<BeforeAndAfter>)>) -> Vec<MatrixRow> {
    let mut joined: Vec<(Vec<&str>, &str, Vec<BeforeAndAfter>)> = Vec::new();
    for (question, cells) in rows {
        let (verb, object) = question.split_once(' ').unwrap_or((question, ""));
        match joined.iter_mut().find(|(_, other, others)| *other == object && *others == cells) {
            Some((verbs, ..)) => verbs.push(verb),
            None => joined.push((vec![verb], object, cells)),
        }
    }
    let row = |(verbs, object, cells): (Vec<&str>, &str, _)| MatrixRow {
        question: format!("{} {object}", verbs.join(",")).trim_end().to_owned(),
        cells,
    };
    joined.into_iter().map(row).collect()
}

/// The binding and the role that RBAC's own reason names, as `RoleBinding/shop/team` and `ClusterRole/dev`; `None` where the reason has
/// another form.
/// Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/registry/rbac/validation/rule.go>
pub fn binding_in_reason(reason: &str) -> Option<(String, String)> {
    let rest = reason.strip_prefix("RBAC: allowed by ")?;
    let (kind, rest) = rest.split_once(" \"")?;
    let (binding, rest) = rest.split_once("\" of ")?;
    let (role_kind, rest) = rest.split_once(" \"")?;
    let (role, _) = rest.split_once("\" to ")?;
    let is_plain = |text: &str| !text.contains(['"', '\\']);
    let binding = match kind {
        "ClusterRoleBinding" => format!("{kind}/-/{binding}"),
        "RoleBinding" => {
            let (name, namespace) = binding.rsplit_once('/')?;
            format!("{kind}/{namespace}/{name}")
        }
        _ => return None,
    };
    let role = format!("{role_kind}/{role}");
    (is_plain(&binding) && is_plain(&role)).then_some((binding, role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rbac::Attributes;
    use crate::core::revocation::fixtures::cluster_record;
    use crate::core::revocation::verification::{ClusterAnswers, Probe};

    fn by(binding: &str) -> Reviewed {
        Reviewed::ByRbac(format!(
            "RBAC: allowed by RoleBinding \"{binding}/shop\" of ClusterRole \"dev\" to User \"x\""
        ))
    }

    fn answers(name: &str, answer: Reviewed, questions: &[&str]) -> Answers {
        let questions = questions.iter().map(|question| (*question).to_owned()).collect();
        Answers { name: name.to_owned(), answer, questions }
    }

    fn cluster(probes: &[(&str, &str)], answers: Option<Vec<Answers>>) -> ClusterRecord {
        let probe = |(name, verb): &(&str, &str)| Probe {
            name: (*name).to_owned(),
            groups: Vec::new(),
            attributes: Attributes { verb: (*verb).to_owned(), resource: "pods".to_owned(), ..Attributes::default() },
        };
        ClusterRecord { probes: probes.iter().map(probe).collect(), answers, ..cluster_record() }
    }

    fn report(answers: Option<Vec<Answers>>) -> OperationReport {
        let answers = answers.map(|answers| vec![ClusterAnswers { cluster_id: None, answers }]);
        OperationReport { answers, ..OperationReport::default() }
    }

    fn shown(matrix: &Matrix) -> Vec<String> {
        let word = |answer: &Answer| match answer {
            Answer::NotAsked => "-",
            Answer::NotRecorded => "?",
            Answer::Yes | Answer::Review(Reviewed::ByRbac(_) | Reviewed::ByAnother(_)) => "yes",
            Answer::Review(Reviewed::No) => "no",
            Answer::Review(Reviewed::Unclear(_)) => "unclear",
        };
        let row = |row: &MatrixRow| {
            let cells = row.cells.iter().map(|cell| format!("{}>{}", word(&cell.before), word(&cell.after)));
            format!("{}: {}", row.question, cells.collect::<Vec<_>>().join(" "))
        };
        matrix.rows.iter().map(row).collect()
    }

    #[test]
    fn what_was_not_asked_and_what_was_not_recorded_are_two_things() {
        let probes = [("200-17", "get"), ("200-17", "list")];
        let before = || {
            let yes = answers("200-17", by("team"), &["get pods", "list pods"]);
            Some(vec![answers("200", Reviewed::No, &["get pods", "list pods"]), yes])
        };
        let no = || Some(vec![answers("200-17", Reviewed::No, &["get pods", "list pods"])]);
        let one_left = || {
            let left = answers("200-17", by("own"), &["list pods"]);
            Some(vec![answers("200-17", Reviewed::No, &["get pods"]), left])
        };
        for (before, report, expected) in [
            (before(), Some(report(no())), vec!["get,list pods: no>- yes>no"]),
            (before(), Some(report(one_left())), vec!["get pods: no>- yes>no", "list pods: no>- yes>yes"]),
            // It was cut off, or an earlier version wrote the report.
            (before(), None, vec!["get,list pods: no>? yes>?"]),
            (before(), Some(report(None)), vec!["get,list pods: no>? yes>?"]),
            // It was interrupted before it was asked.
            (before(), Some(report(Some(Vec::new()))), vec!["get,list pods: no>- yes>-"]),
            // An earlier version wrote both: only what was answered with yes is known.
            (None, Some(report(None)), vec!["get,list pods: yes>?"]),
            (
                None,
                Some(report(Some(vec![answers("200-17", Reviewed::No, &["watch pods"])]))),
                vec!["get,list pods: yes>-", "watch pods: ?>no"],
            ),
        ] {
            let matrix = matrix(&cluster(&probes, before), report.as_ref()).unwrap();
            assert_eq!(shown(&matrix), expected, "{matrix:?}");
        }
    }

    #[test]
    fn a_restore_has_answers_after_it_alone() {
        let held_again = report(Some(vec![answers("200-17", by("team"), &["get pods"])]));
        let matrix = matrix(&cluster(&[("200-17", "get")], Some(Vec::new())), Some(&held_again)).unwrap();
        assert_eq!(shown(&matrix), ["get pods: ->yes"]);
    }

    #[test]
    fn without_a_question_there_is_no_matrix() {
        assert_eq!(matrix(&cluster(&[], Some(Vec::new())), Some(&report(Some(Vec::new())))), None);
        assert_eq!(matrix(&cluster(&[], None), None), None);
    }

    #[test]
    fn a_reason_of_rbac_names_binding_and_role() {
        for (reason, expected) in [
            (
                r#"RBAC: allowed by RoleBinding "team/shop" of ClusterRole "cs:ns:dev" to User "200-17""#,
                Some(("RoleBinding/shop/team", "ClusterRole/cs:ns:dev")),
            ),
            (
                r#"RBAC: allowed by ClusterRoleBinding "own" of ClusterRole "cs:admin" to Group "ops/x""#,
                Some(("ClusterRoleBinding/-/own", "ClusterRole/cs:admin")),
            ),
            (
                r#"RBAC: allowed by RoleBinding "a:b/shop" of Role "dev" to User "x""#,
                Some(("RoleBinding/shop/a:b", "Role/dev")),
            ),
            ("RBAC: allowed by x", None),
            (r#"RBAC: allowed by RoleBinding "te\"am/shop" of ClusterRole "dev" to User "x""#, None),
            (r#"RBAC: allowed by RoleBinding "team" of ClusterRole "dev" to User "x""#, None),
            ("webhook says yes", None),
        ] {
            let seen = binding_in_reason(reason);
            let seen = seen.as_ref().map(|(binding, role)| (binding.as_str(), role.as_str()));
            assert_eq!(seen, expected, "{reason}");
        }
    }
}

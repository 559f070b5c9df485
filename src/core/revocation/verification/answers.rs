//! What is kept of access reviews: which questions were asked about which name, and what was answered.

use super::{Probe, Reviewed};
use crate::core::ids::ClusterId;

/// Questions about one user name that got the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The user name.
    pub name: String,
    /// The answer of the API server.
    pub answer: Reviewed,
    /// The questions, each as `list pods in namespace shop`, in the order in which they were asked.
    pub questions: Vec<String>,
}

/// What was answered in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterAnswers {
    /// The cluster; `None` where its ID is not known.
    pub cluster_id: Option<ClusterId>,
    /// The answers.
    pub answers: Vec<Answers>,
}

/// Joins questions about the same name that got the same answer.
pub fn answers<'a>(asked: impl IntoIterator<Item = (&'a Probe, Reviewed)>) -> Vec<Answers> {
    let mut all: Vec<Answers> = Vec::new();
    for (probe, answer) in asked {
        let question = probe.attributes.to_string();
        match all.iter_mut().find(|one| one.name == probe.name && one.answer == answer) {
            Some(one) => one.questions.push(question),
            None => all.push(Answers { name: probe.name.clone(), answer, questions: vec![question] }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rbac::Attributes;

    #[test]
    fn questions_with_the_same_name_and_the_same_answer_stand_together() {
        let probe = |name: &str, verb: &str| {
            let [verb, resource] = [verb, "pods"].map(str::to_owned);
            let attributes = Attributes { verb, resource, ..Attributes::default() };
            Probe { name: name.to_owned(), groups: Vec::new(), attributes }
        };
        let by = |reason: &str| Reviewed::ByRbac(reason.to_owned());
        let asked = [
            (probe("200", "get"), Reviewed::No),
            (probe("200-17", "get"), by("a")),
            (probe("200-17", "list"), by("b")),
            (probe("200", "list"), Reviewed::No),
            (probe("200-17", "watch"), by("a")),
        ];
        let joined = answers(asked.iter().map(|(probe, answer)| (probe, answer.clone())));
        let seen: Vec<_> = joined.iter().map(|one| (one.name.as_str(), &one.answer, one.questions.join(","))).collect();
        let expected = [
            ("200", &Reviewed::No, "get pods,list pods".to_owned()),
            ("200-17", &by("a"), "get pods,watch pods".to_owned()),
            ("200-17", &by("b"), "list pods".to_owned()),
        ];
        assert_eq!(seen, expected);
    }
}

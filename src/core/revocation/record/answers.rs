//! What the API server answered to access reviews, in `operation.json` before the change and in `report.json` after it.

use serde::{Deserialize, Serialize};

use super::{RecordError, all, maybe, nullable, text, unexpected};
use crate::core::revocation::verification::{Answers, ClusterAnswers, Reviewed};

/// Questions about one user name that got the same answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswersV1 {
    /// The user name.
    pub name: String,
    /// `No`, `ByRbac`, `ByAnother` or `Unclear`.
    pub answer: String,
    /// The API server's own words. May be missing: it gave none, which is all that `No` has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The questions, each as `list pods in namespace shop`.
    pub questions: Vec<String>,
}

/// What was answered in one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterAnswersV1 {
    /// The cluster; null where its ID is not known.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: Option<String>,
    /// The answers.
    pub answers: Vec<AnswersV1>,
}

impl From<&Answers> for AnswersV1 {
    fn from(Answers { name, answer, questions }: &Answers) -> Self {
        let (answer, reason) = match answer {
            Reviewed::No => ("No", ""),
            Reviewed::ByRbac(reason) => ("ByRbac", reason.as_str()),
            Reviewed::ByAnother(reason) => ("ByAnother", reason.as_str()),
            Reviewed::Unclear(reason) => ("Unclear", reason.as_str()),
        };
        Self { name: name.clone(), answer: answer.to_owned(), reason: reason.to_owned(), questions: questions.clone() }
    }
}

impl TryFrom<AnswersV1> for Answers {
    type Error = RecordError;

    fn try_from(AnswersV1 { name, answer, reason, questions }: AnswersV1) -> Result<Self, RecordError> {
        let answer = match answer.as_str() {
            "No" => Reviewed::No,
            "ByRbac" => Reviewed::ByRbac(reason),
            "ByAnother" => Reviewed::ByAnother(reason),
            "Unclear" => Reviewed::Unclear(reason),
            _ => return Err(unexpected("answer", "an answer of an access review")),
        };
        Ok(Self { name, answer, questions })
    }
}

impl From<&ClusterAnswers> for ClusterAnswersV1 {
    fn from(ClusterAnswers { cluster_id, answers }: &ClusterAnswers) -> Self {
        Self { cluster_id: text(cluster_id.as_ref()), answers: answers.iter().map(AnswersV1::from).collect() }
    }
}

impl TryFrom<ClusterAnswersV1> for ClusterAnswers {
    type Error = RecordError;

    fn try_from(ClusterAnswersV1 { cluster_id, answers }: ClusterAnswersV1) -> Result<Self, RecordError> {
        Ok(Self { cluster_id: maybe("clusterId", cluster_id.as_deref())?, answers: all("answers", answers)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_answer_comes_back_as_it_was() {
        let answers = |answer| Answers { name: "200-17".to_owned(), answer, questions: vec!["get pods".to_owned()] };
        let reason = || "RBAC: allowed by ClusterRoleBinding \"x\"".to_owned();
        for answer in
            [Reviewed::No, Reviewed::ByRbac(reason()), Reviewed::ByAnother(String::new()), Reviewed::Unclear(reason())]
        {
            let written = serde_json::to_value(AnswersV1::from(&answers(answer.clone()))).unwrap();
            let read: AnswersV1 = serde_json::from_value(written).unwrap();
            assert_eq!(Answers::try_from(read).unwrap(), answers(answer));
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error_that_names_the_key() {
        let row = json!([{"name": "200", "answer": "Perhaps", "questions": []}]);
        let rows: Vec<AnswersV1> = serde_json::from_value(row).unwrap();
        let error = all::<_, Answers>("answers", rows).unwrap_err().to_string();
        assert_eq!(error, "answers[0].answer can't be used: it is not an answer of an access review");
    }
}

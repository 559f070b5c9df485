//! One object, or one review: an answer counts only where it says to be what was asked for.
//!
//! A proxy's page, a Status or an empty object would else read like an object in which nothing stands.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::{CallError, Failure};

/// How much of what an answer says to be is kept, in characters.
const FOUND_LIMIT: usize = 100;

/// What an answer must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    api_version: &'static str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

impl<'a> Expected<'a> {
    /// An answer of this kind that has no name, such as a review.
    pub(super) const fn kind(api_version: &'static str, kind: &'a str) -> Self {
        Self { api_version, kind, namespace: None, name: None }
    }

    /// The object of this name; `namespace` is `None` for one of the cluster.
    pub(super) const fn object(
        api_version: &'static str,
        kind: &'a str,
        namespace: Option<&'a str>,
        name: &'a str,
    ) -> Self {
        Self { api_version, kind, namespace, name: Some(name) }
    }

    /// Whether an answer is this; if not, why.
    pub(super) fn check(self, body: &[u8]) -> Result<(), Failure> {
        let head = Head::of(body)?;
        if head.kind != self.kind || head.api_version != self.api_version {
            let found = match head.kind.as_str() {
                "" => "something without a kind".to_owned(),
                kind => format!("`{kind}` of `{}`", head.api_version),
            };
            return Err(self.other_than(found));
        }
        let Some(name) = self.name else { return Ok(()) };
        let metadata = head.metadata.unwrap_or_default();
        if metadata.name != name || metadata.namespace != self.namespace.unwrap_or_default() {
            let found = format!("`{}` `{}`", self.kind, qualified(&metadata.namespace, &metadata.name));
            return Err(self.other_than(found));
        }
        Ok(())
    }

    fn other_than(self, found: String) -> Failure {
        let name = self.name.map(|name| format!(" `{}`", qualified(self.namespace.unwrap_or_default(), name)));
        let expected = format!("`{}`{}", self.kind, name.unwrap_or_default());
        Failure::WrongObject { expected, found: found.chars().take(FOUND_LIMIT).collect() }
    }
}

fn qualified(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// What any object says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    #[serde(default)]
    pub(super) api_version: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

impl Head {
    /// Reads what an answer says to be. An array is none, though it can be read like an object's fields in their order; and
    /// fields that are not read are text as well.
    pub(super) fn of(body: &[u8]) -> Result<Self, Failure> {
        let other = |found: &str| Failure::WrongObject { expected: "an object".to_owned(), found: found.to_owned() };
        let text = std::str::from_utf8(body).map_err(|_| other("undecodable text"))?;
        if text.trim_start().starts_with('[') {
            return Err(other("an array"));
        }
        serde_json::from_str(text).map_err(Failure::malformed)
    }
}

impl ApiServer {
    /// Asks for one object or review and reads it, if it is that.
    pub(super) async fn object<T: DeserializeOwned>(
        &self,
        question: &ApiRequest,
        expected: Expected<'_>,
    ) -> Result<T, CallError> {
        let read = async {
            let body = self.small_body(question).await?;
            expected.check(&body)?;
            serde_json::from_slice(&body).map_err(Failure::malformed)
        };
        read.await.map_err(|failure| self.error(&question.call, failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: Expected<'static> =
        Expected { api_version: "v1", kind: "ConfigMap", namespace: Some("kube-system"), name: Some("a") };

    #[test]
    fn an_object_is_taken_by_its_kind_and_name() {
        let whole = br#" {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"kube-system"}}"#;
        NAMED.check(whole).unwrap();
        let review = br#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","metadata":{"creationTimestamp":null}}"#;
        Expected::kind("authentication.k8s.io/v1", "SelfSubjectReview").check(review).unwrap();
        let cluster_wide = br#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop"}}"#;
        Expected::object("v1", "Namespace", None, "shop").check(cluster_wide).unwrap();
    }

    #[test]
    fn anything_else_is_an_error_that_says_what_came() {
        for (body, expected) in [
            ("{}", "the answer is something without a kind instead of `ConfigMap` `kube-system/a`"),
            ("[]", "the answer is an array instead of an object"),
            (r#"[["v1"],"ConfigMap"]"#, "the answer is an array instead of an object"),
            (r#"{"kind":"Status","apiVersion":"v1","code":404}"#, "the answer is `Status` of `v1` instead of"),
            (r#"{"kind":"ConfigMap","apiVersion":"v2"}"#, "the answer is `ConfigMap` of `v2` instead of"),
            (r#"{"kind":"ConfigMap"}"#, "the answer is `ConfigMap` of `` instead of"),
            (r#"{"kind":"ConfigMap","apiVersion":"v1"}"#, "the answer is `ConfigMap` `` instead of"),
            (
                r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b","namespace":"kube-system"}}"#,
                "the answer is `ConfigMap` `kube-system/b` instead of `ConfigMap` `kube-system/a`",
            ),
            (
                r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default"}}"#,
                "the answer is `ConfigMap` `default/a` instead of",
            ),
            (r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":[]}"#, "the answer is `ConfigMap` `` instead of"),
            ("", "the answer can't be read"),
            ("null", "the answer can't be read"),
            ("7", "the answer can't be read"),
            (r#"{"kind":"ConfigMap","kind":"ConfigMap"}"#, "the answer can't be read"),
            (r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a""#, "the answer can't be read"),
        ] {
            let failure = NAMED.check(body.as_bytes()).unwrap_err().to_string();
            assert!(failure.starts_with(expected), "{body}: {failure}");
        }
    }
}

//! What is asked for on a command line, read as kubectl reads it, and asked as written whatever exists.

use super::kinds::Kinds;
use super::{Attributes, known_kinds};

/// Verbs beside those of requests that authorizers are asked about.
const SPECIAL_VERBS: [&str; 8] = ["bind", "escalate", "impersonate", "approve", "sign", "attest", "use", "*"];

/// A resource or a path, as it is written: `TYPE[.GROUP][/NAME]` or `/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedObject {
    /// A path outside the resources.
    Path(String),
    /// A resource.
    Resource {
        /// Plural, singular or short name.
        kind: String,
        /// The API group, where one is named.
        group: Option<String>,
        /// The name; empty for none.
        name: String,
    },
}

impl AskedObject {
    /// Reads it. A type is split from a name at the first slash, so that names may hold slashes.
    ///
    /// # Errors
    /// In words, where there is no type or an empty name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::Path(text.to_owned()));
        }
        let (kind, name) = match text.split_once('/') {
            Some((_, "")) => return Err("a name is expected behind /".to_owned()),
            Some((kind, name)) => (kind, name),
            None => (text, ""),
        };
        let (kind, group) = match kind.split_once('.') {
            Some((kind, group)) => (kind, Some(group.to_owned())),
            None => (kind, None),
        };
        if kind.is_empty() {
            return Err("a type is expected, such as pods or deployments.apps, or a path that begins with /".to_owned());
        }
        Ok(Self::Resource { kind: kind.to_lowercase(), group, name: name.to_owned() })
    }
}

/// A request as it is asked, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRequest {
    /// The request; its namespace is empty.
    pub attributes: Attributes,
    /// What may be meant otherwise, in sentences.
    pub warnings: Vec<String>,
    /// What is asked as written because nothing is known of it, in sentences.
    pub notes: Vec<String>,
}

/// What an authorizer is asked where this is asked for. A kind that discovery doesn't know keeps the name and the group that it has.
pub fn request(verb: &str, object: &AskedObject, subresource: &str, kinds: &Kinds) -> AskedRequest {
    let verb = verb.to_lowercase();
    let (kind, group, name) = match object {
        AskedObject::Path(path) => {
            let attributes = Attributes { verb, path: Some(path.clone()), ..Attributes::default() };
            return AskedRequest { attributes, warnings: Vec::new(), notes: Vec::new() };
        }
        AskedObject::Resource { kind, group, name } => (kind, group, name),
    };
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    let known = kinds.named(kind, group.as_deref());
    let is_only_asked = |group: &str| kinds.scope(group, kind).is_some();
    let (group, resource) = match known {
        Some(known) => (known.group.clone(), known.plural.clone()),
        None => (group.clone().unwrap_or_default(), kind.clone()),
    };
    if known.is_none() && !is_only_asked(&group) && kind != "*" {
        let place = if group.is_empty() { "in the core group".to_owned() } else { format!("in the group {group}") };
        notes.push(format!("{kind} is not a kind that the API server lists: asked as written, {place}"));
    }
    let is_verb = known_kinds::RESOURCE_VERBS.contains(&verb.as_str()) || SPECIAL_VERBS.contains(&verb.as_str());
    if !is_verb && !verb.starts_with("impersonate") {
        notes.push(format!("{verb} is not a verb that the API server asks about: asked as written"));
    }
    if let Some(known) = known.filter(|known| subresource.is_empty() && known.subresources.contains(name)) {
        warnings.push(format!(
            "{name} is taken as a name, as kubectl takes it; the subresource of {} is asked by --subresource {name}",
            known.plural
        ));
    }
    if let Some(known) = known.filter(|known| !subresource.is_empty() && !known.subresources.contains(subresource)) {
        notes.push(format!(
            "{} has no subresource {subresource} that the API server lists: asked as written",
            known.plural
        ));
    }
    let attributes = Attributes {
        verb,
        group,
        resource,
        subresource: subresource.to_owned(),
        name: name.clone(),
        ..Attributes::default()
    };
    AskedRequest { attributes, warnings, notes }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::tests::kinds;
    use super::*;

    fn asked(verb: &str, object: &str, subresource: &str) -> AskedRequest {
        request(verb, &AskedObject::parse(object).unwrap(), subresource, &kinds())
    }

    #[test]
    fn kinds_are_known_by_any_name_and_keep_their_own_where_they_are_not() {
        for (verb, object, subresource, expected, notes) in [
            ("get", "pods", "", "get pods", 0),
            ("GET", "po/a", "log", "get pods/a --subresource=log", 0),
            ("patch", "deploy/web", "", "patch deployments.apps/web", 0),
            ("get", "events.events.k8s.io", "", "get events.events.k8s.io", 0),
            ("get", "gadgets.example.com/x", "", "get gadgets.example.com/x", 1),
            ("impersonate", "users", "", "impersonate users", 0),
            (
                "impersonate:user-info",
                "users.authentication.k8s.io/bo",
                "",
                "impersonate:user-info users.authentication.k8s.io/bo",
                0,
            ),
            (
                "approve",
                "signers.certificates.k8s.io/kubernetes.io/kube-apiserver-client",
                "",
                "approve signers.certificates.k8s.io/kubernetes.io/kube-apiserver-client",
                0,
            ),
            ("frobnicate", "pods", "nothing", "frobnicate pods --subresource=nothing", 2),
            ("*", "*.*", "", "* *.*", 0),
            ("get", "/logs/x", "", "get /logs/x", 0),
        ] {
            let AskedRequest { attributes, warnings, notes: said } = asked(verb, object, subresource);
            assert_eq!((attributes.to_string().as_str(), said.len(), warnings.len()), (expected, notes, 0), "{said:?}");
        }
    }

    #[test]
    fn a_name_that_is_a_subresource_is_warned_about() {
        let AskedRequest { attributes, warnings, .. } = asked("get", "pods/log", "");
        assert_eq!((attributes.name.as_str(), attributes.subresource.as_str()), ("log", ""));
        assert!(warnings[0].ends_with("by --subresource log"), "{warnings:?}");
        assert!(asked("get", "pods/logs", "").warnings.is_empty());
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for wrong in ["", ".apps", "pods/"] {
            assert!(AskedObject::parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! Which credential plugins may run, by the user's `kuberc`.
//!
//! Source: <https://kubernetes.io/docs/reference/kubectl/kuberc/>

use std::path::Path;

use crate::core::kubeconfig::clean;
use crate::core::yaml::{self, Document, Mapping, Mismatch, YamlError};

/// The policy of `credentialPluginPolicy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PluginPolicy {
    /// Any plugin may run.
    #[default]
    AllowAll,
    /// None may.
    DenyAll,
    /// Those in the list may: a name, which is looked up in `PATH`, or a path.
    Allowlist(Vec<String>),
}

/// Why a `kuberc` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KubercError {
    /// No document in it is a `Preference` of a known version.
    #[error("it holds no valid Preference")]
    NoPreference,
    /// A document's separator is followed by something else.
    #[error("line {line}: text after a document separator")]
    Separator {
        /// Line, from 1.
        line: usize,
    },
    /// The policy contradicts itself. kubectl runs nothing then, and neither does this program.
    #[error("{0}")]
    Policy(String),
}

impl KubercError {
    /// Whether the file could be read but says something about plugins that makes no sense.
    pub fn is_policy(&self) -> bool {
        matches!(self, Self::Policy(_))
    }
}

/// Reads the policy from a `kuberc`. An empty file, and one of version `v1alpha1`, has none.
///
/// # Errors
/// Where nothing in the file is a preference, or the policy contradicts itself.
pub fn parse(text: &str) -> Result<PluginPolicy, KubercError> {
    let mut attempted = false;
    for document in documents(text)? {
        if document.trim().is_empty() {
            continue;
        }
        attempted = true;
        // kubectl goes on to the next document where one can't be decoded.
        if let Ok(Some(fields)) = fields(&document) {
            return policy(fields);
        }
    }
    if attempted { Err(KubercError::NoPreference) } else { Ok(PluginPolicy::AllowAll) }
}

fn documents(text: &str) -> Result<Vec<String>, KubercError> {
    let mut documents = vec![String::new()];
    for (index, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(KubercError::Separator { line: index + 1 });
            }
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    Ok(documents)
}

#[derive(Default)]
struct Fields {
    policy: String,
    allowlist: Option<Vec<String>>,
}

#[derive(Debug, thiserror::Error)]
enum DocumentError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error(transparent)]
    Shape(#[from] Mismatch),
}

fn fields(document: &str) -> Result<Option<Fields>, DocumentError> {
    let document = Document::parse(document)?;
    let value = document.value()?;
    let root = Mapping::of(&value)?;
    if root.text("kind")? != "Preference" {
        return Ok(None);
    }
    match root.text("apiVersion")?.as_str() {
        "kubectl.config.k8s.io/v1beta1" => {}
        "kubectl.config.k8s.io/v1alpha1" => return Ok(Some(Fields::default())),
        _ => return Ok(None),
    }
    let allowlist =
        root.read("credentialPluginAllowlist", |list| yaml::decode_list(list, |item| allowed(Mapping::of(item)?)))?;
    Ok(Some(Fields { policy: root.text("credentialPluginPolicy")?, allowlist }))
}

/// An entry's `command`, or `name` as the field was called before.
fn allowed(entry: Mapping<'_, '_>) -> Result<String, Mismatch> {
    let (name, command) = (entry.text("name")?, entry.text("command")?);
    if command.is_empty() {
        return Ok(name);
    }
    if name.is_empty() || name == command { Ok(command) } else { Err(Mismatch::because("name and command differ")) }
}

fn policy(fields: Fields) -> Result<PluginPolicy, KubercError> {
    let wrong = |problem: String| Err(KubercError::Policy(problem));
    match (fields.policy.as_str(), fields.allowlist) {
        ("" | "AllowAll", None) => Ok(PluginPolicy::AllowAll),
        ("DenyAll", None) => Ok(PluginPolicy::DenyAll),
        ("" | "AllowAll" | "DenyAll", Some(_)) => {
            wrong(format!("credentialPluginAllowlist is set although credentialPluginPolicy is {:?}", fields.policy))
        }
        ("Allowlist", None) => {
            wrong("credentialPluginPolicy is Allowlist, but there is no credentialPluginAllowlist".into())
        }
        ("Allowlist", Some(list)) if list.is_empty() => {
            wrong("credentialPluginAllowlist is empty; the policy for that is DenyAll".into())
        }
        ("Allowlist", Some(list)) => {
            match list
                .iter()
                .find(|command| command.is_empty() || clean(Path::new(command)).as_os_str() != command.as_str())
            {
                Some(command) => {
                    wrong(format!("credentialPluginAllowlist has {command:?}, which is no clean name or path"))
                }
                None => Ok(PluginPolicy::Allowlist(list)),
            }
        }
        (other, _) => wrong(format!("credentialPluginPolicy {other:?} is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v1beta1(rest: &str) -> Result<PluginPolicy, KubercError> {
        parse(&format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{rest}"))
    }

    #[test]
    fn policies_are_read() {
        assert_eq!(v1beta1("").unwrap(), PluginPolicy::AllowAll);
        assert_eq!(v1beta1("credentialPluginPolicy: DenyAll").unwrap(), PluginPolicy::DenyAll);
        let list = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ack-ram-tool}, {command: /bin/p}]";
        assert_eq!(v1beta1(list).unwrap(), PluginPolicy::Allowlist(vec!["ack-ram-tool".into(), "/bin/p".into()]));
        let older = list.replace("command: ack", "name: ack");
        assert_eq!(v1beta1(&older).unwrap(), v1beta1(list).unwrap());
    }

    #[test]
    fn the_older_version_has_no_policy() {
        let text = "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n";
        assert_eq!(parse(text).unwrap(), PluginPolicy::AllowAll);
    }

    #[test]
    fn a_policy_that_contradicts_itself_is_refused() {
        for wrong in [
            "credentialPluginPolicy: Allowlist",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /bin/../p}]",
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ./p}]",
            "credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: []",
            "credentialPluginPolicy: denyAll",
        ] {
            assert!(v1beta1(wrong).unwrap_err().is_policy(), "{wrong}");
        }
    }

    #[test]
    fn the_first_usable_document_counts() {
        let text = "---\nkind: Other\n--- # next\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n";
        assert_eq!(parse(text).unwrap(), PluginPolicy::DenyAll);
        assert_eq!(parse("\n---\n").unwrap(), PluginPolicy::AllowAll);
        assert!(matches!(parse("kind: Other"), Err(KubercError::NoPreference)));
        assert!(matches!(parse("a: b\n--- c"), Err(KubercError::Separator { line: 2 })));
    }
}

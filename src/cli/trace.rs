//! The flags of the verb that follows a credential through an audit log.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::parse_uid;
use super::time_bound::{TimeBound, parse_bound};
use crate::core::ids::Uid;

pub(super) const TRACE_ABOUT: &str = "List what a credential was used for, from the API server's audit log

Tokens that it had issued are followed, users as whom it acted, and bindings that it wrote: each credential stands below the one \
that led to it, with the evidence. With a UID, every credential under the identity's names is followed. Nothing is contacted. A log \
says nothing about what it doesn't cover.";

pub(super) const TRACE_EXAMPLES: &str = "Examples:
  kubectl ackcred trace -f leaked.yaml --audit-log audit.log            # a leaked file
  kubectl ackcred trace 200000000000000103 --audit-log a.gz,b.gz -o table   # each request of an identity
  zcat audit.gz | kubectl ackcred trace --credential JTI=5f0c... --audit-log -";

/// Flags of `trace`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("traced").required(true).args(["uids", "file", "credential"]))]
pub struct TraceArgs {
    /// The identities
    #[arg(value_name = "UID", value_delimiter = ',', value_parser = parse_uid)]
    pub uids: Vec<Uid>,
    /// The credential in this kubeconfig file; nothing that the file names is contacted
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Context of that file, where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// A credential as audit logs name it: X509SHA256=..., JTI=... (repeatable)
    #[arg(long, value_name = "ID", value_parser = parse_credential)]
    pub credential: Vec<String>,
    /// The audit log: files, gzip files too, or - for standard input (repeatable, or comma-separated)
    #[arg(long, value_name = "FILE", value_delimiter = ',', required = true, value_hint = ValueHint::FilePath)]
    pub audit_log: Vec<PathBuf>,
    /// Show no request before this: a time, a date (UTC), or how long ago, such as 24h
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub since: Option<TimeBound>,
    /// Show no request after this
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub until: Option<TimeBound>,
    /// How many links to follow from what is asked about
    #[arg(long, value_name = "LINKS", default_value_t = 5)]
    pub depth: usize,
    /// Show what was run in pods, which may hold secrets
    #[arg(long)]
    pub show_commands: bool,
    /// Exit with 3 when one of the credentials was used for one of these (comma-separated)
    #[arg(long, value_name = "WORD", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<TraceFailOn>,
}

/// What `trace --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFailOn {
    /// A token was issued to it
    Minted,
    /// It wrote a binding, a role or a mapping
    Granted,
    /// It read Secrets
    Secrets,
    /// It ran something in a pod, or connected into one or into a node
    Executed,
}

/// Fingerprints are compared as API servers write them: in lower case, without colons.
fn parse_credential(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some(("X509SHA256", fingerprint)) => {
            let hex: String = fingerprint.chars().filter(|character| *character != ':').collect();
            let is_one = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            let expected = "X509SHA256= is followed by the 64 hexadecimal digits of a certificate's fingerprint";
            is_one.then(|| format!("X509SHA256={}", hex.to_ascii_lowercase())).ok_or_else(|| expected.to_owned())
        }
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => Ok(text.to_owned()),
        _ => Err("write it as audit logs do: X509SHA256=... or JTI=...".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_openssl_writes_it() {
        let openssl = vec!["AB"; 32].join(":");
        assert_eq!(parse_credential(&format!("X509SHA256={openssl}")), Ok(format!("X509SHA256={}", "ab".repeat(32))));
        assert_eq!(parse_credential("JTI=5F-0c"), Ok("JTI=5F-0c".to_owned()));
        for wrong in ["X509SHA256=ab", "5f0c", "=x", "JTI="] {
            assert!(parse_credential(wrong).is_err(), "{wrong}");
        }
    }
}

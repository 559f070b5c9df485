//! The flags of `lint`.

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::{ClusterArgs, OTHER_CLUSTERS, OWN_ACCESS};
use crate::core::credential::duration;
use crate::core::lint::Rule;

pub(super) const LINT_ABOUT: &str = "List what gives more than is needed, and how to end it

Twelve rules (docs/lint.md), one finding for each cause: a binding, a role or a credential. -o wide shows the fix of each; run its commands \
only after you have read them. Where Helm, Argo CD or another tool keeps an object, make the change there.

Not checked here, but by kubescape and others: automounted tokens, one ServiceAccount for each application, containers that run as root, \
NetworkPolicies for the metadata service, pod security, exposed endpoints, RAM policies.";

pub(super) const LINT_EXAMPLES: &str = "Examples:
  kubectl ackcred lint -o wide                                      # with the fix of each finding
  kubectl ackcred lint --max-lifetime 24h --fail-on error           # for CI
  kubectl ackcred lint --allow ClusterRoleBinding/-/ops --allow L04:backup   # what you have looked at and accept";

/// Flags of `lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Accept this binding, role, credential, user, group, ServiceAccount or UID; as L04:NAME, for that rule only (repeatable)
    #[arg(long, value_name = "NAME")]
    pub allow: Vec<String>,
    /// Find issued kubeconfigs that have longer to live than this
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub max_lifetime: Option<SignedDuration>,
    /// Leave out these rules, such as L10 (comma-separated)
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = parse_rule)]
    pub skip: Vec<Rule>,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = OTHER_CLUSTERS)]
    pub in_cluster: bool,
    /// Exit with 3 when there is a finding of this level or a worse one (comma-separated)
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<LintFailOn>,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

/// What `lint --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFailOn {
    /// An error
    Error,
    /// An error or a warning
    Warning,
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    Rule::of_id(&text.to_ascii_uppercase()).ok_or_else(|| "a rule is L01 to L12".to_owned())
}

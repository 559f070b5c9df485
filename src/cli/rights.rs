//! The flags of the verbs that say what identities may do, and who may do something.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{ClusterArgs, OTHER_CLUSTERS, OWN_ACCESS, parse_uid};
use crate::core::ids::Uid;
use crate::core::rbac::asked::AskedObject;
use crate::core::rbac::user_info::NamedSubject;

pub(super) const RIGHTS_ABOUT: &str = "List what an identity may do, and what it could become

One row for each rule and binding, for each user name of the identity. Below them: whom it could become by these rules. \"can\" holds by \
the API server alone; \"could, if\" depends on more. A ServiceAccount that a binding names is taken to exist. Only RBAC is read.";

pub(super) const RIGHTS_EXAMPLES: &str = "Examples:
  kubectl ackcred rights 200000000000000103                       # an identity, under all its names
  kubectl ackcred rights -f leaked.yaml --fail-on path            # with the groups of the file's certificate
  kubectl ackcred rights --subject ServiceAccount/ci/robot --all  # with the rules that allow nothing, and why";

pub(super) const WHO_CAN_ABOUT: &str = "List who may do something, and whether they still exist

TYPE/NAME is a name, as in kubectl; a subresource is asked by --subresource. Verbs and types that the API server does not list are \
asked as they are written. Only RBAC is read; members of system:masters may do everything before it is asked.";

pub(super) const WHO_CAN_EXAMPLES: &str = "Examples:
  kubectl ackcred who-can get secrets -n prod --reach      # and who could become one of them
  kubectl ackcred who-can create pods --subresource exec   # in any namespace
  kubectl ackcred who-can get /metrics --fail-on deleted,everyone";

/// Flags of `rights`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["uids", "file", "subject"]))]
pub struct RightsArgs {
    /// The identities
    #[arg(value_name = "UID", value_delimiter = ',', value_parser = parse_uid)]
    pub uids: Vec<Uid>,
    /// The identity that the certificate of this kubeconfig file names; nothing that the file names is contacted
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["all_contexts", "all_clusters"])]
    pub file: Option<PathBuf>,
    /// Context of that file, where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub leaked_context: Option<String>,
    /// A user, group or service account: User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME (repeatable)
    #[arg(long, value_name = "KIND/NAME", value_parser = parse_subject)]
    pub subject: Vec<NamedSubject>,
    /// A group that it is in, too (repeatable)
    #[arg(long, value_name = "GROUP")]
    pub group: Vec<String>,
    /// Show rules that allow nothing, with the reason, and the API server's defaults for every user
    #[arg(long)]
    pub all: bool,
    /// Ask the API server about some of it, too (create subjectaccessreviews)
    #[arg(long)]
    pub ask: bool,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = OTHER_CLUSTERS)]
    pub in_cluster: bool,
    /// Exit with 3 when it has one of these (comma-separated)
    #[arg(long, value_name = "WORD", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<RightsFailOn>,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

/// What `rights --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RightsFailOn {
    /// Full rights in the whole cluster
    Administrator,
    /// It can become administrator or a member of system:masters, by the API server alone
    Path,
    /// It may read Secrets
    Secrets,
    /// A group gives it more than the API server's defaults
    GroupGrant,
}

/// Flags of `who-can`.
#[derive(Debug, Args)]
pub struct WhoCanArgs {
    /// What is done: get, list, create, bind, impersonate and so on
    #[arg(value_name = "VERB")]
    pub verb: String,
    /// What it is done to: TYPE, TYPE.GROUP, either with /NAME, or a path
    #[arg(value_name = "TYPE[.GROUP][/NAME]|/PATH", value_parser = AskedObject::parse)]
    pub object: AskedObject,
    /// The subresource
    #[arg(long, value_name = "SUBRESOURCE", default_value = "", hide_default_value = true)]
    pub subresource: String,
    /// In this namespace, instead of any
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// In any namespace, which is the default
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Show who may for some names only
    #[arg(long)]
    pub named: bool,
    /// Show who could become one that may
    #[arg(long)]
    pub reach: bool,
    /// Use the service account of the pod that this runs in
    #[arg(long, conflicts_with_all = OWN_ACCESS, conflicts_with_all = OTHER_CLUSTERS)]
    pub in_cluster: bool,
    /// Exit with 3 when one of these may (comma-separated)
    #[arg(long, value_name = "WORD", value_delimiter = ',', ignore_case = true)]
    pub fail_on: Vec<WhoCanFailOn>,
    /// Which clusters.
    #[command(flatten)]
    pub clusters: ClusterArgs,
}

/// What `who-can --fail-on` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhoCanFailOn {
    /// An identity that is deleted
    Deleted,
    /// An identity that is in the recycle bin
    Recycled,
    /// An identity of which it is unknown whether it exists
    Unknown,
    /// An identity that is deleted or recycled
    Orphaned,
    /// A group that everyone is in
    Everyone,
}

pub(super) fn parse_subject(text: &str) -> Result<NamedSubject, String> {
    NamedSubject::parse(text).ok_or_else(|| "write User/NAME, Group/NAME or ServiceAccount/NAMESPACE/NAME".to_owned())
}

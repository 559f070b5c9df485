//! The rules: their numbers, how grave they are, and what is said of each.

/// How grave a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It gives power over the cluster, or access to one that is gone.
    Error,
    /// It gives more than is needed.
    Warning,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// L01.
    FullRights,
    /// L02.
    EveryVerb,
    /// L03.
    EveryResource,
    /// L04.
    AllSecrets,
    /// L05.
    Everyone,
    /// L06.
    DefaultAccount,
    /// L07.
    SpelledAsUser,
    /// L08.
    MissingRole,
    /// L09.
    PathToFullRights,
    /// L10.
    StaticToken,
    /// L11.
    IdentityGone,
    /// L12.
    LongLived,
}

/// What is said of a rule wherever it is explained.
#[derive(Clone, Copy, Debug)]
pub struct RuleText {
    /// Its number: `L01`.
    pub id: &'static str,
    /// How grave its worst finding is.
    pub level: Level,
    /// What it finds.
    pub finds: &'static str,
    /// Why that is worth a look.
    pub why: &'static str,
    /// What ends it.
    pub fix: &'static str,
}

impl Rule {
    /// All of them, by number.
    pub const ALL: [Self; 12] = [
        Self::FullRights,
        Self::EveryVerb,
        Self::EveryResource,
        Self::AllSecrets,
        Self::Everyone,
        Self::DefaultAccount,
        Self::SpelledAsUser,
        Self::MissingRole,
        Self::PathToFullRights,
        Self::StaticToken,
        Self::IdentityGone,
        Self::LongLived,
    ];

    /// The rule of this number.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.text().id == id)
    }

    /// Its number.
    pub fn id(self) -> &'static str {
        self.text().id
    }

    /// What is said of it.
    pub fn text(self) -> RuleText {
        use Level::{Error, Warning};
        let (id, level, finds, why, fix) = match self {
            Self::FullRights => (
                "L01",
                Error,
                "full rights in the whole cluster",
                "who has them can do everything, and hand it on",
                "bind a smaller role and remove this one; name those who need it with --allow",
            ),
            Self::EveryVerb => (
                "L02",
                Warning,
                "a role with the verb *",
                "* includes escalate, bind, impersonate and every verb that is added later",
                "list the verbs that are needed",
            ),
            Self::EveryResource => (
                "L03",
                Warning,
                "a role with * among resources or API groups",
                "* includes Secrets and every kind that is installed later",
                "list the kinds that are needed",
            ),
            Self::AllSecrets => (
                "L04",
                Error,
                "list or watch of Secrets in the whole cluster",
                "both return the data of every Secret, tokens and passwords included",
                "bind the role in the namespaces that need it, or allow get of Secrets by name",
            ),
            Self::Everyone => (
                "L05",
                Error,
                "rights for everyone beyond the API server's defaults",
                "every user and every ServiceAccount has them, or every request without a login",
                "bind a group of your own",
            ),
            Self::DefaultAccount => (
                "L06",
                Warning,
                "rights for a ServiceAccount named default",
                "every pod of the namespace that names no ServiceAccount has them",
                "give the workload a ServiceAccount of its own and bind that one",
            ),
            Self::SpelledAsUser => (
                "L07",
                Warning,
                "a ServiceAccount that is bound as a user",
                "the rights count, but many tools do not show them",
                "write the subject as a ServiceAccount",
            ),
            Self::MissingRole => (
                "L08",
                Warning,
                "a binding to a role that does not exist",
                "who creates a role of that name decides what the subjects may do",
                "delete the binding",
            ),
            Self::PathToFullRights => (
                "L09",
                Error,
                "a path to full rights by the API server alone",
                "one who has little can become administrator, without anyone's help",
                "remove the right of the first step",
            ),
            Self::StaticToken => (
                "L10",
                Warning,
                "a token of a ServiceAccount in a Secret",
                "it never expires, and who reads the Secret once has it for good",
                "request tokens that expire, then mark this one as invalid",
            ),
            Self::IdentityGone => (
                "L11",
                Error,
                "a grant to a RAM identity that is deleted or unknown, or a mapping without a recorded UID",
                "its certificate still works; a name in an ARN can be given to another identity",
                "revoke the identity's access; delete the mapping",
            ),
            Self::LongLived => (
                "L12",
                Warning,
                "an issued kubeconfig that lives longer than --max-lifetime",
                "a copy of it opens the cluster until it expires",
                "issue temporary kubeconfigs, and revoke this one",
            ),
        };
        RuleText { id, level, finds, why, fix }
    }
}

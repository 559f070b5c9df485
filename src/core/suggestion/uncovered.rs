//! What was used and is in no role, and why.

/// Why something that was used is in no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uncovered {
    /// It writes a binding, and which role that grants is not in the log.
    RoleUnknown,
    /// It writes a role, and its rules are not in the log.
    RulesUnknown,
    /// It writes a role with rules that the suggested roles don't have.
    RulesNotHeld,
    /// It approves a certificate request, and the signer is not in the log.
    SignerUnknown,
    /// It writes what may take a right on a signer, which the log doesn't show.
    MayTakeSigner,
    /// The log has no status of the answer.
    NoStatus,
    /// The log doesn't have what the authorizer said.
    NoDecision,
    /// A rule for it would allow more than it, or there is none.
    NoRuleForIt,
    /// The log doesn't say what it was about.
    Unnamed,
}

impl Uncovered {
    /// The reason, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::RoleUnknown => {
                "which role the binding grants is not in the log (level Request or RequestResponse has it): bind on that role is missing"
            }
            Self::RulesUnknown => {
                "which rules the role gets is not in the log (level Request or RequestResponse has it): its writer must hold them all"
            }
            Self::RulesNotHeld => {
                "the writer of a role must hold all its rules, or escalate: neither was seen, and neither is suggested"
            }
            Self::SignerUnknown => {
                "which signer it is for is not in the log (level Request or RequestResponse has it): approve on that signer is missing"
            }
            Self::MayTakeSigner => "it may take sign or attest on a signer as well, which the log does not show",
            Self::NoStatus => "the log has no status of the answer: whether it was allowed is not known",
            Self::NoDecision => "the log does not have what the authorizer said: whether it was allowed is not known",
            Self::NoRuleForIt => "there is no rule that allows this and nothing else",
            Self::Unnamed => "the log does not say what it was about",
        }
    }
}

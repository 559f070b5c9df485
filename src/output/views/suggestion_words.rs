//! The words of a suggestion.

use serde::{Deserialize, Serialize};

use super::words::{Word, words};
use crate::core::suggestion::uncovered::Uncovered;
use crate::core::suggestion::widening::Widening;

words! {
    /// In which way more is allowed than was seen.
    WideningWord of Widening {
        /// get, list and watch where one of them was seen.
        Reads,
        /// All objects of a kind instead of those that were seen.
        Names,
        /// All namespaces instead of those that were seen.
        Namespaces,
    }

    /// Why something that was used is in no role.
    UncoveredWord of Uncovered {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_in_documents_as_in_tables() {
        fn check<W: Word + Serialize>() {
            for word in W::ALL {
                assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
            }
        }
        check::<WideningWord>();
        check::<UncoveredWord>();
    }
}

//! Consent to one plan. Every change needs it.

/// The consent to exactly what a hash stands for. It is only made by a confirmation, or for a plan that changes nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Consent {
    hash: String,
}

impl Consent {
    /// Weighs what was typed against what had to be typed to agree.
    pub fn typed(hash: &str, phrase: &str, answer: &str) -> Option<Self> {
        (answer.trim() == phrase).then(|| Self { hash: hash.to_owned() })
    }

    /// By `--yes`, or of a plan without a step, where there is nothing to agree to.
    pub fn unasked(hash: &str) -> Self {
        Self { hash: hash.to_owned() }
    }

    /// Whether it was this that was agreed to.
    pub fn covers(&self, hash: &str) -> bool {
        self.hash == hash
    }
}

/// That credentials may be issued: `--temporary-credentials` says so by name, and nothing else does.
#[derive(Debug)]
pub struct MayIssue(());

impl MayIssue {
    /// What the flag gives.
    pub fn by_flag(temporary_credentials: bool) -> Option<Self> {
        temporary_credentials.then_some(Self(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_phrase_agrees_and_only_to_its_own_plan() {
        let consent = Consent::typed("aa", "200", " 200\n").unwrap();
        assert!(consent.covers("aa") && !consent.covers("ab"));
        for answer in ["", "y", "yes", "2000", "20 0"] {
            assert_eq!(Consent::typed("aa", "200", answer), None, "{answer}");
        }
    }

    #[test]
    fn only_the_flag_lets_credentials_be_issued() {
        assert!(MayIssue::by_flag(true).is_some());
        assert!(MayIssue::by_flag(false).is_none());
    }
}

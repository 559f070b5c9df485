//! Check `StaticTokens`: whether the static tokens that a plan ends are not taken any more, by the labels of their Secrets. The
//! tokens themselves are never read.

use std::collections::BTreeSet;

use super::{Check, CheckReport};
use crate::core::revocation::static_tokens::SecretRef;

/// Weighs what was read of the Secrets: `taken` are those with a static token and without the label. `None` where the plan ends no
/// token of this identity.
pub fn weigh_static_tokens(ended: &[&SecretRef], taken: Result<&BTreeSet<SecretRef>, &str>) -> Option<CheckReport> {
    if ended.is_empty() {
        return None;
    }
    Some(match taken {
        Err(why) => CheckReport::error(Check::StaticTokens, why),
        Ok(taken) => {
            let left = ended.iter().filter(|secret| taken.contains(**secret));
            let findings: Vec<String> = left.map(|secret| format!("{secret} is still taken as a token")).collect();
            let count = ended.len();
            let tokens = if count == 1 { "1 Secret is".to_owned() } else { format!("{count} Secrets are") };
            CheckReport::of(
                Check::StaticTokens,
                format!("{tokens} labelled or gone, so that the API server does not take their tokens"),
                findings,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::CheckResult::{Error, Failed, Passed};
    use super::*;

    #[test]
    fn a_token_without_the_label_is_access() {
        let secret = |name: &str| SecretRef { namespace: "shop".to_owned(), name: name.to_owned() };
        let (a, b) = (secret("a"), secret("b"));
        let taken = |names: &[&str]| names.iter().map(|name| secret(name)).collect::<BTreeSet<_>>();
        for (left, expected) in [(taken(&[]), Passed), (taken(&["c"]), Passed), (taken(&["b"]), Failed)] {
            let report = weigh_static_tokens(&[&a, &b], Ok(&left)).unwrap();
            assert_eq!(report.result, expected, "{left:?}");
        }
        let detail = |ended: &[&SecretRef]| weigh_static_tokens(ended, Ok(&taken(&[]))).unwrap().detail;
        assert!(detail(&[&a]).starts_with("1 Secret is "));
        assert!(detail(&[&a, &b]).starts_with("2 Secrets are "));
        assert_eq!(weigh_static_tokens(&[&a], Err("forbidden")).unwrap().result, Error);
        assert_eq!(weigh_static_tokens(&[], Err("forbidden")), None);
    }
}

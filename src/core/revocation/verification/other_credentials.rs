//! Check `LeakedFile`, for what the file holds beside its certificate: whether the operator's own API server accepts it.

use super::{Check, CheckReport};
use crate::core::cluster::server_view::ServerIdentity;
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::other_credential::OtherCredential;
use crate::core::revocation::target::Target;

/// What the API server says to a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialAnswer {
    /// It does not accept it.
    NotAccepted,
    /// It accepts it, and as whose; `None` where it does not say so.
    Accepted(Option<ServerIdentity>),
    /// No clear answer, and why.
    Unclear(String),
    /// It was not asked, and why.
    NotAsked(&'static str),
}

/// What the answer comes to: a credential of the identity itself gives what its grants give, and those have checks of their own.
pub fn weigh_other(other: &OtherCredential, answer: &CredentialAnswer, target: &Target) -> CheckReport {
    let OtherCredential { description, remedy, .. } = other;
    match answer {
        CredentialAnswer::NotAccepted => CheckReport::passed(
            Check::LeakedFile,
            format!("the API server does not accept the rest of the file: {description}"),
        ),
        CredentialAnswer::Accepted(Some(seen)) if is_same_user(seen, target) => {
            let detail = format!("{description} is accepted as {}, the same user", seen.username);
            CheckReport::passed(Check::LeakedFile, detail)
        }
        CredentialAnswer::Accepted(seen) => {
            let user = seen.as_ref().map_or("a user that it does not name", |seen| &seen.username);
            let left =
                format!("the leaked file also holds {description}: the API server accepts it as {user}; {remedy}");
            CheckReport::failed(Check::LeakedFile, format!("{description} is accepted as {user}"), vec![left])
        }
        CredentialAnswer::Unclear(why) => {
            CheckReport::error(Check::LeakedFile, format!("is {description} accepted? No clear answer: {why}"))
        }
        CredentialAnswer::NotAsked(why) => {
            CheckReport::error(Check::LeakedFile, format!("the file also holds {description}: {why}; {remedy}"))
        }
    }
}

/// The certificate's report together with those of the other credentials: the worst counts, and all of them are shown.
pub fn with_others(certificate: CheckReport, others: Vec<CheckReport>) -> CheckReport {
    others.into_iter().fold(certificate, |mut all, other| {
        all.result = all.result.worse(other.result);
        all.detail = format!("{}; {}", all.detail, other.detail);
        all.findings.extend(other.findings);
        all
    })
}

/// The report where a file is not at hand: its certificate is judged by the other checks, and nothing judges the rest of it.
pub fn without_file(leaked: &LeakedFacts) -> CheckReport {
    match leaked.other_credentials.as_slice() {
        [] => CheckReport::skipped(Check::LeakedFile, "it was not given again"),
        others => {
            let held: Vec<&str> = others.iter().map(|other| other.description.as_str()).collect();
            let detail = format!("the file also holds {}: give it again with -f", held.join(", and "));
            CheckReport::error(Check::LeakedFile, detail)
        }
    }
}

fn is_same_user(seen: &ServerIdentity, target: &Target) -> bool {
    target.bears(&seen.username) && seen.groups.iter().all(|group| target.groups.contains(group))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{carl, leaked};
    use super::*;
    use crate::core::credential::CredentialKind;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed, Skipped};

    fn token() -> OtherCredential {
        OtherCredential {
            kind: CredentialKind::Token,
            description: "a token of ServiceAccount shop/ci".to_owned(),
            remedy: "kubectl delete serviceaccount -n shop ci".to_owned(),
        }
    }

    fn seen(username: &str, groups: &[&str]) -> CredentialAnswer {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        CredentialAnswer::Accepted(Some(ServerIdentity { username: username.to_owned(), groups, ..Default::default() }))
    }

    #[test]
    fn only_a_refused_credential_and_one_of_the_same_user_leave_no_access() {
        for (answer, expected) in [
            (CredentialAnswer::NotAccepted, Passed),
            (seen("200-17", &["ops", "system:authenticated"]), Passed),
            (seen("200-99", &["system:authenticated"]), Passed),
            (seen("200-17", &["system:masters"]), Failed),
            (seen("201-17", &["system:authenticated"]), Failed),
            (seen("system:serviceaccount:shop:ci", &["system:authenticated"]), Failed),
            (CredentialAnswer::Accepted(None), Failed),
            (CredentialAnswer::Unclear("HTTP 503".to_owned()), Error),
            (CredentialAnswer::NotAsked("a plugin of a leaked file is not run"), Error),
        ] {
            let report = weigh_other(&token(), &answer, &carl());
            assert_eq!(report.result, expected, "{answer:?}");
            assert!(report.detail.contains("ServiceAccount shop/ci"), "{report:?}");
            let remedies = report.findings.iter().filter(|finding| finding.contains("kubectl delete serviceaccount"));
            assert_eq!(remedies.count(), usize::from(expected == Failed), "{report:?}");
        }
    }

    #[test]
    fn the_worst_of_the_files_credentials_counts() {
        let of = |result| match result {
            Passed => CheckReport::passed(Check::LeakedFile, "a"),
            Failed => CheckReport::failed(Check::LeakedFile, "b", vec!["left".to_owned()]),
            Error => CheckReport::error(Check::LeakedFile, "c"),
            Skipped => CheckReport::skipped(Check::LeakedFile, "d"),
        };
        for (certificate, others, expected) in [
            (Passed, vec![], Passed),
            (Passed, vec![Passed], Passed),
            (Skipped, vec![Passed], Skipped),
            (Passed, vec![Error, Passed], Error),
            (Skipped, vec![Error], Error),
            (Error, vec![Failed, Passed], Failed),
            (Failed, vec![Error], Failed),
        ] {
            let report = with_others(of(certificate), others.iter().map(|other| of(*other)).collect());
            assert_eq!(report.result, expected, "{certificate:?} {others:?}");
            assert_eq!(report.findings.len(), usize::from(expected == Failed), "{certificate:?} {others:?}");
            assert_eq!(report.detail.split("; ").count(), 1 + others.len());
        }
    }

    #[test]
    fn without_the_file_nothing_is_known_of_what_else_it_holds() {
        let mut leaked = leaked();
        assert_eq!(without_file(&leaked).result, Skipped);
        leaked.other_credentials.push(token());
        let report = without_file(&leaked);
        assert_eq!(report.result, Error);
        assert!(report.detail.contains("ServiceAccount shop/ci"), "{report:?}");
    }
}

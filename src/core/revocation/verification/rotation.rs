//! The checks of a rotation: nothing names the old certificates, they are refused, and the new kubeconfig works.

use std::collections::BTreeSet;

use super::leaked_file::{is_let_in, read_leaked_status};
use super::{Before, Check, CheckReport, CheckResult, Probe};
use crate::core::cluster::server_view::ServerIdentity;
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::path_of;
use crate::core::revocation::rotation::renaming_command;

/// A request that an old certificate was let do before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldQuestion {
    /// The user name in the certificate.
    pub name: String,
    /// The path of the `GET`.
    pub path: String,
}

/// The first request that a name was seen to be let do before; `None` where it was let do none that can be asked by `GET`.
pub fn old_question(before: &Before, name: &str) -> Option<OldQuestion> {
    let own = before.allowed.iter().filter(|probe| probe.name == name);
    let path = own.map(|probe: &Probe| path_of(&probe.attributes)).find_map(|path| path)?;
    Some(OldQuestion { name: name.to_owned(), path })
}

/// Check `Rbac`: every binding that names one of the old certificates, with the command that gives it the new name.
pub fn old_names_left(old_names: &BTreeSet<String>, new_name: Option<&str>, inventory: &Inventory) -> CheckReport {
    let mut left = Vec::new();
    for binding in inventory.bindings() {
        for (place, subject) in binding.subjects().iter().enumerate() {
            let Some(name) = subject.user_name().filter(|name| old_names.contains(*name)) else { continue };
            let (role, reference) = (binding.role(), binding.reference());
            let gives = format!("{reference} gives {}/{} to {name}", role.kind, role.name);
            let command = new_name.and_then(|new_name| renaming_command(&reference, place, name, new_name));
            left.push(match command {
                Some(command) => format!("{gives}; mend it: {command}"),
                None => gives,
            });
        }
    }
    let (names, bindings) =
        (Vec::from_iter(old_names.iter().map(String::as_str)).join(", "), inventory.bindings().len());
    let detail = match left.len() {
        0 => format!("nothing names {names}, {bindings} bindings read"),
        1 => format!("1 binding still names {names}, {bindings} read"),
        count => format!("{count} bindings still name {names}, {bindings} read"),
    };
    CheckReport::of(Check::Rbac, detail, left)
}

/// What the API server's answer to an old certificate comes to; `before` is the status of the same request before the rotation.
pub fn weigh_old(question: &OldQuestion, before: Option<u16>, status: u16, message: &str) -> CheckReport {
    let OldQuestion { name, path } = question;
    let before = before.map_or("allowed".to_owned(), |before| before.to_string());
    match read_leaked_status(status, message, name) {
        Ok(()) => {
            CheckReport::passed(Check::OldCertificate, format!("GET {path} as {name}: {before} before, now {status}"))
        }
        Err(reason) if is_let_in(status) => {
            let left = format!("the old certificate of {name} may still GET {path}: {reason}");
            CheckReport::failed(Check::OldCertificate, format!("GET {path} as {name}: {status}"), vec![left])
        }
        Err(reason) => CheckReport::error(Check::OldCertificate, format!("GET {path} as {name}: {reason}")),
    }
}

/// The reports about several old certificates as one: the worst decides, and each is shown. One that opened nothing before has nothing to lose: it decides
/// where there is no other.
pub fn joined(reports: Vec<CheckReport>) -> CheckReport {
    let worst = |result: &CheckResult| match result {
        CheckResult::Failed => 0,
        CheckResult::Error => 1,
        CheckResult::Passed => 2,
        CheckResult::Skipped => 3,
    };
    let result = reports.iter().map(|report| report.result).min_by_key(worst).unwrap_or(CheckResult::Skipped);
    let detail = Vec::from_iter(reports.iter().map(|report| report.detail.as_str())).join("; ");
    let findings = reports.into_iter().flat_map(|report| report.findings).collect();
    CheckReport { check: Check::OldCertificate, result, detail, findings }
}

/// Whether the API server takes who presents the new certificate for its owner.
///
/// # Errors
/// For whom it takes them instead.
pub fn new_is_seen(seen: &ServerIdentity, name: &str, sha256: &str) -> Result<(), String> {
    if seen.username != name {
        return Err(format!("the API server sees {} instead of {name}", seen.username));
    }
    match seen.credential_id() {
        Some(id) if id != format!("X509SHA256={sha256}") => {
            Err("the API server sees another certificate than the new one".to_owned())
        }
        _ => Ok(()),
    }
}

/// Check `NewKubeconfig`: what the API server answers to the new certificate, for a path that an old one was let `GET`.
pub fn weigh_new(name: &str, asked: Option<(&str, u16, &str)>) -> CheckReport {
    match asked {
        None => CheckReport::passed(
            Check::NewKubeconfig,
            format!("the API server sees {name}; there was nothing to compare"),
        ),
        Some((path, status, _)) if is_let_in(status) => {
            CheckReport::passed(Check::NewKubeconfig, format!("the API server sees {name}; GET {path}: {status}"))
        }
        Some((path, status, message)) => {
            let why = if message.is_empty() { String::new() } else { format!(", {message}") };
            CheckReport::error(Check::NewKubeconfig, format!("{name} has no access yet: GET {path}: {status}{why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixtures::inventory;
    use super::*;
    use crate::core::rbac::Attributes;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed, Skipped};

    fn question() -> OldQuestion {
        OldQuestion { name: "200-1".into(), path: "/api/v1/pods?limit=1".into() }
    }

    #[test]
    fn an_old_certificate_is_dead_only_where_it_is_refused_by_its_own_name() {
        let of = |user: &str| format!("pods is forbidden: User {user:?} cannot list resource \"pods\"");
        for (status, message, expected) in [
            (401, "Unauthorized".to_owned(), Passed),
            (403, of("200-1"), Passed),
            (403, of("200-9"), Error),
            (403, "denied".to_owned(), Error),
            (200, String::new(), Failed),
            (404, of("200-1"), Failed),
            (500, String::new(), Error),
        ] {
            let report = weigh_old(&question(), Some(200), status, &message);
            assert_eq!(
                (report.result, report.findings.len()),
                (expected, usize::from(expected == Failed)),
                "{report:?}"
            );
        }
        assert!(weigh_old(&question(), Some(200), 401, "").detail.ends_with("200 before, now 401"));
        assert!(weigh_old(&question(), None, 401, "").detail.ends_with("allowed before, now 401"));
    }

    #[test]
    fn only_the_old_names_count_and_each_comes_with_the_command_that_mends_it() {
        let old = BTreeSet::from(["200-1".to_owned()]);
        let bindings = [("a", "User", "200-9"), ("b", "User", "200"), ("c", "Group", "200-1"), ("d", "User", "bo")];
        let clean = old_names_left(&old, Some("200-9"), &inventory(&bindings));
        assert_eq!((clean.result, clean.detail.as_str()), (Passed, "nothing names 200-1, 4 bindings read"));
        let left = old_names_left(&old, Some("200-9"), &inventory(&[("b", "User", "200-1")]));
        assert_eq!((left.result, left.findings.len()), (Failed, 1));
        let command = "kubectl patch clusterrolebinding b --type=json -p '[{\"op\":\"test\",\"path\":\"/subjects/0/name\",\"value\":\"200-1\"}";
        assert!(left.findings[0].contains(command), "{}", left.findings[0]);
    }

    #[test]
    fn of_several_certificates_the_worst_decides() {
        let report = |result| CheckReport { result, ..CheckReport::passed(Check::OldCertificate, "x") };
        for (results, expected) in [
            (vec![], Skipped),
            (vec![Passed, Skipped], Passed),
            (vec![Passed, Error], Error),
            (vec![Error, Failed, Passed], Failed),
        ] {
            assert_eq!(joined(results.into_iter().map(report).collect()).result, expected);
        }
    }

    #[test]
    fn the_new_kubeconfig_works_where_it_is_seen_by_its_name_and_let_in() {
        let seen = |username: &str, id: &str| ServerIdentity {
            username: username.into(),
            extra: BTreeMap::from([("authentication.kubernetes.io/credential-id".to_owned(), vec![id.to_owned()])]),
            ..ServerIdentity::default()
        };
        assert_eq!(new_is_seen(&seen("200-9", "X509SHA256=ab"), "200-9", "ab"), Ok(()));
        assert!(new_is_seen(&seen("200-1", "X509SHA256=ab"), "200-9", "ab").is_err());
        assert!(new_is_seen(&seen("200-9", "X509SHA256=ac"), "200-9", "ab").is_err());
        for (asked, expected) in [
            (None, Passed),
            (Some(("/a", 200, "")), Passed),
            (Some(("/a", 404, "no such pod")), Passed),
            (Some(("/a", 403, "no")), Error),
            (Some(("/a", 500, "no")), Error),
        ] {
            assert_eq!(weigh_new("200-9", asked).result, expected);
        }
    }

    #[test]
    fn the_first_get_of_the_name_is_asked() {
        let probe = |name: &str, verb: &str| Probe {
            name: name.into(),
            groups: Vec::new(),
            attributes: Attributes { verb: verb.into(), resource: "pods".into(), ..Attributes::default() },
        };
        let before = Before {
            allowed: vec![probe("200-2", "list"), probe("200-1", "create"), probe("200-1", "list")],
            ..Before::default()
        };
        assert_eq!(old_question(&before, "200-1"), Some(question()));
        assert_eq!(old_question(&before, "200-3"), None);
    }
}

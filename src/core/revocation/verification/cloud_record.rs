//! Check `Cloud`: what ACK's record says of the identity in this cluster.

use super::{Check, CheckReport};
use crate::core::failure::Failure;
use crate::core::identity::ack::{CertificateState, KubeconfigState, Permission};
use crate::core::identity::evidence::{Answer, Listing};
use crate::core::ids::{ClusterId, Uid};

/// Reads the list of the cluster's kubeconfigs and the identity's permission records. What was read of a list that broke off
/// counts as presence; absence needs both to be complete.
pub fn read_cloud_record(
    cluster: &ClusterId,
    uid: &Uid,
    kubeconfigs: &Listing<KubeconfigState>,
    permissions: &Answer<Vec<Permission>>,
) -> CheckReport {
    let rows = kubeconfigs.items().iter().filter(|state| state.uid == *uid);
    let mut left: Vec<String> =
        rows.filter_map(|state| kubeconfig_left(state.certificate)).map(str::to_owned).collect();
    let records = permissions.known().map(Vec::as_slice).unwrap_or_default();
    left.extend(records.iter().filter(|record| record.is_of_cluster(cluster)).map(|record| {
        format!(
            "ACK still has a permission record: {} {} on {}",
            record.role_type, record.role_name, record.resource_id
        )
    }));
    // Such a record may be of this cluster.
    let nowhere = records.iter().any(|record| record.resource_id.is_empty());
    let nowhere = nowhere.then_some("cs:DescribeUserPermission: a permission record without a resource");
    let failed: Vec<&str> =
        [kubeconfigs.failure().map(Failure::text), permissions.failure().map(Failure::text), nowhere]
            .into_iter()
            .flatten()
            .collect();
    if left.is_empty() && !failed.is_empty() {
        return CheckReport::error(Check::Cloud, format!("the cloud's record is unknown: {}", failed.join("; ")));
    }
    let detail = if left.is_empty() { "no kubeconfig, no permission record" } else { "a record is left" };
    CheckReport::of(Check::Cloud, detail, left)
}

fn kubeconfig_left(certificate: CertificateState) -> Option<&'static str> {
    match certificate {
        CertificateState::Unexpired => Some("ACK still lists the kubeconfig as Effective"),
        CertificateState::Expired => Some("ACK still lists the kubeconfig, as Expired"),
        CertificateState::Unknown => Some("ACK lists the kubeconfig and doesn't know its state"),
        CertificateState::Unissued | CertificateState::Removed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{cluster_id, uid};
    use super::*;
    use crate::core::identity::ack::{AccountState, AccountType};
    use crate::core::revocation::verification::CheckResult;
    use CertificateState::{Expired, Removed, Unexpired, Unissued, Unknown};

    fn row(owner: &str, certificate: CertificateState) -> KubeconfigState {
        KubeconfigState {
            uid: uid(owner),
            account_type: AccountType::RamUser,
            account_state: AccountState::Deleted,
            account_name: String::new(),
            display_name: String::new(),
            certificate,
            expires: None,
            revocable: Some(true),
            cloud_service: None,
        }
    }

    fn permission(resource_id: String) -> Permission {
        Permission {
            resource_id,
            resource_type: "cluster".into(),
            role_name: String::new(),
            role_type: "admin".into(),
            is_owner: false,
            is_ram_role: false,
        }
    }

    fn read(kubeconfigs: &Listing<KubeconfigState>, permissions: &Answer<Vec<Permission>>) -> CheckReport {
        read_cloud_record(&cluster_id("0"), &uid("200"), kubeconfigs, permissions)
    }

    #[test]
    fn a_kubeconfig_is_left_unless_ack_says_that_it_is_removed_or_was_never_issued() {
        for (owner, certificate, is_left) in [
            ("200", Unexpired, true),
            ("200", Expired, true),
            ("200", Unknown, true),
            ("200", Unissued, false),
            ("200", Removed, false),
            ("300", Unexpired, false),
        ] {
            let report = read(&Listing::Complete(vec![row(owner, certificate)]), &Answer::Known(Vec::new()));
            let expected = if is_left { CheckResult::Failed } else { CheckResult::Passed };
            assert_eq!(
                (report.result, report.findings.len()),
                (expected, usize::from(is_left)),
                "{owner} {certificate:?}"
            );
        }
    }

    #[test]
    fn a_permission_record_is_left_if_it_is_of_this_cluster() {
        let (here, there) = (cluster_id("0"), cluster_id("1"));
        for (resource_id, expected) in [
            (here.to_string(), CheckResult::Failed),
            (format!("{here}/shop"), CheckResult::Failed),
            (there.to_string(), CheckResult::Passed),
            (format!("{there}/shop"), CheckResult::Passed),
            (String::new(), CheckResult::Error),
        ] {
            let report = read(&Listing::Complete(Vec::new()), &Answer::Known(vec![permission(resource_id.clone())]));
            assert_eq!(report.result, expected, "{resource_id:?}");
        }
    }

    #[test]
    fn a_list_that_broke_off_proves_presence_and_never_absence() {
        let none = || Answer::Known(Vec::new());
        let broken = |read| Listing::Failed { read, reason: "page 2: timeout".into() };
        for (kubeconfigs, permissions, expected) in [
            (broken(vec![row("200", Unexpired)]), none(), CheckResult::Failed),
            (broken(Vec::new()), none(), CheckResult::Error),
            (broken(vec![row("300", Unexpired)]), none(), CheckResult::Error),
            (Listing::Complete(Vec::new()), Answer::Failed("denied".into()), CheckResult::Error),
            (Listing::Complete(vec![row("200", Expired)]), Answer::Failed("denied".into()), CheckResult::Failed),
            (Listing::Complete(Vec::new()), none(), CheckResult::Passed),
        ] {
            let report = read(&kubeconfigs, &permissions);
            assert_eq!(report.result, expected, "{kubeconfigs:?} {permissions:?}");
        }
    }
}

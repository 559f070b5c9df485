//! Check `MappingsAndGroups`: the ways in that are no bindings.

use super::{Check, CheckReport};
use crate::core::rbac::mapping_sources::MappingReading;
use crate::core::revocation::plan::{Flags, mapping_of, masters};
use crate::core::revocation::target::Target;

/// The mappings that let the identity in, and system:masters. `ram_name` is the identity's name in RAM, where it is known.
pub fn weigh_mappings(target: &Target, ram_name: Option<&str>, read: &MappingReading, flags: &Flags) -> CheckReport {
    let mapped = read.mappings.iter().filter_map(|mapping| mapping_of(mapping, target, ram_name, flags));
    let found = mapped.chain(masters(target)).filter(|(kind, _)| kind.is_access());
    let left: Vec<String> = found.map(|(_, what)| what).collect();
    match (left.is_empty(), read.unread.is_empty()) {
        (true, false) => CheckReport::error(Check::MappingsAndGroups, read.unread.join("; ")),
        (true, true) => {
            CheckReport::passed(Check::MappingsAndGroups, "no mapping, and none of its groups is system:masters")
        }
        (false, _) => CheckReport::failed(Check::MappingsAndGroups, "another way in is left", left),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixtures::{carl, uid};
    use super::*;
    use crate::core::rbac::auth_config_map::read_config_map;
    use crate::core::rbac::mapping::Mapping;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed};

    fn mapping(arn: &str, username: &str, recorded: Option<&str>, groups: &str) -> Mapping {
        let users = format!("- userarn: {arn}\n  username: {username:?}\n  groups: [{groups}]\n");
        let mut mappings = read_config_map(&BTreeMap::from([("mapUsers".to_owned(), users)])).mappings;
        Mapping { uid: recorded.map(uid), ..mappings.remove(0) }
    }

    fn weigh(target: &Target, mappings: Vec<Mapping>, unread: &[&str]) -> CheckReport {
        let unread = unread.iter().map(|text| (*text).to_owned()).collect();
        let read = MappingReading { mappings, unread, ..MappingReading::default() };
        weigh_mappings(target, Some("carl"), &read, &Flags::default())
    }

    #[test]
    fn a_mapping_is_a_way_in_by_uid_by_user_name_or_by_an_unrecorded_ram_name() {
        let (own, other) = ("acs:ram::1000:user/carl", "acs:ram::1000:user/bo");
        for (arn, username, recorded, groups, expected) in [
            (own, "x", Some("200"), "", Failed),
            (other, "x", Some("200"), "", Failed),
            (own, "x", None, "", Failed),
            ("acs:ram::1000:user/CARL", "x", None, "", Failed),
            (other, "200-5", Some("300"), "", Failed),
            (other, "carl", None, "", Failed),
            // A name that resembles the identity's gives something here by a group only.
            (other, "200.5", Some("300"), "ops", Failed),
            (other, "200.5", Some("300"), "", Passed),
            // The name in RAM has been given to another identity since.
            (own, "x", Some("300"), "", Passed),
            (other, "x", None, "ops", Passed),
        ] {
            let report = weigh(&carl(), vec![mapping(arn, username, recorded, groups)], &[]);
            assert_eq!(report.result, expected, "{arn} {username} {recorded:?} {groups}: {report:?}");
        }
    }

    #[test]
    fn what_is_left_outweighs_what_is_unread_and_unread_outweighs_nothing_found() {
        let own = || vec![mapping("acs:ram::1000:user/carl", "x", None, "")];
        let master = Target::new(uid("200")).with_certificate("200-17", &["system:masters".to_owned()]);
        for (target, mappings, unread, expected) in [
            (carl(), Vec::new(), &[][..], Passed),
            (carl(), Vec::new(), &["forbidden"], Error),
            (carl(), own(), &["forbidden"], Failed),
            (master.clone(), Vec::new(), &["forbidden"], Failed),
            (master, Vec::new(), &[], Failed),
        ] {
            assert_eq!(weigh(&target, mappings, unread).result, expected, "{unread:?}");
        }
    }
}

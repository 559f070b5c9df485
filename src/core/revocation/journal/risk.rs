//! Bindings of others that the cloud's call may have taken along, as far as a journal tells.

use std::collections::BTreeSet;

use super::event::Event;
use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};

/// The bindings of one cluster that were there when the cloud was called and that the journal never saw again since: each as
/// it was then. If one is gone, the cloud took it.
pub fn at_risk(events: &[Event], cluster: Option<&ClusterId>) -> Vec<BindingObject> {
    let (mut announced, mut at_risk): (Vec<BindingObject>, Vec<BindingObject>) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::AtRisk { cluster_id, bindings, .. } if cluster_id.as_ref() == cluster => {
                announced.clone_from(bindings)
            }
            Event::SendingClean { call, .. } if Some(&call.cluster_id) == cluster => {
                let anew: BTreeSet<BindingRef> = announced.iter().map(BindingObject::reference).collect();
                at_risk.retain(|old| !anew.contains(&old.reference()));
                at_risk.append(&mut announced);
            }
            Event::Kept { cluster_id, bindings, .. } if cluster_id.as_ref() == cluster => {
                let kept: BTreeSet<&BindingRef> = bindings.iter().collect();
                at_risk.retain(|object| !kept.contains(&object.reference()));
            }
            _ => {}
        }
    }
    at_risk
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::core::revocation::journal::CleanCall;

    const TIME: Timestamp = Timestamp::UNIX_EPOCH;

    fn cluster() -> ClusterId {
        format!("c{}", "0a".repeat(16)).try_into().unwrap()
    }

    fn object(name: &str, version: &str) -> BindingObject {
        serde_json::from_value(json!({
            "kind": "ClusterRoleBinding", "metadata": {"name": name, "uid": "u", "resourceVersion": version},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
            "subjects": [{"kind": "User", "name": "bo"}],
        }))
        .unwrap()
    }

    fn announced(bindings: &[BindingObject]) -> Event {
        Event::AtRisk { time: TIME, cluster_id: Some(cluster()), bindings: bindings.to_vec() }
    }

    fn called() -> Event {
        Event::SendingClean {
            time: TIME,
            audit_id: "1".into(),
            call: CleanCall { cluster_id: cluster(), uid: "200".to_owned().try_into().unwrap(), force: false },
        }
    }

    fn kept(name: &str) -> Event {
        Event::Kept { time: TIME, cluster_id: Some(cluster()), bindings: vec![object(name, "").reference()] }
    }

    #[test]
    fn a_binding_is_at_risk_from_the_call_until_it_is_seen_again() {
        let (one, other, later) = (object("one", "7"), object("other", "8"), object("one", "9"));
        let both = [one.clone(), other.clone()];
        for (events, expected) in [
            (vec![], vec![]),
            (vec![announced(&both)], vec![]),
            (vec![announced(&both), called()], vec![one.clone(), other.clone()]),
            (vec![announced(&both), called(), called()], vec![one.clone(), other.clone()]),
            (vec![announced(&both), called(), kept("one")], vec![other.clone()]),
            (vec![announced(&both), called(), announced(std::slice::from_ref(&later)), called()], vec![other, later]),
        ] {
            assert_eq!(at_risk(&events, Some(&cluster())), expected, "{events:?}");
            assert_eq!(at_risk(&events, None), [], "another cluster");
        }
    }

    #[test]
    fn what_another_clusters_events_say_counts_for_nothing() {
        let other = || Some(format!("c{}", "0b".repeat(16)).try_into().unwrap());
        let one = object("one", "7");
        let announced_there = Event::AtRisk { time: TIME, cluster_id: other(), bindings: vec![one.clone()] };
        let call = CleanCall { cluster_id: other().unwrap(), uid: "200".to_owned().try_into().unwrap(), force: false };
        let called_there = Event::SendingClean { time: TIME, audit_id: "1".into(), call };
        assert_eq!(at_risk(&[announced(std::slice::from_ref(&one)), called_there], Some(&cluster())), []);
        let kept_there = Event::Kept { time: TIME, cluster_id: other(), bindings: vec![one.reference()] };
        assert_eq!(at_risk(&[announced_there, called()], Some(&cluster())), []);
        assert_eq!(at_risk(&[announced(std::slice::from_ref(&one)), called(), kept_there], Some(&cluster())), [one]);
    }
}

//! What must hold after each move, by what was asked for and by what the servers say.

use std::collections::{BTreeMap, BTreeSet};

use ackcred_sandbox::binding::BindingRef;
use serde_json::Value;

use crate::bindings::{
    Bindings, Bound, NAMESPACES, ROLES, Subject, allows, binding_ref, difference, gives_to_all, names, unordered,
};
use crate::people::{IDENTITIES, OPERATOR, names_of, user_name};
use crate::random::Random;
use crate::world::{Server, World};

/// That something holds, or what does not.
pub(crate) type Check = Result<(), String>;

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn same(what: &str, expected: &Bindings, seen: &Bindings) -> Check {
    ensure(expected == seen, || format!("{what}:\n{}", difference(expected, seen)))
}

pub(crate) fn same_sets(what: &str, expected: &Bindings, seen: &Bindings) -> Check {
    same(what, &unordered(expected), &unordered(seen))
}

/// That a revocation of these identities, however far it came, took nothing else away and added nothing. Gives the bindings of others
/// that are gone for now: the cloud deletes a binding that bears an identity's name, and a run that was cut off has not repaired it yet.
pub(crate) fn taken_at_most(
    uids: &[&str],
    before: &Bindings,
    after: &Bindings,
) -> Result<BTreeSet<BindingRef>, String> {
    let mut lost = BTreeSet::new();
    for (place, bound) in after {
        let was = before.get(place).ok_or_else(|| format!("{place:?} appeared: {bound:?}"))?;
        ensure((&was.role, &was.labels) == (&bound.role, &bound.labels), || {
            format!("{place:?} was changed: {}", difference(before, after))
        })?;
        ensure(was.of(uids, false) == bound.of(uids, false), || {
            format!("others have not what they had: {}", difference(before, after))
        })?;
        let left: BTreeSet<Subject> = bound.of(uids, true).into_iter().collect();
        ensure(left.iter().all(|subject| was.subjects.contains(subject)), || {
            format!("an identity has more than before: {}", difference(before, after))
        })?;
    }
    for (place, bound) in before.iter().filter(|(place, _)| !after.contains_key(place)) {
        let is_shared = !bound.of(uids, false).is_empty();
        let is_named_so = uids.iter().any(|uid| place.name.starts_with(&format!("{uid}-")));
        ensure(!is_shared || is_named_so, || format!("others lost {place:?}, which was {bound:?}"))?;
        if is_shared {
            lost.insert(place.clone());
        }
    }
    Ok(lost)
}

/// What a revocation took: each binding as it was before, with the subjects that left it.
pub(crate) type Taken = BTreeMap<BindingRef, (Bound, Vec<Subject>)>;

/// Adds what a run took.
pub(crate) fn add_taken(taken: &mut Taken, uids: &[&str], before: &Bindings, after: &Bindings) {
    for (place, bound) in before {
        let stays = |subject: &Subject| after.get(place).is_some_and(|after| after.subjects.contains(subject));
        let gone: Vec<Subject> = bound.of(uids, true).into_iter().filter(|subject| !stays(subject)).collect();
        if !gone.is_empty() {
            let (_, known) = taken.entry(place.clone()).or_insert_with(|| (bound.clone(), Vec::new()));
            let more: Vec<Subject> = gone.into_iter().filter(|subject| !known.contains(subject)).collect();
            known.extend(more);
        }
    }
}

/// What the bindings are when all that was taken is given back; `None` where that is refused: something of it is there already, or the
/// binding grants another role by now.
pub(crate) fn given_back(taken: &Taken, before: &Bindings) -> Option<Bindings> {
    let mut after = before.clone();
    for (place, (was, subjects)) in taken {
        let bound = after.entry(place.clone()).or_insert_with(|| was.with(Vec::new()));
        if bound.role != was.role || subjects.iter().any(|subject| bound.subjects.contains(subject)) {
            return None;
        }
        bound.subjects.extend(subjects.iter().cloned());
    }
    Some(after)
}

/// That a restore, however far it came, gave back nothing but what had been taken, and took nothing away.
pub(crate) fn given_at_most(taken: &Taken, before: &Bindings, after: &Bindings) -> Check {
    for (place, was) in before {
        let bound = after.get(place).ok_or_else(|| format!("a restore took {place:?} away"))?;
        let kept = was.set().is_subset(&bound.set()) && (&was.role, &was.labels) == (&bound.role, &bound.labels);
        ensure(kept, || format!("a restore changed what was there: {}", difference(before, after)))?;
    }
    for (place, bound) in after.iter().filter(|(place, bound)| before.get(place) != Some(bound)) {
        let there = before.get(place).map(Bound::set).unwrap_or_default();
        let Some((was, subjects)) = taken.get(place) else {
            return Err(format!("a restore gave {place:?}, which was not taken: {bound:?}"));
        };
        let is_known = |subject: &&Subject| there.contains(subject) || subjects.contains(subject);
        ensure(bound.subjects.iter().all(|subject| is_known(&subject)), || {
            format!("a restore gave more than was taken: {}", difference(before, after))
        })?;
        let is_new = !before.contains_key(place);
        ensure(!is_new || (&was.role, &was.labels) == (&bound.role, &bound.labels), || {
            format!("{place:?} came back as another: {bound:?}, it was {was:?}")
        })?;
    }
    Ok(())
}

/// The bindings with one name for all that the operator goes by.
pub(crate) fn with_one_operator(bindings: &Bindings) -> Bindings {
    let renamed = |subject: &Subject| match subject.is_of(OPERATOR) {
        true => Subject::user(&user_name(OPERATOR)),
        false => subject.clone(),
    };
    let renamed = |bound: &Bound| bound.with(bound.subjects.iter().map(renamed).collect());
    bindings.iter().map(|(place, bound)| (place.clone(), renamed(bound))).collect()
}

impl<C: Server> World<C> {
    /// That what a report says is so: who is Verified has nothing left, by the bindings, the server's own reviews and the account's
    /// records; and each step that is done is done.
    pub(crate) fn check_claims(&self, report: &Value, after: &[Bindings], random: &mut Random) -> Check {
        for step in report["steps"].as_array().into_iter().flatten() {
            self.check_step(step, after)?;
        }
        for one in report["verification"].as_array().into_iter().flatten() {
            let (Some(uid), Some(id)) = (one["uid"].as_str(), one["clusterId"].as_str()) else { continue };
            if one["outcome"] == "Verified" && uid != OPERATOR {
                let place = self.place_of(id).ok_or_else(|| format!("{id} is no cluster"))?;
                self.check_gone(uid, place, &after[place], random).map_err(|why| format!("{why}\n{one:#}"))?;
            }
        }
        Ok(())
    }

    fn check_step(&self, step: &Value, after: &[Bindings]) -> Check {
        let (object, action) = (&step["object"], step["action"].as_str().unwrap_or_default());
        let (Some(binding), Some(id)) = (binding_ref(object), step["clusterId"].as_str()) else { return Ok(()) };
        if !["Done", "AlreadyDone"].contains(&step["result"].as_str().unwrap_or_default()) {
            return Ok(());
        }
        let place = self.place_of(id).ok_or_else(|| format!("{id} is no cluster"))?;
        let there: Vec<String> = after[place]
            .get(&binding)
            .map(|bound| bound.subjects.iter().map(ToString::to_string).collect())
            .unwrap_or_default();
        let wanted = match action {
            "CreateBinding" | "AddSubjects" => true,
            "DeleteBinding" | "RemoveSubjects" | "EmptyBinding" => false,
            _ => return Ok(()),
        };
        let mut subjects = step["subjects"].as_array().into_iter().flatten().filter_map(Value::as_str);
        ensure(subjects.all(|subject| there.iter().any(|one| one == subject) == wanted), || {
            format!("a step is called done and is not; {binding:?} holds {there:?}\n{step:#}")
        })
    }

    /// That an identity has nothing left in a cluster.
    fn check_gone(&self, uid: &str, place: usize, after: &Bindings, random: &mut Random) -> Check {
        ensure(!names(after, uid), || format!("{uid} is called Verified and is still bound"))?;
        ensure(!gives_to_all(after), || format!("{uid} is called Verified, and a group gives it something"))?;
        for name in names_of(uid) {
            let (resource, namespace) = (random.pick(&ROLES).1, random.pick(&NAMESPACES));
            ensure(!self.places[place].lets(&name, resource, namespace), || {
                format!("{uid} is called Verified, and {name} may get {resource} in {namespace}")
            })?;
        }
        let records = self.kubeconfigs(place);
        let record = records.get(uid).map(String::as_str).unwrap_or_default();
        ensure(record.is_empty() || record.contains("state: Removed"), || {
            format!("{uid} is called Verified, and its kubeconfig is there: {record}")
        })
    }

    /// That the server lets some users do exactly what the bindings say.
    pub(crate) fn check_reviews(&self, after: &[Bindings], random: &mut Random) -> Check {
        for _ in 0..3 {
            let place = random.below(after.len());
            let names = names_of(random.pick(&IDENTITIES).uid);
            let (user, resource, namespace) = (random.pick(&names), random.pick(&ROLES).1, random.pick(&NAMESPACES));
            let expected = allows(&after[place], &user, resource, namespace);
            ensure(self.places[place].lets(&user, resource, namespace) == expected, || {
                format!("whether {user} may get {resource} in {namespace} should be {expected}")
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::LEFT;

    fn bindings(subjects: &[&str]) -> Bindings {
        let subjects = subjects.iter().map(|name| Subject::user(name)).collect();
        let bound = Bound { role: ROLES[0].0.to_owned(), labels: BTreeMap::new(), subjects };
        BTreeMap::from([(BindingRef::role_binding("shop", "team"), bound)])
    }

    #[test]
    fn a_revocation_that_takes_too_much_or_gives_something_is_noticed() {
        let uids = [LEFT[0]];
        let (own, other) = (user_name(LEFT[0]), user_name(LEFT[1]));
        let before = bindings(&["alice", &own, &other]);
        for (after, holds) in [
            (before.clone(), true),
            (bindings(&["alice", &other]), true),
            (bindings(&["alice"]), false),
            (bindings(&[&other, "alice"]), false),
            (bindings(&["alice", &own, &other, LEFT[0]]), false),
            (bindings(&["alice", &other, "bob"]), false),
            (Bindings::new(), false),
        ] {
            assert_eq!(taken_at_most(&uids, &before, &after).is_ok(), holds, "{after:?}");
        }
        assert!(taken_at_most(&uids, &bindings(&[&own]), &Bindings::new()).is_ok());
        assert!(taken_at_most(&uids, &Bindings::new(), &before).is_err());
    }

    #[test]
    fn a_restore_that_gives_too_much_or_loses_something_is_noticed() {
        let uids = [LEFT[0]];
        let own = user_name(LEFT[0]);
        let (whole, left) = (bindings(&["alice", &own]), bindings(&["alice"]));
        let mut taken = Taken::new();
        add_taken(&mut taken, &uids, &whole, &left);
        assert_eq!(given_back(&taken, &left), Some(whole.clone()));
        assert_eq!(given_back(&taken, &whole), None, "it is there already");
        assert_eq!(given_back(&taken, &Bindings::new()), Some(bindings(&[&own])), "others stay away");
        for (before, after, holds) in [
            (&left, whole.clone(), true),
            (&left, left.clone(), true),
            (&left, bindings(&[&own]), false),
            (&left, bindings(&["alice", &own, "bob"]), false),
            (&left, Bindings::new(), false),
            (&Bindings::new(), bindings(&[&own]), true),
            (&Bindings::new(), whole, false),
        ] {
            assert_eq!(given_at_most(&taken, before, &after).is_ok(), holds, "{after:?}");
        }
    }
}

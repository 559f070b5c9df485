//! Moves that take access away: clean, with faults on the way, killed, by a plan, and while others edit what is being written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ackcred_sandbox::apiserver::Fault;
use ackcred_sandbox::binding::BindingRef;
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::bindings::{Bindings, gives_to_all, names, without};
use crate::commands::{Said, Trouble};
use crate::edits;
use crate::oracle::{Check, Taken, add_taken, ensure, same, same_sets, taken_at_most};
use crate::people::{IDENTITIES, LEFT, user_name};
use crate::soak::{Operation, Soak, check_status};
use crate::world::Server;

/// A revocation that is asked for.
pub(crate) struct Wish {
    uids: Vec<&'static str>,
    places: Vec<usize>,
    args: Vec<String>,
    is_rbac_only: bool,
    is_of_all_deleted: bool,
    /// Whether it is about a file, whose certificate may be dead already while the identity's other names are not.
    is_of_file: bool,
}

/// What the first run of a revocation left.
struct FirstRun {
    /// The operations that were known before.
    known: Vec<String>,
    before: Vec<Bindings>,
    said: Said,
    taken: BTreeMap<usize, Taken>,
    /// The bindings that others have lost for now, in each cluster.
    lost: BTreeMap<usize, BTreeSet<BindingRef>>,
    /// Whether something went wrong, or others came between.
    had_trouble: bool,
    /// Whether others did something between its writes, which a restore does not undo.
    was_edited: bool,
}

const ALWAYS: [&str; 3] = ["--yes", "--settle", "0"];

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// The flags by which a restore gives back whatever had leaked.
pub(crate) fn rearming() -> Vec<String> {
    IDENTITIES.iter().flat_map(|person| ["--rearm".to_owned(), user_name(person.uid)]).collect()
}

impl<C: Server> Soak<C> {
    fn wish(&mut self) -> Wish {
        let all: Vec<usize> = (0..self.world.places.len()).collect();
        let mut args = words(["revoke"]);
        let (is_of_all_deleted, is_of_file) = (self.random.percent(8), self.random.percent(12));
        let mut places = vec![self.random.pick(&all)];
        let mut uids: Vec<&'static str> = self.random.some(&IDENTITIES, 3).iter().map(|person| person.uid).collect();
        let context = |place: usize| ["--context".to_owned(), self.world.places[place].context.clone()];
        let is_of_file = is_of_file && !is_of_all_deleted;
        if is_of_file {
            uids.truncate(1);
            args.extend(["-f".to_owned(), self.world.leaked(places[0], uids[0])]);
        } else {
            match self.random.below(20) {
                0..10 => args.extend(context(places[0])),
                10..14 => {
                    places = self.random.some(&all, 2);
                    args.extend(places.iter().flat_map(|place| context(*place)));
                }
                choice => {
                    places.clone_from(&all);
                    args.push(if choice < 17 { "--all-contexts" } else { "--all-clusters" }.to_owned());
                }
            }
            if is_of_all_deleted {
                uids = LEFT.to_vec();
                args.push("--all-deleted".to_owned());
            } else {
                args.extend(words(uids.iter().copied()));
            }
        }
        let is_rbac_only = !is_of_all_deleted && self.random.percent(8);
        args.extend(is_rbac_only.then(|| "--rbac-only".to_owned()));
        args.extend(self.random.percent(30).then(|| "--force".to_owned()));
        args.extend(words(ALWAYS));
        Wish { uids, places, args, is_rbac_only, is_of_all_deleted, is_of_file }
    }

    /// Revokes, now and then with trouble.
    pub(crate) fn revoke(&mut self) -> Check {
        self.change_the_cloud();
        let (wish, trouble) = (self.wish(), self.trouble());
        let known = self.operation_ids();
        let mut args = wish.args.clone();
        // Of a process that is killed one request is on the way, and that is held.
        args.extend(words(["--parallel", "1"]).into_iter().filter(|_| trouble == Trouble::Kill));
        let (said, what) = self.world.run_in(trouble, &args, &mut self.random);
        self.note_command(&args, &what, &said);
        let before = self.bindings.clone();
        let after = self.look();
        let (mut taken, mut lost) = (BTreeMap::new(), BTreeMap::new());
        self.took(&wish, &before, &after, &mut taken, &mut lost)?;
        let had_trouble = trouble != Trouble::Nothing;
        self.follow(&wish, FirstRun { known, before, said, taken, lost, had_trouble, was_edited: false }, after)
    }

    /// Makes a plan, lets others do something or not, and carries the plan out.
    pub(crate) fn revoke_by_plan(&mut self) -> Check {
        self.change_the_cloud();
        let mut wish = self.wish();
        let dry = self.random.pick(&["--dry-run=client", "--dry-run=server"]);
        let args = [&wish.args[..], &words([dry])].concat();
        let said = self.world.run(&args);
        self.note_command(&args, "", &said);
        check_status(&said)?;
        let seen = self.look();
        for (known, seen) in self.bindings.iter().zip(&seen) {
            same("a dry run changed something", known, seen)?;
        }
        self.check_kubeconfigs(&[], &[])?;
        if !said.is(Status::Done) || wish.is_of_file {
            return Ok(());
        }
        let path = self.world.session.write("plan.json", said.report.to_string()).unwrap().display().to_string();
        let is_edited = self.random.percent(50);
        if is_edited {
            let place = self.random.pick(&wish.places);
            let what = self.edit(place);
            self.note(&what);
        }
        wish.args = [words(["revoke", "--plan", &path]), words(ALWAYS)].concat();
        let (known, before) = (self.operation_ids(), self.bindings.clone());
        let said = self.world.run(&wish.args);
        self.note_command(&wish.args, "", &said);
        let after = self.look();
        let (mut taken, mut lost) = (BTreeMap::new(), BTreeMap::new());
        self.took(&wish, &before, &after, &mut taken, &mut lost)?;
        if is_edited && said.is(Status::Refused) {
            return self.unchanged(&before, &after, &said);
        }
        self.follow(&wish, FirstRun { known, before, said, taken, lost, had_trouble: false, was_edited: false }, after)
    }

    /// Revokes one identity in one cluster and holds one of the writes, before which others do something.
    pub(crate) fn revoke_while_others_edit(&mut self) -> Check {
        self.change_the_cloud();
        let place = self.random.below(self.world.places.len());
        let uid = self.random.pick(&IDENTITIES).uid;
        let bound: Vec<_> =
            self.bindings[place].iter().filter(|(_, bound)| !bound.of(&[uid], true).is_empty()).collect();
        if bound.is_empty() {
            return self.revoke();
        }
        let (binding, object) = self.random.pick(&bound);
        let (path, method) = (binding.path(), if object.of(&[uid], false).is_empty() { "DELETE" } else { "PATCH" });
        let cluster = &self.world.places[place];
        let context = ["revoke", uid, "--context", &cluster.context, "--parallel", "1", "--request-timeout", "10m"];
        let wish = Wish {
            uids: vec![uid],
            places: vec![place],
            args: [words(context), words(ALWAYS)].concat(),
            is_rbac_only: false,
            is_of_all_deleted: false,
            is_of_file: false,
        };
        let known = self.operation_ids();
        // The dry run passes, and the write is held.
        let faults = cluster.server.fault_handle().unwrap();
        let gate = faults.gate_after(method, &path, 1, Fault::HoldRequest);
        let (world, random, number) = (&self.world, &mut self.random, 1000 + self.moves.len());
        let (session, args) = (&world.session, [&wish.args[..], &words(["-o", "json"])].concat());
        let (outcome, between) = std::thread::scope(|scope| {
            let revoking = scope.spawn(|| session.run(&args));
            while gate.reached() == 0 && !revoking.is_finished() {
                std::thread::sleep(Duration::from_millis(2));
            }
            let between = (gate.reached() > 0).then(|| {
                let held = world.places[place].bindings();
                let what = edits::edit(world, place, &held, number, random);
                (held, what, world.places[place].bindings())
            });
            gate.open();
            (revoking.join().unwrap(), between)
        });
        self.world.clear_faults();
        let report = serde_json::from_str(&outcome.stdout).unwrap_or(Value::Null);
        let said = Said { status: Some(outcome.status), report, text: outcome.stderr };
        let (mut taken, mut lost) = (BTreeMap::new(), BTreeMap::new());
        let mut before = self.bindings.clone();
        let what = match between {
            Some((held, what, edited)) => {
                let mut at_the_gate = before.clone();
                at_the_gate[place] = held;
                self.took(&wish, &before, &at_the_gate, &mut taken, &mut lost)?;
                before[place] = edited;
                what
            }
            None => "it never came to that write".to_owned(),
        };
        self.note_command(&wish.args, &format!("at {method} {path}: {what}"), &said);
        // The console may have issued a kubeconfig.
        self.kubeconfigs[place] = self.world.kubeconfigs(place);
        let after = self.look();
        self.took(&wish, &before, &after, &mut taken, &mut lost)?;
        self.follow(&wish, FirstRun { known, before, said, taken, lost, had_trouble: true, was_edited: true }, after)
    }

    /// That a run took nothing but what was asked for; adds what it took.
    fn took(
        &self,
        wish: &Wish,
        before: &[Bindings],
        after: &[Bindings],
        taken: &mut BTreeMap<usize, Taken>,
        lost: &mut BTreeMap<usize, BTreeSet<BindingRef>>,
    ) -> Check {
        for (place, (before, after)) in before.iter().zip(after).enumerate() {
            if !wish.places.contains(&place) {
                same(&format!("cluster {place} was not asked for"), before, after)?;
                continue;
            }
            let gone = taken_at_most(&wish.uids, before, after).map_err(|why| format!("cluster {place}: {why}"))?;
            lost.entry(place).or_default().extend(gone);
            add_taken(taken.entry(place).or_default(), &wish.uids, before, after);
        }
        Ok(())
    }

    /// Whether nothing keeps the revocation from being proven.
    fn is_provable(wish: &Wish, bindings: &[Bindings]) -> bool {
        let has_groups = wish.places.iter().any(|place| gives_to_all(&bindings[*place]));
        !wish.is_rbac_only && !wish.is_of_all_deleted && !has_groups
    }

    fn is_bound(&self, place: usize, name: &str) -> bool {
        self.bindings[place].values().any(|bound| bound.subjects.iter().any(|subject| subject.name == name))
    }

    fn unchanged(&mut self, before: &[Bindings], after: &[Bindings], said: &Said) -> Check {
        for (before, after) in before.iter().zip(after) {
            same("nothing was begun, and something has changed", before, after)
                .map_err(|why| format!("{why}\n{}", said.shown()))?;
        }
        self.check_kubeconfigs(&[], &[])
    }

    /// Looks at what the first run of a revocation says and left, and finishes it or takes it back if something is open.
    fn follow(&mut self, wish: &Wish, first: FirstRun, after: Vec<Bindings>) -> Check {
        let said = &first.said;
        check_status(said)?;
        let context = |why: String| format!("{why}\n{}", said.shown());
        self.world.check_claims(&said.report, &after, &mut self.random).map_err(context)?;
        let Some((id, outcome)) = self.new_operation(&first.known)? else {
            self.unchanged(&first.before, &after, said)?;
            let is_dead = wish.is_of_file && !self.is_bound(wish.places[0], &user_name(wish.uids[0]));
            let may_begin_nothing = first.had_trouble || wish.is_of_all_deleted || is_dead;
            return ensure(may_begin_nothing, || context("nothing was begun".to_owned()));
        };
        self.check_kubeconfigs(&wish.uids, &wish.places).map_err(context)?;
        let is_done = said.is(Status::Done);
        if is_done || !first.had_trouble {
            for place in wish.places.iter().filter(|_| !wish.is_of_all_deleted) {
                let expected = without(&first.before[*place], &wish.uids);
                let is_as_before = first.had_trouble || after[*place] == expected;
                ensure(is_as_before && wish.uids.iter().all(|uid| !names(&after[*place], uid)), || {
                    context(format!("not all was taken in cluster {place}"))
                })?;
            }
        }
        ensure(first.had_trouble || is_done || !Self::is_provable(wish, &first.before), || {
            context("a revocation that nothing stood against was not proven".to_owned())
        })?;
        let is_lost = first.lost.values().any(|lost| !lost.is_empty());
        ensure(!is_lost || (first.had_trouble && !is_done), || context("others lost a binding for good".to_owned()))?;
        self.check_history(&id, is_done.then_some("Verified")).map_err(context)?;
        let has_ended = !["Unfinished", "Interrupted", "Incomplete"].contains(&outcome.as_str());
        self.bindings = after;
        let FirstRun { before, taken, lost, had_trouble, was_edited, .. } = first;
        let (uids, is_certain) = (wish.uids.clone(), !had_trouble);
        let operation = Operation { id, uids, taken, is_certain, restored: Vec::new() };
        if is_done || (has_ended && !is_lost) {
            self.operations.push(operation);
            return Ok(());
        }
        let is_taken_back = !was_edited && self.random.percent(40);
        if is_taken_back {
            self.take_back(wish, operation, &before)
        } else {
            self.resume(wish, operation, &before, lost)
        }
    }

    /// Goes on with an operation that was left open: then all is taken, and others have what they had.
    fn resume(
        &mut self,
        wish: &Wish,
        mut operation: Operation,
        before: &[Bindings],
        lost: BTreeMap<usize, BTreeSet<BindingRef>>,
    ) -> Check {
        let cut_off = self.bindings.clone();
        if lost.values().all(BTreeSet::is_empty) {
            for _ in 0..self.random.below(3) {
                let place = self.random.pick(&wish.places);
                let what = self.edit(place);
                self.note(&what);
            }
        }
        let mut base = self.bindings.clone();
        for (place, lost) in lost {
            for binding in lost {
                let bound = &before[place][&binding];
                base[place].insert(binding, bound.with(bound.of(&wish.uids, false)));
            }
        }
        let args = [words(["revoke", "--resume", &operation.id]), words(ALWAYS)].concat();
        let said = self.world.run(&args);
        self.note_command(&args, "", &said);
        check_status(&said)?;
        let context = |why: String| format!("{why}\n{}", said.shown());
        let after = self.look();
        for (place, binding) in self.world.created_anew(&said.report) {
            // What others deleted after it was cut off at the cloud's call: who deleted it can't be seen.
            if let Some(bound) = cut_off[place].get(&binding) {
                base[place].entry(binding).or_insert_with(|| bound.clone());
            }
        }
        for (place, (base, after)) in base.iter().zip(&after).enumerate() {
            let is_meant = wish.places.contains(&place);
            match (is_meant, wish.is_of_all_deleted) {
                (true, false) => {
                    same(&format!("cluster {place} after it was gone on with"), &without(base, &wish.uids), after)
                }
                (true, true) => taken_at_most(&wish.uids, base, after).map(drop),
                (false, _) => same(&format!("cluster {place} was not asked for"), base, after),
            }
            .map_err(context)?;
            if is_meant {
                add_taken(operation.taken.entry(place).or_default(), &wish.uids, base, after);
            }
        }
        self.world.check_claims(&said.report, &after, &mut self.random).map_err(context)?;
        self.check_kubeconfigs(&wish.uids, &wish.places).map_err(context)?;
        ensure(said.is(Status::Done) || !Self::is_provable(wish, &base), || {
            context("an operation that was gone on with was not proven".to_owned())
        })?;
        self.check_history(&operation.id, said.is(Status::Done).then_some("Verified")).map_err(context)?;
        self.bindings = after;
        self.operations.push(operation);
        Ok(())
    }

    /// Takes back an operation that was left open: then all is as it was before.
    fn take_back(&mut self, wish: &Wish, mut operation: Operation, before: &[Bindings]) -> Check {
        let args = [words(["restore", &operation.id, "--yes", "--force"]), rearming()].concat();
        let said = self.world.run(&args);
        self.note_command(&args, "", &said);
        check_status(&said)?;
        let after = self.look();
        let context = |why: String| format!("{why}\n{}", said.shown());
        for (place, (before, after)) in before.iter().zip(&after).enumerate() {
            same_sets(&format!("cluster {place} after it was taken back"), before, after).map_err(context)?;
        }
        self.world.check_claims(&said.report, &after, &mut self.random).map_err(context)?;
        self.check_kubeconfigs(&[], &[]).map_err(context)?;
        ensure(said.is(Status::Done) || said.is(Status::Refused), || context("a restore was not done".to_owned()))?;
        self.bindings = after;
        operation.restored.clone_from(&wish.places);
        self.operations.push(operation);
        Ok(())
    }
}

//! One world and the moves in it, one after the other, each followed by the oracle's look at everything.

use std::collections::BTreeMap;

use ackcred_sandbox::cloud::{CleanBehaviour, RotateBehaviour};
use kubectl_ackcred::status::Status;

use crate::bindings::Bindings;
use crate::commands::{Said, Trouble};
use crate::edits::{beginning, edit};
use crate::oracle::{Check, Taken, ensure};
use crate::random::Random;
use crate::world::{Server, World};

/// A revocation that was made.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) uids: Vec<&'static str>,
    /// What it took in each cluster that it is about.
    pub(crate) taken: BTreeMap<usize, Taken>,
    /// Whether each of its requests was answered, so that it is known to the last binding what a restore has to say.
    pub(crate) is_certain: bool,
    /// The clusters in which it was given back, all of it or some.
    pub(crate) restored: Vec<usize>,
}

/// A world, what the oracle knows of it, and what happened so far.
pub(crate) struct Soak<C> {
    pub(crate) world: World<C>,
    pub(crate) random: Random,
    /// What must be there.
    pub(crate) bindings: Vec<Bindings>,
    /// What the account must have on record.
    pub(crate) kubeconfigs: Vec<BTreeMap<String, String>>,
    pub(crate) operations: Vec<Operation>,
    /// Whether processes can be held and killed, and faults set: on the stand-in.
    pub(crate) has_trouble: bool,
    /// The moves, in short.
    pub(crate) moves: Vec<String>,
    /// The verb of each command, with how it ended and whether something went wrong.
    pub(crate) tally: Vec<String>,
    edits: usize,
}

impl<C: Server> Soak<C> {
    /// A world by its seed.
    pub(crate) fn of(servers: Vec<C>, seed: u64) -> Self {
        let mut random = Random::of(seed);
        let bindings: Vec<Bindings> = servers.iter().map(|_| beginning(&mut random)).collect();
        let has_trouble = servers.iter().all(|server| server.fault_handle().is_some());
        let world = World::of(servers, &bindings);
        let kubeconfigs = (0..bindings.len()).map(|place| world.kubeconfigs(place)).collect();
        let (operations, moves) = (Vec::new(), Vec::new());
        // New bindings get numbers that none at the beginning has.
        let tally = Vec::new();
        Self { world, random, bindings, kubeconfigs, operations, has_trouble, moves, tally, edits: 100 }
    }

    /// One move, and the look at what it left.
    pub(crate) fn make_a_move(&mut self) -> Check {
        match self.random.below(100) {
            0..30 => self.revoke(),
            30..35 if self.has_trouble => self.revoke_while_others_edit(),
            30..38 => self.revoke_by_plan(),
            38..58 => self.restore(),
            58..64 => self.rotate(),
            64..74 => self.verify(),
            _ => {
                let place = self.random.below(self.bindings.len());
                let what = self.edit(place);
                self.note(&what);
                Ok(())
            }
        }?;
        let seen = self.world.bindings();
        for (place, (known, seen)) in self.bindings.iter().zip(&seen).enumerate() {
            crate::oracle::same(&format!("cluster {place} is not as the move left it"), known, seen)?;
        }
        self.world.check_reviews(&self.bindings, &mut self.random)
    }

    /// Adds something to what is said of the moves.
    pub(crate) fn note(&mut self, what: &str) {
        self.moves.push(what.to_owned());
    }

    /// Adds a command, how it ended, and what went wrong.
    pub(crate) fn note_command<S: AsRef<str>>(&mut self, args: &[S], trouble: &str, said: &Said) {
        // All names of all are rearmed, always.
        let words: Vec<&str> = args.iter().map(AsRef::as_ref).take_while(|word| *word != "--rearm").collect();
        let status = said.status.map_or("killed".to_owned(), |status| format!("{status:?}"));
        let has_trouble = if trouble.is_empty() { "" } else { ", in trouble" };
        let resumed = if words.contains(&"--resume") { " --resume" } else { "" };
        self.tally.push(format!("{}{resumed}: {status}{has_trouble}", words[0]));
        self.note(&format!("{} [{trouble}] -> {status}", words.join(" ")));
    }

    /// Lets others do something in a cluster.
    pub(crate) fn edit(&mut self, place: usize) -> String {
        self.edits += 1;
        let what = edit(&self.world, place, &self.bindings[place], self.edits, &mut self.random);
        self.world.places[place].server.catch_up().unwrap();
        self.bindings[place] = self.world.places[place].bindings();
        self.kubeconfigs[place] = self.world.kubeconfigs(place);
        format!("others in cluster {place}: {what}")
    }

    /// What goes wrong in a command.
    pub(crate) fn trouble(&mut self) -> Trouble {
        match self.random.below(100) {
            _ if !self.has_trouble => Trouble::Nothing,
            0..25 => Trouble::Faults,
            25..33 => Trouble::Kill,
            _ => Trouble::Nothing,
        }
    }

    /// Has the cloud work in one of the ways that its documents leave open.
    pub(crate) fn change_the_cloud(&mut self) {
        use CleanBehaviour::{NamedBindings, Nothing, OwnBindings, Subjects};
        use RotateBehaviour::{AtOnce, IssuesOldName, RebindsAll};
        self.world.cloud.set_clean_behaviour(self.random.pick(&[OwnBindings, NamedBindings, Subjects, Nothing]));
        self.world.cloud.set_rotate_behaviour(self.random.pick(&[AtOnce, RebindsAll, IssuesOldName(1)]));
    }

    /// The servers' bindings once authorization follows from them.
    pub(crate) fn look(&self) -> Vec<Bindings> {
        self.world.places.iter().for_each(|place| place.server.catch_up().unwrap());
        self.world.bindings()
    }

    /// That the account's records are as they were, but for those of these identities in these clusters.
    pub(crate) fn check_kubeconfigs(&mut self, uids: &[&str], places: &[usize]) -> Check {
        for place in 0..self.kubeconfigs.len() {
            let now = self.world.kubeconfigs(place);
            for (uid, record) in &self.kubeconfigs[place] {
                let may_change = places.contains(&place) && uids.contains(&uid.as_str());
                ensure(may_change || now.get(uid) == Some(record), || {
                    format!("the kubeconfig of {uid} in cluster {place} was {record} and is {:?}", now.get(uid))
                })?;
            }
            self.kubeconfigs[place] = now;
        }
        Ok(())
    }

    /// The last operation by the history, with its outcome, where it is not one that was known before.
    pub(crate) fn new_operation(&self, before: &[String]) -> Result<Option<(String, String)>, String> {
        if self.operation_ids().len() == before.len() {
            return Ok(None);
        }
        let all = self.history()?;
        let mut new = all.into_iter().filter(|(id, _)| !before.contains(id));
        let found = new.next();
        ensure(new.next().is_none(), || "one command began two operations".to_owned())?;
        Ok(found)
    }

    /// All operations by the history, the last first, each with its outcome.
    pub(crate) fn history(&self) -> Result<Vec<(String, String)>, String> {
        let said = self.world.run(&["history"]);
        ensure(said.is(Status::Done), || format!("the history can't be read: {}", said.shown()))?;
        let rows = said.report["operations"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(&row["id"]), text(&row["outcome"]))).collect())
    }

    /// The IDs of the operations by their folders.
    pub(crate) fn operation_ids(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.world.session.home().join("state/operations")).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        // What is hidden was never begun.
        names.filter(|name| !name.starts_with('.')).collect()
    }

    /// That the history shows an operation and how it ended.
    pub(crate) fn check_history(&self, id: &str, outcome: Option<&str>) -> Check {
        let shown = self.world.run(&["history", id]);
        ensure(shown.is(Status::Done), || format!("history {id}: {}", shown.shown()))?;
        ensure(shown.report["operation"] == *id, || format!("history {id} shows another: {}", shown.shown()))?;
        let known = self.history()?.into_iter().find(|(known, _)| known == id).map(|(_, known)| known);
        ensure(outcome.is_none() || known.as_deref() == outcome, || {
            format!("the history calls {id} {known:?} in place of {outcome:?}")
        })
    }
}

/// That a command did not end by a bug, or over its own words.
pub(crate) fn check_status(said: &Said) -> Check {
    let is_ours = matches!(said.status, Some(Status::Bug | Status::Usage));
    ensure(!is_ours && !said.text.contains("panicked"), || said.shown())
}

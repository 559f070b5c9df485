//! Moves that rotate the operator's own kubeconfig.

use std::fs;

use ackcred_sandbox::client::Connector;
use kubectl_ackcred::status::Status;

use crate::bindings::gives_to_all;
use crate::commands::Trouble;
use crate::edits::{mend, operator};
use crate::oracle::{Check, ensure, same, with_one_operator};
use crate::people::OPERATOR;
use crate::soak::{Soak, check_status};
use crate::world::Server;

/// What only an administrator may read.
const NODES: &str = "/api/v1/nodes";

impl<C: Server> Soak<C> {
    /// Rotates in one cluster or in all, and goes on with it if something was left open.
    pub(crate) fn rotate(&mut self) -> Check {
        self.change_the_cloud();
        let all: Vec<usize> = (0..self.world.places.len()).collect();
        let places = if self.random.percent(50) { all } else { vec![self.random.pick(&all)] };
        let mut args = vec!["rotate", "--in-place", "--yes", "--settle", "0"];
        let context = self.world.places[places[0]].context.clone();
        match places.len() {
            1 => args.extend(["--context", &context]),
            _ => args.push("--all-contexts"),
        }
        let trouble = self.trouble();
        args.extend(if trouble == Trouble::Nothing { ["--wait", "60s"] } else { ["--wait", "1s"] });
        let (known, old_file) = (self.operation_ids(), self.kubeconfig());
        let (mut said, what) = self.world.run_in(trouble, &args, &mut self.random);
        self.note_command(&args, &what, &said);
        check_status(&said)?;
        self.check_others(&places)?;
        let Some((id, _)) = self.new_operation(&known)? else {
            ensure(trouble != Trouble::Nothing, || format!("nothing was begun\n{}", said.shown()))?;
            return ensure(self.kubeconfig() == old_file, || {
                "nothing was begun, and the kubeconfig is another".to_owned()
            });
        };
        self.check_history(&id, said.is(Status::Done).then_some("Verified"))?;
        if !said.is(Status::Done) && trouble != Trouble::Nothing {
            let args = ["rotate", "--resume", &id, "--yes", "--settle", "0"];
            said = self.world.run(&args);
            self.note_command(&args, "", &said);
            check_status(&said)?;
            self.check_others(&places)?;
            self.check_history(&id, said.is(Status::Done).then_some("Verified"))?;
        }
        let context = |why: String| format!("{why}\n{}", said.shown());
        let has_groups = places.iter().any(|place| gives_to_all(&self.bindings[*place]));
        // A plan that could not read who is bound says so, and what it left is found.
        let is_blind = trouble != Trouble::Nothing && said.report.to_string().contains("which could not be read");
        ensure(said.is(Status::Done) || has_groups || is_blind, || context("a rotation was not proven".to_owned()))?;
        for place in places.iter().filter(|_| is_blind && !said.is(Status::Done)) {
            let cluster = &self.world.places[*place];
            mend(cluster, &self.bindings[*place]);
            cluster.server.catch_up().unwrap();
            self.bindings[*place] = cluster.bindings();
        }
        for place in places {
            self.check_renewed(place, &old_file).map_err(context)?;
        }
        Ok(())
    }

    fn kubeconfig(&self) -> String {
        fs::read_to_string(self.world.session.home().join(".kube/config")).unwrap()
    }

    /// That nothing has changed but what the operator is called, and its own record.
    fn check_others(&mut self, places: &[usize]) -> Check {
        let after = self.look();
        for (place, (before, after)) in self.bindings.iter().zip(&after).enumerate() {
            let (before, after) = match places.contains(&place) {
                true => (with_one_operator(before), with_one_operator(after)),
                false => (before.clone(), after.clone()),
            };
            same(&format!("others in cluster {place} after a rotation"), &before, &after)?;
        }
        self.check_kubeconfigs(&[OPERATOR], places)?;
        self.bindings = after;
        Ok(())
    }

    /// That the certificate of before is refused in a cluster, that the one of now works, and that every binding names it.
    fn check_renewed(&self, place: usize, old_file: &str) -> Check {
        let new_file = self.kubeconfig();
        let [old, new] = [old_file, &new_file].map(|file| {
            let connector = Connector::of_kubeconfig(file, Some(&self.world.places[place].context)).unwrap();
            connector.client().unwrap().send("GET", NODES, &[], "").unwrap().code
        });
        ensure((old, new) == (403, 200), || {
            format!("in cluster {place} the old certificate gets {old}, the new one {new}")
        })?;
        let bindings = &self.bindings[place];
        let name = operator(bindings);
        let mut own = bindings.values().flat_map(|bound| &bound.subjects).filter(|subject| subject.is_of(OPERATOR));
        ensure(own.all(|subject| subject.name == name), || format!("not all in cluster {place} name {name}"))
    }
}

//! Moves that give access back.

use kubectl_ackcred::status::Status;

use crate::bindings::Bindings;
use crate::commands::{Said, Trouble};
use crate::oracle::{Check, Taken, ensure, given_at_most, given_back, same, same_sets};
use crate::revoking::rearming;
use crate::soak::{Soak, check_status};
use crate::world::Server;

impl<C: Server> Soak<C> {
    /// Gives back what one of the operations took, in all of its clusters or in one.
    pub(crate) fn restore(&mut self) -> Check {
        if self.operations.is_empty() {
            return self.revoke();
        }
        let number = self.random.below(self.operations.len());
        let operation = &self.operations[number];
        let mut places: Vec<usize> = operation.taken.keys().copied().collect();
        let mut args = vec!["restore".to_owned(), operation.id.clone(), "--yes".to_owned(), "--force".to_owned()];
        // A cluster that was left out is not on record.
        let with_some: Vec<usize> = places.iter().copied().filter(|place| !operation.taken[place].is_empty()).collect();
        if with_some.len() > 1 && self.random.percent(30) {
            places = vec![self.random.pick(&with_some)];
            let id = &self.world.places[places[0]].id;
            args.extend(["--cluster-id".to_owned(), id.clone()]);
        }
        args.extend(rearming());
        let trouble = self.trouble();
        let before = self.bindings.clone();
        let (said, what) = self.world.run_in(trouble, &args, &mut self.random);
        self.note_command(&args, &what, &said);
        let after = self.gave(number, &places, &before, &said)?;
        let context = |why: String| format!("{why}\n{}", said.shown());
        let taken = |place: &usize| &self.operations[number].taken[place];
        let expected: Option<Vec<Bindings>> =
            places.iter().map(|place| given_back(taken(place), &before[*place])).collect();
        let is_empty = places.iter().all(|place| taken(place).is_empty());
        let is_certain = self.operations[number].is_certain;
        let is_as_expected = |after: &[Bindings]| match &expected {
            Some(expected) => places.iter().zip(expected).try_for_each(|(place, expected)| {
                same_sets(&format!("cluster {place} after the restore"), expected, &after[*place])
            }),
            None => Ok(()),
        };
        if said.is(Status::Done) {
            is_as_expected(&after).map_err(context)?;
            let is_meant = !is_empty && (expected.is_some() || !is_certain || trouble != Trouble::Nothing);
            ensure(is_meant, || context("a restore should have been refused".to_owned()))?;
        } else if trouble == Trouble::Nothing {
            for (before, after) in before.iter().zip(&after) {
                same("what is refused changes nothing", before, after).map_err(context)?;
            }
            ensure(said.is(Status::Refused) && (is_empty || expected.is_none()), || {
                context("a restore that nothing stood against was not done".to_owned())
            })?;
        } else {
            // A second run finishes what the first one began.
            let said = self.world.run(&args);
            self.note_command(&args, "", &said);
            let after = self.gave(number, &places, &before, &said)?;
            let context = |why: String| format!("{why}\n{}", said.shown());
            if !is_empty && expected.is_some() {
                is_as_expected(&after).map_err(context)?;
                ensure(said.is(Status::Done) || said.is(Status::Refused), || {
                    context("a restore was not finished by running it again".to_owned())
                })?;
            }
        }
        let restored = &mut self.operations[number].restored;
        restored.extend(places);
        Ok(())
    }

    /// That a restore gave back nothing but what the operation took. Gives what is there now.
    fn gave(
        &mut self,
        number: usize,
        places: &[usize],
        before: &[Bindings],
        said: &Said,
    ) -> Result<Vec<Bindings>, String> {
        check_status(said)?;
        let context = |why: String| format!("{why}\n{}", said.shown());
        let (after, nothing) = (self.look(), Taken::new());
        for (place, (before, after)) in before.iter().zip(&after).enumerate() {
            let taken = &self.operations[number].taken;
            let taken = taken.get(&place).filter(|_| places.contains(&place)).unwrap_or(&nothing);
            given_at_most(taken, before, after).map_err(|why| context(format!("cluster {place}: {why}")))?;
        }
        self.world.check_claims(&said.report, &after, &mut self.random).map_err(context)?;
        self.check_kubeconfigs(&[], &[]).map_err(context)?;
        if let Some(id) = said.operation() {
            self.check_history(&id, said.is(Status::Done).then_some("Restored")).map_err(context)?;
        }
        self.bindings.clone_from(&after);
        Ok(after)
    }
}

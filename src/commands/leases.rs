//! `--lease`: one Lease in each cluster that is changed, so that only one machine at a time does so.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;

use super::stop::Stop;
use crate::adapters::cluster::{ApiServer, new_audit_id};
use crate::apply::{Lease, NotAcquired};
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::chain;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::world::World;

/// A cluster whose Lease is asked for.
pub(super) struct Place<'a> {
    /// The way to it.
    pub(super) api: &'a ApiServer,
    /// What tells it from others, and in which order it is asked.
    pub(super) key: &'a str,
}

/// Who asks for Leases, as others read it: the operator, the machine, and what tells this run from another of theirs.
pub(super) fn holder(operator: &[String], world: &World) -> String {
    let operator = operator.first().map_or("unknown", String::as_str);
    format!("{operator} at {} ({})", world.host, new_audit_id())
}

/// The Leases that are held, by the clusters' keys; none where none was asked for.
pub(super) struct Leases<'a>(Vec<(&'a str, Lease<'a>)>);

impl<'a> Leases<'a> {
    /// Acquires one in each cluster. Several are acquired in one order, so that no two machines wait for each other. Those of a run that is
    /// refused run out by themselves.
    ///
    /// # Errors
    /// Ctrl-C. It is refused where another machine holds one for longer than is waited, or a call fails.
    pub(super) fn acquire(
        mut places: Vec<Place<'a>>,
        holder: &'a str,
        patience: Duration,
        runtime: &Runtime,
        world: &World,
        ui: &Ui,
    ) -> Result<Self, Stop> {
        places.sort_by_key(|place| place.key);
        let mut leases = Vec::new();
        for Place { api, key } in places {
            let acquiring = Lease::acquire(api, world.clock(), holder, patience);
            let acquired = ui.waiting("another machine changes this cluster", acquiring);
            match runtime.cancellable(acquired)? {
                Ok(lease) => leases.push((key, lease)),
                Err(reason) => return Err(refusal(&reason, api, patience).into()),
            }
        }
        Ok(Self(leases))
    }

    /// That of a cluster.
    pub(super) fn of(&self, key: &str) -> Option<&Lease<'a>> {
        self.0.iter().find(|(own, _)| *own == key).map(|(_, lease)| lease)
    }

    /// Renews them during the work, and leaves them to others once it is done.
    pub(super) async fn held_during<T>(&self, work: impl Future<Output = T>, ui: &Ui) -> T {
        let keep = async {
            join_all(self.0.iter().map(|(_, lease)| lease.keep())).await;
            // There is none to keep.
            std::future::pending::<Infallible>().await
        };
        let done = tokio::select! {
            done = work => done,
            never = keep => match never {},
        };
        for (_, lease) in &self.0 {
            if let Err(error) = lease.release().await {
                ui.warning(&format!("other machines wait until the Lease has run out: {}", chain(&error)));
            }
        }
        done
    }
}

fn refusal(reason: &NotAcquired, api: &ApiServer, patience: Duration) -> Refusal {
    let (server, seconds) = (api.server(), patience.as_secs_f64());
    match reason {
        NotAcquired::HeldBy(holder) => {
            let message = format!("{server}: {} holds the Lease, and did for {seconds}s", holder.escape_debug());
            Refusal::new(RefusalCode::Locked, message).hint("ask who that is, or use --cluster-timeout to wait longer")
        }
        NotAcquired::Failed(error) => {
            let hint = "--lease takes the rights to get, create and update Leases in kube-system";
            Refusal::new(RefusalCode::Locked, chain(error)).hint(hint)
        }
    }
}

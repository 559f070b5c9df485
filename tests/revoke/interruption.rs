//! Interrupted or killed at every boundary of a revocation, beside a cloud of every kind: whoever shares a binding with the
//! leaver never loses it for good.
//!
//! At each boundary the revocation is held, struck and let go. Then it is finished by `--resume` and undone by `restore`, or, where
//! the cloud was called already, undone at once.

#![cfg(unix)]

use std::io::Read as _;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, Gate};
use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::cloud::CleanBehaviour;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::crash::{BINARY, gate_at, held, revocation, revocations, signal, spawn, wait_until};
use crate::scene::{BO, CARL, Incident, Objects, SOON, as_arranged, name};
use crate::setting::{Cleaner, binding, user};

/// A signal, and the exit code of the program that it ends.
type Strike = (&'static str, Option<i32>);

const KILL: Strike = ("-KILL", None);

/// What interrupts the program. What nohup started, these tests too, passes on that SIGHUP is ignored.
fn interruptions() -> Vec<Strike> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let hangup: Option<Strike> = ignored.is_none_or(|mask| mask & 1 == 0).then_some(("-HUP", Some(130)));
    [("-INT", Some(130)), ("-TERM", Some(130))].into_iter().chain(hangup).collect()
}

/// Where the revocation is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundary {
    /// At one of the writes: before the server does it, or after.
    Write(usize, Side),
    /// At the cloud's work in the cluster.
    Cloud(Side),
    /// At the write that gives the others back what the cloud took.
    Repair(Side),
    /// At the first look of the verification.
    Verification,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// What is done about it afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    ResumeAndRestore,
    RestoreAtOnce,
}

/// A place in the cloud that stays closed until it is opened.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<DoorState>, Condvar)>);

#[derive(Default)]
struct DoorState {
    is_open: bool,
    reached: bool,
}

impl Door {
    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.reached = true;
        drop(changed.wait_while(state, |state| !state.is_open).unwrap());
    }

    fn open(&self) {
        self.0.0.lock().unwrap().is_open = true;
        self.0.1.notify_all();
    }

    fn is_reached(&self) -> bool {
        self.0.0.lock().unwrap().reached
    }
}

/// The doors before and after the cloud's work in the cluster, and one that says that it is done.
#[derive(Clone, Default)]
struct Doors {
    before: Door,
    after: Door,
    done: Door,
}

impl Doors {
    fn around(self, clean: Cleaner) -> Cleaner {
        Box::new(move |cleaning| {
            self.before.pass();
            let cleaned = clean(cleaning);
            self.after.pass();
            self.done.open();
            self.done.pass();
            cleaned
        })
    }
}

/// The bindings that name the leaver, each with the method that takes him out of it.
fn writes() -> [(&'static str, BindingRef); 4] {
    [
        ("PATCH", BindingRef::role_binding("shop", "team")),
        ("PATCH", shared_binding()),
        ("DELETE", BindingRef::role_binding("billing", "ledger")),
        ("DELETE", BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"))),
    ]
}

/// A binding that ACK would call the leaver's own and that others hold too.
fn shared_binding() -> BindingRef {
    BindingRef::role_binding("shop", &format!("{CARL}-shop-rolebinding"))
}

/// The incident, with bindings that ACK may take for the leaver's and that are others' too, or theirs alone.
fn incident<C: Cluster>(server: C, behaviour: CleanBehaviour, doors: &Doors) -> Incident<C> {
    let doors = doors.clone();
    let incident = Incident::stage(server, |setup| {
        setup.clean_behaviour(behaviour).around_cleaning(move |clean| doors.around(clean))
    });
    let robot = json!({"kind": "ServiceAccount", "name": "releaser", "namespace": "shop"});
    let subjects = [user(&name(BO)), user(&name(CARL)), robot];
    let namespaces = format!("{RBAC}/namespaces");
    incident.post(
        &format!("{namespaces}/shop/rolebindings"),
        &binding(&shared_binding().name, "ClusterRole", "view", &subjects),
    );
    let bos = binding(&format!("{CARL}-billing-rolebinding"), "ClusterRole", "view", &[user(&name(BO))]);
    incident.post(&format!("{namespaces}/billing/rolebindings"), &bos);
    incident
}

/// A revocation that waits at a boundary.
struct Held {
    running: Running,
    gate: Option<Gate>,
}

/// The program under way, and what it has said so far on standard error.
struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Running {
    fn start<C: Cluster>(incident: &Incident<C>) -> Self {
        let mut child = spawn(incident.process(BINARY).args(revocation(incident)));
        let mut stderr = child.stderr.take().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let sink = said.clone();
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut piece) {
                sink.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..read]));
            }
        });
        Self { child, said, reader }
    }

    /// Strikes, and waits until the program has felt it.
    fn strike(&mut self, strike: (&str, Option<i32>), at: &str) {
        signal(&self.child, strike.0);
        match strike.1 {
            Some(_) => wait_until(at, || self.said.lock().unwrap().contains("interrupted: the steps under way")),
            None => drop(self.child.wait().unwrap()),
        }
    }

    /// How it ended, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.reader.join().unwrap();
        let said = self.said.lock().unwrap().clone();
        assert!(!said.contains("panicked"), "{said}");
        (code, said)
    }
}

impl Boundary {
    /// Starts the revocation and has it wait there.
    fn hold(self, incident: &Incident<ApiServer>, doors: &Doors, at: &str) -> Held {
        let gate = match self {
            Self::Write(index, side) => Some(gate_at(incident, &writes()[index], side.hold())),
            Self::Cloud(_) | Self::Repair(_) | Self::Verification => None,
        };
        if matches!(self, Self::Write(..)) {
            [&doors.before, &doors.after].into_iter().for_each(Door::open);
        }
        if self == Self::Cloud(Side::After) {
            doors.before.open();
        }
        let running = Running::start(incident);
        let gate = match self {
            Self::Write(..) => gate,
            Self::Cloud(Side::Before) => reach(&doors.before, at),
            Self::Cloud(Side::After) => reach(&doors.after, at),
            Self::Repair(side) => {
                let collection = format!("{RBAC}/namespaces/shop/rolebindings");
                later(incident, doors, ("POST", &collection), side, at)
            }
            Self::Verification => {
                let list = format!("{RBAC}/rolebindings");
                later(incident, doors, ("GET", &list), Side::Before, at)
            }
        };
        if let Some(gate) = &gate {
            assert!(gate.wait_reached(1, SOON), "{at}: never came there");
        }
        Held { running, gate }
    }
}

impl Side {
    fn hold(self) -> fn(Gate) -> Fault {
        match self {
            Self::Before => Fault::HoldRequest,
            Self::After => Fault::HoldResponse,
        }
    }
}

fn reach(door: &Door, at: &str) -> Option<Gate> {
    wait_until(at, || door.is_reached());
    None
}

/// Sets a gate once the cloud is at work, so that what came before passes, and lets the cloud go on.
fn later(
    incident: &Incident<ApiServer>,
    doors: &Doors,
    (method, path): (&str, &str),
    side: Side,
    at: &str,
) -> Option<Gate> {
    doors.before.open();
    reach(&doors.after, at);
    let gate = Gate::new();
    incident.server.faults().add(method, path, 1, side.hold()(gate.clone()));
    doors.after.open();
    Some(gate)
}

/// Strikes at a boundary; afterwards nobody has lost anything, and the leaver has what is left to him.
fn strike(behaviour: CleanBehaviour, boundary: Boundary, strike: (&str, Option<i32>), then: Then) {
    let at = format!("{behaviour:?}, {boundary:?}, {strike:?}, {then:?}");
    let doors = Doors::default();
    let incident = incident(ApiServer::start(ApiServerOptions::default()).unwrap(), behaviour, &doors);
    incident.server.faults().forget();
    let before = incident.bindings();
    let Held { mut running, gate } = boundary.hold(&incident, &doors, &at);
    running.strike(strike, &at);
    gate.iter().for_each(Gate::open);
    let let_the_cloud_go_on = || [&doors.before, &doors.after].into_iter().for_each(Door::open);
    // A cloud that answers before it is done goes on when the program is gone.
    if !matches!(behaviour, CleanBehaviour::Later(_)) {
        let_the_cloud_go_on();
    }
    let (code, said) = running.end();
    let_the_cloud_go_on();
    assert_eq!(code, strike.1, "{at}: {said}");
    if matches!(boundary, Boundary::Write(..)) {
        assert!(!doors.before.is_reached(), "{at}: the cloud is called after the signal");
    } else {
        wait_until(&at, || doors.done.is_reached());
    }
    incident.server.faults().clear();
    let [(id, _)] = revocations(&incident).try_into().unwrap();
    if strike.1.is_some() {
        assert!(said.contains(&format!("kubectl ackcred revoke --resume {id}")), "{at}: {}", said);
    }
    if then == Then::ResumeAndRestore {
        finish(&incident, behaviour, &before, &id, &at);
    }
    let restored = incident.run(&["restore", &id, "--yes", "--force", "--rearm", &name(CARL)]);
    assert_eq!(restored.status, Status::Done, "{at}: {restored}");
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before), "{at}: {restored}\n{}", said);
}

/// Goes on with the revocation: the leaver has nothing, the others have everything, and what the cloud took is named.
fn finish<C: Cluster>(incident: &Incident<C>, behaviour: CleanBehaviour, before: &Objects, id: &str, at: &str) {
    let leaked = incident.leaked.display().to_string();
    let args = ["revoke", "--resume", id, "-f", &leaked, "--yes", "--settle", "0"];
    let (status, report, said) = incident.json(&args);
    let ends_well = !matches!(behaviour, CleanBehaviour::KeepsPermissionRecord | CleanBehaviour::RefusesRecentAccess);
    let expected = if ends_well { Status::Done } else { Status::Incomplete };
    assert_eq!(status, expected, "{at}: {said}\n{report:#}");
    let resumed = incident.bindings();
    assert_eq!(held(&resumed, true), held(&Objects::new(), true), "{at}: the leaver holds something");
    assert_eq!(held(&resumed, false), held(before, false), "{at}: others lost something\n{said}\n{report:#}");
    let named: Vec<&Value> =
        report["collateral"].as_array().unwrap().iter().map(|one| &one["binding"]["name"]).collect();
    for object in before.values().filter(|object| object["metadata"]["name"].as_str().unwrap().starts_with(CARL)) {
        let name = &object["metadata"]["name"];
        let is_anew = resumed
            .values()
            .any(|now| now["metadata"]["name"] == *name && now["metadata"]["uid"] != object["metadata"]["uid"]);
        assert!(!is_anew || named.contains(&name), "{at}: {name} was created anew and is not named\n{report:#}");
    }
}

crate::on_both_servers!(what_the_cloud_took_from_a_colleague_comes_back);

/// The cloud deletes a binding that others hold too, and the program is struck before it hears of it.
fn what_the_cloud_took_from_a_colleague_comes_back<C: Cluster>(server: C) {
    let mut server = Some(server);
    let thens = [Then::ResumeAndRestore, Then::RestoreAtOnce];
    for (strike, then) in interruptions().into_iter().chain([KILL]).flat_map(|one| thens.map(|then| (one, then))) {
        let (at, doors) = (format!("{strike:?}, {then:?}"), Doors::default());
        let incident = incident(server.take().unwrap(), CleanBehaviour::OwnBindings, &doors);
        let before = incident.bindings();
        doors.before.open();
        let mut running = Running::start(&incident);
        wait_until(&at, || doors.after.is_reached());
        assert_eq!(incident.subjects("RoleBinding", "shop", &shared_binding().name), None, "{at}: the cloud took it");
        running.strike(strike, &at);
        doors.after.open();
        let (code, said) = running.end();
        assert_eq!(code, strike.1, "{at}: {said}");
        wait_until(&at, || doors.done.is_reached());
        let [(id, _)] = revocations(&incident).try_into().unwrap();
        if then == Then::ResumeAndRestore {
            finish(&incident, CleanBehaviour::OwnBindings, &before, &id, &at);
        }
        let restored = incident.run(&["restore", &id, "--yes", "--force", "--rearm", &name(CARL)]);
        assert_eq!(restored.status, Status::Done, "{at}: {restored}");
        assert_eq!(as_arranged(incident.bindings()), as_arranged(before), "{at}: {restored}\n{said}");
        server = Some(incident.end());
    }
}

#[test]
fn what_others_take_after_a_restore_is_not_put_back_by_the_next_one() {
    let doors = Doors::default();
    let incident =
        incident(ApiServer::start(ApiServerOptions::default()).unwrap(), CleanBehaviour::OwnBindings, &doors);
    doors.before.open();
    let mut running = Running::start(&incident);
    wait_until("the cloud", || doors.after.is_reached());
    running.strike(KILL, "the cloud");
    doors.after.open();
    running.end();
    wait_until("the cloud", || doors.done.is_reached());
    let [(id, _)] = revocations(&incident).try_into().unwrap();
    let restore = ["restore", &id, "--yes", "--force", "--rearm", &name(CARL)];
    assert_eq!(incident.run(&restore).status, Status::Done);
    incident.delete(&shared_binding().path());
    let again = incident.run(&restore);
    assert!(again.stdout.contains("held it too and are not put back"), "{again}");
    let alone = Some(vec![name(CARL)]);
    assert!([None, alone].contains(&incident.subjects("RoleBinding", "shop", &shared_binding().name)), "{again}");
}

/// All boundaries under a cloud of one kind, each with a kill and with one of the interruptions, in turn. Returns how many boundaries
/// there are.
fn everywhere(behaviour: CleanBehaviour) -> usize {
    let takes_along = matches!(behaviour, CleanBehaviour::OwnBindings | CleanBehaviour::KeepsPermissionRecord);
    let is_called = behaviour != CleanBehaviour::RefusesRecentAccess;
    let sides = [Side::Before, Side::After];
    let mut boundaries: Vec<(Boundary, Then)> = Vec::new();
    for side in sides {
        boundaries.extend((0..writes().len()).map(|index| (Boundary::Write(index, side), Then::ResumeAndRestore)));
    }
    for then in [Then::ResumeAndRestore, Then::RestoreAtOnce].into_iter().filter(|_| is_called) {
        boundaries.extend(sides.map(|side| (Boundary::Cloud(side), then)));
        boundaries.extend(sides.into_iter().filter(|_| takes_along).map(|side| (Boundary::Repair(side), then)));
        if !matches!(behaviour, CleanBehaviour::Later(_)) {
            boundaries.push((Boundary::Verification, then));
        }
    }
    let interruptions = interruptions().into_iter().cycle();
    let combinations: Vec<_> = boundaries
        .iter()
        .zip(interruptions)
        .flat_map(|((boundary, then), interruption)| [KILL, interruption].map(|one| (*boundary, one, *then)))
        .collect();
    side_by_side(&combinations, |(boundary, one, then)| strike(behaviour, *boundary, *one, *then));
    boundaries.len()
}

/// Most of the time a combination waits.
const AT_A_TIME: usize = 8;

fn side_by_side<T: Sync>(all: &[T], each: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    each(one);
                }
            });
        }
    });
}

#[test]
fn a_cloud_that_takes_what_bears_its_name() {
    assert_eq!(everywhere(CleanBehaviour::OwnBindings), 18);
}

#[test]
fn a_cloud_that_takes_what_names_the_identity() {
    assert_eq!(everywhere(CleanBehaviour::NamedBindings), 14);
}

#[test]
fn a_cloud_that_takes_the_subjects_out() {
    assert_eq!(everywhere(CleanBehaviour::Subjects), 14);
}

#[test]
fn a_cloud_that_leaves_bindings_alone() {
    assert_eq!(everywhere(CleanBehaviour::Nothing), 14);
}

#[test]
fn a_cloud_that_keeps_its_permission_record() {
    assert_eq!(everywhere(CleanBehaviour::KeepsPermissionRecord), 18);
}

#[test]
fn a_cloud_that_answers_before_it_is_done() {
    assert_eq!(everywhere(CleanBehaviour::Later(Duration::ZERO)), 12);
}

#[test]
fn a_cloud_that_refuses() {
    assert_eq!(everywhere(CleanBehaviour::RefusesRecentAccess), 8);
}

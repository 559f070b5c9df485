//! The plugin's commands: in this process, with faults on the way, held at a request, or as a process that is killed.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{Fault, Gate};
use ackcred_sandbox::cloud::{CloudFault, FaultKind, RetryHint, Turn};
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::random::Random;
use crate::world::{Server, World};

const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
const CLEAN: &str = "CleanClusterUserPermissions";
/// How long anything may take that happens at all.
const SOON: Duration = Duration::from_secs(300);
/// Bounds for commands that meet none: servers answer on a machine that has other work, too.
const PATIENT: [&str; 2] = ["--request-timeout", "10m"];
/// Bounds for commands that meet faults: a server that does not answer is not waited for.
const IMPATIENT: [&str; 4] = ["--request-timeout", "2s", "--cluster-timeout", "3s"];

/// How a command ended and what it printed.
#[derive(Debug)]
pub(crate) struct Said {
    /// `None` of a process that was killed.
    pub(crate) status: Option<Status>,
    /// The document; null where there is none.
    pub(crate) report: Value,
    /// Standard error.
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn is(&self, status: Status) -> bool {
        self.status == Some(status)
    }

    /// The operation's ID.
    pub(crate) fn operation(&self) -> Option<String> {
        self.report["operation"].as_str().map(str::to_owned)
    }

    /// For a failure.
    pub(crate) fn shown(&self) -> String {
        format!("{:?}\n{:#}\n{}", self.status, self.report, self.text)
    }
}

/// What goes wrong while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    /// Some exchanges fail.
    Faults,
    /// The process is killed.
    Kill,
}

impl<C: Server> World<C> {
    /// Runs a command of the library.
    pub(crate) fn run<S: AsRef<str>>(&self, args: &[S]) -> Said {
        let mut args: Vec<&str> = args.iter().map(AsRef::as_ref).chain(["-o", "json"]).collect();
        // history asks no server.
        if args[0] != "history" && !args.contains(&PATIENT[0]) {
            args.extend(PATIENT);
        }
        let outcome = self.session.run(&args);
        let report = serde_json::from_str(&outcome.stdout).unwrap_or(Value::Null);
        Said { status: Some(outcome.status), report, text: outcome.stderr }
    }

    /// Runs a command, in which something goes wrong.
    pub(crate) fn run_in<S: AsRef<str>>(&self, trouble: Trouble, args: &[S], random: &mut Random) -> (Said, String) {
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let (said, what) = match trouble {
            Trouble::Nothing => return (self.run(&args), String::new()),
            Trouble::Faults => {
                let what = self.inject(random);
                (self.run(&[&args[..], &IMPATIENT].concat()), what)
            }
            Trouble::Kill => self.kill_at_some_request(&args, random),
        };
        self.clear_faults();
        self.calm();
        (said, what)
    }

    /// Has some exchanges fail from now on. Gives them in words.
    fn inject(&self, random: &mut Random) -> String {
        let place = random.pick(&self.places.iter().collect::<Vec<_>>());
        let Some(faults) = place.server.fault_handle().filter(|_| random.percent(75)) else {
            return self.inject_cloud(random);
        };
        let method = random.pick(&["PATCH", "DELETE", "POST", "GET", "*"]);
        let path = random.pick(&["rolebindings", "clusterrolebindings", "subjectaccessreviews", "clusterroles", "/"]);
        let (passed, struck) = (random.below(8), 1 + random.below(3));
        let refusal = |code: u16, reason: &str| Fault::refusal(code, reason, "injected");
        let (name, fault) = match random.below(16) {
            0..4 => ("500", refusal(500, "InternalError")),
            4..6 => ("409", refusal(409, "Conflict")),
            6 => ("403", refusal(403, "Forbidden")),
            7 => ("422", refusal(422, "Invalid")),
            8..10 => ("no request", Fault::DropRequest),
            10..13 => ("no answer", Fault::DropResponse),
            13 => ("429", Fault::Busy { retry_after: 1 }),
            14 => ("silence", Fault::HoldRequest(Gate::new())),
            _ => ("half an answer", Fault::Truncate(random.below(200))),
        };
        faults.pass(method, path, passed);
        faults.add(method, path, struck, fault);
        format!("{name} to {struck} of {method} {path} in {}, after {passed}", place.id)
    }

    fn inject_cloud(&self, random: &mut Random) -> String {
        let action = random.pick(&[
            CLEAN,
            CLEAN,
            "ListUserKubeConfigStates",
            "DescribeUserPermission",
            "RevokeK8sClusterKubeConfig",
            "DescribeClusterUserKubeconfig",
        ]);
        let kind = match random.below(5) {
            0 => FaultKind::ServerError(500),
            1 => FaultKind::Reset,
            2 => FaultKind::Truncated,
            3 => FaultKind::Throttled(Some(RetryHint::AcsRetryAfter(20))),
            _ => FaultKind::Forbidden,
        };
        let (turn, is_after) = (random.pick(&[Turn::First(1), Turn::First(9), Turn::Nth(2)]), random.percent(40));
        let what = format!("{kind:?} to {action} {turn:?}, carried out: {is_after}");
        let fault = CloudFault::of(action, kind).on(turn);
        self.cloud.add_fault(if is_after { fault.after_execution() } else { fault });
        what
    }

    /// Runs the program and kills it at a request of some number, before or after the server has carried it out. One that ends
    /// before is as it is.
    fn kill_at_some_request(&self, args: &[&str], random: &mut Random) -> (Said, String) {
        let gate = Gate::new();
        let hold = if random.percent(50) { Fault::HoldRequest } else { Fault::HoldResponse };
        let place = random.pick(&self.places.iter().collect::<Vec<_>>());
        let is_at_cloud = random.percent(20);
        let cleaned = self.cleanings();
        let what = match place.server.fault_handle().filter(|_| !is_at_cloud) {
            Some(faults) => {
                let (method, path, most) = random.pick(&[
                    ("PATCH", "rolebindings", 6),
                    ("DELETE", "rolebindings", 6),
                    ("POST", "rolebindings", 6),
                    ("*", "", 90),
                ]);
                let passed = random.below(most);
                faults.pass(method, path, passed);
                faults.add(method, path, 1, hold(gate.clone()));
                format!("killed at {method} {path} number {passed} in {}", place.id)
            }
            None => {
                let fault = CloudFault::of(CLEAN, FaultKind::Hang(None));
                let is_after = random.percent(50);
                self.cloud.add_fault(if is_after { fault.after_execution() } else { fault });
                format!("killed at the cloud's call, carried out: {is_after}")
            }
        };
        let mut child = self.spawn(args);
        let until = Instant::now() + SOON;
        let is_reached = || gate.reached() > 0 || (is_at_cloud && self.cleanings() > cleaned);
        while !is_reached() && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "{what}: neither reached nor ended");
            std::thread::sleep(Duration::from_millis(2));
        }
        if is_reached() {
            // It may have ended between the two looks.
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (Said { status: output.status.code().map(status), report, text }, what)
    }

    fn cleanings(&self) -> usize {
        self.cloud.log().iter().filter(|call| call.action == CLEAN).count()
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let world = self.session.world();
        let mut command = Command::new(BINARY);
        command.env_clear().envs(world.env.iter()).env("HOME", self.session.home()).current_dir(self.session.home());
        // What is held at a request is not given up, however late the kill comes; and one step follows the other.
        command.args(args).args(PATIENT).args(["-o", "json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until what was sent before a process was killed, or a fault was met, is carried out.
    fn calm(&self) {
        let mut last = self.bindings();
        let mut quiet = 0;
        while quiet < 2 {
            std::thread::sleep(Duration::from_millis(15));
            let now = self.bindings();
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
        }
    }
}

fn status(code: i32) -> Status {
    let all = [
        Status::Done,
        Status::Failed,
        Status::Usage,
        Status::Findings,
        Status::Incomplete,
        Status::Refused,
        Status::Bug,
        Status::Interrupted,
    ];
    all.into_iter().find(|status| i32::from(status.code()) == code).unwrap()
}

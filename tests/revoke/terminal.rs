//! The program at a real terminal: what is typed there, and when.

#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use ackcred_sandbox::apiserver::{Fault, Gate};
use ackcred_sandbox::cluster::Cluster;
use kubectl_ackcred::status::Status;

use crate::crash::{BINARY, Said, skip};
use crate::scene::{CARL, Incident, SOON};

/// The program at a terminal of its own, on which somebody types.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    shown: Vec<u8>,
}

impl Terminal {
    /// Runs the program with these words; `None` where the machine has no program that makes terminals.
    fn open<C: Cluster>(incident: &Incident<C>, words: &str) -> Option<Self> {
        let mut command = incident.process("/usr/bin/script");
        command.args(["-qec", &format!("exec {BINARY} {words}"), "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let (keyboard, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Some(Self { child, keyboard, screen, shown: Vec::new() })
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until this is on the screen.
    fn shows(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            let mut piece = [0; 4096];
            let read = self.screen.read(&mut piece).unwrap();
            assert!(read > 0, "{text} is not shown: {}", String::from_utf8_lossy(&self.shown));
            self.shown.extend_from_slice(&piece[..read]);
        }
    }

    /// Waits for the end.
    fn ended(mut self) -> Said {
        // The terminal's end is an error to who reads from it.
        let _ = self.screen.read_to_end(&mut self.shown);
        let code = self.child.wait().unwrap().code();
        Said { code, text: String::from_utf8_lossy(&self.shown).into_owned() }
    }
}

/// Who is asked sees the plan, however quiet it is to be; who has agreed by a flag need not.
#[test]
fn the_plan_is_shown_to_who_is_asked_and_left_out_where_it_is_quiet() {
    for (words, typed, is_shown) in
        [(&["--yes"][..], "", true), (&["--yes", "--quiet"], "", false), (&["--quiet"], CARL, true), (&[], CARL, true)]
    {
        let incident = Incident::sandbox(|setup| setup);
        let args = [&["revoke", CARL, "--settle", "0"], words].concat();
        let outcome = incident.session.run_answering(Some(&format!("{typed}\n")), &args);
        assert_eq!(outcome.status, Status::Done, "{words:?}: {outcome}");
        assert_eq!(outcome.stderr.contains("RoleBinding/shop/team"), is_shown, "{words:?}: {outcome}");
    }
}

/// A plan without a step changes nothing: that all is gone is verified once more, and there is no question.
#[test]
fn where_nothing_is_left_to_take_away_nothing_is_asked() {
    let incident = Incident::sandbox(|setup| setup);
    let args = ["revoke", CARL, "--settle", "0"];
    let first = incident.run(&args);
    assert_eq!(first.status, Status::Refused, "there is something to agree to, and no terminal: {first}");
    assert_eq!(incident.run(&[&args[..], &["--yes"]].concat()).status, Status::Done);
    let changes = incident.changes().len();

    let again = incident.run(&args);
    assert_eq!(again.status, Status::Done, "{again}");
    assert!(again.stderr.contains("nothing is left to take away, what is gone is verified"), "{again}");
    assert!(again.stdout.starts_with("Verified at "), "{again}");
    assert!(!again.stderr.contains("Type "), "{again}");
    assert_eq!(incident.changes().len(), changes);
}

/// Consent is to what is shown: what was typed before is to nothing, be it a line or the beginning of one.
#[test]
fn what_was_typed_before_the_prompt_is_no_consent() {
    let (start, rest) = CARL.split_at(7);
    let whole = format!("{CARL}\n");
    for (before, behind, agrees) in [
        (whole.as_str(), "\n", false),
        (&whole, "no\n", false),
        (&format!("{whole}{whole}{whole}"), "\n", false),
        (start, &format!("{rest}\n"), false),
        ("no\n", &whole, true),
        ("n", &whole, true),
    ] {
        let incident = Incident::sandbox(|setup| setup);
        let (objects, gate) = (incident.bindings(), Gate::new());
        incident.server.faults().add("GET", "/clusterrolebindings", 1, Fault::HoldRequest(gate.clone()));
        let Some(mut terminal) = Terminal::open(&incident, &format!("revoke {CARL} --settle 0")) else {
            return skip("terminal::what_was_typed_before_the_prompt_is_no_consent", "no /usr/bin/script");
        };
        assert!(gate.wait_reached(1, SOON));
        terminal.types(before);
        // The terminal has it once it is echoed.
        terminal.shows(&before.trim_end().replace('\n', "\r\n"));
        gate.open();
        terminal.shows(&format!("Type {CARL} to go on: "));
        assert_eq!(incident.bindings(), objects, "{before:?} {behind:?}");
        terminal.types(behind);
        let said = terminal.ended();
        let expected = if agrees { Status::Done } else { Status::Refused };
        assert_eq!(said.code, Some(i32::from(expected.code())), "{before:?} {behind:?}: {}", said.text);
        assert_eq!(incident.bindings() == objects, !agrees, "{before:?} {behind:?}: {}", said.text);
        assert_eq!(said.text.contains("consent was not given"), !agrees, "{before:?} {behind:?}: {}", said.text);
    }
}

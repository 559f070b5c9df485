//! The tour: what the plugin tells of a leaked kubeconfig and of a cluster that somebody left.

use std::io::{self, Write};

use kubectl_ackcred::status::Status;

use crate::apiserver::Options;
use crate::session::{Outcome, Session};
use crate::story::{DEVELOPER, LEAVER, OPERATOR, Story};

/// Plays the story to its end and tells it. Nothing stays behind.
///
/// # Errors
/// Where a server doesn't start, the output can't be written, or a command ends in a way that the story doesn't know.
pub fn run(out: &mut dyn Write) -> anyhow::Result<()> {
    let story = Story::start(Options::default())?;
    let session =
        story.variables().into_iter().fold(Session::now()?, |session, (name, value)| session.with(name, value));
    let leaked = story.leaked.display().to_string();
    writeln!(
        out,
        "A simulated ACK cluster and its account run on this machine. {} left the company: the RAM user was deleted. A file \
         with a kubeconfig was found in a chat, and {} is on call.",
        LEAVER.name, OPERATOR.name
    )?;

    let mut tour = Tour { out, session, step: 0 };
    tour.show(
        "Whose file is this? The file alone tells, without contacting anything that it names; the cloud adds who that is.",
        &["whoami", "-f", &leaked],
        Status::Done,
    )?;
    tour.tell(&format!(
        "The certificate is valid for two more years. Deleting {}'s RAM user did not end it.",
        LEAVER.name
    ))?;
    tour.show(
        "And who is looking? The same question to the file, the API server and the cloud.",
        &["whoami"],
        Status::Done,
    )?;
    tour.show(
        "When do the credentials in these files end? Nothing is contacted.",
        &["expiry", &leaked, &story.operator.display().to_string()],
        Status::Done,
    )?;
    tour.show(
        "Who holds access to the cluster although they have left? Exit code 3 says that somebody was found.",
        &["scan", "--fail-on", "orphaned"],
        Status::Findings,
    )?;
    tour.tell(&format!(
        "{}'s binding in billing is shared: {} needs the same one. That is why it is told.",
        LEAVER.name, DEVELOPER.name
    ))?;
    tour.show(
        "The same with everybody, and what each word rests on.",
        &["scan", "--all-users", "-o", "wide"],
        Status::Done,
    )?;
    tour.show(
        "What ACK says of the kubeconfigs that it issued, and who used theirs in the last week.",
        &["status", "--activity"],
        Status::Done,
    )?;
    tour.tell("That was the tour. `ackcred-sandbox serve` runs the same cluster and account for you to look around in.")
}

struct Tour<'a> {
    out: &'a mut dyn Write,
    session: Session,
    step: usize,
}

impl Tour<'_> {
    fn tell(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "\n{text}")?)
    }

    fn show(&mut self, text: &str, args: &[&str], expected: Status) -> anyhow::Result<()> {
        self.step += 1;
        writeln!(self.out, "\n{}. {text}\n\n$ kubectl ackcred {}", self.step, args.join(" "))?;
        let outcome = self.session.run(args);
        print(self.out, &outcome)?;
        anyhow::ensure!(
            outcome.status == expected,
            "kubectl ackcred {} ended with {}, not with {}",
            args.join(" "),
            outcome.status.code(),
            expected.code()
        );
        Ok(())
    }
}

/// As a terminal would show it: standard output, then what was said beside it.
fn print(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    write!(out, "{}{}", outcome.stdout, outcome.stderr)?;
    if outcome.status == Status::Done { Ok(()) } else { writeln!(out, "(exit code {})", outcome.status.code()) }
}

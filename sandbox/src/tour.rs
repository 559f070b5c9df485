//! The tour: a leaked kubeconfig is found, revoked, proven dead, and given back.

use std::io::{self, Write};

use kubectl_ackcred::status::Status;

use crate::apiserver::ApiServerOptions;
use crate::certs::Identity;
use crate::client::Client;
use crate::session::{Outcome, Session};
use crate::story::{DEVELOPER, LEAVER, OPERATOR, Story};

/// What the leaver could look at in the story's cluster.
const DOOR: &str = "/api/v1/namespaces/billing/pods";

/// Runs the tour to its end and prints it. Nothing is left on the machine.
///
/// # Errors
/// If a server doesn't start, the output can't be written, or a command ends in a way that the story doesn't know.
pub fn run(out: &mut dyn Write) -> anyhow::Result<()> {
    let story = Story::start(ApiServerOptions::default())?;
    let session = story.session()?.answering(&format!("{}\n", LEAVER.uid));
    let leaked = story.leaked.display().to_string();
    writeln!(
        out,
        "A simulated ACK cluster and its account run on this machine. {} left the company: the RAM user was deleted. A file \
         with a kubeconfig was found in a chat, and {} is on call.",
        LEAVER.name, OPERATOR.name
    )?;

    let mut tour = Tour { out, session, story: &story, step: 0 };
    tour.show(
        "Whose file is this? The file itself shows the UID, without a connection to anything that it names; the cloud adds the name.",
        &["whoami", "-f", &leaked],
        Status::Done,
    )?;
    tour.knock(
        200,
        &format!("Deleting {}'s RAM user did not end the certificate: it still opens doors.", LEAVER.name),
    )?;
    tour.show(
        "What may this file do, and what could it become? \"Could\" depends on what is said.",
        &["rights", "-f", &leaked],
        Status::Done,
    )?;
    tour.show(
        "Who else holds access to the cluster although they have left? Exit code 3 means that there are findings.",
        &["scan", "--fail-on", "orphaned"],
        Status::Findings,
    )?;
    tour.print_text(&format!(
        "{}'s binding in billing is shared: {} needs the same one. Taking it away whole would break more than it was asked to.",
        LEAVER.name, DEVELOPER.name
    ))?;
    tour.show(
        "What would be done? The API server is asked about every step, and nothing is changed.",
        &["revoke", "-f", &leaked, "--dry-run=server"],
        Status::Done,
    )?;
    let revoked = tour.show(
        &format!(
            "Take it away. The plan is shown again; {} types the UID, and only then something is changed: first what gives \
             access, then ACK's record. Six checks then show whether any is left.",
            OPERATOR.name
        ),
        &["revoke", "-f", &leaked],
        Status::Done,
    )?;
    tour.knock(403, "The same file, the same door.")?;
    tour.show("No deleted identity holds access any more.", &["scan", "--fail-on", "orphaned"], Status::Done)?;
    tour.show("Everything is on record, with who did it and when.", &["history"], Status::Done)?;
    let operation = operation_of(&revoked)?;
    tour.print_text(
        "Now back: perhaps it was the wrong person. A leaked credential becomes valid again only if it is named, and a deleted \
         identity gets access again only with --force.",
    )?;
    tour.show("Without these flags the restore is refused.", &["restore", &operation], Status::Refused)?;
    tour.show(
        "With them, the bindings are as they were.",
        &["restore", &operation, "--force", "--rearm", &story.leaver_name],
        Status::Done,
    )?;
    tour.knock(200, "It works again: the plan of the restore says so before.")?;
    tour.show("It was the right person after all.", &["revoke", LEAVER.uid], Status::Done)?;
    tour.knock(403, "Closed again.")?;
    tour.print_text(
        "That was the tour. `ackcred-sandbox serve` runs the same cluster and account for you to look around in.",
    )
}

/// The operation that a revocation's last line names.
fn operation_of(report: &str) -> anyhow::Result<String> {
    let line = report.lines().find_map(|line| line.strip_prefix("Operation "));
    let id = line.and_then(|line| line.split_whitespace().next());
    Ok(id.ok_or_else(|| anyhow::anyhow!("the revocation named no operation"))?.to_owned())
}

struct Tour<'a> {
    out: &'a mut dyn Write,
    session: Session,
    story: &'a Story,
    step: usize,
}

impl Tour<'_> {
    fn print_text(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "\n{text}")?)
    }

    /// Runs a command as the story knows it to end, and gives what it printed.
    fn show(&mut self, text: &str, args: &[&str], expected: Status) -> anyhow::Result<String> {
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
        Ok(outcome.stdout)
    }

    /// Tries the leaked file at the API server, as its finder would.
    fn knock(&mut self, expected: u16, text: &str) -> anyhow::Result<()> {
        let holder: &Identity = &self.story.leaver;
        let client = Client::new(&self.story.server, Some(holder))?;
        let code = client.send("GET", DOOR, &[], "")?.code;
        self.print_text(text)?;
        writeln!(self.out, "\n$ curl --cert leaked.pem https://…{DOOR}\nHTTP {code}")?;
        anyhow::ensure!(code == expected, "the leaked file got {code}, not {expected}");
        Ok(())
    }
}

/// As a terminal shows it: standard error, then standard output.
fn print(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    write!(out, "{}{}", outcome.stderr, outcome.stdout)?;
    if outcome.status == Status::Done { Ok(()) } else { writeln!(out, "(exit code {})", outcome.status.code()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_ends_well() {
        let mut out = Vec::new();
        run(&mut out).unwrap();
        let output = String::from_utf8(out).unwrap();
        let codes: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix("HTTP ")).collect();
        assert_eq!(codes, ["200", "403", "200", "403"], "{output}");
        assert_eq!(output.matches("Verified at ").count(), 2, "{output}");
    }
}

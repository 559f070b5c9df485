//! The tour: a leaked kubeconfig is found, traced, revoked, proven dead, and given back; and a stolen one is replaced.

mod intruder;

use std::fs;
use std::io::{self, Write};

use kubectl_ackcred::status::Status;

use self::intruder::{CONFIG, Intruder};
use crate::apiserver::ApiServerOptions;
use crate::audit::LogForm;
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
    let story = Story::start(ApiServerOptions { audit: true, ..ApiServerOptions::default() })?;
    let intruder = Intruder::at_work(&story)?;
    let session = story.session()?;
    writeln!(
        out,
        "A simulated ACK cluster and its account run on this machine. {} left the company: the RAM user was deleted. {} is on \
         call, and looks through the files that were shared in a chat.",
        LEAVER.name, OPERATOR.name
    )?;
    let mut tour = Tour { out, session, story: &story, intruder, step: 0 };
    let leaked = tour.find()?;
    tour.look(&leaked)?;
    let operation = tour.revoke(&leaked)?;
    tour.restore(&operation)?;
    tour.rotate()?;
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
    intruder: Intruder,
    step: usize,
}

impl Tour<'_> {
    /// The file is found in a folder; gives its path.
    fn find(&mut self) -> anyhow::Result<String> {
        let chat = self.story.folder().join("chat");
        fs::create_dir(&chat)?;
        fs::write(chat.join("notes.txt"), "the key of the server room is at the front desk\n")?;
        fs::copy(&self.story.leaked, chat.join("leaked.yaml"))?;
        let chat = fs::canonicalize(chat)?;
        self.show(
            "Does one of these files hold a credential? Every file is read, whatever its name; nothing is contacted.",
            &["expiry", "-R", &chat.display().to_string()],
            Status::Done,
        )?;
        Ok(chat.join("leaked.yaml").display().to_string())
    }

    /// Whose it is, what it was used for, and what it may do.
    fn look(&mut self, leaked: &str) -> anyhow::Result<()> {
        self.show(
            "Whose file is this? The file itself shows the UID, without a connection to anything that it names; the cloud adds the name.",
            &["whoami", "-f", leaked],
            Status::Done,
        )?;
        self.knock(
            200,
            &format!("Deleting {}'s RAM user did not end the certificate: it still opens doors.", LEAVER.name),
        )?;
        let log = self.story.folder().join("audit.log");
        fs::write(&log, LogForm::Lines.write(&self.story.server.audit_log())?)?;
        self.show(
            "What was it used for? The API server's audit log says so. A static token was used after its Secret was listed: perhaps by the same person.",
            &["trace", "-f", leaked, "--audit-log", &fs::canonicalize(log)?.display().to_string()],
            Status::Done,
        )?;
        self.show(
            "What may this file do, and what could it become? \"Could\" depends on what is said.",
            &["rights", "-f", leaked],
            Status::Done,
        )?;
        self.show(
            "Who else holds access to the cluster although they have left? Exit code 3 means that there are findings.",
            &["scan", "--fail-on", "orphaned"],
            Status::Findings,
        )?;
        self.show(
            &format!("What would let {} in again? Each finding has the command that ends it.", LEAVER.name),
            &["scan", "--persistence", LEAVER.uid],
            Status::Done,
        )?;
        self.print_text(&format!(
            "{}'s binding in billing is shared: {} needs the same one. Taking it away whole would break more than it was asked to.",
            LEAVER.name, DEVELOPER.name
        ))
    }

    /// What the file gives is taken away; gives the operation.
    fn revoke(&mut self, leaked: &str) -> anyhow::Result<String> {
        self.show(
            "What would be done? Of a file that is in use this takes --force. The API server is asked about every step, and nothing is changed.",
            &["revoke", "-f", leaked, "--end-static-tokens", "--force", "--dry-run=server"],
            Status::Done,
        )?;
        let revoked = self.show(
            &format!(
                "Take it away. The plan is shown again; {} types the UID, and only then something is changed: first what gives \
                 access, then ACK's record. The checks then show whether any is left.",
                OPERATOR.name
            ),
            &["revoke", "-f", leaked, "--end-static-tokens", "--force"],
            Status::Done,
        )?;
        self.knock(403, "The same file, the same door.")?;
        self.knock_with_token(401, "The token that was read with it.")?;
        self.show("No deleted identity holds access any more.", &["scan", "--fail-on", "orphaned"], Status::Done)?;
        self.show("Everything is on record, with who did it and when.", &["history"], Status::Done)?;
        operation_of(&revoked)
    }

    /// It is given back, and taken away again.
    fn restore(&mut self, operation: &str) -> anyhow::Result<()> {
        self.print_text(
            "Now back: perhaps it was the wrong person. A leaked credential becomes valid again only if it is named, and a deleted \
             identity gets access again only with --force.",
        )?;
        self.show("Without these flags the restore is refused.", &["restore", operation], Status::Refused)?;
        self.show(
            "With them, the bindings are as they were.",
            &["restore", operation, "--force", "--rearm", &self.story.leaver_name],
            Status::Done,
        )?;
        self.knock(200, "It works again: the plan of the restore says so before.")?;
        self.show(
            "It was the right person after all.",
            &["revoke", LEAVER.uid, "--end-static-tokens", "--force"],
            Status::Done,
        )?;
        self.knock(403, "Closed again.")
    }

    /// The operator's own file was stolen.
    fn rotate(&mut self) -> anyhow::Result<()> {
        self.show_to(
            OPERATOR.uid,
            &format!(
                "That evening {}'s own laptop is stolen, with a kubeconfig on it. ACK issues another, and the stolen one is proven dead.",
                OPERATOR.name
            ),
            &["rotate", "--in-place"],
            Status::Done,
        )?;
        self.show(
            "Is what was taken away still gone? A job may ask this every night.",
            &["verify", "--all"],
            Status::Done,
        )?;
        Ok(())
    }

    fn print_text(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "\n{text}")?)
    }

    /// Runs a command as the story knows it to end, and gives what it printed.
    fn show(&mut self, text: &str, args: &[&str], expected: Status) -> anyhow::Result<String> {
        self.show_to(LEAVER.uid, text, args, expected)
    }

    /// As [`Self::show`]; where consent is asked for, this is typed.
    fn show_to(&mut self, typed: &str, text: &str, args: &[&str], expected: Status) -> anyhow::Result<String> {
        self.step += 1;
        writeln!(self.out, "\n{}. {text}\n\n$ kubectl ackcred {}", self.step, args.join(" "))?;
        let outcome = self.session.run_answering(Some(&format!("{typed}\n")), args);
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

    /// Tries the static token that was read with the file.
    fn knock_with_token(&mut self, expected: u16, text: &str) -> anyhow::Result<()> {
        let code = self.intruder.try_token(self.story)?;
        self.print_text(text)?;
        writeln!(self.out, "\n$ curl --oauth2-bearer \"$TOKEN\" https://…{CONFIG}\nHTTP {code}")?;
        anyhow::ensure!(code == expected, "the static token got {code}, not {expected}");
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
        assert_eq!(codes, ["200", "403", "401", "200", "403"], "{output}");
        assert_eq!(output.matches("Verified at ").count(), 3, "{output}");
        for word in ["StaticToken", "DeletedIdentity", "secrets"] {
            assert!(output.contains(word), "{word}: {output}");
        }
    }
}

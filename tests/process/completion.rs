//! Completion in real shells: TAB is pressed, directly and through kubectl.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::Credential;
use ackcred_sandbox::people;
use jiff::Timestamp;

use crate::home::{BINARY, CLUSTER, Home, UID, offline_file};
use crate::programs::{program, skip};
use crate::shell::{Kind, Shell};

const BO: &str = people::BO.uid;
const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// What a kubeconfig from elsewhere could name a context.
const HOSTILE: &str = "evil$(touch x)";

/// Lines, each with what TAB makes of it in every shell.
const COMPLETED: &[(&str, &str)] = &[
    ("sc", "scan "),
    ("scan --contex", "scan --context "),
    ("scan --context pro", "scan --context production "),
    ("scan --context=pro", "scan --context=production "),
    ("scan --context arn:a", "scan --context arn:aws:x "),
    ("scan --context=arn:a", "scan --context=arn:aws:x "),
    ("scan --context ann@", "scan --context ann@staging "),
    ("scan --context nowhere", "scan --context nowhere"),
    ("scan --context lea", "scan --context lea"),
    ("scan --cluster-id c5", "scan --cluster-id c5e8f0a1b2c3d4e5f60718293a4b5c6d7 "),
    ("expiry --fail-on expired,ef", "expiry --fail-on expired,effective "),
    ("expiry --fail-on=expired,ef", "expiry --fail-on=expired,effective "),
    ("expiry lea", "expiry leaked.yaml "),
    ("whoami -f lea", "whoami -f leaked.yaml "),
    ("scan --kubeconfig=lea", "scan --kubeconfig=leaked.yaml "),
    ("revoke 2", "revoke 200000000000000102 "),
    ("scan ", "scan "),
    ("scan --offline --off", "scan --offline --off"),
    ("history --prof", "history --prof"),
];

/// A home with contexts of odd names, a file to complete, and the programs on its PATH.
fn home() -> Home {
    let authority = Authority::of_today().unwrap();
    let validity = Validity::ack(Timestamp::from_second(1_735_689_600).unwrap());
    let bo = authority.client(&Subject::ack(format!("{BO}-1")), validity, KeyKind::Rsa).unwrap();
    let file = offline_file().user("bo", &Credential::of(&bo)).context("production", "kubernetes", UID);
    let file = ["arn:aws:x", "ann@staging", "my ctx", HOSTILE]
        .into_iter()
        .fold(file, |file, name| file.context(name, "kubernetes", "bo"));
    let home = Home::with(&file.current("production"));
    home.write("leaked.yaml", "", 0o600);
    fs::create_dir(home.path().join("bin")).unwrap();
    symlink(BINARY, home.path().join("bin/kubectl-ackcred")).unwrap();
    let completer = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/kubectl_complete-ackcred");
    symlink(completer, home.path().join("bin/kubectl_complete-ackcred")).unwrap();
    home
}

fn shell(kind: Kind, home: &Home, kubectl: Option<&Path>, setup: &str) -> Shell {
    let folders = [home.path().join("bin").as_path(), Path::new("/usr/bin"), Path::new("/bin")].map(Path::to_owned);
    let folders = folders.into_iter().chain(kubectl.and_then(Path::parent).map(Path::to_owned));
    let mut script = home.start("script");
    script.env("PATH", std::env::join_paths(folders).unwrap());
    Shell::start(kind, script, home.path(), setup)
}

fn try_in(shell: &mut Shell, command: &str) {
    for (line, completed) in COMPLETED {
        let after = shell.tab(&format!("{command} {line}"));
        assert_eq!(after.line, format!("{command} {completed}"), "{line:?}: {after:?}");
    }
    let contexts = shell.tab(&format!("{command} scan --context "));
    for name in ["production", "arn:aws:x", "ann@staging"] {
        assert!(contexts.lists(name), "{name}: {contexts:?}");
    }
    assert!(!contexts.lists("leaked.yaml"), "no file: {contexts:?}");
    let nothing = shell.tab(&format!("{command} scan "));
    assert!(!nothing.lists_flags(), "no flags before a dash: {nothing:?}");
    let verbs = shell.tab(&format!("{command} "));
    assert!(verbs.lists("whoami") && verbs.lists("version") && !verbs.lists_flags(), "{verbs:?}");
    let flags = shell.tab(&format!("{command} history --"));
    assert!(flags.lists("--output") && flags.lists("--quiet") && !flags.lists("--context"), "{flags:?}");
}

fn directly(kind: Kind, setup: &str) {
    let test = format!("completion in {}", kind.name());
    if program(kind.name(), &test).is_none() || program("script", &test).is_none() {
        return;
    }
    let home = home();
    let mut shell = shell(kind, &home, None, setup);
    try_in(&mut shell, "kubectl-ackcred");
    assert_eq!(shell.tab("kubectl-ackcred scan --context m").line, r"kubectl-ackcred scan --context my\ ctx ");
    let hostile = if kind == Kind::Bash { r"evil\$\(touch\ x\) " } else { "ev" };
    assert_eq!(
        shell.tab("kubectl-ackcred scan --context ev").line,
        format!("kubectl-ackcred scan --context {hostile}")
    );
    assert!(!home.path().join("x").exists());
}

fn through_kubectl(kind: Kind, setup: &str) {
    let test = format!("completion in {} through kubectl", kind.name());
    if program(kind.name(), &test).is_none() || program("script", &test).is_none() {
        return;
    }
    let Some(kubectl) = program("kubectl", &test) else { return };
    if kind == Kind::Bash && !Path::new(BASH_COMPLETION).is_file() {
        return skip(&test, "no bash-completion");
    }
    let home = home();
    let mut shell = shell(kind, &home, Some(&kubectl), setup);
    try_in(&mut shell, "kubectl ackcred");
    // kubectl's script for bash would put it into the line as it is.
    assert_eq!(shell.tab("kubectl ackcred scan --context ev").line, "kubectl ackcred scan --context ev");
}

#[test]
fn tab_in_bash() {
    directly(Kind::Bash, "source <(kubectl-ackcred completion bash)");
}

#[test]
fn tab_in_bash_through_kubectl() {
    through_kubectl(Kind::Bash, &format!("source {BASH_COMPLETION}\nsource <(kubectl completion bash)"));
}

#[test]
fn tab_in_zsh() {
    directly(Kind::Zsh, "source <(kubectl-ackcred completion zsh)");
}

#[test]
fn tab_in_zsh_through_kubectl() {
    through_kubectl(Kind::Zsh, "source <(kubectl completion zsh)");
}

#[test]
fn tab_in_zsh_that_loads_the_file_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    directly(Kind::Zsh, &format!("fpath=({} $fpath)\ncompinit -u -D", folder.display()));
}

#[test]
fn tab_in_fish() {
    directly(Kind::Fish, "kubectl-ackcred completion fish | source");
}

#[test]
fn tab_in_fish_through_kubectl() {
    through_kubectl(Kind::Fish, "kubectl completion fish | source");
}

#[test]
fn under_kubectls_name_for_it_the_binary_completes() {
    let home = home();
    let completer = home.path().join("kubectl_complete-ackcred");
    symlink(BINARY, &completer).unwrap();
    let output = home.start(completer.to_str().unwrap()).args(["scan", "--cluster-id", ""]).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with(CLUSTER) && answer.ends_with("\n:4\n"), "{answer}");
}

//! Help is read in an incident, on a small terminal: a verb's own flags on its page, the others once.

use ackcred_sandbox::session::Outcome;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;

use crate::cli::desk::session;

const VERBS: [&str; 14] = [
    "whoami",
    "expiry",
    "scan",
    "status",
    "rights",
    "who-can",
    "lint",
    "suggest",
    "revoke",
    "restore",
    "history",
    "completion",
    "options",
    "version",
];

fn help(words: &[&str]) -> String {
    let Outcome { status, stdout, stderr } = session().run(words);
    assert_eq!((status, stderr.as_str()), (Status::Done, ""), "{words:?}");
    stdout
}

/// Whether a flag has a line of its own.
fn is_listed(page: &str, flag: &str) -> bool {
    page.lines().any(|line| line.trim_start().trim_start_matches("-o, ").starts_with(flag))
}

#[test]
fn a_page_is_short_and_the_same_however_it_is_asked_for() {
    for verb in VERBS {
        let page = help(&[verb, "--help"]);
        assert!(page.lines().count() <= 40, "{verb}: {} lines", page.lines().count());
        assert_eq!(help(&[verb, "-h"]), page);
        assert_eq!(help(&["help", verb]), page);
        assert_eq!(help(&["--context", "prod", verb, "-h"]), page, "a flag before the verb changes nothing");
        assert!(page.contains("kubectl ackcred options"), "{page}");
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{page:?}");
    }
}

/// What many verbs take stands in `options` and on no page.
#[test]
fn each_flag_is_listed_where_it_belongs() {
    let options = help(&["options"]);
    for flag in [
        "--kubeconfig",
        "--context",
        "--server",
        "--as-user-extra",
        "--offline",
        "--profile",
        "--vpc",
        "--cs-endpoint",
        "--ims-endpoint",
        "--output",
        "--quiet",
        "--parallel",
        "--cluster-timeout",
        "--temporary-credentials",
        "--approval",
        "--allowed-signers",
        "--lease",
    ] {
        assert!(options.contains(flag), "{flag}: {options}");
        for verb in ["whoami", "expiry", "scan", "status", "revoke", "history", "version"] {
            let page = help(&[verb, "--help"]);
            assert!(!is_listed(&page, flag), "{verb} lists {flag}:\n{page}");
        }
    }
    for (verb, flag) in
        [("scan", "--all-users"), ("scan", "--all-clusters"), ("revoke", "--resume"), ("expiry", "--within")]
    {
        assert!(is_listed(&help(&[verb, "--help"]), flag), "{verb} {flag}");
        assert!(!is_listed(&options, flag), "{flag}");
    }
}

#[test]
fn a_page_is_wrapped_at_the_width_of_the_terminal() {
    for columns in [80, 120] {
        for verb in VERBS {
            let page = session().on_a_terminal_of(columns).run(&[verb, "--help"]).stdout;
            // Neither a usage line nor an example is broken: both are there to be copied.
            let prose = page.lines().filter(|line| !line.contains("kubectl ackcred"));
            for line in prose {
                assert!(line.chars().count() <= usize::from(columns), "{verb} at {columns}: {line}");
            }
        }
    }
}

#[test]
fn a_verb_takes_no_flag_that_it_can_not_use() {
    assert_snapshot!(session().run(&["history", "--profile", "ops"]), @r"
    --- stderr
    error: history has no use for --profile

    Usage: kubectl ackcred history [OPTIONS] [OPERATION]

    For more information, try '--help'.
    --- exit 2
    ");
    assert_snapshot!(session().run(&["scan", "--al"]), @r"
    --- stderr
    error: unexpected argument '--al' found

    For more information, try '--help'.
    --- exit 2
    ");
    assert_snapshot!(session().run(&["scan", "--all-user"]), @"
    --- stderr
    error: unexpected argument '--all-user' found

      tip: a similar argument exists: '--all-users'

    Usage: kubectl ackcred scan --all-users [UID]...

    For more information, try '--help'.
    --- exit 2
    ");
}

#[test]
fn a_page_reads_like_this() {
    assert_snapshot!(help(&["whoami", "--help"]), @r#"
    Show whose credential this is, and for which cluster

    Usage: kubectl ackcred whoami [OPTIONS]

    Options:
      -f, --filename <FILE>  Read this kubeconfig file, such as a leaked one, and contact, run or use nothing that it names
          --in-cluster       Use the service account of the pod that this runs in
      -h, --help             Print help

    Examples:
      kubectl ackcred whoami                  # your own context: file, API server and cloud
      kubectl ackcred whoami -f leaked.yaml   # another file, without contacting what it names

    Use "kubectl ackcred options" for the flags that many commands take.
    "#);
    assert_snapshot!(help(&["--help"]), @r#"
    Whose kubeconfig credential is this, when does it expire, and who still holds access to the cluster?

    Usage: kubectl ackcred <COMMAND>

    Commands:
      whoami      Show whose credential this is, and for which cluster
      expiry      List when credentials expire, and which never do
      scan        List who holds access to the cluster, and whether they still exist
      status      List the state of issued kubeconfigs, of a cluster or of an identity
      rights      List what an identity may do, and what it could become
      who-can     List who may do something, and whether they still exist
      lint        List what gives more than is needed, and how to end it
      trace       List what a credential was used for, from the audit log
      suggest     Suggest the smallest roles for what an identity was seen to use
      revoke      Revoke an identity's access to the cluster, and prove that it is gone
      rotate      Replace your own kubeconfig because it leaked, and prove that the old one is dead
      restore     Restore what a revocation removed
      verify      Check whether what was revoked from this machine is still gone
      history     List the revocations, rotations and restores that were made from this machine
      completion  Print a completion script for a shell
      options     List the flags that many commands take
      version     Print the version
      help        Print this message or the help of the given subcommand(s)

    Options:
          --version  Print the version
      -h, --help     Print help

    Exit codes: 0 done, 1 failed, 2 usage, 3 findings (with --fail-on), 4 incomplete, 5 refused, 70 a bug, 130 interrupted.

    Use "kubectl ackcred options" for the flags that many commands take.
    "#);
}

#[test]
fn the_version_is_a_flag_as_well() {
    assert_eq!(help(&["--version"]), format!("kubectl-ackcred {}\n", env!("CARGO_PKG_VERSION")));
}

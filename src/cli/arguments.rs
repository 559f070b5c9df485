//! How a command line is read: what is done before clap reads it, and what clap can't know.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};

use super::{ALIBABA_CLOUD, CLUSTER_ACCESS, Cli, OUTPUT, RequestedFormat, grammar, help};

/// kubectl's flags that take a value and count as absent if it is empty. Scripts write `--kubeconfig "$FILE"`, and clap refuses an
/// empty path.
const KUBECTL_FLAGS: [&str; 18] = [
    "--as",
    "--as-uid",
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--cluster",
    "--context",
    "--kubeconfig",
    "--namespace",
    "--output",
    "--request-timeout",
    "--server",
    "--tls-server-name",
    "--token",
    "--user",
    "-n",
    "-o",
    "-s",
];

/// Reads a command line.
///
/// # Errors
/// It makes no sense, it gives a verb a flag for which the verb has no use, or help is asked for, which is wrapped at `columns`.
pub fn parse(args: Vec<OsString>, columns: Option<u16>) -> Result<Cli, clap::Error> {
    let args = without_empty_values(args);
    let mut grammar = grammar();
    let matches = grammar.try_get_matches_from_mut(&args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let page = help::pages(super::grammar(), columns).try_get_matches_from(&args).err();
            page.filter(|page| page.kind() == error.kind()).unwrap_or(error)
        }
        ErrorKind::UnknownArgument => without_far_fetched_tips(error),
        _ => error,
    })?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    if let Some((verb, given)) = matches.subcommand()
        && given.value_source("output") != Some(ValueSource::CommandLine)
    {
        cli.output.output = RequestedFormat::usual_of(verb);
    }
    let refused = matches.subcommand().and_then(|(verb, given)| {
        let message = useless(&grammar, verb, given).or_else(|| cli.output.output.refusal(verb))?;
        Some((verb, message))
    });
    let Some((verb, message)) = refused else { return Ok(cli) };
    let verb = grammar.find_subcommand_mut(verb).map(|verb| verb.error(ErrorKind::ArgumentConflict, &message));
    Err(verb.unwrap_or_else(|| clap::Error::raw(ErrorKind::ArgumentConflict, message)))
}

/// Of an unknown flag clap says how to pass it as a value, which it never is, and names another flag that may be quite unlike it.
fn without_far_fetched_tips(mut error: clap::Error) -> clap::Error {
    error.remove(ContextKind::Suggested);
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let (given, suggested) = (text(ContextKind::InvalidArg), text(ContextKind::SuggestedArg));
    let is_close = given.chars().take(3).eq(suggested.chars().take(3)) && given.len().abs_diff(suggested.len()) <= 2;
    if !is_close && !suggested.is_empty() {
        error.remove(ContextKind::SuggestedArg);
        // The usage is that of the suggested flag.
        error.remove(ContextKind::Usage);
    }
    error
}

/// Whether a verb can use an argument.
pub fn has_use_for(verb: &str, arg: &clap::Arg) -> bool {
    let used: &[&str] = match verb {
        "expiry" => &[CLUSTER_ACCESS, OUTPUT],
        "history" | "trace" | "version" => &[OUTPUT],
        "completion" | "options" => &[],
        _ => &[CLUSTER_ACCESS, ALIBABA_CLOUD, OUTPUT],
    };
    !arg.is_global_set() || arg.get_help_heading().is_none_or(|heading| used.contains(&heading))
}

/// Why a flag that was given to a verb is refused: the verb can't use it.
fn useless(grammar: &clap::Command, verb: &str, given: &ArgMatches) -> Option<String> {
    let is_given = |arg: &&clap::Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let flag = grammar.get_arguments().filter(|arg| arg.is_global_set() && !has_use_for(verb, arg)).find(is_given)?;
    let name = flag.get_long().map_or_else(|| "-v".to_owned(), |name| format!("--{name}"));
    Some(format!("{verb} has no use for {name}"))
}

/// The command line without kubectl's flags whose value is empty: `--flag ""` and `--flag=`.
fn without_empty_values(args: Vec<OsString>) -> Vec<OsString> {
    let mut kept = Vec::with_capacity(args.len());
    let mut rest = args.into_iter().peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            kept.push(arg);
            kept.extend(rest);
            break;
        }
        let text = arg.to_str().unwrap_or_default();
        if text.strip_suffix('=').is_some_and(|flag| KUBECTL_FLAGS.contains(&flag)) {
            continue;
        }
        let is_empty = KUBECTL_FLAGS.contains(&text) && rest.next_if(|value| value.is_empty()).is_some();
        if !is_empty {
            kept.push(arg);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(args: &[&str]) -> Vec<String> {
        let kept = without_empty_values(args.iter().map(OsString::from).collect());
        kept.into_iter().map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn an_empty_value_of_a_kubectl_flag_is_absent() {
        assert_eq!(kept(&["k", "whoami", "--kubeconfig", "", "-s", "", "--context=", "-o="]), ["k", "whoami"]);
        for flag in KUBECTL_FLAGS {
            assert_eq!(kept(&["k", flag, "", "--offline"]), ["k", "--offline"]);
            assert_eq!(kept(&["k", &format!("{flag}="), "x"]), ["k", "x"]);
            assert_eq!(kept(&["k", flag, "x"]), ["k", flag, "x"]);
            assert_eq!(kept(&["k", flag]), ["k", flag]);
        }
    }

    #[test]
    fn other_empty_arguments_stay() {
        for args in [
            &["k", "revoke", "", "--reason", ""][..],
            &["k", "-f", ""],
            &["k", "--", "--user", ""],
            &["k", "--as-group="],
        ] {
            assert_eq!(kept(args), args);
        }
    }
}

//! Help. A verb's page shows its own flags; those that more than one verb takes are listed once, by `options`, as kubectl does.

use clap::builder::{PossibleValue, PossibleValuesParser, Resettable};
use clap::{Arg, ArgAction, Command};

/// At the end of each page.
const SEE_OPTIONS: &str = "Use \"kubectl ackcred options\" for the flags that many commands take.";

/// What `options` begins with.
const OPTIONS_ABOUT: &str = "These flags can be passed to every command that has a use for them:";

/// A verb's page.
const VERB: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The grammar as its help pages show it: without what `options` lists. `columns` is the width of the terminal; a pipe has none, and
/// nothing is wrapped.
pub(super) fn pages(command: Command, columns: Option<u16>) -> Command {
    let command = command.mut_args(listed_by_options).term_width(columns.unwrap_or_default().into());
    page(command).mut_subcommands(|verb| {
        let more = verb.get_long_about().map(ToString::to_string);
        let more = more.and_then(|text| Some(text.split_once("\n\n")?.1.to_owned()));
        let verb = page(verb.mut_args(listed_by_options).mut_args(in_one_line)).help_template(VERB);
        let verb = verb.long_about(None::<&str>);
        if let Some(more) = more { verb.before_help(more) } else { verb }
    })
}

fn page(command: Command) -> Command {
    let after = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    // Clap's own flag gives `--help` a longer page than `-h`.
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .help("Print help")
        .help_heading(None::<&str>);
    command.disable_help_flag(true).arg(help).after_help(format!("{after}{SEE_OPTIONS}\n"))
}

fn listed_by_options(arg: Arg) -> Arg {
    let is_listed = is_of_many_verbs(&arg);
    if is_listed { arg.hide(true) } else { arg }
}

fn is_of_many_verbs(arg: &Arg) -> bool {
    let headings = [super::clusters::SIDE_BY_SIDE, super::approval::SECOND_PERSON, super::revocation::SEVERAL_MACHINES];
    arg.is_global_set() || arg.get_help_heading().is_some_and(|heading| headings.contains(&heading))
}

/// An argument whose values have no descriptions of their own: with them, clap gives every argument of the page several lines.
fn in_one_line(arg: Arg) -> Arg {
    let values = arg.get_possible_values().into_iter().map(|value| value.help(Resettable::Reset));
    let values: Vec<PossibleValue> = values.collect();
    if values.is_empty() { arg } else { arg.value_parser(PossibleValuesParser::new(values)) }
}

/// The page of `options`.
pub fn options(columns: Option<u16>) -> String {
    let grammar = super::grammar();
    let verbs = ["scan", "restore"].into_iter().filter_map(|name| grammar.find_subcommand(name));
    let listed =
        grammar.get_arguments().chain(verbs.flat_map(Command::get_arguments)).filter(|arg| is_of_many_verbs(arg));
    let mut command = Command::new("options")
        .disable_help_flag(true)
        .help_template("{about-with-newline}\n{all-args}")
        .about(OPTIONS_ABOUT)
        .term_width(columns.unwrap_or_default().into())
        .args(listed.cloned().map(|arg| in_one_line(arg.hide_short_help(false))));
    command.render_help().to_string()
}

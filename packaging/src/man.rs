//! Man pages: one for the program and one for each verb, made from the grammar of the command line.

use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;
use kubectl_ackcred::internals::grammar;

/// Writes `kubectl-ackcred.1` and `kubectl-ackcred-VERB.1` into a folder.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    for (name, page) in pages() {
        let file = folder.join(format!("{name}.1"));
        let mut text = Vec::new();
        Man::new(page).title(name.to_uppercase()).manual("kubectl ackcred").render(&mut text)?;
        std::fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))?;
    }
    Ok(())
}

/// The commands, each under the name of its page. A verb's page has its own flags; the program's page has those of many verbs.
fn pages() -> Vec<(String, Command)> {
    let mut program = grammar();
    program.build();
    let name = program.get_name().to_owned();
    let verbs: Vec<Command> = program.get_subcommands().cloned().collect();
    let pages = verbs.into_iter().map(|verb| {
        let page = format!("{name}-{}", verb.get_name());
        let verb = verb.version(env!("CARGO_PKG_VERSION")).display_name(&page);
        (page, verb.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg }))
    });
    std::iter::once((name.clone(), program.clone())).chain(pages).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_verb_has_a_page_and_the_flags_of_all_verbs_are_on_the_first() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        write(folder.path())?;
        let read = |name: &str| fs::read_to_string(folder.path().join(name));
        let (program, scan) = (read("kubectl-ackcred.1")?, read("kubectl-ackcred-scan.1")?);
        for verb in grammar().get_subcommands() {
            let page = read(&format!("kubectl-ackcred-{}.1", verb.get_name()))?;
            assert!(page.contains(".TH KUBECTL-ACKCRED-"), "{page}");
            let name = verb.get_name().replace('-', "\\-");
            assert!(program.contains(&format!("kubectl\\-ackcred\\-{name}(1)")), "{program}");
        }
        assert!(program.contains("\\-\\-kubeconfig") && !scan.contains("\\-\\-kubeconfig"), "{scan}");
        assert!(scan.contains("\\-\\-all\\-users"), "{scan}");
        Ok(())
    }
}

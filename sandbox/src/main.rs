//! Runs the sandbox: a simulated ACK cluster and account, for the tour or to look around in.

use std::env::consts::EXE_SUFFIX;
use std::io::Write;

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::fleet::{self, Fleet};
use ackcred_sandbox::story::{LEAVER, Story};
use ackcred_sandbox::tour;
use clap::{Parser, Subcommand};

const PLUGIN: &str = "kubectl-ackcred";

/// A simulated ACK account on loopback.
#[derive(Parser)]
#[command(name = "ackcred-sandbox")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what the plugin does with a leaked kubeconfig and the access of a deleted user
    Tour,
    /// Serve a cluster with a small story until Ctrl-C
    Serve {
        /// Port on 127.0.0.1; 0 for any that is free
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Serve ack-ram-authenticator's API group too
        #[arg(long)]
        ram_authenticator: bool,
        /// Serve this many clusters of one account
        #[arg(long, conflicts_with = "port")]
        clusters: Option<usize>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Tour => tour::run(&mut std::io::stdout().lock()),
        Command::Serve { clusters: Some(clusters), ram_authenticator, .. } => serve_many(clusters, ram_authenticator),
        Command::Serve { port, ram_authenticator, clusters: None } => {
            serve(ApiServerOptions { port, ram_authenticator, ..ApiServerOptions::default() })
        }
    }
}

fn serve_many(clusters: usize, ram_authenticator: bool) -> anyhow::Result<()> {
    let fleet = Fleet::start_with(fleet::FleetOptions { clusters, ram_authenticator })?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "A simulated account with {clusters} ACK clusters is there. In another terminal:\n")?;
    say_variables(&mut out, fleet.variables())?;
    let plugin = plugin();
    writeln!(out, "    {plugin} scan --all-contexts")?;
    writeln!(out, "    {plugin} status --all-clusters --activity")?;
    writeln!(out, "    {plugin} revoke --all-deleted --all-contexts\n")?;
    writeln!(out, "{} ({}) has left and still holds access everywhere. Ctrl-C ends it all.", LEAVER.name, LEAVER.uid)?;
    until_ctrl_c(out)
}

fn serve(options: ApiServerOptions) -> anyhow::Result<()> {
    let story = Story::start(options)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "A simulated ACK cluster listens on {}. In another terminal:\n", story.server.address())?;
    say_variables(&mut out, story.variables())?;
    if is_on_path("kubectl") {
        writeln!(out, "    kubectl auth whoami")?;
        writeln!(out, "    kubectl get rolebindings --all-namespaces -o wide")?;
    }
    let plugin = plugin();
    writeln!(out, "    {plugin} whoami")?;
    writeln!(out, "    {plugin} scan --all-users")?;
    writeln!(out, "    {plugin} status --activity")?;
    writeln!(out, "    {plugin} whoami -f {}", story.leaked.display())?;
    writeln!(out, "    {plugin} revoke -f {}\n", story.leaked.display())?;
    writeln!(out, "{} ({}) has left, and that file was found in a chat. Ctrl-C ends it all.", LEAVER.name, LEAVER.uid)?;
    until_ctrl_c(out)
}

fn say_variables(out: &mut impl Write, variables: Vec<(&'static str, String)>) -> std::io::Result<()> {
    for (name, value) in variables {
        writeln!(out, "    export {name}={value}")?;
    }
    writeln!(out)?;
    if !is_on_path(PLUGIN) {
        writeln!(
            out,
            "    cargo install --locked --path .    # in the repository's folder: {PLUGIN} is not on your PATH yet\n"
        )?;
    }
    Ok(())
}

/// How the plugin is run here: it needs no kubectl.
fn plugin() -> &'static str {
    if is_on_path("kubectl") { "kubectl ackcred" } else { PLUGIN }
}

#[expect(clippy::disallowed_methods, reason = "what is said to somebody who sits at the sandbox")]
fn is_on_path(program: &str) -> bool {
    let file = format!("{program}{EXE_SUFFIX}");
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(&file).is_file()))
}

fn until_ctrl_c(mut out: impl Write) -> anyhow::Result<()> {
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}

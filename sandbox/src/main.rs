//! Runs the sandbox: a simulated ACK cluster and account, for the tour or to look around in.

use std::io::Write;

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::fleet::{self, Fleet};
use ackcred_sandbox::story::{LEAVER, Story};
use ackcred_sandbox::tour;
use clap::{Parser, Subcommand};

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
    for (name, value) in fleet.variables() {
        writeln!(out, "    export {name}={value}")?;
    }
    writeln!(out)?;
    writeln!(out, "    kubectl ackcred scan --all-contexts")?;
    writeln!(out, "    kubectl ackcred status --all-clusters --activity")?;
    writeln!(out, "    kubectl ackcred revoke --all-deleted --all-contexts\n")?;
    writeln!(out, "{} ({}) has left and still holds access everywhere. Ctrl-C ends it all.", LEAVER.name, LEAVER.uid)?;
    until_ctrl_c(out)
}

fn serve(options: ApiServerOptions) -> anyhow::Result<()> {
    let story = Story::start(options)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "A simulated ACK cluster listens on {}. In another terminal:\n", story.server.address())?;
    for (name, value) in story.variables() {
        writeln!(out, "    export {name}={value}")?;
    }
    writeln!(out)?;
    writeln!(out, "    kubectl auth whoami")?;
    writeln!(out, "    kubectl get rolebindings --all-namespaces -o wide")?;
    writeln!(out, "    kubectl ackcred whoami")?;
    writeln!(out, "    kubectl ackcred scan --all-users")?;
    writeln!(out, "    kubectl ackcred status --activity")?;
    writeln!(out, "    kubectl ackcred whoami -f {}", story.leaked.display())?;
    writeln!(out, "    kubectl ackcred revoke -f {}\n", story.leaked.display())?;
    writeln!(out, "{} ({}) has left, and that file was found in a chat. Ctrl-C ends it all.", LEAVER.name, LEAVER.uid)?;
    until_ctrl_c(out)
}

fn until_ctrl_c(mut out: impl Write) -> anyhow::Result<()> {
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}

//! Running a credential plugin, as client-go does.
//!
//! Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/plugin/pkg/client/auth/exec/exec.go>

#[cfg(not(unix))]
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use crate::adapters::child::{self, ChildError, MOST_OUTPUT};
use crate::core::kubeconfig::connection::Endpoint;
use crate::core::kubeconfig::exec_credential::{self, API_VERSIONS, ExecCredential, ExecCredentialError};
use crate::core::kubeconfig::plugin_policy::PluginPolicy;
use crate::core::kubeconfig::{Exec, InteractiveMode, clean};
use crate::core::variables;
use crate::world::World;

/// Why a plugin gave no credential. What it wrote to its standard output is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The kubeconfig asks for an unknown version of the interface.
    #[error("credential plugin {command:?}: unknown apiVersion {api_version:?}")]
    Version {
        /// The program.
        command: String,
        /// The version.
        api_version: String,
    },
    /// It wants to ask the user something, and there is no terminal.
    #[error("credential plugin {command:?} needs a terminal (interactiveMode: Always), and standard input is none")]
    NoTerminal {
        /// The program.
        command: String,
    },
    /// The user's kuberc doesn't allow it.
    #[error("credential plugin {command:?} is not allowed by credentialPluginPolicy {policy} of kuberc")]
    NotAllowed {
        /// The program.
        command: String,
        /// `DenyAll` or `Allowlist`.
        policy: &'static str,
    },
    /// It isn't installed.
    #[error("credential plugin {command:?} not found")]
    NotFound {
        /// The program.
        command: String,
        /// What the kubeconfig says about installing it; control characters are escaped.
        install_hint: Option<String>,
    },
    /// It can't be started.
    #[error("cannot run credential plugin {command:?}")]
    Start {
        /// The program.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It ended with a failure.
    #[error("credential plugin {command:?} failed: {status}")]
    Failed {
        /// The program.
        command: String,
        /// Its exit code or the signal that ended it.
        status: ExitStatus,
    },
    /// It took too long and was ended.
    #[error("credential plugin {command:?} did not finish within {} s", .after.as_secs_f64())]
    Timeout {
        /// The program.
        command: String,
        /// How long it was given.
        after: Duration,
    },
    /// It wrote far more than a credential.
    #[error("credential plugin {command:?} wrote more than {} KiB", MOST_OUTPUT >> 10)]
    Endless {
        /// The program.
        command: String,
    },
    /// What it wrote is no credential.
    #[error("credential plugin {command:?}")]
    Output {
        /// The program.
        command: String,
        /// What is wrong with it.
        source: ExecCredentialError,
    },
}

impl PluginError {
    fn of_child(command: String, error: ChildError) -> Self {
        match error {
            ChildError::Io(source) => Self::Start { command, source },
            ChildError::Timeout(after) => Self::Timeout { command, after },
            ChildError::TooMuch => Self::Endless { command },
            ChildError::Failed(status) => Self::Failed { command, status },
        }
    }

    /// Advice for the user, where the kubeconfig has some.
    pub fn install_hint(&self) -> Option<&str> {
        match self {
            Self::NotFound { install_hint, .. } => install_hint.as_deref(),
            _ => None,
        }
    }
}

/// Runs the plugin and reads its credential. Its standard error is shown as it comes.
///
/// The plugin gets `endpoint` if the kubeconfig says so. After `timeout` the plugin is killed; `None` means to
/// wait for ever.
///
/// # Errors
/// Where the policy forbids it, it can't be run, fails, takes too long, or writes no credential.
pub async fn run(
    world: &World,
    exec: &Exec,
    endpoint: &Endpoint,
    config: Option<&serde_json::Value>,
    policy: &PluginPolicy,
    timeout: Option<Duration>,
) -> Result<ExecCredential, PluginError> {
    let command = || exec.command.clone();
    if !API_VERSIONS.contains(&exec.api_version.as_str()) {
        return Err(PluginError::Version { command: command(), api_version: exec.api_version.clone() });
    }
    let interactive = is_interactive(world, exec)?;
    let program = permitted(world, exec, policy)?;
    let cluster = exec.provide_cluster_info.then_some((endpoint, config));
    let info = exec_credential::request(&exec.api_version, interactive, cluster);

    let mut process = child::command(world, &program);
    process.args(&exec.args).envs(exec.env.iter().map(|(name, value)| (name, value.expose())));
    process.env("KUBERNETES_EXEC_INFO", info);
    process.stdin(if interactive { Stdio::inherit() } else { Stdio::null() });
    process.stderr(Stdio::inherit());
    let messages = (!world.streams.stderr_is_terminal).then_some(&*world.streams.stderr);
    tracing::debug!(program = %program.display(), interactive, "running credential plugin");
    let output =
        child::output(process, timeout, messages).await.map_err(|error| PluginError::of_child(command(), error))?;
    exec_credential::parse(&output, &exec.api_version)
        .map_err(|source| PluginError::Output { command: command(), source })
}

fn is_interactive(world: &World, exec: &Exec) -> Result<bool, PluginError> {
    let terminal = world.streams.stdin_is_terminal;
    match exec.interactive_mode {
        InteractiveMode::IfAvailable => Ok(terminal),
        InteractiveMode::Always if !terminal => Err(PluginError::NoTerminal { command: exec.command.clone() }),
        InteractiveMode::Always => Ok(true),
        InteractiveMode::Never | InteractiveMode::Unspecified | InteractiveMode::Unknown => Ok(false),
    }
}

/// The file to run, if it exists and the policy allows it.
fn permitted(world: &World, exec: &Exec, policy: &PluginPolicy) -> Result<PathBuf, PluginError> {
    let command = clean(Path::new(&exec.command));
    let denied = |policy| PluginError::NotAllowed { command: exec.command.clone(), policy };
    if *policy == PluginPolicy::DenyAll {
        return Err(denied("DenyAll"));
    }
    let program = look_up(world, &command).ok_or_else(|| PluginError::NotFound {
        command: exec.command.clone(),
        install_hint: exec.install_hint.as_deref().map(printable),
    })?;
    if let PluginPolicy::Allowlist(list) = policy {
        let is_allowed = |entry: &String| {
            let entry = Path::new(entry);
            entry == command
                || entry == program
                || (entry.file_name() == program.file_name() && look_up(world, entry).as_ref() == Some(&program))
        };
        if !list.iter().any(is_allowed) {
            return Err(denied("Allowlist"));
        }
    }
    Ok(program)
}

/// Finds a program: a bare name in `PATH`, anything else as it is. What `PATH` finds through a relative folder is not
/// run.
fn look_up(world: &World, command: &Path) -> Option<PathBuf> {
    if command.components().count() > 1 || command.is_absolute() {
        return executable(&world.cwd.join(command));
    }
    let folders = std::env::split_paths(world.env.get(variables::PATH)?).collect::<Vec<_>>();
    let found = folders.iter().find_map(|folder| {
        let file = executable(&world.cwd.join(folder).join(command))?;
        Some((folder.is_absolute(), file))
    });
    found.filter(|(absolute, _)| *absolute).map(|(_, file)| file)
}

fn executable(path: &Path) -> Option<PathBuf> {
    candidates(path).into_iter().find(|path| fs::metadata(path).is_ok_and(|metadata| may_run(&metadata)))
}

#[cfg(unix)]
fn candidates(path: &Path) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

#[cfg(not(unix))]
fn candidates(path: &Path) -> Vec<PathBuf> {
    let with = |extension: &str| {
        let mut name = OsString::from(path);
        name.push(extension);
        PathBuf::from(name)
    };
    let named = path.extension().map(|_| path.to_owned());
    named.into_iter().chain([".com", ".exe", ".bat", ".cmd"].map(with)).collect()
}

#[cfg(unix)]
fn may_run(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
}

/// Text from a file without anything that could steer a terminal.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t'..='\r' => printable.push(character),
            _ if character.is_control() => printable.push_str(&format!("U+{:04X}", u32::from(character))),
            _ => printable.push(character),
        }
    }
    printable
}

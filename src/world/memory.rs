//! What other programs get to see of this process' memory, in which keys and tokens are for the time of a run.

/// No core file is written of this process, and no other process of the same user reads its memory or traces it; root's may. What it
/// starts writes no core file either, unless it asks for one. What can't be had on this system is done without.
///
/// Sources: <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>,
/// <https://man7.org/linux/man-pages/man2/getrlimit.2.html>
#[cfg(unix)]
pub(super) fn keep_to_itself() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    // The limit does not count where a program takes core files through a pipe; this does.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Windows writes a dump where a debugger or the machine's administrator has set it up.
#[cfg(not(unix))]
pub(super) fn keep_to_itself() {}

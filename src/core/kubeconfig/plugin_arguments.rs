//! What the arguments of a credential plugin say.

use super::Exec;
use crate::core::ids::ClusterId;

/// The `--cluster-id` of a credential plugin. Its short form counts for ack-ram-tool only, whose flag it is.
pub fn cluster_id(exec: &Exec) -> Option<ClusterId> {
    let long = argument(&exec.args, "--cluster-id");
    let short = || if is_ack_ram_tool(exec) { argument(&exec.args, "-c") } else { None };
    ClusterId::parse(long.or_else(short)?)
}

/// Whether a credential plugin is ack-ram-tool.
pub fn is_ack_ram_tool(exec: &Exec) -> bool {
    let name = exec.command.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name) == "ack-ram-tool"
}

/// The value of a flag written as `--flag value` or `--flag=value`; the last one, as flag parsers have it.
pub fn argument<'a>(args: &'a [String], flag: &str) -> Option<&'a str> {
    let mut found = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.strip_prefix(flag) {
            Some("") => found = args.next().map(String::as_str).or(found),
            Some(rest) => found = rest.strip_prefix('=').or(found),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "c0123456789abcdef0123456789abcdef";
    const B: &str = "cffffffffffffffffffffffffffffffff";

    fn id(text: &str) -> ClusterId {
        ClusterId::parse(text).unwrap()
    }

    fn exec(command: &str, args: &[&str]) -> Exec {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Exec { command: command.to_owned(), args, ..Exec::default() }
    }

    #[test]
    fn the_plugins_argument_is_found_in_every_spelling() {
        let equals = format!("--cluster-id={A}");
        assert_eq!(cluster_id(&exec("aliyun", &["x", &equals])), Some(id(A)));
        assert_eq!(cluster_id(&exec("/opt/bin/ack-ram-tool", &["get-token", "-c", A])), Some(id(A)));
        assert_eq!(cluster_id(&exec(r"C:\ack-ram-tool.exe", &["-c", A])), Some(id(A)));
        assert_eq!(cluster_id(&exec("ack-ram-tool", &["--cluster-id", B, "--cluster-id", A])), Some(id(A)));
    }

    #[test]
    fn what_is_no_cluster_id_argument_is_not_taken_for_one() {
        for args in
            [&["--cluster-id"][..], &["--cluster-id", "prod"], &["--cluster-ids", A], &["--cluster-id", ""], &[A]]
        {
            assert_eq!(cluster_id(&exec("ack-ram-tool", args)), None, "{args:?}");
        }
        assert_eq!(cluster_id(&exec("other", &["-c", A])), None);
    }
}

//! What is done to a command line before clap reads it.

use std::ffi::OsString;

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

/// The command line without kubectl's flags whose value is empty: `--flag ""` and `--flag=`.
pub fn without_empty_values(args: Vec<OsString>) -> Vec<OsString> {
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

//! Others as judges: the same input is given to them and to this program, and the answers must agree.

mod compare;
mod editing;
mod generate;
mod kubeconfig_merge;
#[cfg(unix)]
mod templates;

//! Others as judges: the same input is given to them and to this program, and the answers must agree.

#![expect(clippy::unwrap_used, reason = "a scene that can't be built ends its test")]

mod compare;
mod generate;
mod kubeconfig_merge;

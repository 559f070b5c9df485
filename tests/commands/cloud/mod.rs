//! Whole commands against the simulated account: who these numbers are, with evidence, and what is said when a source fails.
//!
//! Every command here runs at `-vvv`, and none may show a secret that the cloud knows.

mod credentials;
mod evidence;
mod lint;
mod one_fault;
mod permissions;
mod scan;
mod scene;
mod sources;
mod status;
mod suggest;
mod whoami;

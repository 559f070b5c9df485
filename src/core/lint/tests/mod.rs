//! Each rule against cases that break it and cases that only look so; every case names all findings of its cluster.

mod credentials;
mod fixes;
mod grants;
mod identities;
mod roles;
mod setting;

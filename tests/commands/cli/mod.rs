//! The product's promises, a module a topic: whole commands in this process, in a world of their own, and all that they said.

mod cases;
mod completion;
mod desk;
mod disk;
mod expiry;
mod files_from_the_field;
mod formats;
mod help;
mod output;
mod persistence;
mod resembling;
mod scan;
mod secrets;
mod trace;
mod whoami;

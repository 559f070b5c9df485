//! One outside thing each: they return core types, own their errors and never print.

pub mod audit_log;
pub mod backup_folder;
pub mod child;
pub mod cloud;
pub mod cluster;
pub mod disk_walk;
pub mod exec_plugin;
pub mod files;
pub mod journal;
pub mod kubeconfig_files;
pub mod kubeconfig_writer;
pub mod kuberc;
pub mod pod;
pub mod signals;
pub mod ssh;

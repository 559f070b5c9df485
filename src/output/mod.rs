//! The one room that writes: data to standard output, everything else to standard error.

mod blocks;
pub mod escape;
mod html;
pub mod incident;
pub mod log;
mod markdown;
pub mod progress;
mod prometheus;
pub mod report;
pub mod sarif;
mod steps;
pub mod table;
pub mod ui;
pub mod views;

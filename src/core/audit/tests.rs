//! What a log comes to, whatever the order of its lines and whatever is in them.

mod chain;
mod lines;
mod possible;
mod rules;

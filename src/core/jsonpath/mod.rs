//! kubectl's templates, `-o jsonpath=…` and `-o custom-columns=…`: how one is read, what it finds in a document, and how that is
//! written. It is a dialect of its own, older than RFC 9535: an index beyond the end is an error, for example, where that finds nothing.
//! Source: <https://kubernetes.io/docs/reference/kubectl/jsonpath/>

mod columns;
mod evaluate;
mod parse;
mod template;
#[cfg(test)]
mod tests;
mod text;

pub use columns::Columns;
pub use template::{Template, TemplateError};

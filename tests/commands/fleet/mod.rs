//! Several clusters of one account: read side by side, revoked as one, given back as one.

mod choosing;
mod linting;
mod reading;
mod regions;
mod revoking;
mod rotating;
mod scene;
mod temporary;

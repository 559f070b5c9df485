//! By what one credential leads to another, and how sure that is.

/// By what an actor is among those that are followed, or may belong to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// It was asked about.
    Root,
    /// A followed credential had this token issued.
    Minted,
    /// A followed credential acted as this user.
    Impersonated,
    /// A followed credential wrote a binding that names this user.
    Granted,
    /// It has the user name that was asked about.
    Named,
    /// A static token of a Secret that a followed credential may have read.
    Static,
    /// A ServiceAccount of a pod into which a followed credential executed.
    Exec,
    /// A certificate of a name for which a followed credential requested one.
    Requested,
}

/// How sure it is that a request belongs to those that were asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The log names the credential itself.
    Proof,
    /// The log proves that the binding was written, not who used it.
    GrantOnly,
    /// It fits, and others would fit as well.
    Possible,
    /// The user name is the same.
    NameOnly,
}

impl Link {
    /// How sure it is.
    pub fn evidence(self) -> Evidence {
        match self {
            Self::Root | Self::Minted | Self::Impersonated => Evidence::Proof,
            Self::Granted => Evidence::GrantOnly,
            Self::Named => Evidence::NameOnly,
            Self::Static | Self::Exec | Self::Requested => Evidence::Possible,
        }
    }
}

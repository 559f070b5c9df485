//! The words of a trace.

use serde::{Deserialize, Serialize};

use super::words::{Word, words};
use crate::core::audit::action::{Action, RequestOutcome};
use crate::core::audit::event::Level;
use crate::core::audit::link::{Evidence, Link};

words! {
    /// By what an actor is part of a trace.
    LinkWord of Link {
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
        /// The ServiceAccount of a pod into which a followed credential executed, from a new address.
        Exec,
        /// A certificate of a name for which a followed credential requested one.
        Requested,
    }

    /// How sure a link is.
    EvidenceWord of Evidence {
        /// The log names the credential itself.
        Proof,
        /// The log proves that the binding was written, not who used it.
        GrantOnly,
        /// It fits, and others would fit as well.
        Possible,
        /// The user name is the same.
        NameOnly,
    }

    /// What a request is for.
    ActionWord of Action {
        /// It reads something, or asks the API server something.
        Read,
        /// It reads Secrets.
        ReadSecret,
        /// It changes something.
        Write,
        /// It writes a binding, a role or a mapping.
        Grant,
        /// It has a token issued.
        Mint,
        /// It runs something in a pod, or opens a connection into one or into a node.
        Execute,
    }

    /// What came of a request.
    RequestOutcomeWord of RequestOutcome {
        /// It was carried out.
        Done,
        /// The answer had begun, and its end is not in the log.
        Open,
        /// The API server refused it: 401 or 403.
        Refused,
        /// It was answered with another error.
        Failed,
        /// It was sent, and no answer is in the log.
        Unknown,
    }

    /// How much of a request is in the log.
    LevelWord of Level {
        /// Nothing should be.
        None,
        /// No body.
        Metadata,
        /// The request's body.
        Request,
        /// Both bodies.
        RequestResponse,
    }
}

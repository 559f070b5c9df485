//! The words of `scan --persistence`.

use serde::{Deserialize, Serialize};

use super::words::{Word, words};
use crate::core::persistence::{Method, SourceFrom, Undo};

words! {
    /// By what someone would get in.
    MethodWord of Method {
        /// A ServiceAccount's token that lies in a Secret and has no end.
        StaticToken,
        /// A token with which a machine joins the cluster.
        BootstrapToken,
        /// A token that the identity could have had issued for a ServiceAccount.
        IssuedToken,
        /// A client certificate that was asked for.
        CertificateRequest,
        /// A grant to a ServiceAccount that is spelled as a user.
        AccountAsUser,
        /// A grant to all ServiceAccounts, or to all of a namespace.
        AllAccounts,
        /// A grant to a RAM identity that is deleted.
        DeletedIdentity,
        /// A grant to a RAM identity that is in the recycle bin.
        RecycledIdentity,
        /// A grant to a RAM identity of which it is not known whether it exists.
        UnknownIdentity,
        /// A right to act as others.
        Impersonate,
        /// A right to write more into a role that is held.
        Escalate,
        /// A right to bind a role that is not held.
        Bind,
        /// A right to have client certificates signed.
        ApproveRequests,
        /// A right to have tokens issued.
        IssueTokens,
        /// A role whose rules become a part of admin, edit or view.
        AggregatedRole,
        /// A RAM identity that is mapped to a user name and groups.
        Mapping,
        /// A webhook outside the cluster.
        Webhook,
        /// A policy that changes what others write.
        AdmissionPolicy,
        /// A service that answers for a part of the API.
        ApiService,
    }

    /// Who says something.
    SourceFromWord of SourceFrom {
        /// The API server: a client can't forge it.
        ServerSet,
        /// A client, as it liked.
        ClientClaim,
        /// An audit log.
        Audit,
    }

    /// Whether something can be taken back.
    UndoWord of Undo {
        /// Yes.
        Yes,
        /// No.
        No,
        /// A part of it, or by who knows how it was.
        Partly,
    }
}

/// What a time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SinceIs {
    /// The object was created then.
    Created,
    /// Its subjects were written then, later than it was created.
    Changed,
    /// The object has about this age.
    AboutAge,
    /// There is no time.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_documents_have_the_same_words() {
        fn check<W: Word + Serialize>() {
            for word in W::ALL {
                assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
            }
        }
        check::<MethodWord>();
        check::<SourceFromWord>();
        check::<UndoWord>();
    }
}

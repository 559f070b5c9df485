//! Asks for something only to see whether it would be given.

use super::ApiServer;
use super::exchange::ApiRequest;
use super::failure::{CallError, Failure, Refusal};

/// How a `GET` was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The API server's sentence where it says no; else empty.
    pub message: String,
}

impl ApiServer {
    /// The HTTP status of a `GET`. What a good answer holds is dropped unread.
    ///
    /// 401 and 403 are answers only where it is the API server that says no, in its own words. A good answer may be anything:
    /// the credential was sent and not refused.
    ///
    /// # Errors
    /// There was no answer, or not the API server's.
    pub async fn status_of_get(&self, path: &str) -> Result<GetAnswer, CallError> {
        let question = ApiRequest::get(format!("get {}", path.escape_debug()), path);
        let good = |status| Ok(GetAnswer { status, message: String::new() });
        match self.ask(&question).await {
            Ok(_unread) => good(200),
            Err(Failure::Refused(refusal)) if is_the_api_servers(&refusal) => {
                Ok(GetAnswer { status: refusal.status, message: refusal.message })
            }
            // Metrics, logs and the like are no JSON.
            Err(Failure::NotKubernetes { status, .. } | Failure::NotWhole { status })
                if (200..300).contains(&status) =>
            {
                good(status)
            }
            Err(failure) => Err(self.error(question.call, failure)),
        }
    }
}

/// Proxies deny in their own words.
fn is_the_api_servers(refusal: &Refusal) -> bool {
    match refusal.status {
        401 => refusal.reason == "Unauthorized",
        403 => refusal.reason == "Forbidden",
        _ => true,
    }
}

//! Asks for something only to see whether it would be given.

use super::ApiServer;
use super::exchange::Question;
use super::failure::{CallError, Failure};

impl ApiServer {
    /// The HTTP status of a `GET`. What a good answer holds is dropped unread.
    ///
    /// 401, 403, 404 and any other no are statuses only where it is the API server that says no. A good answer may be anything:
    /// whoever gave it, the credential was sent and not refused.
    pub async fn status_of_get(&self, path: &str) -> Result<u16, CallError> {
        let question = Question::get(format!("get {}", path.escape_debug()), path);
        match self.ask(&question).await {
            Ok(_unread) => Ok(200),
            Err(Failure::Refused(refusal)) => Ok(refusal.status),
            // Metrics, logs and the like are no JSON.
            Err(Failure::NotKubernetes { status, .. } | Failure::NotWhole { status })
                if (200..300).contains(&status) =>
            {
                Ok(status)
            }
            Err(failure) => Err(self.error(question.call, failure)),
        }
    }
}

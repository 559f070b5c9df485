//! Faults on demand.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::ram_actions::ram_action;
use super::reply::{CloudError, CloudResponse, Product};

/// A fault: which calls it strikes, and what it does to them.
#[derive(Clone, Debug)]
pub struct CloudFault {
    action: Option<String>,
    product: Option<Product>,
    region: Option<String>,
    parameter: Option<(String, String)>,
    turn: Turn,
    kind: FaultKind,
    carried_out: bool,
    seen: usize,
}

/// Which of the matching calls are struck, counted from 1 since the fault was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// All of them.
    Always,
    /// The first ones, up to this number.
    First(usize),
    /// Only this one.
    Nth(usize),
    /// This one and all later ones.
    From(usize),
    /// Every second, third and so on.
    Every(usize),
}

impl Turn {
    fn has_come(self, number: usize) -> bool {
        match self {
            Self::Always => true,
            Self::First(count) => number <= count,
            Self::Nth(wanted) => number == wanted,
            Self::From(first) => number >= first,
            Self::Every(step) => step != 0 && number.is_multiple_of(step),
        }
    }
}

/// What happens to a call that is struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `Throttling.User` with or without a hint when to come back; 429 from Container Service, 400 from the others.
    Throttled(Option<RetryHint>),
    /// A status of 5xx with a JSON body of the product's shape.
    ServerError(u16),
    /// The connection is reset.
    Reset,
    /// No answer for this long, then the connection ends; `None`: not while the cloud runs.
    Hang(Option<Duration>),
    /// The proper answer after a while.
    Slow(Duration),
    /// The answer's headers and half of its body, then the connection ends.
    Truncated,
    /// 200 with a body that never ends.
    Endless,
    /// The connection is reset, and each new one leads to a server of another CA until the faults are cleared.
    Impostor,
    /// 200 with this text for a body.
    Body(String),
    /// 404, as from a gateway that knows no such API.
    NotFound,
    /// 403 with the action named, as for a key without the permission.
    Forbidden,
    /// The security token has expired.
    ExpiredToken,
    /// The request's date is too far from the cloud's.
    ClockSkew,
    /// 200 with an error in the body.
    OkWithError {
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },
    /// Any other refusal in the product's shape.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: String,
    },
}

/// The hint to a throttled caller when to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryHint {
    /// `x-acs-retry-after`, in milliseconds.
    AcsRetryAfter(u64),
    /// `Retry-After`, in seconds.
    RetryAfter(u64),
    /// `x-ratelimit-user`, time left in milliseconds.
    RateLimit(u64),
}

impl CloudFault {
    /// A fault of every call of an operation, for example `ListUsers`. The endpoints that give credentials go by
    /// `MetadataToken`, `MetadataRole`, `MetadataCredentials`, `OAuthExchange`, `CloudSsoCredentials` and `CredentialsUri`.
    pub fn of(action: &str, kind: FaultKind) -> Self {
        Self { action: Some(action.to_owned()), ..Self::of_all(kind) }
    }

    /// A fault of every call of a product, for example IMS, which not every site offers.
    pub fn of_product(product: Product, kind: FaultKind) -> Self {
        Self { product: Some(product), ..Self::of_all(kind) }
    }

    /// A fault of every call of whatever operation.
    pub fn of_all(kind: FaultKind) -> Self {
        Self {
            action: None,
            product: None,
            region: None,
            parameter: None,
            turn: Turn::Always,
            kind,
            carried_out: false,
            seen: 0,
        }
    }

    /// Strikes only some of the calls.
    #[must_use]
    pub fn on(mut self, turn: Turn) -> Self {
        self.turn = turn;
        self
    }

    /// Strikes only calls about a region, or at its own endpoint.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Strikes after the call was carried out: its changes are made, but the caller gets no success.
    #[must_use]
    pub fn after_execution(mut self) -> Self {
        self.carried_out = true;
        self
    }

    /// Strikes only calls with this parameter.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.parameter = Some((name.to_owned(), value.to_owned()));
        self
    }

    /// Counts a call, and returns whether it is struck.
    fn strikes(&mut self, call: StruckCall<'_>) -> bool {
        let other_action = self.action.as_deref().is_some_and(|wanted| wanted != call.action);
        let other_region = self.region.is_some() && self.region.as_deref() != call.region;
        let other_parameter =
            self.parameter.as_ref().is_some_and(|(name, value)| call.parameters.get(name) != Some(value));
        let other_product = self.product.is_some() && self.product != call.product;
        if other_action || other_region || other_parameter || other_product {
            return false;
        }
        self.seen += 1;
        self.turn.has_come(self.seen)
    }
}

/// What faults go by. The endpoints that give credentials are no product.
#[derive(Clone, Copy)]
pub(crate) struct StruckCall<'a> {
    pub(crate) product: Option<Product>,
    pub(crate) action: &'a str,
    pub(crate) region: Option<&'a str>,
    pub(crate) parameters: &'a BTreeMap<String, String>,
}

/// A fault that has struck a call.
pub(crate) struct Struck {
    pub(crate) kind: FaultKind,
    pub(crate) carried_out: bool,
}

/// Counts a call against all faults; the first that strikes counts.
pub(crate) fn strike(faults: &mut [CloudFault], call: StruckCall<'_>) -> Option<Struck> {
    let mut struck = None;
    for fault in faults {
        if fault.strikes(call) && struck.is_none() {
            struck = Some(Struck { kind: fault.kind.clone(), carried_out: fault.carried_out });
        }
    }
    struck
}

/// What goes over the wire in the end.
pub(crate) enum FaultOutcome {
    Answered(CloudResponse),
    Truncated(CloudResponse),
    Endless,
    Impostor,
    Reset,
    Hang(Option<Duration>),
    Slow(Duration, CloudResponse),
}

impl FaultKind {
    /// What the fault makes of a call. `proper` is what the call would have got.
    pub(crate) fn outcome(
        &self,
        action: &str,
        product: Product,
        request_id: &str,
        proper: impl FnOnce() -> CloudResponse,
    ) -> FaultOutcome {
        let refused = |error: CloudError| FaultOutcome::Answered(error.reply(product, request_id));
        match self {
            Self::Throttled(hint) => FaultOutcome::Answered(throttled(*hint, product, request_id)),
            Self::ServerError(status) => refused(CloudError::product(
                *status,
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            )),
            Self::Endless => FaultOutcome::Endless,
            Self::Impostor => FaultOutcome::Impostor,
            Self::Reset => FaultOutcome::Reset,
            Self::Hang(time) => FaultOutcome::Hang(*time),
            Self::Slow(time) => FaultOutcome::Slow(*time, proper()),
            Self::Truncated => FaultOutcome::Truncated(proper()),
            Self::Body(text) => {
                let reply = CloudResponse::json(200, &json!(null));
                FaultOutcome::Answered(CloudResponse { body: text.clone().into(), ..reply })
            }
            Self::NotFound => refused(CloudError::gateway(
                404,
                "InvalidAction.NotFound",
                "Specified api is not found, please check your url and method.",
            )),
            Self::Forbidden => refused(forbidden(action, product)),
            Self::ExpiredToken => {
                refused(CloudError::gateway(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."))
            }
            Self::ClockSkew => {
                let message = "Specified time stamp or date value is expired.";
                refused(CloudError::gateway(400, "InvalidTimeStamp.Expired", message))
            }
            Self::OkWithError { code, message } => refused(CloudError::product(200, code, message.as_str())),
            Self::Refused { status, code } => refused(CloudError::product(*status, code, "The request was refused.")),
        }
    }
}

/// Which status comes with throttling is not documented. Both are met here: 429 from Container Service, 400 from the others.
fn throttled(hint: Option<RetryHint>, product: Product, request_id: &str) -> CloudResponse {
    let status = if product == Product::Cs { 429 } else { 400 };
    let error = CloudError::gateway(status, "Throttling.User", "Request was denied due to user flow control.");
    let reply = error.reply(product, request_id);
    match hint {
        None => reply,
        Some(RetryHint::AcsRetryAfter(milliseconds)) => reply.with("x-acs-retry-after", milliseconds.to_string()),
        Some(RetryHint::RetryAfter(seconds)) => reply.with("retry-after", seconds.to_string()),
        Some(RetryHint::RateLimit(left)) => {
            reply.with("x-ratelimit-user", format!("Limit:1,Remain:0,TimeLeft:{left},Reset:0"))
        }
    }
}

fn forbidden(action: &str, product: Product) -> CloudError {
    let action = ram_action(product, action);
    let mut error = match product {
        Product::Cs => CloudError::product(403, "StatusForbidden", format!("RAM policy Forbidden for action {action}")),
        _ => CloudError::product(
            403,
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
        ),
    };
    error.denied = Some(json!({ "AuthAction": action, "NoPermissionType": "ExplicitDeny" }));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(action: &'a str, region: Option<&'a str>) -> StruckCall<'a> {
        StruckCall { product: None, action, region, parameters: const { &BTreeMap::new() } }
    }

    #[test]
    fn a_regions_fault_strikes_its_own_calls_alone() {
        let mut faults = [CloudFault::of_all(FaultKind::Reset).in_region("cn-beijing")];
        let mut struck = |region| strike(&mut faults, call("DescribeClustersForRegion", region)).is_some();
        assert_eq!([Some("cn-beijing"), Some("cn-hangzhou"), None].map(&mut struck), [true, false, false]);
    }

    #[test]
    fn turns_count_the_calls_of_their_action_alone() {
        let numbers = |turn: Turn| {
            let mut faults = [CloudFault::of("ListUsers", FaultKind::Reset).on(turn)];
            let calls = ["ListUsers", "ListRoles"].repeat(6);
            let struck: Vec<bool> =
                calls.iter().map(|action| strike(&mut faults, call(action, None)).is_some()).collect();
            assert!(struck.iter().skip(1).step_by(2).all(|struck| !struck));
            struck
                .into_iter()
                .step_by(2)
                .zip(1..)
                .filter(|(struck, _)| *struck)
                .map(|(_, number)| number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(Turn::Every(2)), [2, 4, 6]);
        assert_eq!(numbers(Turn::Nth(3)), [3]);
        assert_eq!(numbers(Turn::First(2)), [1, 2]);
        assert_eq!(numbers(Turn::From(5)), [5, 6]);
        assert_eq!(numbers(Turn::Always).len(), 6);
    }
}

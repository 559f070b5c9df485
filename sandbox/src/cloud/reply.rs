//! What the cloud answers: JSON bodies, and refusals in each of its two shapes.

use bytes::Bytes;
use serde_json::{Value, json};

/// The four products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Container Service, 2015-12-15.
    Cs,
    /// Resource Access Management, 2015-05-01.
    Ram,
    /// Identity Management Service, 2019-08-15.
    Ims,
    /// Security Token Service, 2015-04-01.
    Sts,
}

impl Product {
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Cs => "2015-12-15",
            Self::Ram => "2015-05-01",
            Self::Ims => "2019-08-15",
            Self::Sts => "2015-04-01",
        }
    }

    /// The product's name as error bodies spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cs => "CS",
            Self::Ram => "Ram",
            Self::Ims => "Ims",
            Self::Sts => "Sts",
        }
    }

    fn host(self) -> &'static str {
        match self {
            Self::Cs => "cs.aliyuncs.com",
            Self::Ram => "ram.aliyuncs.com",
            Self::Ims => "ims.aliyuncs.com",
            Self::Sts => "sts.aliyuncs.com",
        }
    }
}

/// An answer, ready for the wire.
#[derive(Clone, Debug)]
pub(crate) struct CloudResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl CloudResponse {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json;charset=utf-8".to_owned())];
        Self { status, headers, body: Bytes::from(body.to_string()) }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "text/plain".to_owned())];
        Self { status, headers, body: Bytes::from(body.to_owned()) }
    }

    pub(crate) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }
}

/// Who refuses. The gateway in front of all products has one shape of body, Container Service itself another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Gateway,
    Product,
}

/// A refusal before it has a shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CloudError {
    pub(crate) origin: Origin,
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) denied: Option<Value>,
}

impl CloudError {
    pub(crate) fn gateway(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { origin: Origin::Gateway, status, code: code.to_owned(), message: message.into(), denied: None }
    }

    pub(crate) fn product(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { origin: Origin::Product, ..Self::gateway(status, code, message) }
    }

    /// The refusal as a body. Container Service writes its own in lower case; the gateway and the other products in upper.
    pub(crate) fn reply(&self, product: Product, request_id: &str) -> CloudResponse {
        let mut body = if product == Product::Cs && self.origin == Origin::Product {
            json!({ "code": self.code, "message": self.message, "requestId": request_id, "status": self.status })
        } else {
            json!({
                "RequestId": request_id,
                "Message": self.message,
                "Recommend": format!(
                    "https://api.aliyun.com/troubleshoot?q={}&product={}&requestId={request_id}", self.code, product.name()
                ),
                "HostId": product.host(),
                "Code": self.code,
            })
        };
        if let Some(denied) = &self.denied {
            let key = if product == Product::Cs { "accessDeniedDetail" } else { "AccessDeniedDetail" };
            body[key] = denied.clone();
        }
        CloudResponse::json(self.status, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: &CloudError, product: Product) -> Value {
        serde_json::from_slice(&error.reply(product, "R1").body).unwrap()
    }

    #[test]
    fn container_service_refuses_in_lower_case_and_the_gateway_in_upper() {
        let own = body(&CloudError::product(404, "ErrorClusterNotFound", "no"), Product::Cs);
        assert_eq!(
            (&own["code"], &own["requestId"], &own["status"]),
            (&json!("ErrorClusterNotFound"), &json!("R1"), &json!(404))
        );
        let gateway = body(&CloudError::gateway(400, "SignatureDoesNotMatch", "no"), Product::Cs);
        assert_eq!((&gateway["Code"], &gateway["RequestId"]), (&json!("SignatureDoesNotMatch"), &json!("R1")));
        assert_eq!(gateway.get("code"), None);
        let ram = body(&CloudError::product(403, "NoPermission", "no"), Product::Ram);
        assert_eq!(ram["HostId"], "ram.aliyuncs.com");
    }
}

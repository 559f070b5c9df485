//! Reads what is asked about that which others write, and what answers for a part of the API.

use http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::ApiServer;
use super::collected::{ClusterKind, Metadata};
use super::failure::{CallError, Failure};
use super::table::{Columns, Row};
use crate::core::percent;
use crate::core::persistence::{AdmissionPolicy, AggregatedRole, ApiService, ServiceRef, Webhook, WebhookKind};

const GROUP: &str = "admissionregistration.k8s.io";
/// The versions in which policies are served, the last one first.
const POLICY_VERSIONS: [&str; 3] = [
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1beta1",
    "admissionregistration.k8s.io/v1alpha1",
];
const API_SERVICES: ClusterKind = ClusterKind {
    group: "apiregistration.k8s.io",
    api_version: "apiregistration.k8s.io/v1",
    plural: "apiservices",
    list_kind: "APIServiceList",
};
/// The roles that others can become a part of.
const AGGREGATES: [&str; 3] = ["admin", "edit", "view"];
const ROLE: Columns = &["Name", "Created At"];

#[derive(Deserialize)]
struct Configuration {
    metadata: Metadata,
    #[serde(default)]
    webhooks: Option<Vec<ConfiguredWebhook>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfiguredWebhook {
    name: String,
    client_config: ClientConfig,
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Registered {
    metadata: Metadata,
    #[serde(default)]
    spec: Option<Registration>,
}

#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    service: Option<RegisteredService>,
}

#[derive(Deserialize)]
struct RegisteredService {
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
}

impl ApiServer {
    /// Reads the webhooks of both kinds that lead to a URL; those that lead to a Service stay in the cluster.
    ///
    /// # Errors
    /// One of the lists could not be read.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, CallError> {
        let (mut mutating, validating) = tokio::try_join!(
            self.webhooks_of(
                WebhookKind::Mutating,
                "mutatingwebhookconfigurations",
                "MutatingWebhookConfigurationList"
            ),
            self.webhooks_of(
                WebhookKind::Validating,
                "validatingwebhookconfigurations",
                "ValidatingWebhookConfigurationList"
            ),
        )?;
        mutating.extend(validating);
        Ok(mutating)
    }

    async fn webhooks_of(
        &self,
        kind: WebhookKind,
        plural: &'static str,
        list_kind: &'static str,
    ) -> Result<Vec<Webhook>, CallError> {
        let listed = ClusterKind { group: GROUP, api_version: "admissionregistration.k8s.io/v1", plural, list_kind };
        let configurations: Option<Vec<Configuration>> = self.collected(&listed).await?;
        Ok(configurations.unwrap_or_default().into_iter().flat_map(|one| outside(kind, one)).collect())
    }

    /// Reads the policies that change what others write, in the last version that the API server serves.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn admission_policies(&self) -> Result<Vec<AdmissionPolicy>, CallError> {
        for api_version in POLICY_VERSIONS {
            let (plural, list_kind) = ("mutatingadmissionpolicies", "MutatingAdmissionPolicyList");
            let policies: Option<Vec<Named>> =
                self.collected(&ClusterKind { group: GROUP, api_version, plural, list_kind }).await?;
            if let Some(policies) = policies {
                let policy =
                    |Named { metadata }| AdmissionPolicy { name: metadata.name, created: metadata.creation_timestamp };
                return Ok(policies.into_iter().map(policy).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Reads the APIServices that a Service answers for; the API server answers for the others itself.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn api_services(&self) -> Result<Vec<ApiService>, CallError> {
        let services: Option<Vec<Registered>> = self.collected(&API_SERVICES).await?;
        let service = |Registered { metadata, spec }| {
            let RegisteredService { namespace, name } = spec.and_then(|spec: Registration| spec.service)?;
            let service = ServiceRef { namespace, name };
            Some(ApiService { name: metadata.name, service, created: metadata.creation_timestamp })
        };
        Ok(services.unwrap_or_default().into_iter().filter_map(service).collect())
    }

    /// Reads the ClusterRoles whose rules become a part of admin, edit or view.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn aggregated_roles(&self) -> Result<Vec<AggregatedRole>, CallError> {
        let call = "list clusterroles.rbac.authorization.k8s.io by their labels";
        let mut all = Vec::new();
        for into in AGGREGATES {
            let label = format!("rbac.authorization.k8s.io/aggregate-to-{into}=true");
            let selection = format!("labelSelector={}", percent::encode_segment(&label));
            let path = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
            let rows = self.rows(call, path, &selection, ROLE).await?;
            let roles = rows.iter().map(|row| aggregated(into, row)).collect::<Option<Vec<_>>>();
            let other = || Failure::WrongObject { expected: "a row of a ClusterRole".into(), found: "another".into() };
            all.extend(roles.ok_or_else(|| self.error(call, other()))?);
        }
        Ok(all)
    }
}

fn outside(kind: WebhookKind, configuration: Configuration) -> Vec<Webhook> {
    let Configuration { metadata: Metadata { name, creation_timestamp }, webhooks } = configuration;
    let webhook = |one: ConfiguredWebhook| {
        let url = one.client_config.url?;
        // A path may hold a secret.
        let host = url.parse::<Uri>().ok().and_then(|url| url.host().map(str::to_owned));
        let host = host.unwrap_or_else(|| "an address".to_owned());
        Some(Webhook { kind, configuration: name.clone(), name: one.name, host, created: creation_timestamp })
    };
    webhooks.unwrap_or_default().into_iter().filter_map(webhook).collect()
}

fn aggregated(into: &'static str, row: &Row) -> Option<AggregatedRole> {
    let text = |place: usize| row.get(place).and_then(Value::as_str);
    Some(AggregatedRole { name: text(0)?.to_owned(), into, created: text(1)?.parse().ok() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_webhooks_with_a_url_lead_outside_and_only_their_host_is_kept() {
        let configuration = json!({
            "metadata": {"name": "c"},
            "webhooks": [
                {"name": "in", "clientConfig": {"service": {"namespace": "ops", "name": "x"}}},
                {"name": "out", "clientConfig": {"url": "https://ann:secret@example.com:8443/secret?x=secret"}},
                {"name": "odd", "clientConfig": {"url": "::"}},
            ],
        });
        let found = outside(WebhookKind::Mutating, serde_json::from_value(configuration).unwrap());
        let hosts: Vec<(&str, &str)> = found.iter().map(|one| (one.name.as_str(), one.host.as_str())).collect();
        assert_eq!(hosts, [("out", "example.com"), ("odd", "an address")]);
        let empty = json!({"metadata": {"name": "c"}, "webhooks": null});
        assert!(outside(WebhookKind::Validating, serde_json::from_value(empty).unwrap()).is_empty());
    }
}

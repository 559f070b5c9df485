//! The environment variables that the program reads. Each name stands here and nowhere else; docs/environment.md says what each means.
//!
//! Where there are several names, the first that is set counts. The names are those of the Alibaba Cloud CLI and SDKs.
//! Source: <https://github.com/aliyun/aliyun-cli>, <https://github.com/aliyun/credentials-go>

/// Kubeconfig files, separated as in `PATH`.
pub const KUBECONFIG: &str = "KUBECONFIG";
/// The kuberc file, or `off`.
pub const KUBERC: &str = "KUBERC";
/// Where credential plugins are looked for.
pub const PATH: &str = "PATH";
/// The socket of the SSH agent.
pub const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";
/// The user's name on this machine.
pub const USER_NAMES: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];
/// A pod's API server: host and port.
pub const SERVICE: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// The proxy for https, upper case first.
pub const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// The proxy for http, upper case first.
pub const HTTP_PROXY: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// Hosts that are reached without a proxy, upper case first.
pub const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// The authorities that the cloud's certificates are checked against, in place of the system's.
pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";

/// No colour, whatever its value is.
pub const NO_COLOR: &str = "NO_COLOR";
/// The kind of terminal; `dumb` has neither colour nor progress bars.
pub const TERM: &str = "TERM";

/// The folder of records.
pub const ACKCRED_HOME: &str = "ACKCRED_HOME";
/// The folder of states, in which records are where there is no [`ACKCRED_HOME`].
#[cfg(unix)]
pub const XDG_STATE_HOME: &str = "XDG_STATE_HOME";

/// The endpoint of Container Service, as `--cs-endpoint`.
pub const CS_ENDPOINT: &str = "ACKCRED_CS_ENDPOINT";
/// The endpoint of RAM, as `--ram-endpoint`.
pub const RAM_ENDPOINT: &str = "ACKCRED_RAM_ENDPOINT";
/// The endpoint of STS, as `--sts-endpoint`.
pub const STS_ENDPOINT: &str = "ACKCRED_STS_ENDPOINT";
/// The endpoint of IMS, as `--ims-endpoint`.
pub const IMS_ENDPOINT: &str = "ACKCRED_IMS_ENDPOINT";
/// The instance metadata service, on loopback only.
pub const METADATA_ENDPOINT: &str = "ACKCRED_METADATA_ENDPOINT";
/// Where an OAuth profile's tokens are renewed, on loopback only.
pub const OAUTH_ENDPOINT: &str = "ACKCRED_OAUTH_ENDPOINT";

/// Variables of an access key that belong together. Each family has had its own users; a key of one and a secret of another are
/// two people's.
pub struct AccessKeyVariables {
    /// The key's ID.
    pub id: &'static [&'static str],
    /// Its secret.
    pub secret: &'static [&'static str],
    /// The token of a temporary one.
    pub token: &'static [&'static str],
}

/// Access keys, the first family that is set first.
pub const ACCESS_KEYS: [AccessKeyVariables; 4] = [
    AccessKeyVariables {
        id: &["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        secret: &["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        token: &["ALIBABA_CLOUD_SECURITY_TOKEN"],
    },
    AccessKeyVariables {
        id: &["ALIBABACLOUD_ACCESS_KEY_ID"],
        secret: &["ALIBABACLOUD_ACCESS_KEY_SECRET"],
        token: &["ALIBABACLOUD_SECURITY_TOKEN"],
    },
    AccessKeyVariables {
        id: &["ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"],
        secret: &["ALICLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"],
        token: &["ALICLOUD_SECURITY_TOKEN", "ALICLOUD_ACCESS_KEY_STS_TOKEN"],
    },
    AccessKeyVariables { id: &["ACCESS_KEY_ID"], secret: &["ACCESS_KEY_SECRET"], token: &["SECURITY_TOKEN"] },
];
/// A role that is assumed with an OIDC token: its ARN, the provider's, and the token's file. All three are a source, in RRSA too.
pub const OIDC: [[&str; 3]; 2] = [
    ["ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
    ["ALIBABACLOUD_ROLE_ARN", "ALIBABACLOUD_OIDC_PROVIDER_ARN", "ALIBABACLOUD_OIDC_TOKEN_FILE"],
];
/// An address that gives credentials.
pub const CREDENTIALS_URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
/// The region, for credentials from the environment.
pub const REGION: [&str; 4] = ["ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID", "REGION_ID"];
/// The name of a role's session.
pub const ROLE_SESSION_NAME: [&str; 2] = ["ALIBABA_CLOUD_ROLE_SESSION_NAME", "ALICLOUD_ROLE_SESSION_NAME"];
/// The region whose STS is asked.
pub const STS_REGION: &str = "ALIBABA_CLOUD_STS_REGION";
/// Whether endpoints inside a VPC are used, as `--vpc`.
pub const VPC_ENDPOINT_ENABLED: &str = "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED";

/// The CLI's configuration file.
pub const CONFIG_FILE: [&str; 2] = ["ALIBABA_CLOUD_CONFIG_FILE", "ALIBABACLOUD_PROFILE_PATH"];
/// The profile in it.
pub const PROFILE: [&str; 3] = ["ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"];
/// Whether that file is left alone.
pub const PROFILE_DISABLED: [&str; 3] =
    ["ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE"];
/// The SDKs' credentials file.
pub const CREDENTIALS_FILE: &str = "ALIBABA_CLOUD_CREDENTIALS_FILE";
/// Whether a profile may run a program.
pub const EXTERNAL_PROCESS_DISABLED: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";

/// The instance's role, so that the metadata service is not asked for it.
pub const ECS_METADATA: &str = "ALIBABA_CLOUD_ECS_METADATA";
/// Whether the metadata service is left alone.
pub const ECS_METADATA_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
/// Whether the metadata service is asked only with a token.
pub const IMDSV1_DISABLED: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";

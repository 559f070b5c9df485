//! The flags that say how Alibaba Cloud is reached.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::ALIBABA_CLOUD;
use crate::core::ids::Region;

/// How Alibaba Cloud is reached: whose credentials, which endpoints.
#[derive(Debug, Args)]
#[command(next_help_heading = ALIBABA_CLOUD)]
pub struct CloudArgs {
    /// Profile of the credentials file; no other source is used
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Credentials file, instead of ~/.aliyun/config.json
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub profile_file: Option<PathBuf>,
    /// Don't take credentials from environment variables
    #[arg(long, global = true)]
    pub ignore_env_credentials: bool,
    /// Role to assume with the credentials
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Region of the cluster; with --all-clusters, only the clusters of this region
    #[arg(long, global = true, value_name = "REGION", value_parser = parse_region)]
    pub region: Option<Region>,
    /// Use the endpoints inside the VPC
    #[arg(long, global = true)]
    pub vpc: bool,
    /// Endpoint of Container Service, a host with or without port, or a URL [env: ACKCRED_CS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub cs_endpoint: Option<String>,
    /// Endpoint of Resource Access Management [env: ACKCRED_RAM_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub ram_endpoint: Option<String>,
    /// Endpoint of Security Token Service [env: ACKCRED_STS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub sts_endpoint: Option<String>,
    /// Endpoint of Identity Management Service [env: ACKCRED_IMS_ENDPOINT]
    #[arg(long, global = true, value_name = "ENDPOINT", hide_short_help = true)]
    pub ims_endpoint: Option<String>,
}

fn parse_region(text: &str) -> Result<Region, String> {
    Region::parse(text).ok_or_else(|| "a region ID is expected, such as cn-hangzhou".to_owned())
}

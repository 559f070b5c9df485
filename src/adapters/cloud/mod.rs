//! Alibaba Cloud: whose credentials are at hand, and what STS, RAM, IMS and the Container Service say.
//!
//! [`Cloud::connect`] looks for credentials; what it finds asks the products. Nothing here is written, and nothing is
//! issued but by [`cs::Cs::describe_cluster_user_kubeconfig`].

pub mod credentials;
pub mod cs;
pub mod endpoints;
pub mod error;
mod fields;
mod http;
pub mod ims;
mod issue;
mod limiter;
pub mod page;
mod permission;
pub mod ram;
pub mod retry;
pub mod sign;
pub mod sts;
pub mod wire;

pub use issue::IssueKubeconfig;

use std::path::PathBuf;
use std::time::Duration;

use self::credentials::{CredentialsError, NoCredentials, Resolution, ResolvedCredentials};
use self::cs::Cs;
use self::endpoints::{EndpointError, EndpointOverrides, Endpoints};
use self::error::Error;
use self::page::Listed;
use self::retry::Policy;
use self::wire::Wire;
use crate::core::identity::evidence::Lookup;
use crate::core::identity::{Caller, ImsUser, RamRole, RamUser, RecycledUser, UserBasicInfo};
use crate::core::ids::{Region, Uid};
use crate::world::World;

/// What flags, and the environment variables of the same names, say about the cloud.
#[derive(Clone, Debug)]
pub struct CloudSettings {
    /// `--profile`: this profile of config.json and no other source.
    pub profile: Option<String>,
    /// `--profile-file`: instead of `~/.aliyun/config.json`.
    pub profile_file: Option<PathBuf>,
    /// `--ignore-env-credentials`: no credentials and no profile's name from the environment.
    pub ignore_env_credentials: bool,
    /// `--role-arn`: a role to become with what was found.
    pub role_arn: Option<String>,
    /// `--region`.
    pub region: Option<Region>,
    /// `--vpc`: endpoints inside the VPC.
    pub vpc: bool,
    /// `--request-timeout`: for each exchange with its body; `None` for no bound.
    pub request_timeout: Option<Duration>,
    /// `--cs-endpoint` and the others.
    pub endpoints: EndpointOverrides,
    /// How failed calls are repeated.
    pub retries: Policy,
    /// Where the kernel shows what the firmware says of the machine.
    pub firmware: PathBuf,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            profile: None,
            profile_file: None,
            ignore_env_credentials: false,
            role_arn: None,
            region: None,
            vpc: false,
            request_timeout: Some(Duration::from_secs(30)),
            endpoints: EndpointOverrides::default(),
            retries: Policy::default(),
            firmware: PathBuf::from("/sys/class/dmi/id"),
        }
    }
}

/// What connecting came to.
#[derive(Debug)]
pub enum Connection {
    /// There are credentials. They were not tried yet.
    Connected(Box<Cloud>),
    /// There are none, which is no error: the cloud is not asked.
    NoCredentials(NoCredentials),
}

/// The cloud, with the credentials that were found.
#[derive(Debug)]
pub struct Cloud {
    wire: Wire,
    endpoints: Endpoints,
    region: Option<Region>,
    credentials: ResolvedCredentials,
}

impl Cloud {
    /// Looks for credentials. Files are read, and servers asked, only as far as the sources' order leads.
    ///
    /// # Errors
    /// A source has something that can't be used.
    pub async fn connect(world: &World, settings: CloudSettings) -> Result<Connection, CredentialsError> {
        let wire = Wire::new(world, settings.request_timeout, settings.retries);
        let endpoints = Endpoints { overrides: settings.endpoints.clone(), vpc: settings.vpc };
        let credentials = match credentials::resolve(world, &settings, &endpoints, &wire).await? {
            Resolution::Found(credentials) => credentials,
            Resolution::NoCredentials(nothing) => return Ok(Connection::NoCredentials(nothing)),
        };
        let region = settings.region;
        Ok(Connection::Connected(Box::new(Self { wire, endpoints, region, credentials })))
    }

    /// The credentials: their source and region are for showing.
    pub fn credentials(&self) -> &ResolvedCredentials {
        &self.credentials
    }

    /// The region to use: `--region`, else what is known of the cluster (its server's name, the cluster list), else the
    /// credentials' own.
    pub fn region(&self, known: Option<&Region>) -> Option<Region> {
        self.region.as_ref().or(known).or(self.credentials.region.as_ref()).cloned()
    }

    /// Whether this machine is inside the clusters' network: `--vpc`.
    pub fn is_inside_vpc(&self) -> bool {
        self.endpoints.vpc
    }

    /// The Container Service of a region; without one, the central endpoint.
    ///
    /// # Errors
    /// Inside a VPC a region is needed.
    pub fn cs(&self, region: Option<&Region>) -> Result<Cs<'_>, EndpointError> {
        Ok(Cs::new(&self.wire, self.endpoints.cs(region)?, self.credentials.key()))
    }

    /// The Container Service for questions about the whole account: the central endpoint, or inside a VPC, which has none, that
    /// of the region.
    ///
    /// # Errors
    /// Inside a VPC a region is needed.
    pub fn cs_of_account(&self) -> Result<Cs<'_>, EndpointError> {
        let region = self.region(None).filter(|_| self.is_inside_vpc());
        self.cs(region.as_ref())
    }

    /// The region that `--region` names.
    pub fn wanted_region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// `sts:GetCallerIdentity`: whose credentials these are.
    ///
    /// # Errors
    /// The call failed.
    pub async fn caller(&self) -> Result<Caller, Error> {
        // STS answers alike everywhere; a regional endpoint is used where the user chose a region or stays in a VPC.
        let region = if self.endpoints.vpc { self.region(None) } else { self.region.clone() };
        let endpoint = self.endpoints.sts(region.as_ref());
        sts::get_caller_identity(&self.wire, endpoint, &self.credentials.key()).await
    }

    /// `ram:ListUsers`, to the end.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn users(&self) -> Listed<RamUser> {
        ram::list_users(&self.wire, &self.endpoints.ram(self.region(None).as_ref()), &self.credentials.key()).await
    }

    /// `ram:ListRoles`, to the end.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn roles(&self) -> Listed<RamRole> {
        ram::list_roles(&self.wire, &self.endpoints.ram(self.region(None).as_ref()), &self.credentials.key()).await
    }

    /// `ims:ListUserBasicInfos` of active and frozen users, to the end.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn user_basic_infos(&self) -> Listed<UserBasicInfo> {
        let endpoint = self.endpoints.ims(self.region(None).as_ref());
        ims::list_user_basic_infos(&self.wire, &endpoint, &self.credentials.key()).await
    }

    /// `ims:ListUsersInRecycleBin`, to the end.
    ///
    /// # Errors
    /// With what was read before the failure.
    pub async fn users_in_recycle_bin(&self) -> Listed<RecycledUser> {
        let endpoint = self.endpoints.ims(self.region(None).as_ref());
        ims::list_users_in_recycle_bin(&self.wire, &endpoint, &self.credentials.key()).await
    }

    /// `ims:GetUser` by UID: can prove that a user exists, and nothing else.
    pub async fn user(&self, uid: &Uid) -> Lookup<ImsUser> {
        let endpoint = self.endpoints.ims(self.region(None).as_ref());
        ims::get_user(&self.wire, endpoint, &self.credentials.key(), uid).await
    }

    /// `ims:GetUserInRecycleBin` by UID: can prove that a user is in the recycle bin, and nothing else.
    pub async fn user_in_recycle_bin(&self, uid: &Uid) -> Lookup<RecycledUser> {
        let endpoint = self.endpoints.ims(self.region(None).as_ref());
        ims::get_user_in_recycle_bin(&self.wire, endpoint, &self.credentials.key(), uid).await
    }
}

#[cfg(test)]
mod stub;
#[cfg(test)]
mod tests;

//! The real kube-apiserver and etcd, started on loopback from a folder laid out as setup-envtest's.

mod assets;
mod authorization;
mod control_plane;
mod policy;
mod process;
mod shared;

pub use self::assets::assets_for;
pub use self::control_plane::{ControlPlane, ControlPlaneOptions};
pub use self::shared::{SharedControlPlane, shared};

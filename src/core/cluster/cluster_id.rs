//! Which ACK cluster a context leads to, as far as its file tells.

use crate::core::credential::token::{AckToken, Token};
use crate::core::ids::{ClusterId, Region};
use crate::core::kubeconfig::{Exec, ResolvedContext, plugin_arguments};

/// Where a cluster ID was found, the most trusted place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterIdFrom {
    /// The credential plugin's `--cluster-id` argument.
    ExecArgument,
    /// The host name of the API server, `apiserver.<id>.<region>.cs.aliyuncs.com`.
    ServerHost,
    /// The payload of an ACK token.
    TokenPayload,
    /// The end of the context's name. Anyone may rename a context.
    ContextName,
    /// `--cluster-id`, for a chosen context that nothing else tells the cluster of.
    Flag,
    /// The plan or the operation that is gone on with, for a context of this name that tells no cluster.
    Record,
    /// ConfigMap kube-system/ack-cluster-profile: the cluster's own word, where nothing else tells or where it contradicts.
    ClusterProfile,
}

/// A cluster ID and the place where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The cluster.
    pub id: ClusterId,
    /// The place.
    pub from: ClusterIdFrom,
}

/// What a context's parts say of the cluster.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// The name of the context.
    pub context: Option<&'a str>,
    /// The URL of the API server.
    pub server: Option<&'a str>,
    /// The credential plugin.
    pub exec: Option<&'a Exec>,
    /// The bearer token, where it is an ACK token.
    pub token: Option<&'a AckToken>,
}

/// The most trusted claim and what speaks against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inference {
    /// The most trusted claim.
    pub best: Option<Claim>,
    /// Claims of another ID, the more trusted first: each one is worth a warning.
    pub contradictions: Vec<Claim>,
    /// The region, which only the host name tells.
    pub region: Option<Region>,
}

impl ClusterIdFrom {
    /// In words, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::ExecArgument => "the credential plugin's --cluster-id",
            Self::ServerHost => "the server's host name",
            Self::TokenPayload => "the token's payload",
            Self::ContextName => "the context's name",
            Self::Flag => "--cluster-id",
            Self::Record => "the record of the operation",
            Self::ClusterProfile => "the cluster itself",
        }
    }
}

/// Which cluster it is, once the cluster itself was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownCluster {
    /// The cluster.
    pub id: Option<ClusterId>,
    /// Where the ID was found.
    pub from: Option<ClusterIdFrom>,
    /// Whether the cluster confirmed what was inferred; `None` where one of the two is missing.
    pub confirmed: Option<bool>,
    /// Claims that contradict each other.
    pub warnings: Vec<String>,
}

/// Holds what was inferred against the cluster's own word, which wins; a contradiction is a warning.
pub fn confirm(inference: Inference, profile: Option<&str>) -> KnownCluster {
    let mut warnings = Vec::new();
    if let Some(best) = &inference.best {
        for claim in &inference.contradictions {
            let (from, by) = (best.from.describe(), claim.from.describe());
            warnings.push(format!("{from} says that the cluster is {}, {by} says {}", best.id, claim.id));
        }
    }
    let (claim, own) = (inference.best, profile.and_then(ClusterId::parse));
    let confirmed = claim.as_ref().zip(own.as_ref()).map(|(claim, own)| claim.id == *own);
    if let (Some(claim), Some(own), Some(false)) = (&claim, &own, confirmed) {
        let from = claim.from.describe();
        warnings.push(format!("{from} says that the cluster is {}, the cluster itself says {own}", claim.id));
    }
    let known = match (claim, own) {
        (Some(claim), _) if confirmed != Some(false) => Some(claim),
        (_, own) => own.map(|id| Claim { id, from: ClusterIdFrom::ClusterProfile }),
    };
    let (id, from) = known.map(|claim| (claim.id, claim.from)).unzip();
    KnownCluster { id, from, confirmed, warnings }
}

/// Infers the cluster from a context with all that it refers to.
pub fn infer_from(context: &ResolvedContext) -> Inference {
    let user = context.user.as_ref().map(|user| &user.value);
    let token = user.and_then(|user| user.token.as_ref()).and_then(|token| Token::read(token).ok());
    infer(&Evidence {
        context: context.name.as_deref(),
        server: context.cluster.as_ref().map(|cluster| cluster.value.server.as_str()),
        exec: user.and_then(|user| user.exec.as_ref()),
        token: match &token {
            Some(Token::Ack(token)) => Some(token),
            _ => None,
        },
    })
}

/// Infers the cluster from what a context names. Nothing is asked.
pub fn infer(evidence: &Evidence<'_>) -> Inference {
    let (host_id, region) = evidence.server.and_then(from_server).unzip();
    let claims = [
        (ClusterIdFrom::ExecArgument, evidence.exec.and_then(plugin_arguments::cluster_id)),
        (ClusterIdFrom::ServerHost, host_id),
        (ClusterIdFrom::TokenPayload, evidence.token.and_then(|token| token.cluster_id.clone())),
        (ClusterIdFrom::ContextName, evidence.context.and_then(from_context_name)),
    ];
    let mut claims = claims.into_iter().filter_map(|(from, id)| Some(Claim { id: id?, from }));
    let best = claims.next();
    let contradictions = claims.filter(|claim| best.as_ref().is_some_and(|best| best.id != claim.id)).collect();
    Inference { best, contradictions, region }
}

fn from_server(url: &str) -> Option<(ClusterId, Region)> {
    let host = host_of(url).to_ascii_lowercase();
    let labels = host.trim_end_matches('.').strip_suffix(".cs.aliyuncs.com")?.strip_prefix("apiserver.")?;
    let (id, region) = labels.split_once('.')?;
    Some((ClusterId::parse(id)?, Region::parse(region)?))
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

fn from_context_name(name: &str) -> Option<ClusterId> {
    ClusterId::parse(name.rsplit_once('-')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::credential::token::AckTokenVersion;
    use crate::core::fixtures::at;
    use proptest::prelude::*;

    const A: &str = "caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "cbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn exec(command: &str, args: &[&str]) -> Exec {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Exec { command: command.to_owned(), args, ..Exec::default() }
    }

    fn id(text: &str) -> ClusterId {
        ClusterId::parse(text).unwrap()
    }

    #[test]
    fn the_most_trusted_place_wins_and_the_others_contradict() {
        let exec = exec("ack-ram-tool", &["credential-plugin", "get-credential", "--cluster-id", A]);
        let server = format!("https://apiserver.{B}.cn-beijing.cs.aliyuncs.com:6443");
        let context = format!("123-{B}");
        let token =
            AckToken { version: AckTokenVersion::V2, cluster_id: Some(id(A)), issued_at: at("2024-01-01T00:00:00Z") };
        let mut evidence =
            Evidence { context: Some(&context), server: Some(&server), exec: Some(&exec), token: Some(&token) };
        let inference = infer(&evidence);
        assert_eq!(inference.best, Some(Claim { id: id(A), from: ClusterIdFrom::ExecArgument }));
        let places: Vec<_> = inference.contradictions.iter().map(|claim| claim.from).collect();
        assert_eq!(places, [ClusterIdFrom::ServerHost, ClusterIdFrom::ContextName]);
        assert_eq!(inference.region, Region::parse("cn-beijing"));

        evidence.exec = None;
        assert_eq!(infer(&evidence).best.unwrap().from, ClusterIdFrom::ServerHost);
        evidence.server = None;
        assert_eq!(infer(&evidence).best.unwrap().from, ClusterIdFrom::TokenPayload);
        evidence.token = None;
        assert_eq!(infer(&evidence).best, Some(Claim { id: id(B), from: ClusterIdFrom::ContextName }));
        assert_eq!(infer(&evidence).contradictions, []);
        evidence.context = None;
        assert_eq!(infer(&evidence), Inference::default());
    }

    #[test]
    fn only_acks_own_host_names_tell_a_cluster() {
        for server in [
            format!("https://APISERVER.{A}.cn-hangzhou.cs.aliyuncs.com.:6443/path"),
            format!("apiserver.{A}.cn-hangzhou.cs.aliyuncs.com"),
        ] {
            assert_eq!(from_server(&server), Some((id(A), Region::parse("cn-hangzhou").unwrap())), "{server}");
        }
        for server in [
            "https://47.1.2.3:6443".to_owned(),
            format!("https://apiserver.{A}.cn-hangzhou.cs.aliyuncs.com.evil.example"),
            format!("https://evil.example/apiserver.{A}.cn-hangzhou.cs.aliyuncs.com"),
            format!("https://apiserver.{A}.cn-hangzhou.cs.aliyuncs.com@evil.example"),
            format!("https://apiserver.{A}.cs.aliyuncs.com"),
            format!("https://apiserver.{A}.a.b.cs.aliyuncs.com"),
            "https://[::1]:6443".to_owned(),
        ] {
            assert_eq!(from_server(&server), None, "{server}");
        }
    }

    #[test]
    fn the_end_of_a_context_name_tells_a_cluster() {
        assert_eq!(from_context_name(&format!("kubernetes-admin-{A}")), Some(id(A)));
        for name in [A, "prod", &format!("{A}-old"), &format!("x-{}", A.to_uppercase())] {
            assert_eq!(from_context_name(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,80}", args in proptest::collection::vec("\\PC{0,20}", 0..4)) {
            let exec = Exec { command: text.clone(), args, ..Exec::default() };
            let evidence = Evidence { context: Some(&text), server: Some(&text), exec: Some(&exec), token: None };
            let _ = infer(&evidence);
        }
    }
}

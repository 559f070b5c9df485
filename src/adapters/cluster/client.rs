//! The HTTP client: kube's layers on a connection whose proxy and whose check of the server's certificate are this program's.
//!
//! kube's own client verifies servers by rustls' rules, and a proxy that can't be reached looks like the server in it.
//! Source: <https://github.com/kube-rs/kube/blob/5.0.0/kube-client/src/client/builder.rs>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tower::util::MapErr;
use tower::{BoxError, Service, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use crate::core::percent;

/// The proxy could not be reached, or did not agree on TLS.
#[derive(Debug, thiserror::Error)]
#[error("the proxy can't be reached")]
pub(super) struct ProxyUnreachable(#[source] BoxError);

/// Builds the client. `config` has everything but the proxy and TLS; a `name` replaces the URL's host where the server's certificate
/// is checked.
///
/// # Errors
/// kube can't use the login.
pub(super) fn client(
    config: &kube::Config,
    proxy: Option<Uri>,
    tls: &ClientConfig,
    name: Option<ServerName<'static>>,
) -> Result<kube::Client, kube::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let Some(proxy) = proxy else { return layered(config, https(tls, name, tcp)) };
    let login = user_and_password(&proxy);
    match proxy.scheme_str() {
        Some("socks5") => {
            let connector = SocksV5::new(proxy, ToProxy::new(tcp, unreachable));
            let connector = match login {
                Some((user, password)) => connector.with_auth(user, password),
                None => connector,
            };
            let connector = ServiceBuilder::new().map_err(socks_failure).service(connector);
            layered(config, https(tls, name, connector))
        }
        Some("https") => {
            // The proxy is another server than the one that the name is for.
            let to_proxy = ServiceBuilder::new().map_err(ProxyUnreachable).service(https(tls, None, tcp));
            layered(config, https(tls, name, with_login(Tunnel::new(proxy, to_proxy), login)))
        }
        _ => {
            let tunnel = Tunnel::new(proxy, ToProxy::new(tcp, unreachable));
            layered(config, https(tls, name, with_login(tunnel, login)))
        }
    }
}

type ToProxy = MapErr<HttpConnector, fn(<HttpConnector as Service<Uri>>::Error) -> ProxyUnreachable>;

fn unreachable(error: <HttpConnector as Service<Uri>>::Error) -> ProxyUnreachable {
    ProxyUnreachable(error.into())
}

type SocksFailure = <SocksV5<ToProxy> as Service<Uri>>::Error;

/// This error hides what it comes from.
fn socks_failure(failure: SocksFailure) -> BoxError {
    match failure {
        SocksFailure::Inner(unreachable) => unreachable.into(),
        other => other.into(),
    }
}

fn https<C>(tls: &ClientConfig, name: Option<ServerName<'static>>, connector: C) -> HttpsConnector<C> {
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
    let builder = match name {
        Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
        None => builder,
    };
    builder.enable_http1().wrap_connector(connector)
}

/// The user name and password of a URL, without percent-encoding.
fn user_and_password(url: &Uri) -> Option<(String, String)> {
    let (login, _) = url.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Some((percent::decode(user), percent::decode(password)))
}

fn with_login<C>(tunnel: Tunnel<C>, login: Option<(String, String)>) -> Tunnel<C> {
    let basic = login.map(|(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
    match basic.and_then(|value| HeaderValue::from_str(&value).ok()) {
        Some(value) => tunnel.with_auth(value),
        None => tunnel,
    }
}

fn layered<C>(config: &kube::Config, connector: C) -> Result<kube::Client, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let mut connector = TimeoutConnector::new(connector);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    let client: hyper_util::client::legacy::Client<_, Body> =
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
    let gzip = DecompressionLayer::new().no_br().no_deflate().no_zstd().gzip(!config.disable_compression);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(gzip)
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client);
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}

//! A stream to a host that the policy admits: its name is looked up once, and an address that was checked is the one that is
//! dialled.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use call::{Failure, code};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;

use crate::limits::{ADDRESS_MS_MAX, ADDRESSES_MAX};
use crate::plugin::Plugin;
use crate::target::Target;
use crate::tls::PrivateCa;

/// No address could be connected to.
pub(crate) const UNREACHABLE: &str = "UNREACHABLE";
/// There is somebody, but no TLS, or not with a name that is trusted.
pub(crate) const TLS: &str = "TLS";

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The addresses of a name, once they are known.
pub type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up.
pub trait Resolve: Send + Sync + fmt::Debug {
    /// All addresses of a name. The caller limits the time.
    fn resolve(&self, name: &str) -> Resolved;
}

/// As the system does it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Resolved {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// Opens a stream. The caller limits the time.
///
/// # Errors
/// `NOT_GRANTED` when the name leads only where it must not, `UNREACHABLE`, `TLS`.
pub(crate) async fn dial(plugin: &Plugin, target: &Target) -> Result<Box<dyn Stream>, Failure> {
    let tcp = connect(&addresses(plugin, target).await?, target.port).await?;
    tcp.set_nodelay(true).map_err(|error| unreachable(&error))?;
    let tcp = plugin.counts().stream(tcp);
    if !target.secure {
        return Ok(Box::new(tcp));
    }
    let name = match &target.host {
        Host::Domain(name) => ServerName::try_from(name.clone()),
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::V4(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::V6(*address))),
    };
    let name = name.map_err(|_| Failure::new(TLS, "the host's name is not one that a certificate can have"))?;
    let trusted = plugin.policy().ca(target.scope).map_or(plugin.tls(), PrivateCa::tls);
    let tls = TlsConnector::from(Arc::clone(trusted)).connect(name, tcp).await;
    // What the other side says in its alerts and certificates is no handler's business.
    Ok(Box::new(tls.map_err(|error| Failure::new(TLS, tls_text(&error)))?))
}

/// Those of a host's addresses that it may have.
async fn addresses(plugin: &Plugin, target: &Target) -> Result<Vec<IpAddr>, Failure> {
    let found = match &target.host {
        Host::Domain(name) => {
            let found = plugin.resolver().resolve(name).await;
            found.map_err(|_| Failure::new(UNREACHABLE, "the host's name is not known"))?
        }
        Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        Host::Ipv6(address) => vec![IpAddr::V6(*address)],
    };
    let (good, bad): (Vec<_>, Vec<_>) = found.into_iter().partition(|address| target.scope.admits(*address));
    if good.is_empty() && !bad.is_empty() {
        plugin.tell_of(&target.host.to_string(), &bad);
        let message = "the host leads to an address that this plugin has no grant for";
        let refused = Failure::new(code::NOT_GRANTED, message);
        plugin.counts().refused(&refused);
        return Err(refused);
    }
    Ok(good)
}

async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Failure> {
    let mut failure = Failure::new(UNREACHABLE, "the host's name has no address");
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match timeout(Duration::from_millis(ADDRESS_MS_MAX), connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = unreachable(&error),
            Err(_) => failure = Failure::new(UNREACHABLE, "the host does not answer"),
        }
    }
    Err(failure)
}

/// The kind of an error, without addresses.
fn unreachable(error: &io::Error) -> Failure {
    Failure::new(UNREACHABLE, format!("the host cannot be connected to: {}", error.kind()))
}

fn tls_text(error: &io::Error) -> &'static str {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => "the host's certificate is not one that is trusted for its name",
        Some(_) => "the TLS handshake failed",
        None => "the host broke the TLS handshake off",
    }
}

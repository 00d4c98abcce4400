//! Opening byte streams. [`TcpDialer`] is the real one; simulations bring their own [`Dial`] over in-memory pipes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// What a WebSocket runs over.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream being opened.
pub type Dialed = Pin<Box<dyn Future<Output = Result<Box<dyn ByteStream>, DialError>> + Send>>;

/// Opens byte streams to the host and port of a `ws` or `wss` URL, TLS included.
pub trait Dial: Send + Sync {
    /// Begins to open one. The caller limits the time.
    fn dial(&self, url: &Url) -> Dialed;
}

/// Why no stream was opened.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The URL names no host, or neither `ws` nor `wss`.
    #[error("the URL is not usable: {0}")]
    Url(&'static str),
    /// The name is unknown, or nobody listens.
    #[error("cannot reach {address}: {error}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// The TLS handshake failed: certificate, name, version.
    #[error("TLS with {address} failed: {error}")]
    Tls {
        /// Host and port.
        address: String,
        /// rustls' words.
        error: io::Error,
    },
}

/// TLS could not be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct TlsSetupError(#[from] rustls::Error);

/// TCP without delay, with TLS by the platform's certificates for `wss`.
pub struct TcpDialer {
    tls: Arc<ClientConfig>,
}

impl TcpDialer {
    /// Uses the certificates that the platform trusts (`SSL_CERT_FILE` replaces them).
    pub fn new() -> Result<Self, TlsSetupError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(tls) })
    }
}

impl Dial for TcpDialer {
    fn dial(&self, url: &Url) -> Dialed {
        let tls = self.tls.clone();
        let url = url.clone();
        Box::pin(async move {
            let secure = match url.scheme() {
                "ws" => false,
                "wss" => true,
                _ => return Err(DialError::Url("its scheme is neither ws nor wss")),
            };
            // An IPv6 address stands in brackets in a URL, and without them everywhere else.
            let host = url.host_str().ok_or(DialError::Url("it names no host"))?;
            let host = host.trim_start_matches('[').trim_end_matches(']').to_string();
            let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
            let address = format!("{host}:{port}");
            let unreachable = |error| DialError::Unreachable { address: address.clone(), error };
            let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
            tcp.set_nodelay(true).map_err(unreachable)?;
            if !secure {
                return Ok(Box::new(tcp) as Box<dyn ByteStream>);
            }
            let name = ServerName::try_from(host).map_err(|_| DialError::Url("its host is no valid name"))?;
            let stream = TlsConnector::from(tls).connect(name, tcp).await;
            let stream = stream.map_err(|error| DialError::Tls { address: address.clone(), error })?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

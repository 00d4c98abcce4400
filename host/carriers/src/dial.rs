//! Opening byte streams. [`TcpDialer`] is the real one; simulations bring their own [`Dial`] over in-memory pipes.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::tls::{Tls, TlsFailure, TlsFiles, TlsSetupError, Word};

/// What a WebSocket runs over.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream being opened.
pub type Dialed = Pin<Box<dyn Future<Output = Result<Box<dyn ByteStream>, DialError>> + Send>>;

/// Opens byte streams to the host and port of a `ws` or `wss` URL, TLS included.
pub trait Dial: Send + Sync {
    /// Begins to open one. The caller limits the time.
    fn dial(&self, url: &Url) -> Dialed;

    /// What an error of a stream to this URL says of TLS, if anything: a server may refuse a client certificate when the
    /// handshake is over on this side.
    fn explain(&self, _url: &Url, _error: &io::Error) -> Option<TlsFailure> {
        None
    }
}

/// What opens a connector's sockets. Only the session manager is shown the client certificate (PROTOCOL.md, AU-5).
#[derive(Clone)]
pub struct Dialers {
    /// To the session manager.
    pub manager: Arc<dyn Dial>,
    /// To the voice servers that it names.
    pub voice: Arc<dyn Dial>,
}

impl Dialers {
    /// Over TCP, with the TLS of these files.
    ///
    /// # Errors
    /// A file cannot be used, or the platform has no certificates.
    pub fn new(files: TlsFiles) -> Result<Self, TlsSetupError> {
        let voice = TcpDialer::with(TlsFiles { identity: None, ..files.clone() })?;
        Ok(Self { manager: Arc::new(TcpDialer::with(files)?), voice: Arc::new(voice) })
    }
}

impl fmt::Debug for Dialers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialers").finish_non_exhaustive()
    }
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
    /// Somebody was there, and went away in the midst of the TLS handshake.
    #[error("{address} broke off the TLS handshake ({error}): is it a server for wss?")]
    BrokenOff {
        /// Host and port.
        address: String,
        /// The system's words.
        error: io::Error,
    },
    /// There is somebody, but no TLS: certificate, name, version.
    #[error(transparent)]
    Tls(#[from] TlsFailure),
}

/// TCP without delay, with TLS for `wss`.
pub struct TcpDialer {
    tls: Arc<Tls>,
}

impl TcpDialer {
    /// Trusts the certificates that the platform trusts (`SSL_CERT_FILE` replaces them), and shows none.
    ///
    /// # Errors
    /// The platform has no certificates.
    pub fn new() -> Result<Self, TlsSetupError> {
        Self::with(TlsFiles::default())
    }

    /// Trusts and shows what is in these files, read again before each handshake.
    ///
    /// # Errors
    /// A file cannot be used, or the platform has no certificates.
    pub fn with(files: TlsFiles) -> Result<Self, TlsSetupError> {
        Ok(Self { tls: Arc::new(Tls::new(files)?) })
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
            let (host, port) = host_and_port(&url)?;
            let address = format!("{host}:{port}");
            let unreachable = |error| DialError::Unreachable { address: address.clone(), error };
            let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
            tcp.set_nodelay(true).map_err(unreachable)?;
            if !secure {
                return Ok(Box::new(tcp) as Box<dyn ByteStream>);
            }
            let name = ServerName::try_from(host).map_err(|_| DialError::Url("its host is no valid name"))?;
            let stream = TlsConnector::from(fresh_config(&tls).await).connect(name, tcp).await;
            let stream = stream.map_err(|error| match TlsFailure::of(&address, &error, tls.has_private_ca()) {
                Some(failure) => DialError::Tls(failure),
                None => DialError::BrokenOff { address, error },
            })?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }

    fn explain(&self, url: &Url, error: &io::Error) -> Option<TlsFailure> {
        let (host, port) = host_and_port(url).ok()?;
        TlsFailure::of(&format!("{host}:{port}"), error, self.tls.has_private_ca())
    }
}

/// An IPv6 address stands in brackets in a URL, and without them everywhere else.
fn host_and_port(url: &Url) -> Result<(String, u16), DialError> {
    let host = url.host_str().ok_or(DialError::Url("it names no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_string();
    let port = url.port_or_known_default().ok_or(DialError::Url("it names no port"))?;
    Ok((host, port))
}

/// What the handshake uses: the files as they are, or the last ones that could be used.
async fn fresh_config(tls: &Arc<Tls>) -> Arc<ClientConfig> {
    if tls.has_files() {
        let reading = tls.clone();
        // A disk may be slow. What panics there, or a runtime that ends, leaves the files before in use.
        let words = tokio::task::spawn_blocking(move || reading.refresh()).await.unwrap_or_default();
        for word in words {
            match word {
                Word::Renewed(file) => tracing::info!(file = file.config_key(), "a renewed file of TLS is in use"),
                Word::Kept(file, why) => {
                    let file = file.config_key();
                    tracing::warn!(file, why, "a file of TLS changed and cannot be used: the one before stays in use");
                }
            }
        }
    }
    tls.config()
}

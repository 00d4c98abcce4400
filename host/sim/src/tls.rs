//! TLS of a listener: its certificate, and whose clients must show one.
//!
//! A handshake happens below the upgrade, so whoever serves a stream sees no difference but the [`Peer`].

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Which clients a TLS listener takes. Paths name PEM files with CAs.
#[derive(Clone, Debug)]
pub enum Clients {
    /// Nobody is asked for a certificate.
    Anyone,
    /// A session manager must show a certificate of these CAs and needs no API key then. A voice socket needs none.
    SessionManagersOf(PathBuf),
    /// The handshake fails for every client without a certificate of these CAs, voice sockets included.
    EveryoneOf(PathBuf),
}

/// The server's side of TLS. A clone is the same.
#[derive(Clone)]
pub struct TlsServer {
    acceptor: TlsAcceptor,
    wants_certificate: bool,
}

/// A listener cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsServerError {
    /// A file is missing, or holds no PEM of its kind.
    #[error("`{}` cannot be used: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: rustls::pki_types::pem::Error,
    },
    /// The certificate and the key are no pair, or not usable.
    #[error("the certificate cannot be used with the key: {0}")]
    Pair(#[from] rustls::Error),
    /// The CAs of the clients are not usable.
    #[error("the CAs of clients cannot be used: {0}")]
    Clients(#[from] VerifierBuilderError),
}

/// Who is at the other end of a stream, as far as TLS knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    pub(crate) tls: bool,
    /// SHA-256 of the certificate that was shown and verified.
    pub(crate) certificate_sha256: Option<String>,
    /// The listener takes no session manager without.
    pub(crate) certificate_wanted: bool,
}

impl TlsServer {
    /// Shows the certificate in the first PEM file, with the key in the second.
    ///
    /// # Errors
    /// A file cannot be used, or they do not fit each other.
    pub fn new(cert_path: &Path, key_path: &Path, clients: &Clients) -> Result<Self, TlsServerError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let verifier = |path: &Path| {
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority)?;
            }
            Ok::<_, TlsServerError>(WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()))
        };
        let builder = match clients {
            Clients::Anyone => builder.with_no_client_auth(),
            Clients::SessionManagersOf(path) => {
                builder.with_client_cert_verifier(verifier(path)?.allow_unauthenticated().build()?)
            }
            Clients::EveryoneOf(path) => builder.with_client_cert_verifier(verifier(path)?.build()?),
        };
        let key = PrivateKeyDer::from_pem_file(key_path);
        let key = key.map_err(|error| TlsServerError::File { path: key_path.to_owned(), error })?;
        let config = builder.with_single_cert(certificates(cert_path)?, key)?;
        let wants_certificate = !matches!(clients, Clients::Anyone);
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), wants_certificate })
    }

    /// The handshake. The caller limits the time.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, Peer)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor.accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate_sha256 = shown.map(|certificate| sha256(certificate));
        Ok((stream, Peer { tls: true, certificate_sha256, certificate_wanted: self.wants_certificate }))
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer").field("wants_certificate", &self.wants_certificate).finish_non_exhaustive()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsServerError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|error| TlsServerError::File { path: path.to_owned(), error })
}

/// In lower-case hexadecimal, as `openssl x509 -fingerprint -sha256` says it without the colons.
fn sha256(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

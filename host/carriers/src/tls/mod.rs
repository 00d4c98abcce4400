//! TLS towards a carrier: whom a connector trusts, and the certificate that it shows.
//!
//! What stands in files is read again before each handshake, which is rare, and by content: a file system's times are too
//! coarse to tell two writes apart. A connection that is open is never touched. When new files cannot be used, the old
//! ones stay in use and the log says so once.
//!
//! Who pays on failure: the connector whose files or server are wrong; other connectors have a [`TcpDialer`](crate::TcpDialer)
//! of their own.

mod failure;
mod files;
mod identity;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::BuilderVerifierExt;

pub use self::failure::{TlsFailure, TlsFault};
pub use self::files::{IdentityFiles, TlsFile, TlsFileError, TlsFileFault, TlsFiles};

use self::identity::Identity;

/// TLS could not be set up on this machine.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The platform's certificates, or what the library needs, are not there.
    #[error("cannot set up TLS: {0}")]
    Platform(#[from] rustls::Error),
    /// A configured file cannot be used.
    #[error(transparent)]
    File(#[from] TlsFileError),
}

/// What a dialer makes handshakes with.
pub(crate) struct Tls {
    identity: Option<Arc<Identity>>,
    /// `None`: the platform's certificates are trusted.
    ca: Option<PathBuf>,
    trusted: Mutex<Trusted>,
}

/// The private CA as it was read last, and the configuration made of it.
struct Trusted {
    roots: Vec<CertificateDer<'static>>,
    config: Arc<ClientConfig>,
    told: Option<String>,
}

/// What reading the files again has to say. Said by the dial itself, whose lines stand in their connector's span.
#[derive(Debug, PartialEq)]
pub(crate) enum Word {
    /// Others are in use, from this handshake on.
    Renewed(TlsFile),
    /// They cannot be used, and the ones before stay. Only the first time.
    Kept(TlsFile, String),
}

impl Tls {
    pub(crate) fn new(files: TlsFiles) -> Result<Self, TlsSetupError> {
        let identity = files.identity.map(Identity::load).transpose()?.map(Arc::new);
        let roots = match &files.ca_path {
            Some(path) => files::authorities(path)?,
            None => Vec::new(),
        };
        let config = config(files.ca_path.as_ref().map(|_| &*roots), identity.clone())?;
        Ok(Self { identity, ca: files.ca_path, trusted: Mutex::new(Trusted { roots, config, told: None }) })
    }

    /// What the next handshake uses, without a look at the files.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        self.trusted.lock().config.clone()
    }

    /// Whether there is something to be read again.
    pub(crate) fn has_files(&self) -> bool {
        self.identity.is_some() || self.ca.is_some()
    }

    /// Whether a private CA is trusted instead of the platform's.
    pub(crate) fn has_private_ca(&self) -> bool {
        self.ca.is_some()
    }

    /// Reads the files again. Blocks on the disk.
    pub(crate) fn refresh(&self) -> Vec<Word> {
        let identity = self.identity.as_ref().and_then(|identity| identity.refresh());
        let ca = self.ca.as_ref().and_then(|path| {
            let read = files::authorities(path);
            let mut trusted = self.trusted.lock();
            match read {
                Ok(roots) if roots == trusted.roots => {
                    trusted.told = None;
                    None
                }
                Ok(roots) => match config(Some(&roots), self.identity.clone()) {
                    Ok(config) => {
                        *trusted = Trusted { roots, config, told: None };
                        Some(Word::Renewed(TlsFile::Ca))
                    }
                    Err(error) => keep(&mut trusted.told, TlsFile::Ca, error.to_string()),
                },
                Err(error) => keep(&mut trusted.told, TlsFile::Ca, error.to_string()),
            }
        });
        identity.into_iter().chain(ca).collect()
    }
}

/// A word on files that cannot be used, unless it was said.
fn keep(told: &mut Option<String>, file: TlsFile, why: String) -> Option<Word> {
    let news = told.as_ref() != Some(&why);
    news.then(|| {
        *told = Some(why.clone());
        Word::Kept(file, why)
    })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn config(
    ca: Option<&[CertificateDer<'static>]>,
    identity: Option<Arc<Identity>>,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match ca {
        Some(roots) => builder.with_root_certificates(files::root_store(roots)?),
        None => builder.with_platform_verifier()?,
    };
    let config = match identity {
        Some(identity) => {
            let mut config = builder.with_client_cert_resolver(identity);
            // A session that is taken up again carries the certificate that it began with, not the one of today.
            config.resumption = Resumption::disabled();
            config
        }
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

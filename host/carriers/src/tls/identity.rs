//! The certificate that a connector shows, with its key: one pair at a time, replaced as a whole.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::files::{self, IdentityFiles, TlsFile, TlsFileError};
use super::{Word, keep};

/// Gives each handshake the pair of the moment.
pub(super) struct Identity {
    files: IdentityFiles,
    pair: Mutex<Pair>,
}

struct Pair {
    current: Arc<CertifiedKey>,
    told: Option<String>,
}

impl Identity {
    pub(super) fn load(files: IdentityFiles) -> Result<Self, TlsFileError> {
        let current = files::pair(&files)?;
        Ok(Self { files, pair: Mutex::new(Pair { current, told: None }) })
    }

    /// Reads the pair again. One that is half written, or whose halves do not fit, leaves the old one in use.
    pub(super) fn refresh(&self) -> Option<Word> {
        let read = files::pair(&self.files);
        let mut pair = self.pair.lock();
        match read {
            Ok(new) => {
                pair.told = None;
                let changed = new.cert != pair.current.cert;
                pair.current = new;
                changed.then_some(Word::Renewed(TlsFile::Certificate))
            }
            Err(error) => keep(&mut pair.told, error.file, error.to_string()),
        }
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.pair.lock().current.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Where it is, not what it is.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("files", &self.files).finish_non_exhaustive()
    }
}

//! Certificates and keys in PEM files, and what can be wrong with them before any server is asked.
//!
//! No error repeats what is in a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::limits::TLS_FILE_BYTES_MAX;

/// The files of one connector's TLS, all PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CAs that are trusted. `None`: those of the platform.
    pub ca_path: Option<PathBuf>,
    /// The client certificate that is shown where a server asks for one.
    pub identity: Option<IdentityFiles>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, then those between it and its CA.
    pub cert_path: PathBuf,
    /// The one private key that belongs to it, not encrypted.
    pub key_path: PathBuf,
}

impl TlsFiles {
    /// Everything that is wrong with the files, one error a file.
    pub fn check(&self) -> Vec<TlsFileError> {
        let mut errors: Vec<TlsFileError> = Vec::new();
        if let Some(files) = &self.identity {
            let halves = (certificates(&files.cert_path, TlsFile::Certificate), key(&files.key_path));
            let alone = [halves.0.err(), halves.1.err()];
            errors.extend(alone.into_iter().flatten());
            if errors.is_empty() {
                errors.extend(pair(files).err());
            }
        }
        errors.extend(self.ca_path.as_deref().and_then(|path| authorities(path).err()));
        errors
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// `cert_path`
    Certificate,
    /// `key_path`
    Key,
    /// `ca_path`
    Ca,
}

impl TlsFile {
    /// The key of the configuration that names it.
    pub fn config_key(self) -> &'static str {
        match self {
            Self::Certificate => "cert_path",
            Self::Key => "key_path",
            Self::Ca => "ca_path",
        }
    }
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", self.what(), self.fault.help())]
pub struct TlsFileError {
    /// What it is for.
    pub file: TlsFile,
    /// Which one.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: TlsFileFault,
}

impl TlsFileError {
    /// Which file, and what is wrong with it; [`TlsFileFault::help`] says what to do.
    pub fn what(&self) -> String {
        format!("`{}` {}", self.path.display(), self.fault)
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileFault {
    /// Nothing is there.
    #[error("does not exist")]
    Missing,
    /// Something is there that cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// More than [`TLS_FILE_BYTES_MAX`].
    #[error("is longer than {TLS_FILE_BYTES_MAX} bytes")]
    TooLong,
    /// No PEM section.
    #[error("holds no PEM")]
    NotPem,
    /// A PEM section that does not end, or whose text is no base64: perhaps still being written.
    #[error("holds PEM that is broken or not complete")]
    BrokenPem,
    /// PEM of another kind.
    #[error("holds no {wanted}, but {found}")]
    WrongPem {
        /// What belongs there.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A key that needs a password.
    #[error("holds an encrypted private key")]
    EncryptedKey,
    /// More than one key, so that it is not clear which belongs to the certificate.
    #[error("holds {0} private keys")]
    SeveralKeys(usize),
    /// PEM around something that is no certificate.
    #[error("holds a certificate that cannot be read")]
    BadCertificate,
    /// PEM around something that is no key, or one of a kind that the library does not know.
    #[error("holds a private key that cannot be used")]
    BadKey,
    /// The key of another certificate.
    #[error("is not the private key of the certificate in `{}`", cert_path.display())]
    Mismatch {
        /// Where the certificate is.
        cert_path: PathBuf,
    },
}

impl TlsFileFault {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing => "correct the path (a relative one starts at the folder of the configuration)",
            Self::Unreadable(_) => "correct the path, or the permissions of the file",
            Self::TooLong => "is it the right file?",
            Self::NotPem => "convert it to PEM, text that begins with `-----BEGIN`",
            Self::BrokenPem => "write it anew, best to another name first, and then rename it",
            Self::WrongPem { .. } => "name the right file",
            Self::EncryptedKey => "decrypt it (`openssl pkey`), and keep the file from others",
            Self::SeveralKeys(_) => "leave the one that belongs to the certificate",
            Self::BadCertificate => "have it issued anew: X.509 in PEM",
            Self::BadKey => "use an RSA key of 2048 to 8192 bits, ECDSA on P-256 or P-384, or Ed25519",
            Self::Mismatch { .. } => "put the certificate and the key of one pair there",
        }
    }
}

/// The certificate with its key.
pub(super) fn pair(files: &IdentityFiles) -> Result<Arc<CertifiedKey>, TlsFileError> {
    let IdentityFiles { cert_path, key_path } = files;
    let chain = certificates(cert_path, TlsFile::Certificate)?;
    let key = key(key_path)?;
    let of_key = |fault| TlsFileError { file: TlsFile::Key, path: key_path.clone(), fault };
    let pair = CertifiedKey::from_der(chain, key, &super::provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => of_key(TlsFileFault::Mismatch { cert_path: cert_path.clone() }),
        rustls::Error::InvalidCertificate(_) => {
            let fault = TlsFileFault::BadCertificate;
            TlsFileError { file: TlsFile::Certificate, path: cert_path.clone(), fault }
        }
        _ => of_key(TlsFileFault::BadKey),
    })?;
    Ok(Arc::new(pair))
}

/// The CAs in a file.
pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let roots = certificates(path, TlsFile::Ca)?;
    let bad = |_| TlsFileError { file: TlsFile::Ca, path: path.to_owned(), fault: TlsFileFault::BadCertificate };
    root_store(&roots).map_err(bad)?;
    Ok(roots)
}

pub(super) fn root_store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone())?;
    }
    Ok(store)
}

fn certificates(path: &Path, file: TlsFile) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let refused = |fault| TlsFileError { file, path: path.to_owned(), fault };
    let sections = sections(path).map_err(refused)?;
    let found = describe(&sections);
    let certificates = sections.into_iter().filter_map(|(kind, der)| CertificateDer::from_pem(kind, der));
    let certificates: Vec<_> = certificates.collect();
    match certificates.is_empty() {
        true => Err(refused(TlsFileFault::WrongPem { wanted: "certificate", found })),
        false => Ok(certificates),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let refused = |fault| TlsFileError { file: TlsFile::Key, path: path.to_owned(), fault };
    let sections = sections(path).map_err(refused)?;
    let found = describe(&sections);
    let mut keys: Vec<_> = sections.into_iter().filter_map(|(kind, der)| PrivateKeyDer::from_pem(kind, der)).collect();
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(refused(TlsFileFault::SeveralKeys(others + 1))),
        (None, _) => Err(refused(TlsFileFault::WrongPem { wanted: "private key", found })),
    }
}

/// What the PEM sections of a file are, in words.
fn describe(sections: &[(SectionKind, Vec<u8>)]) -> &'static str {
    match sections.first().map(|(kind, _)| kind) {
        Some(SectionKind::Certificate) => "a certificate",
        Some(SectionKind::RsaPrivateKey | SectionKind::PrivateKey | SectionKind::EcPrivateKey) => "a private key",
        Some(SectionKind::Csr) => "a request for a certificate",
        _ => "something else",
    }
}

/// The PEM sections of a file, at least one.
fn sections(path: &Path) -> Result<Vec<(SectionKind, Vec<u8>)>, TlsFileFault> {
    let text = read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => TlsFileFault::Missing,
        _ => TlsFileFault::Unreadable(error),
    })?;
    if text.len() as u64 > TLS_FILE_BYTES_MAX {
        return Err(TlsFileFault::TooLong);
    }
    let holds = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    if holds(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || holds(b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsFileFault::EncryptedKey);
    }
    let sections: Result<Vec<(SectionKind, Vec<u8>)>, _> = PemObject::pem_slice_iter(&text).collect();
    match sections {
        Ok(sections) if sections.is_empty() && !holds(b"-----BEGIN ") => Err(TlsFileFault::NotPem),
        Ok(sections) => Ok(sections),
        Err(_) => Err(TlsFileFault::BrokenPem),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(TLS_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

//! Certificates of a test's making: a CA, what it signs, and the files that they stand in.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A CA that nobody but a test trusts.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub enum Valid {
    /// Today.
    Now,
    /// Until the end of 2019.
    Past,
    /// From 2100 on.
    Future,
}

/// A certificate with its key.
pub struct Issued {
    /// The certificate, PEM.
    pub cert_pem: String,
    /// The private key, PEM.
    pub key_pem: String,
    /// SHA-256 of the certificate, in lower-case hexadecimal.
    pub sha256: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = params(name, &[], Valid::Now);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these hosts, which are names or addresses; a client's has none.
    pub fn issue(&self, name: &str, hosts: &[&str], valid: Valid) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(name, hosts, valid).signed_by(&key, &self.0).expect("a certificate");
        let sha256 = Sha256::digest(certificate.der()).iter().map(|byte| format!("{byte:02x}")).collect();
        Issued { cert_pem: certificate.pem(), key_pem: key.serialize_pem(), sha256 }
    }
}

fn params(name: &str, hosts: &[&str], valid: Valid) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| host.to_string()).collect();
    let mut params = CertificateParams::new(hosts).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let (from, to) = match valid {
        Valid::Now => (2020, 2099),
        Valid::Past => (2010, 2020),
        Valid::Future => (2100, 2101),
    };
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    params
}

/// A folder of PEM files, gone when it is dropped.
pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }
}

impl Folder {
    /// Where a file of this name is, or would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file as one should: whole, under another name, and then renamed.
    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let (path, fresh) = (self.path(name), self.path("fresh"));
        std::fs::write(&fresh, text).expect("the temporary folder is writable");
        std::fs::rename(&fresh, &path).expect("the temporary folder is writable");
        path
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub fn put_pair(&self, name: &str, issued: &Issued) -> (PathBuf, PathBuf) {
        (self.put(&format!("{name}.pem"), &issued.cert_pem), self.put(&format!("{name}.key"), &issued.key_pem))
    }
}

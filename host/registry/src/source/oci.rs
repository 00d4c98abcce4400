//! Components from OCI registries, as `wkg` and other tools of WebAssembly put them there.
//!
//! A registry is a peer: what it sends is bounded in size and time, checked against its digests, and never shown. Its
//! address is the operator's word; addresses that a manifest names for its layers are not followed. Registries on this
//! machine's own addresses are spoken to in plain HTTP, all others in HTTPS only.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use tokio::io::AsyncWrite;

use crate::limits::{COMPONENT_BYTES_MAX, OCI_CONNECT_MS_MAX, OCI_PULL_MS_MAX, OCI_SILENT_MS_MAX};

const SCHEME: &str = "oci://";

/// What a layer that is a component is called: by the CNCF's format, and by what came before it.
const MEDIA_TYPES: [&str; 2] = ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"];

/// Where a component lies: `oci://HOST[:PORT]/NAME:TAG`, `oci://HOST[:PORT]/NAME@sha256:DIGEST`, or both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OciReference(Reference);

/// Who pulls.
#[derive(Clone, Default, Eq, PartialEq)]
pub enum OciAuth {
    /// Anybody.
    #[default]
    Anonymous,
    /// A user of the registry.
    Password {
        /// The name.
        user: String,
        /// A secret, or a token in its place.
        password: String,
    },
}

/// A component that was pulled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pulled {
    /// Its bytes. They have the digest that the manifest says.
    pub bytes: Vec<u8>,
    /// The reference with the digest of its manifest: the same component for ever. For [`crate::Origin::Oci`].
    pub pinned: String,
}

/// Why nothing was pulled.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OciError {
    /// The configuration's fault: no reference.
    #[error("{0:?} is not a reference: write oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST")]
    Reference(String),
    /// The registry cannot be reached.
    #[error("the registry {registry} cannot be reached: {why}: correct the reference, or look at the network")]
    Unreachable {
        /// Its address.
        registry: String,
        /// What the system said.
        why: String,
    },
    /// The registry lets nobody, or not this user, have it.
    #[error("{reference}: the registry refuses: correct the user and password, or the rights there")]
    Refused {
        /// What was asked for.
        reference: String,
    },
    /// There is no such thing in the registry.
    #[error("{reference} is not in the registry: push it, or correct the reference")]
    NotFound {
        /// What was asked for.
        reference: String,
    },
    /// It is something else than one component.
    #[error("{reference} is not a component: {why}: push it with a tool for WebAssembly, such as `wkg oci push`")]
    NotAComponent {
        /// What was asked for.
        reference: String,
        /// What it is.
        why: String,
    },
    /// It is larger than a component may be.
    #[error("{reference} has {bytes} bytes, {bytes_max} are allowed")]
    TooLarge {
        /// What was asked for.
        reference: String,
        /// What the manifest says.
        bytes: u64,
        /// What is allowed.
        bytes_max: u64,
    },
    /// What came does not have the digest or the size that it should have: the registry's fault, or somebody's in between.
    #[error("{reference}: what the registry sent is not what it was asked for: do not trust it")]
    Forged {
        /// What was asked for.
        reference: String,
    },
    /// It took too long.
    #[error("{reference} was not there within {ms_max} ms: try again")]
    TooSlow {
        /// What was asked for.
        reference: String,
        /// How long it may take.
        ms_max: u64,
    },
    /// The registry fails, or says what cannot be understood.
    #[error("{reference}: the registry failed ({why}): try again, or ask who runs it")]
    Peer {
        /// What was asked for.
        reference: String,
        /// How, without its own words.
        why: String,
    },
}

impl FromStr for OciReference {
    type Err = OciError;

    fn from_str(text: &str) -> Result<Self, OciError> {
        let wrong = || OciError::Reference(text.to_owned());
        let rest = text.strip_prefix(SCHEME).ok_or_else(wrong)?;
        let (host, name) = rest.split_once('/').ok_or_else(wrong)?;
        // Without this a name alone would mean Docker's registry, and without a tag `latest`: both are guesses.
        let is_host = host == "localhost" || host.contains(['.', ':']);
        let is_tagged = name.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        if !is_host || !is_tagged {
            return Err(wrong());
        }
        Reference::try_from(rest).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

impl fmt::Debug for OciAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Password { user, .. } => f.debug_struct("Password").field("user", user).finish_non_exhaustive(),
        }
    }
}

impl OciReference {
    /// Pulls the component.
    ///
    /// # Errors
    /// Every [`OciError`] but the first.
    pub async fn pull(&self, auth: &OciAuth) -> Result<Pulled, OciError> {
        let time = Duration::from_millis(OCI_PULL_MS_MAX);
        let pulled = tokio::time::timeout(time, self.pull_slowly(auth)).await;
        let reference = || self.to_string();
        pulled.unwrap_or_else(|_| Err(OciError::TooSlow { reference: reference(), ms_max: OCI_PULL_MS_MAX }))
    }

    async fn pull_slowly(&self, auth: &OciAuth) -> Result<Pulled, OciError> {
        let client = self.client()?;
        let auth = match auth {
            OciAuth::Anonymous => RegistryAuth::Anonymous,
            OciAuth::Password { user, password } => RegistryAuth::Basic(user.clone(), password.clone()),
        };
        let (manifest, digest) =
            client.pull_image_manifest(&self.0, &auth).await.map_err(|error| self.failed(&error))?;
        let layer = self.component_of(&manifest)?;
        let size = u64::try_from(layer.size).unwrap_or(u64::MAX);
        if size > COMPONENT_BYTES_MAX {
            let bytes_max = COMPONENT_BYTES_MAX;
            return Err(OciError::TooLarge { reference: self.to_string(), bytes: size, bytes_max });
        }
        let mut bytes = Bounded { bytes: Vec::new(), bytes_max: size };
        // By its digest alone: other addresses that the descriptor may name are the pusher's, not the operator's.
        let pulled = client.pull_blob(&self.0, layer.digest.as_str(), &mut bytes).await;
        pulled.map_err(|error| self.failed(&error))?;
        if bytes.bytes.len() as u64 != size {
            return Err(OciError::Forged { reference: self.to_string() });
        }
        let pinned = self.0.clone_with_digest(digest);
        Ok(Pulled { bytes: bytes.bytes, pinned: Self(pinned).to_string() })
    }

    fn client(&self) -> Result<Client, OciError> {
        // Another part of the process may have chosen: then that one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: if is_loopback(self.0.registry()) { ClientProtocol::Http } else { ClientProtocol::Https },
            platform_resolver: Some(Box::new(for_wasm)),
            connect_timeout: Some(Duration::from_millis(OCI_CONNECT_MS_MAX)),
            read_timeout: Some(Duration::from_millis(OCI_SILENT_MS_MAX)),
            user_agent: concat!("switchhook/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        Client::try_from(config).map_err(|error| self.failed(&error))
    }

    fn component_of<'m>(&self, manifest: &'m OciImageManifest) -> Result<&'m OciDescriptor, OciError> {
        let mut components = manifest.layers.iter().filter(|layer| MEDIA_TYPES.contains(&layer.media_type.as_str()));
        let why = match (components.next(), components.next()) {
            (Some(component), None) => return Ok(component),
            (None, _) => format!("none of its {} layers is application/wasm", manifest.layers.len()),
            (Some(_), Some(_)) => "it has several layers of application/wasm".to_owned(),
        };
        Err(OciError::NotAComponent { reference: self.to_string(), why })
    }

    /// Whose fault it is. A registry's own words are not passed on.
    fn failed(&self, error: &OciDistributionError) -> OciError {
        use OciDistributionError as E;
        let reference = self.to_string();
        let peer = |why: String| OciError::Peer { reference: reference.clone(), why };
        match error {
            E::UnauthorizedError { .. } | E::AuthenticationFailure(_) => OciError::Refused { reference },
            E::RegistryError { envelope, .. } => {
                use oci_client::errors::OciErrorCode as Code;
                match envelope.errors.first().map(|error| &error.code) {
                    Some(Code::Unauthorized | Code::Denied) => OciError::Refused { reference },
                    Some(Code::ManifestUnknown | Code::NameUnknown | Code::BlobUnknown | Code::NotFound) => {
                        OciError::NotFound { reference }
                    }
                    code => peer(format!("{code:?}")),
                }
            }
            E::ServerError { code: 401 | 403, .. } => OciError::Refused { reference },
            E::ServerError { code: 404, .. } | E::ImageManifestNotFoundError(_) => OciError::NotFound { reference },
            E::ServerError { code, .. } => peer(format!("status {code}")),
            E::DigestError(_) => OciError::Forged { reference },
            E::IoError(error) if error.kind() == io::ErrorKind::FileTooLarge => OciError::Forged { reference },
            E::RequestError(error) if error.is_connect() => {
                OciError::Unreachable { registry: self.0.registry().to_owned(), why: root_cause(error) }
            }
            E::RequestError(error) => peer(root_cause(error)),
            E::UnsupportedMediaTypeError(_) | E::UnsupportedSchemaVersionError(_) => {
                OciError::NotAComponent { reference, why: "its manifest is of another kind".to_owned() }
            }
            _ => peer("it cannot be understood".to_owned()),
        }
    }
}

/// The last error of the chain: the ones before it only say that something was sent.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Of a list of platforms, the one of WebAssembly.
fn for_wasm(entries: &[ImageIndexEntry]) -> Option<String> {
    let of_wasm = |entry: &&ImageIndexEntry| {
        entry.platform.as_ref().is_some_and(|platform| platform.architecture.to_string() == "wasm")
    };
    entries.iter().find(of_wasm).map(|entry| entry.digest.clone())
}

/// `localhost`, or an address of it, with or without a port.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: u64,
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, piece: &[u8]) -> Poll<io::Result<usize>> {
        if (self.bytes.len() + piece.len()) as u64 > self.bytes_max {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        self.bytes.extend_from_slice(piece);
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{OciAuth, OciReference, is_loopback};

    #[test]
    fn references_say_where_and_which() {
        let digest = format!("oci://r.example/a/echo@sha256:{}", "a".repeat(64));
        for good in ["oci://localhost:5000/echo:1", "oci://r.example/a/b/echo:1.2", "oci://127.0.0.1:1/e:x", &digest] {
            let reference: OciReference = good.parse().unwrap();
            assert_eq!(reference.to_string(), good);
        }
        for bad in [
            "",
            "echo:1",
            "oci://echo:1",
            "oci://acme/echo:1",
            "oci://r.example/echo",
            "oci://r.example/",
            "oci://r.example/Echo:1",
            "oci://r.example/echo@sha256:ab",
            "https://r.example/echo:1",
        ] {
            assert!(bad.parse::<OciReference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_plain() {
        for here in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"] {
            assert!(is_loopback(here), "{here}");
        }
        for there in ["localhost.example", "127.0.0.1.example", "10.0.0.1:5000", "[::2]:1", "0.0.0.0:1", "r.example"] {
            assert!(!is_loopback(there), "{there}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let auth = OciAuth::Password { user: "ann".to_owned(), password: "sesame".to_owned() };
        assert_eq!(format!("{auth:?}"), "Password { user: \"ann\", .. }");
    }
}

//! A handler's connections, servers that answer them, and names that lead where a test wants.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use call::{Failure, NetworkEvent, Payload, Reach};
use network::{HostRule, Networks, Policy, Resolve, Resolved, SecretRule, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The one name that the authority's server has a certificate for.
pub(crate) const NAME: &str = "server.test";

/// What a server speaks over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Names and where they lead, for each time that somebody asks; the last stays.
#[derive(Debug, Default)]
pub(crate) struct Names {
    leads: HashMap<String, Vec<Vec<IpAddr>>>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn leading(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let leads = names.iter().map(|(name, times)| (name.to_string(), times.iter().map(parse).collect()));
        Arc::new(Self { leads: leads.collect(), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, name: &str) -> Resolved {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.leads.get(name).map(|times| times[turn.min(times.len() - 1)].clone());
        Box::pin(async move { found.ok_or_else(|| std::io::ErrorKind::NotFound.into()) })
    }
}

/// One who signs certificates, and a server's.
pub(crate) struct Authority {
    root: CertificateDer<'static>,
    pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let server = server.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        Self { root: issuer.der().clone(), pem: issuer.pem(), server: Arc::new(server) }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::Roots(vec![self.root.clone()])
    }

    /// Its certificate, as an operator has it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The server's side of a TLS connection.
    pub(crate) async fn accept(&self, tcp: TcpStream) -> std::io::Result<Box<dyn Stream>> {
        Ok(Box::new(TlsAcceptor::from(self.server.clone()).accept(tcp).await?))
    }
}

pub(crate) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub(crate) fn rules(texts: &[String]) -> Vec<HostRule> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A policy that names a private host.
pub(crate) fn private(host: &str, port: u16) -> Policy {
    Policy { private_hosts: rules(&[format!("{host}:{port}")]), ..Policy::default() }
}

pub(crate) fn with_secrets(policy: Policy, secrets: Vec<SecretRule>) -> Policy {
    Policy { secrets, ..policy }
}

/// What a handler has, and waits for.
pub(crate) struct Handler(pub(crate) Box<dyn Reach>);

impl Handler {
    pub(crate) fn new(trust: Trust, names: Arc<Names>, policy: Policy) -> Self {
        Self(Networks::new(trust, names).unwrap().plugin("acme", "test", policy).begin())
    }

    /// One that reaches a listener on loopback without encryption.
    pub(crate) fn plain(port: u16) -> Self {
        Self::new(Trust::Roots(Vec::new()), Names::leading(&[]), private("127.0.0.1", port))
    }

    /// The next event. A test that waits for what never comes fails after half a minute.
    pub(crate) async fn next(&mut self) -> NetworkEvent {
        let next = poll_fn(|cx| self.0.poll_event(cx));
        tokio::time::timeout(Duration::from_secs(30), next).await.expect("an event")
    }

    /// Opens a socket and waits until it stands.
    pub(crate) async fn open(&mut self, url: &str) -> u32 {
        let socket = self.0.open(url, &[]).unwrap();
        assert_eq!(self.next().await, NetworkEvent::SocketOpen(socket));
        socket
    }

    /// Opens a socket that never stands, and answers why.
    pub(crate) async fn closed(&mut self, url: &str) -> String {
        let socket = self.0.open(url, &[]).unwrap();
        match self.next().await {
            NetworkEvent::SocketClosed(closed, 1006, reason) if closed == socket => reason,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn code<T>(result: Result<T, Failure>) -> String {
    result.map_or_else(|failure| failure.code.into_owned(), |_| "OK".to_owned())
}

pub(crate) fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

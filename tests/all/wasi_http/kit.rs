//! Servers that keep what they are asked, and worlds whose handler asks them.

use std::sync::{Arc, Mutex, PoisonError};

use network::Policy;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use switchhook_tests::certificates::{Authority, Valid};
use switchhook_tests::logs::TestLog;
use switchhook_tests::world::{WorldConfig, pairs};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::network::{listen, reaching, said_by};

/// A world whose handler asks by wasi:http what this list says.
pub(crate) fn asking(policy: Policy, steps: &str) -> WorldConfig {
    WorldConfig { plugin: "wasi-http".into(), ..reaching(policy, pairs(&[("steps", steps)])) }
}

/// What that handler logged.
pub(crate) fn said(log: &TestLog) -> Vec<String> {
    said_by(log, "wasi-http ")
}

/// What a server was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Answers every request alike, on a connection of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers with these bytes.
    pub(crate) async fn plain(answer: &str) -> Self {
        Self::start(Some(answer.to_owned()), None).await
    }

    /// The same as `localhost`, encrypted.
    pub(crate) async fn tls(authority: &Authority, answer: &str) -> Self {
        let issued = authority.issue("localhost", &["localhost"], Valid::Now);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let certificate = CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).expect("a key");
        let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
        Self::start(Some(answer.to_owned()), Some(TlsAcceptor::from(Arc::new(config.expect("a pair"))))).await
    }

    /// Takes every connection, and says nothing.
    pub(crate) async fn silent() -> Self {
        Self::start(None, None).await
    }

    async fn start(answer: Option<String>, tls: Option<TlsAcceptor>) -> Self {
        let (listener, port) = listen().await;
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let kept = asked.clone();
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let Some(answer) = answer.clone() else {
                    held.push(tcp);
                    continue;
                };
                let (kept, tls) = (kept.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        // Who does not trust the server breaks it off.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                serve(stream, &answer, &kept).await;
                            }
                        }
                        None => serve(tcp, &answer, &kept).await,
                    }
                });
            }
        });
        Self { port, asked, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that was asked in full.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str, kept: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&mut stream).await else { return };
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    // The other side may have given it up.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

/// A whole request; none when it breaks off.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("text").to_lowercase();
    let mut body = Vec::new();
    if head.contains("transfer-encoding: chunked") {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.push(stream.read_u8().await.ok()?);
            }
            let line = String::from_utf8(line).expect("a length");
            let mut chunk = vec![0; usize::from_str_radix(line.trim(), 16).expect("a length") + 2];
            stream.read_exact(&mut chunk).await.ok()?;
            if chunk.len() == 2 {
                break;
            }
            body.extend(&chunk[..chunk.len() - 2]);
        }
    }
    if let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        body = vec![0; length.parse().expect("a length")];
        stream.read_exact(&mut body).await.ok()?;
    }
    Some(Asked { head, body })
}

//! What a client says when it opens a socket, as a relay in front of the server reads it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// No upgrade of a test is longer.
const HEAD_BYTES_MAX: usize = 8_192;
/// What differs from socket to socket.
const OWN: &[&str] = &["host", "sec-websocket-key"];
/// Whose values are secret. That they are right is the server's to say.
const SECRET: &[&str] = &["authorization", "x-api-key"];

/// Passes everything on and keeps the upgrades.
pub(crate) struct Relay {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    open: watch::Receiver<usize>,
    accepting: AbortHandle,
}

impl Relay {
    /// To this server.
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let heads = Arc::new(Mutex::default());
        let kept = Arc::clone(&heads);
        let (told, open) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (kept, told) = (Arc::clone(&kept), told.clone());
                told.send_modify(|open| *open += 1);
                passing.spawn(async move {
                    // A peer that drops its socket has said all.
                    let _ = pass_on(client, server, kept).await;
                    told.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { address, heads, open, accepting: accepting.abort_handle() }
    }

    /// Where clients dial.
    pub(crate) fn base_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Waits until every socket is closed, so that the server has read what came last.
    pub(crate) async fn quiet(&self) {
        self.open.clone().wait_for(|open| *open == 0).await.expect("the relay lives");
    }

    /// A line for each upgrade and each of its headers.
    pub(crate) fn lines(&self) -> Vec<String> {
        let heads = self.heads.lock().expect("the upgrades");
        heads.iter().flat_map(|head| lines(head)).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass_on(mut client: TcpStream, server: SocketAddr, kept: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        head.push(client.read_u8().await?);
    }
    kept.lock().expect("the upgrades").push(String::from_utf8_lossy(&head).into_owned());
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    server.write_all(&head).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

fn lines(head: &str) -> Vec<String> {
    let mut lines = head.lines().filter(|line| !line.is_empty());
    let request = lines.next().unwrap_or_default();
    // What follows is the server's: it names the call.
    let plane =
        if let Some((path, _)) = request.split_once("/voice/") { format!("{path}/voice/") } else { request.into() };
    let mut headers: Vec<String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim()))
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| {
            let secret = SECRET.contains(&name.as_str());
            let shown = if secret { value.split(' ').rev().skip(1).collect() } else { value.to_lowercase() };
            format!("{plane} {name}: {shown}{}", if secret { "<hidden>" } else { "" })
        })
        .collect();
    headers.sort();
    headers
}

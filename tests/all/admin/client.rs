//! A host with an admin interface, and a client that sends what a test wants byte by byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use admin::{Access, Server, Token, Watch};
use loader::Loader;
use serde_json::Value;
use switchhook_tests::logs::ADMIN_TOKEN;
use switchhook_tests::world::{World, WorldConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A simulator, a host and its admin interface.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) admin: Admin,
}

/// An admin interface on loopback.
pub(crate) struct Admin {
    pub(crate) address: SocketAddr,
    token: Option<String>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Desk {
    /// With a token.
    pub(crate) async fn new(config: WorldConfig) -> Self {
        Self::with_token(config, Some(ADMIN_TOKEN)).await
    }

    pub(crate) async fn with_token(config: WorldConfig, token: Option<&str>) -> Self {
        let watch = Arc::new(Watch::default());
        let world = World::real(WorldConfig { observer: watch.clone(), ..config }).await;
        let admin = Admin::start(&world, watch, token, None).await;
        let desk = Self { world, admin };
        desk.admin.until("/readyz", |reply| reply.status == 200).await;
        desk
    }

    pub(crate) async fn close(self) {
        self.world.close().await;
        self.admin.close().await;
    }
}

impl Admin {
    pub(crate) async fn start(world: &World, watch: Arc<Watch>, token: Option<&str>, loader: Option<Loader>) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let access = Access::new(listen, token.map(Token::new)).expect("loopback");
        let server =
            Server::bind(listen, access, world.exchange.handle(), loader, watch, None).await.expect("a free port");
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Self { address, token: token.map(str::to_owned), stop, serving }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str) -> Reply {
        self.request("POST", path, "").await
    }

    /// The header with the token, if there is one.
    pub(crate) fn bearer(&self) -> String {
        self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default()
    }

    /// With the token, and JSON as body unless it is empty.
    pub(crate) async fn request(&self, method: &str, path: &str, body: &str) -> Reply {
        let mut headers = self.bearer();
        if !body.is_empty() {
            headers += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        self.raw(method, path, &headers, body).await
    }

    /// With these headers and nothing else but `host`.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        self.raw_bytes(method, path, headers, body.as_bytes()).await
    }

    /// The same with any body.
    pub(crate) async fn raw_bytes(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let mut stream = self.connect().await;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\r\n", self.address);
        // The host may refuse before it has read all.
        let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Reply::read(&answer)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the admin interface listens")
    }

    /// Asks until the answer is as wanted. The trial's own limit ends what never comes.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        loop {
            let reply = self.get(path).await;
            if wanted(&reply) {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn close(self) {
        self.stop.send(()).expect("it runs");
        self.serving.await.expect("it ends");
    }
}

impl Reply {
    fn read(answer: &[u8]) -> Self {
        let text = String::from_utf8(answer.to_vec()).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Self { status: status.parse().expect("a status"), headers: headers.collect(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that it is a problem as RFC 9457 has it, of this kind.
    pub(crate) fn assert_problem(&self, status: u16, word: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:switchhook:{word}"), "{self:?}");
        assert_eq!(problem["status"], status, "{self:?}");
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        }
    }
}

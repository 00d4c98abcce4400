//! The simulator: one listener for both planes, its links and its calls.

mod accept;
mod book;
mod call_task;
mod chat;
mod first_line;
mod hub;
mod manager_plane;
mod outbound;
mod pipe;
mod placed;
mod rest;
mod tasks;
mod upgrades;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::CallFlow;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

pub use self::chat::OpenChat;
pub use self::hub::{ChatAnswer, Counts};
pub use self::pipe::Dialer;
pub use self::placed::PlacedCall;
pub use self::rest::RestRequest;
pub use self::upgrades::Upgrade;

use self::book::CallBook;
use self::hub::{Hub, NewCall};
use self::tasks::Tasks;
use self::upgrades::Upgrades;
use crate::caller::{CalleeAnswer, Caller};
use crate::config::SimConfig;
use crate::ids::{self, Purpose};
use crate::limits::{ACCEPT_RETRY_MS, CALL_INPUTS, CONNECTIONS_MAX, HANDSHAKE_MS_MAX};
use crate::tls::{Peer, TlsServer};
use crate::transcript::{Direction, Frame, Plane, Stamp, Transcript};

/// A Telcoflow server. A clone is the same server.
///
/// All its work happens in tasks of the runtime it is used in, under that runtime's clock: with the
/// clock paused, calls take no real time. [`Simulator::shutdown`] joins them all.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

/// What all tasks share.
pub(crate) struct Inner {
    config: SimConfig,
    started: Instant,
    hub: Mutex<Hub>,
    links: Mutex<Transcript>,
    upgrades: Mutex<Upgrades>,
    links_up: watch::Sender<usize>,
    /// Since the server fell: when it is back.
    back_at: Mutex<Option<Instant>>,
    stop: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    taken: outbound::Taken,
    rest: Mutex<rest::RestLog>,
    tasks: Tasks,
}

/// How a call begins.
enum Start {
    /// Somebody rings the connector.
    Inbound,
    /// A client called them.
    Outbound(CalleeAnswer),
}

impl Simulator {
    /// A server without a listener. Its clock starts here.
    pub fn new(config: SimConfig) -> Self {
        let started = Instant::now();
        let mut links = Transcript::new(config.transcript);
        links.hide(&config.api_key);
        let inner = Inner {
            started,
            hub: Mutex::new(Hub::new(config.seed, started, config.open_points)),
            links: Mutex::new(links),
            upgrades: Mutex::default(),
            links_up: watch::Sender::new(0),
            back_at: Mutex::default(),
            stop: watch::Sender::new(false),
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            taken: outbound::Taken::default(),
            rest: Mutex::default(),
            tasks: Tasks::default(),
            config,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Listens on a real socket until [`Simulator::shutdown`]. The address becomes the base of voice
    /// URLs unless one was set before.
    ///
    /// # Errors
    /// Those of binding: the address is wrong or taken.
    pub async fn listen(&self, address: &str) -> io::Result<SocketAddr> {
        self.listen_on(address, None).await
    }

    /// The same with TLS. There may be several listeners: one that demands certificates of session managers cannot serve
    /// voice sockets, which show none.
    ///
    /// # Errors
    /// As [`Simulator::listen`].
    pub async fn listen_tls(&self, address: &str, tls: TlsServer) -> io::Result<SocketAddr> {
        self.listen_on(address, Some(tls)).await
    }

    async fn listen_on(&self, address: &str, tls: Option<TlsServer>) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        self.inner.hub.lock().set_public_base(&format!("{scheme}://{bound}"), true);
        self.inner.tasks.spawn("listener", bound.port().into(), accept_loop(self.clone(), listener, tls));
        Ok(bound)
    }

    /// Serves one byte stream: the upgrade, then the plane its path asks for; or requests over REST.
    pub fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.serve_with(stream, None);
    }

    fn serve_with<S>(&self, stream: S, tls: Option<TlsServer>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if self.inner.back_at.lock().is_some_and(|back_at| Instant::now() < back_at) {
            return tracing::debug!("the server is away: a stream was dropped");
        }
        let Ok(permit) = Arc::clone(&self.inner.connections).try_acquire_owned() else {
            tracing::warn!("too many streams: one was dropped");
            return;
        };
        let inner = Arc::clone(&self.inner);
        self.inner.tasks.spawn("stream", 0, async move {
            match tls {
                None => accept::serve(inner, Box::new(stream), Peer::default()).await,
                Some(tls) => {
                    if let Some((stream, peer)) = handshake(&inner, &tls, stream).await {
                        accept::serve(inner, Box::new(stream), peer).await;
                    }
                }
            }
            drop(permit);
        });
    }

    /// What dials this simulator through in-memory pipes.
    pub fn dialer(&self) -> Dialer {
        Dialer::new(self.clone())
    }

    /// Sets what the voice URLs of later `call.in` frames begin with, such as `ws://127.0.0.1:8080`.
    pub fn set_public_base(&self, base: &str) {
        self.inner.hub.lock().set_public_base(base, false);
    }

    /// What voice URLs begin with.
    pub fn public_base(&self) -> String {
        self.inner.hub.lock().public_base().to_owned()
    }

    /// Places a call: it rings every session manager of the connector, those that come later too.
    /// Must be called in a tokio runtime.
    pub fn place_call(&self, caller: Caller) -> PlacedCall {
        self.inner.start(caller, Start::Inbound)
    }

    /// A person begins a chat with a connector's number. Nobody is told before something is written.
    ///
    /// # Panics
    /// There are too many.
    pub fn open_chat(&self, from: &str, to: &str) -> OpenChat {
        OpenChat::begin(&self.inner, from, to, None).expect("room for one more chat")
    }

    /// The next call that a client has placed, in the order of their creation.
    pub async fn outbound_call(&self) -> PlacedCall {
        self.inner.taken.next().await
    }

    /// The next chat that a client has begun, in the order of their creation.
    pub async fn outbound_chat(&self) -> OpenChat {
        self.inner.taken.next_chat().await
    }

    /// Waits until at least `count` session managers are set up.
    pub async fn session_managers(&self, count: usize) {
        let mut up = self.inner.links_up.subscribe();
        // The sender lives as long as this simulator.
        let _ = up.wait_for(|up| *up >= count).await;
    }

    /// How many session managers are set up.
    pub fn session_managers_up(&self) -> usize {
        *self.inner.links_up.borrow()
    }

    /// Cuts every session-manager link without a close frame.
    pub fn cut_session_managers(&self) {
        self.inner.hub.lock().cut_links();
        self.inner.count_links();
    }

    /// Announces every call that lives ten, a hundred, ... times to every session manager, whoever has claimed it. A session
    /// manager that does not take so many frames is cut.
    pub fn announce_again(&self, times: u32) {
        self.inner.hub.lock().announce_again(times);
        self.inner.count_links();
    }

    /// The server falls, and is back after this time: all sockets are cut without a close frame, new streams are dropped
    /// until then, and the calls live on as the switches say.
    pub fn restart(&self, away: Duration) {
        *self.inner.back_at.lock() = Some(Instant::now() + away);
        self.inner.hub.lock().cut_all();
        self.inner.count_links();
    }

    /// The last `call_flow.setup`.
    pub fn call_flow(&self) -> Option<CallFlow> {
        self.inner.hub.lock().call_flow
    }

    /// The last upgrades that clients asked for, granted or not.
    pub fn upgrades(&self) -> Vec<Upgrade> {
        self.inner.upgrades.lock().list()
    }

    /// What the server counted besides its calls.
    pub fn counts(&self) -> Counts {
        self.inner.hub.lock().counts
    }

    /// The last requests over REST, whatever was answered.
    pub fn rest_requests(&self) -> Vec<RestRequest> {
        self.inner.rest.lock().all()
    }

    /// The frames of session-manager links that are about no call: `setup`, `call_flow.setup`, garbage.
    /// Those about a call are in its report.
    pub fn link_transcript(&self) -> Transcript {
        self.inner.links.lock().clone()
    }

    /// Ends every call and link, stops listening, and joins all tasks. A task that panicked panics here.
    pub async fn shutdown(&self) {
        self.inner.stop.send_replace(true);
        self.inner.tasks.join().await;
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Inner {
    /// Enters a call and starts its task.
    fn start(self: &Arc<Self>, caller: Caller, start: Start) -> PlacedCall {
        let inner = self;
        let mut hub = inner.hub.lock();
        let ordinal = hub.number_call();
        let mut rng = ids::stream(inner.config.seed, Purpose::Call, ordinal);
        let session_id = ids::uuid(&mut rng);
        let faults = match &caller.faults {
            Some(faults) => faults.clone(),
            None => inner.config.faults.of_call(inner.config.seed, ordinal),
        };
        let secrets = [inner.config.api_key.as_str()];
        let book = Arc::new(CallBook::new(inner.started, inner.config.transcript, &secrets));
        let (inputs, receiver) = mpsc::channel(CALL_INPUTS);
        let (report, finished) = oneshot::channel();
        let entered = hub.open_call(NewCall {
            session_id: session_id.clone(),
            rng,
            remote: caller.from.clone(),
            local: caller.to.clone(),
            outbound: matches!(start, Start::Outbound(_)),
            faults: faults.clone(),
            inputs: inputs.clone(),
            book: Arc::clone(&book),
        });
        drop(hub);
        let placed = PlacedCall::new(session_id.clone(), ordinal, inputs, Arc::clone(&book), finished);
        let call = call_task::NewTask {
            inner: Arc::clone(inner),
            session_id,
            ordinal,
            caller,
            faults,
            inputs: receiver,
            book,
            entered,
            picks_up: match start {
                Start::Inbound => None,
                Start::Outbound(picks_up) => Some(picks_up),
            },
        };
        inner.tasks.spawn("call", ordinal, call_task::run(call, report));
        placed
    }

    fn link_up(&self, link: u32, sample_rate_hz: u32, audio_mode: AudioMode) {
        self.hub.lock().link_up(link, sample_rate_hz, audio_mode);
        self.count_links();
    }

    fn close_link(&self, link: u32) {
        self.hub.lock().close_link(link);
        self.count_links();
    }

    fn count_links(&self) {
        let up = self.hub.lock().links_up();
        self.links_up.send_if_modified(|known| std::mem::replace(known, up) != up);
    }

    fn link_text(&self, link: u32, direction: Direction, text: &str) {
        let stamp = Stamp::now(self.started, Plane::SessionManager, link);
        self.links.lock().text(stamp, direction, text);
    }

    fn link_frame(&self, link: u32, direction: Direction, frame: Frame) {
        let stamp = Stamp::now(self.started, Plane::SessionManager, link);
        self.links.lock().push(stamp, direction, frame);
    }
}

async fn accept_loop(simulator: Simulator, listener: TcpListener, tls: Option<TlsServer>) {
    let mut stop = simulator.inner.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was refused");
                }
                simulator.serve_with(stream, tls.clone());
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
}

/// The TLS handshake of a stream, if it succeeds in time.
async fn handshake<S>(inner: &Inner, tls: &TlsServer, stream: S) -> Option<(TlsStream<S>, Peer)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stop = inner.stop.subscribe();
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(Duration::from_millis(HANDSHAKE_MS_MAX), tls.accept(stream)) => accepted,
        _ = stop.wait_for(|stop| *stop) => return None,
    };
    match accepted {
        Ok(Ok(accepted)) => return Some(accepted),
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
    None
}

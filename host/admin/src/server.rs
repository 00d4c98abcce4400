//! The listener and its connections: bounded in number, time and size, and closed politely.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use exchange::Handle;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use loader::Loader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_io_timeout::TimeoutStream;

use crate::access::Access;
use crate::app::{App, router};
use crate::limits::{
    ACCEPT_PAUSE_MS, CLOSE_MS_MAX, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_MS_MAX, HEADERS_MAX, STALL_MS_MAX,
};
use crate::reload::Reload;
use crate::watch::Watch;

/// The admin interface, bound to its address.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    closing: watch::Sender<bool>,
}

/// Why the interface cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the admin interface cannot listen on {address}: {error}: free it, or change `admin.listen`")]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// What the system said.
    pub error: io::Error,
}

impl Server {
    /// Takes the address. Without a loader nobody can bring versions in, and without `reload` nobody can have the
    /// configuration read anew. Nobody is answered before [`Server::run`].
    ///
    /// # Errors
    /// The system does not give the address.
    pub async fn bind(
        address: SocketAddr,
        access: Access,
        handle: Handle,
        loader: Option<Loader>,
        watch: Arc<Watch>,
        reload: Option<Arc<dyn Reload>>,
    ) -> Result<Self, BindError> {
        let failed = |error| BindError { address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (closing, closed) = watch::channel(false);
        Ok(Self { listener, address, router: router(App::new(handle, loader, watch, reload, access, closed)), closing })
    }

    /// Where it listens, the port included that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready, then ends what is under way.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(joined) = connections.join_next(), if !connections.is_empty() => told(joined),
                (stream, place) = accept(&self.listener, &places) => {
                    connections.spawn(self.serve(stream, place, &graceful));
                }
            }
        }
        drop(self.listener);
        self.closing.send_replace(true);
        if tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), graceful.shutdown()).await.is_err() {
            tracing::debug!("admin requests were aborted");
        }
        connections.shutdown().await;
    }

    fn serve(
        &self,
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        graceful: &GracefulShutdown,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(Duration::from_millis(STALL_MS_MAX)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_millis(HEAD_MS_MAX))
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(self.router.clone()));
        let connection = graceful.watch(connection);
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an admin connection broke");
            }
            drop(place);
        }
    }
}

/// The next connection, when there is a place for one.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::debug!(%error, "an admin connection was not accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

fn told(joined: Result<(), JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "an admin connection's task failed: its client is disconnected, the host goes on");
    }
}

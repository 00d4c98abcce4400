//! Where spans go: one request a batch, within a bounded time, and what came of it is said once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

use crate::limits::ANSWER_BYTES_MAX;

/// Sends from whatever thread it is asked on; the work is done by the host's runtime.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    runtime: Handle,
    /// The collector, for the log.
    host: Arc<str>,
    /// The last request failed.
    fails: Arc<AtomicBool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.host)
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let client = self.clone();
        Ok(self.runtime.spawn(async move { client.send(request).await }).await??)
    }
}

impl Client {
    /// Its requests are made on the runtime that is current here.
    pub(crate) fn new(http: reqwest::Client, host: &str) -> Self {
        Self { http, runtime: Handle::current(), host: host.into(), fails: Arc::default() }
    }

    async fn send(&self, request: reqwest::Request) -> Result<Response<Bytes>, reqwest::Error> {
        let answered = self.answer(request).await.map_err(reqwest::Error::without_url);
        match &answered {
            Err(error) => self.tell(Some(&error.to_string())),
            Ok(answer) if answer.status().is_success() => self.tell(None),
            Ok(answer) => self.tell(Some(&format!("it answers {}", answer.status()))),
        }
        answered
    }

    async fn answer(&self, request: reqwest::Request) -> Result<Response<Bytes>, reqwest::Error> {
        let mut answer = self.http.execute(request).await?;
        let mut body = BytesMut::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                break;
            }
            body.extend_from_slice(&piece);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        Ok(response)
    }

    /// Says when it begins to fail, and when it works again.
    fn tell(&self, why: Option<&str>) {
        let failed_before = self.fails.swap(why.is_some(), Ordering::Relaxed);
        let collector = &*self.host;
        match why {
            Some(why) if !failed_before => {
                tracing::warn!(collector, why, "no collector takes the traces: they are dropped until one does");
            }
            None if failed_before => tracing::info!(collector, "the collector takes traces again"),
            _ => {}
        }
    }
}

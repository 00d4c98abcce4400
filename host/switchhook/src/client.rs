//! A client of a running host's admin interface, for the commands that speak to one.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::cli::Failure;
use crate::config::{self, Secret};
use crate::limits::{CLIENT_ANSWER_BYTES_MAX, CLIENT_CONNECT_MS_MAX, CLIENT_EVENT_BYTES_MAX, CLIENT_SILENT_MS_MAX};

/// Where a host has its admin interface unless something else says so.
const ADDRESS: &str = "http://127.0.0.1:9600";
const ADDRESS_VARIABLE: &str = "SWITCHHOOK_ADMIN";
const TOKEN_VARIABLE: &str = "SWITCHHOOK_ADMIN_TOKEN";

/// Which host is meant, and the token for it.
#[derive(Clone, Debug, clap::Args)]
pub struct HostArgs {
    /// The host's admin interface [default: the configuration's, $SWITCHHOOK_ADMIN, or http://127.0.0.1:9600]
    #[arg(long, value_name = "URL")]
    pub admin: Option<String>,
    /// A file with the token [default: the configuration's, or $SWITCHHOOK_ADMIN_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The host's configuration: its address and token are taken from there
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Speaks to one host.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<Secret>,
}

/// Something that happened in a host.
#[derive(Clone, Debug)]
pub struct Event {
    /// What: `call.begins`, ...
    pub name: String,
    /// The rest.
    pub data: Value,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is there.
    #[error("{0}: no host answers ({1}): start one with `[admin]` in its configuration, or correct `--admin`")]
    Unreachable(Url, String),
    /// It refuses, as RFC 9457 has it.
    #[error("{title}: {detail}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The kind of problem, for programs.
        kind: String,
        /// The same for people.
        title: String,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// Whoever answers is no host of ours, or broke off.
    #[error("{0}: this answer is not a host's ({1}): correct `--admin`")]
    Odd(Url, String),
}

impl HostArgs {
    /// A client for it.
    ///
    /// # Errors
    /// An address, file or configuration that cannot be used.
    pub fn client(&self) -> Result<Client, Failure> {
        let from_config = self.config.as_deref().map(config::load_admin).transpose()?.flatten();
        let variable = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        let address = self.admin.clone();
        if let (None, Some(path), Some(admin)) = (&address, &self.config, &from_config)
            && admin.listen.port() == 0
        {
            let what = format!("{}: admin.listen: the system chooses the port 0 anew for each start", path.display());
            let line = "name it by `--admin`: the host's log has it (\"the admin interface listens\")";
            return Err(Failure::new(what, line));
        }
        let address = address.or_else(|| from_config.as_ref().map(|admin| format!("http://{}", admin.listen)));
        let address = address.or_else(|| variable(ADDRESS_VARIABLE)).unwrap_or_else(|| ADDRESS.to_owned());
        let base = Url::parse(&address).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        let base = base.ok_or_else(|| {
            Failure::new(format!("{address:?} is not the address of a host"), "write it as http://127.0.0.1:9600")
        })?;
        let token = match &self.token_file {
            None => from_config.and_then(|admin| admin.token).or_else(|| variable(TOKEN_VARIABLE).map(Secret::new)),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Failure::new(format!("{}: {error}", path.display()), "correct `--token-file`"))?;
                Some(Secret::new(text.trim().to_owned()))
            }
        };
        Client::new(base, token)
    }
}

impl Client {
    /// Speaks to the host at an address.
    ///
    /// # Errors
    /// The system's certificates cannot be used.
    pub fn new(base: Url, token: Option<Secret>) -> Result<Self, Failure> {
        // Another part of the process may have chosen: then that one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(CLIENT_CONNECT_MS_MAX))
            .read_timeout(Duration::from_millis(CLIENT_SILENT_MS_MAX))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Failure::new(error.to_string(), "install the system's certificates (ca-certificates)"))?;
        Ok(Self { http, base, token })
    }

    /// Asks for something.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value, ClientError> {
        self.answer(self.request(Method::GET, path).query(query)).await
    }

    /// Has something done.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn post(&self, path: &[&str], query: &[(&str, String)], body: &Value) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, path).query(query);
        self.answer(if body.is_null() { request } else { request.json(body) }).await
    }

    /// Sends a component. `sent` is told how many bytes of it have left.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn put(
        &self,
        path: &[&str],
        wasm: Vec<u8>,
        mut sent: impl FnMut(usize) + Send + 'static,
    ) -> Result<Value, ClientError> {
        const PIECE_BYTES: usize = 64 << 10;
        let bytes = wasm.len();
        let pieces: Vec<Vec<u8>> = wasm.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect();
        let mut told = 0;
        let pieces = futures_util::stream::iter(pieces).map(move |piece| {
            told += piece.len();
            sent(told);
            Ok::<_, std::io::Error>(piece)
        });
        let request = self.request(Method::PUT, path).header(CONTENT_TYPE, "application/wasm");
        let request = request.header(reqwest::header::CONTENT_LENGTH, bytes).body(Body::wrap_stream(pieces));
        self.answer(request).await
    }

    /// What happens, as it happens, until the host is gone.
    ///
    /// # Errors
    /// Any [`ClientError`].
    pub async fn events(&self) -> Result<impl Stream<Item = Result<Event, ClientError>> + use<>, ClientError> {
        let response = self.send(self.request(Method::GET, &["v1", "events"])).await?;
        let base = self.base.clone();
        let pieces = response.bytes_stream().map_err(move |error| ClientError::Odd(base.clone(), root_cause(&error)));
        let mut waiting = Vec::new();
        let events = pieces.map_ok(move |piece| {
            waiting.extend_from_slice(&piece);
            let events = take_events(&mut waiting);
            // What has no end is no event.
            if waiting.len() > CLIENT_EVENT_BYTES_MAX {
                waiting.clear();
            }
            futures_util::stream::iter(events.into_iter().map(Ok))
        });
        Ok(events.try_flatten())
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await;
        let response = response.map_err(|error| ClientError::Unreachable(self.base.clone(), root_cause(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Value = serde_json::from_slice(&self.body(response).await?).unwrap_or_default();
        let text = |field: &str| problem[field].as_str().map(str::to_owned);
        match (text("type"), text("title"), text("detail")) {
            (Some(kind), Some(title), Some(detail)) => Err(ClientError::Refused { status, kind, title, detail }),
            _ => Err(ClientError::Odd(self.base.clone(), format!("status {status}"))),
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, ClientError> {
        let body = self.body(self.send(request).await?).await?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| ClientError::Odd(self.base.clone(), error.to_string()))
    }

    async fn body(&self, response: Response) -> Result<Vec<u8>, ClientError> {
        let odd = |why: String| ClientError::Odd(self.base.clone(), why);
        let mut pieces = response.bytes_stream();
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece.map_err(|error| odd(root_cause(&error)))?);
            if body.len() > CLIENT_ANSWER_BYTES_MAX {
                return Err(odd("it has no end".to_owned()));
            }
        }
        Ok(body)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Failure::Remote(error)
    }
}

/// Takes the complete events off the front.
fn take_events(waiting: &mut Vec<u8>) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(end) = waiting.windows(2).position(|pair| pair == b"\n\n") {
        let block: Vec<u8> = waiting.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block);
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(name), Some(data)) = (field("event:"), field("data:"))
            && let Ok(data) = serde_json::from_str(data)
        {
            events.push(Event { name: name.to_owned(), data });
        }
    }
    events
}

/// The last error of the chain: the ones before it only say that something was sent.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_whole() {
        let mut waiting = b": hello\n\nevent: call.begins\ndata: {\"id\":\"1\"}\n\nevent: call.ended\nda".to_vec();
        let events = take_events(&mut waiting);
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].name.as_str(), &events[0].data["id"]), ("call.begins", &Value::from("1")));
        waiting.extend_from_slice(b"ta: {}\n\n");
        assert_eq!(take_events(&mut waiting)[0].name, "call.ended");
        assert!(waiting.is_empty());
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let client = Client::new(Url::parse("http://127.0.0.1:1/below/").expect("a URL"), None).expect("a client");
        let request = client.request(Method::GET, &["v1", "tenants", "a/../b?c"]).build().expect("a request");
        assert_eq!(request.url().as_str(), "http://127.0.0.1:1/below/v1/tenants/a%2F..%2Fb%3Fc");
    }
}

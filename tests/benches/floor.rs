//! The floor: the least that an echo over tokio-tungstenite costs. It claims every call, answers, and sends each audio frame
//! back as it came. No buffering, no accounts, no deadlines, no sandbox; nobody should run calls on it.

use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue};
use sim::SimConfig;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallIn, ToClient, ToServer};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Small buffers: a frame of 20 ms with its header and a request, which the library clears before each read.
const READ_BYTES: usize = 1_280;
const WRITE_BYTES: usize = 8 << 10;

type Socket = WebSocketStream<TcpStream>;

/// Whose buffers the floor's sockets have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Buffers {
    /// The library's defaults, as whoever writes an echo in an hour has them. They cost time and memory.
    Defaults,
    /// The least that this load can cost over tokio-tungstenite.
    Small,
}

/// Takes calls until the session manager is gone.
pub(crate) async fn run(base_url: &str, buffers: Buffers) -> Result<(), Error> {
    let server = SimConfig::default();
    let url = format!("{base_url}/v1/agent/session-manager");
    let headers = [("x-api-key", server.api_key), ("x-connector-uuid", server.connector_uuid)];
    let mut manager = open(&url, &headers.map(|(name, value)| (name, value)), buffers).await?;
    let setup = ToServer::Setup { sample_rate_hz: 16_000, audio_mode: AudioMode::Mixed };
    manager.send(Message::text(setup.print())).await?;
    while let Some(message) = manager.next().await {
        let Message::Text(text) = message? else { continue };
        match ToClient::parse(text.as_bytes()) {
            Ok(ToClient::SessionNotify(notify)) => {
                // Good for one claim after another: the session's id serves as the request's.
                let claim = ToServer::SessionOpen { req_id: notify.session_id.clone(), session_id: notify.session_id };
                manager.send(Message::text(claim.print())).await?;
            }
            Ok(ToClient::Response(response)) if response.ok => {
                let ready = ToServer::SessionReady { session_id: response.req_id };
                manager.send(Message::text(ready.print())).await?;
            }
            Ok(ToClient::CallIn(call_in)) => drop(tokio::spawn(echo(call_in, buffers))),
            _ => {}
        }
    }
    Ok(())
}

async fn echo(call_in: CallIn, buffers: Buffers) -> Result<(), Error> {
    let mut voice = open(&call_in.url, &[("authorization", format!("Bearer {}", call_in.token))], buffers).await?;
    let answer = r#"{"type":"command","data":{"command_id":"1","command":"call.answer","timeout_ms":10000}}"#;
    voice.send(Message::text(answer)).await?;
    while let Some(message) = voice.next().await {
        if let Message::Binary(frame) = message? {
            voice.send(Message::Binary(frame)).await?;
        }
    }
    Ok(())
}

async fn open(url: &str, headers: &[(&'static str, String)], buffers: Buffers) -> Result<Socket, Error> {
    let mut request = url.into_client_request()?;
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map_err(|_| Error::Utf8("a header".into()))?;
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let address = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let defaults = WebSocketConfig::default();
    let config = match buffers {
        Buffers::Defaults => defaults,
        Buffers::Small => defaults.read_buffer_size(READ_BYTES).write_buffer_size(WRITE_BYTES),
    };
    Ok(client_async_with_config(request, stream, Some(config)).await?.0)
}

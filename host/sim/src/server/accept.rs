//! The upgrade of a stream: which plane its path asks for, and whether it may. Requests over REST need none.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::ErrorResponse;

use super::call_task::Input;
use super::first_line::begin;
use super::hub::VoiceSeat;
use super::upgrades::Upgrade;
use super::{Inner, manager_plane, rest};
use crate::faults::LinkFaults;
use crate::limits::HANDSHAKE_MS_MAX;
use crate::tls::Peer;
use crate::transcript::Plane;
use crate::wire::{ByteStream, socket_config};

const MANAGER_PATH: &str = "/v1/agent/session-manager";

/// What a stream was admitted to.
enum Admission {
    Link { link: u32, faults: LinkFaults },
    Voice(VoiceSeat),
}

/// Upgrades the stream. A session-manager link is served here to its end; a voice socket goes to the
/// task of its call.
pub(super) async fn serve(inner: Arc<Inner>, stream: Box<dyn ByteStream>, peer: Peer) {
    let mut stop = inner.stop.subscribe();
    let limit = Duration::from_millis(HANDSHAKE_MS_MAX);
    let begun = tokio::select! {
        begun = tokio::time::timeout(limit, begin(stream)) => begun,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let Ok(Ok(stream)) = begun else {
        return tracing::debug!("a stream said nothing");
    };
    if rest::is_rest(stream.beginning()) {
        return rest::serve(inner, Box::new(stream), peer).await;
    }
    let stream: Box<dyn ByteStream> = Box::new(stream);
    let mut admission = None;
    // The size of the error is the library's.
    #[allow(clippy::result_large_err)]
    let judge = |request: &Request<()>, response: Response<()>| match admit(&inner, &peer, request) {
        Ok(admitted) => {
            admission = Some(admitted);
            Ok(response)
        }
        Err(refusal) => {
            inner.hub.lock().counts.refusals += 1;
            Err(refusal.response())
        }
    };
    let upgrade = accept_hdr_async_with_config(stream, judge, Some(socket_config()));
    let upgraded = tokio::select! {
        upgraded = tokio::time::timeout(limit, upgrade) => upgraded,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let socket = match upgraded {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return tracing::debug!(%error, "an upgrade was refused or failed"),
        Err(_) => return tracing::debug!("an upgrade took too long"),
    };
    match admission {
        Some(Admission::Link { link, faults }) => {
            manager_plane::serve(inner, link, socket, faults).await;
        }
        Some(Admission::Voice(seat)) => {
            let VoiceSeat { inputs, sample_rate_hz, audio_mode } = seat;
            let opened = Input::Voice { socket: Box::new(socket), sample_rate_hz, audio_mode };
            if inputs.send(opened).await.is_err() {
                tracing::debug!("a call ended while its voice socket was opened");
            }
        }
        None => {}
    }
}

/// A refused upgrade.
struct Refusal {
    status: u16,
    body: String,
}

impl Refusal {
    fn new(status: StatusCode, body: &str) -> Self {
        Self { status: status.as_u16(), body: body.to_owned() }
    }

    fn response(self) -> ErrorResponse {
        let length = self.body.len();
        let mut response = Response::new(Some(self.body));
        // A fault may ask for a status that is none, or a success, which cannot refuse an upgrade.
        *response.status_mut() = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_success())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

fn admit(inner: &Inner, peer: &Peer, request: &Request<()>) -> Result<Admission, Refusal> {
    let path = request.uri().path();
    let plane = if path == MANAGER_PATH { Plane::SessionManager } else { Plane::Voice };
    inner.upgrades.lock().note(Upgrade::of(plane, peer, request));
    if plane == Plane::SessionManager {
        return admit_link(inner, peer, request);
    }
    let bearer = header(request, AUTHORIZATION.as_str());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match inner.hub.lock().admit_voice(path, bearer) {
        Some(Ok(seat)) => Ok(Admission::Voice(seat)),
        Some(Err(())) => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the voice token is not valid")),
        None => Err(Refusal::new(StatusCode::NOT_FOUND, "there is nothing here")),
    }
}

fn admit_link(inner: &Inner, peer: &Peer, request: &Request<()>) -> Result<Admission, Refusal> {
    admit_account(inner, peer, request).map_err(|(status, body)| Refusal::new(status, body))?;
    let mut hub = inner.hub.lock();
    if !hub.has_room_for_link() {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many session managers"));
    }
    let link = hub.number_link();
    let faults = inner.config.faults.of_link(link.into());
    match &faults.refuse {
        Some((status, body)) => Err(Refusal { status: *status, body: body.clone() }),
        None => Ok(Admission::Link { link, faults }),
    }
}

/// Whether the certificate, the key, the connector and the version of a request are taken.
pub(super) fn admit_account<B>(
    inner: &Inner,
    peer: &Peer,
    request: &Request<B>,
) -> Result<(), (StatusCode, &'static str)> {
    let config = &inner.config;
    if peer.certificate_wanted && peer.certificate_sha256.is_none() {
        return Err((StatusCode::UNAUTHORIZED, "a client certificate is required"));
    }
    let key = header(request, "x-api-key");
    let connector = header(request, "x-connector-uuid");
    let fits = key == Some(&config.api_key) && connector == Some(&config.connector_uuid);
    // A certificate says it all; what is said beside it must be right.
    let needs_none = peer.certificate_sha256.is_some() && key.is_none() && connector.is_none();
    if !fits && !needs_none {
        return Err((StatusCode::UNAUTHORIZED, "the API key or the connector is not valid"));
    }
    if let Some(taken) = &config.sdk_versions {
        let version = header(request, "x-sdk-version").unwrap_or_default();
        if !taken.iter().any(|taken| taken == version) {
            return Err((StatusCode::UPGRADE_REQUIRED, "this SDK version is no longer served: upgrade the SDK"));
        }
    }
    Ok(())
}

fn header<'r, B>(request: &'r Request<B>, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

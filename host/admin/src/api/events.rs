//! What happens, as it happens: server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::limits::EVENT_STREAMS_MAX;
use crate::problem::{AnyProblem, Problem, UNAVAILABLE};

/// What happens, as it happens
///
/// Events are `call.claimed`, `call.held` (it may be given), `call.taken` (from another host), `call.begins`, `call.ended`,
/// `call.left` (to others), `chat.ended`, `handler.failed` (and what is done), `link.up`, `link.down`, `link.refused`, `version.live` (the
/// next call gets it), `version.served` (it has its first call), `version.withdrawn` (from new calls);
/// each carries a JSON object. Who reads too slowly loses the oldest and is told how many by an event `lost`.
#[utoipa::path(
    get,
    path = "/v1/events",
    responses(
        (status = 200, description = "Server-sent events, for as long as the client stays", body = String, content_type = "text/event-stream"),
        (status = 503, description = "Too many follow already", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn follow(
    State(app): State<App>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
    let follower = app.watch().follow().ok_or_else(|| {
        Problem::new(UNAVAILABLE, format!("{EVENT_STREAMS_MAX} clients follow already: close one of them"))
    })?;
    let events = stream::unfold((follower, app.closing()), |(mut follower, mut closing)| async move {
        let event = tokio::select! {
            news = follower.news.recv() => match news {
                Ok(news) => Event::default().event(news.name).data(&news.data),
                Err(RecvError::Lagged(events)) => Event::default().event("lost").data(json!({"events": events}).to_string()),
                Err(RecvError::Closed) => return None,
            },
            // An error: the interface is gone, which is as good as closing.
            _ = closing.wait_for(|closing| *closing) => return None,
        };
        Some((Ok(event), (follower, closing)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

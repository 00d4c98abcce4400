//! Calls that the operator has placed, and chats that the operator has begun.

use axum::Json;
use axum::extract::State;
use call::Contact;
use exchange::{OutboundCall, PlaceRefused};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{InBody, InPath};
use crate::problem::{AnyProblem, CALL_REFUSED, NOT_FOUND, PlaceProblem, Problem, TOO_MANY, UNAVAILABLE, UNUSABLE};

/// A call or chat that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The number that is called, or written to.
    #[schema(min_length = 1, max_length = 64, pattern = r"^[0-9A-Za-z+*#@.:_-]+$")]
    to: String,
    /// Who handles it; the tenant's only plugin when it is left out.
    plugin: Option<String>,
    /// Over which connector; the first that is up when it is left out.
    connector: Option<String>,
}

/// A call or chat that is under way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Placed {
    /// Its session, by which `/v1/calls/{id}` knows a call.
    session_id: String,
}

/// Places a call
///
/// Answers when the carrier has given it a session; whether it is picked up is told by the call's timeline. An answer that
/// took too long (408) says nothing about the call: look at `/v1/calls`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/calls",
    params(("tenant" = String, Path, description = "Whose call it is")),
    request_body = Wanted,
    responses((status = 201, description = "The call is under way", body = Placed), PlaceProblem, AnyProblem),
)]
pub(super) async fn place(
    State(app): State<App>,
    InPath(tenant): InPath<String>,
    InBody(wanted): InBody<Wanted>,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    let Wanted { to, plugin, connector } = wanted;
    begin(&app, OutboundCall { tenant, connector, to, plugin, contact: Contact::Call }).await
}

/// Begins a chat
///
/// Answers when the carrier has given it a session and it is claimed; its handler may write first.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/chats",
    params(("tenant" = String, Path, description = "Whose chat it is")),
    request_body = Wanted,
    responses((status = 201, description = "The chat is begun", body = Placed), PlaceProblem, AnyProblem),
)]
pub(super) async fn begin_chat(
    State(app): State<App>,
    InPath(tenant): InPath<String>,
    InBody(wanted): InBody<Wanted>,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    let Wanted { to, plugin, connector } = wanted;
    begin(&app, OutboundCall { tenant, connector, to, plugin, contact: Contact::Chat }).await
}

async fn begin(app: &App, call: OutboundCall) -> Result<(StatusCode, Json<Placed>), Problem> {
    let placed = app.handle().place(&call).await.map_err(|refused| problem(&refused))?;
    let session_id = placed.session_id().to_owned();
    Ok((StatusCode::CREATED, Json(Placed { session_id })))
}

fn problem(refused: &PlaceRefused) -> Problem {
    let kind = match refused {
        PlaceRefused::UnknownTenant => NOT_FOUND,
        PlaceRefused::UnknownConnector
        | PlaceRefused::UnknownPlugin
        | PlaceRefused::PluginNeeded
        | PlaceRefused::Unfit
        | PlaceRefused::BadAddress => UNUSABLE,
        PlaceRefused::Draining
        | PlaceRefused::NoVersion
        | PlaceRefused::NoPlace
        | PlaceRefused::Quota
        | PlaceRefused::TooMany
        | PlaceRefused::LinkDown => UNAVAILABLE,
        PlaceRefused::TooFast => TOO_MANY,
        PlaceRefused::Carrier(_) => CALL_REFUSED,
    };
    Problem::new(kind, format!("{}: {refused}", refused.code()))
}

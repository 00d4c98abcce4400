//! Calls that move between hosts, as the public SDK writes and reads them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use carriers::telcoflow::VoiceError;
use exchange::{GiveRefused, TakeRefused, Taking};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use telcoflow::frame::Handover;
use utoipa::{IntoParams, ToSchema};

use super::calls;
use crate::app::App;
use crate::extract::{InPath, InQuery};
use crate::problem::{
    AnyProblem, CALL_REFUSED, CONFLICT, CallProblem, GONE, MEDIA_TYPE, NOT_FOUND, Problem, TakeProblem, UNAVAILABLE,
    UNUSABLE,
};

const JSON: &str = "application/json";

/// Whose call is given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Giver {
    /// Only if it is this tenant's.
    tenant: Option<String>,
    /// What was given before, once more: for who lost the answer. Nothing changes by it.
    again: bool,
}

/// How a call is handled that is taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Wanted {
    /// Over which connector: its audio format, its way to dial. The first when it is left out.
    connector: Option<String>,
    /// Who handles it; as the routes say when it is left out.
    plugin: Option<String>,
}

/// A call between two hosts, as `Call.to_json` of the public SDK writes it. Whoever has it has the call: treat it as a secret.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is the document's; the frame is read and written by its own crate")]
pub(super) struct HandedOver {
    /// `TELCO`; may be missing.
    #[schema(nullable = false, pattern = "^TELCO$")]
    channel: Option<String>,
    /// The carrier's id of the call.
    #[schema(min_length = 1, max_length = 512)]
    id: String,
    /// Who calls.
    #[schema(max_length = 512)]
    caller: String,
    /// Who is called.
    #[schema(max_length = 512)]
    callee: String,
    /// Where its voice is.
    #[schema(min_length = 1)]
    session_url: String,
    /// What opens it.
    #[schema(min_length = 1)]
    session_token: String,
}

/// A call that is here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Taken {
    /// The carrier's id of the call, by which `/v1/calls/{id}` knows it.
    id: String,
}

/// Gives a call away
///
/// Only a call that is held: one of a route with `hold_s`, whose time is not up. From the answer on it is whoever has the answer.
/// Its session stays here until the call ends. Who lost the answer gets it once more with `again=true`, for as long as that
/// session lives: give it to nobody else then, for the call is one taker's. Of two takers the carrier turns the second away.
#[utoipa::path(
    post,
    path = "/v1/calls/{id}/give",
    params(("id" = String, Path, description = "The call's id or its session's"), Giver),
    responses((status = 200, description = "The call", body = HandedOver), CallProblem, AnyProblem),
)]
pub(super) async fn give(
    State(app): State<App>,
    InPath(id): InPath<String>,
    InQuery(giver): InQuery<Giver>,
) -> Result<Response, Problem> {
    let tenant = giver.tenant.as_deref();
    let given = if giver.again { app.handle().given(&id, tenant) } else { app.handle().give(&id, tenant).await };
    match given {
        Ok(call) => Ok(([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-store")], call.print()).into_response()),
        Err(GiveRefused::Call(refused)) => Err(calls::refused(refused)),
        Err(refused @ GiveRefused::NotGiven) => Err(Problem::new(NOT_FOUND, refused.to_string())),
        Err(refused @ GiveRefused::NotYet) => Err(Problem::new(UNAVAILABLE, refused.to_string())),
        Err(refused) => Err(Problem::new(CONFLICT, refused.to_string())),
    }
}

/// Takes a call that another host has given
///
/// Answers when its voice is here. What is refused before the voice socket is dialled can be taken by somebody else, or again.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/take",
    params(("tenant" = String, Path, description = "Whose call it becomes"), Wanted),
    request_body = HandedOver,
    responses((status = 201, description = "The call is here", body = Taken), TakeProblem, AnyProblem),
)]
pub(super) async fn take(
    State(app): State<App>,
    InPath(tenant): InPath<String>,
    InQuery(wanted): InQuery<Wanted>,
    InCall(call): InCall,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let Wanted { connector, plugin } = wanted;
    let id = call.id.clone();
    let taken = app.handle().take(Taking { tenant, connector, plugin, call }).await;
    taken.map_err(|refused| problem(&refused))?;
    Ok((StatusCode::CREATED, Json(Taken { id })))
}

/// The body, read as the SDK reads it.
pub(super) struct InCall(Handover);

impl<S: Send + Sync> FromRequest<S> for InCall {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(MEDIA_TYPE, "send the call as `content-type: application/json`"));
        }
        let body = Bytes::from_request(request, state).await.map_err(Problem::from)?;
        let call = Handover::parse(&body).map_err(|error| Problem::new(UNUSABLE, error.to_string()))?;
        Ok(Self(call))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.and_then(|text| text.split(';').next()).is_some_and(|text| text.trim().eq_ignore_ascii_case(JSON))
}

fn problem(refused: &TakeRefused) -> Problem {
    let kind = match refused {
        TakeRefused::UnknownTenant => NOT_FOUND,
        TakeRefused::UnknownConnector
        | TakeRefused::UnknownPlugin
        | TakeRefused::NoRoute
        | TakeRefused::Voice(VoiceError::Url(_) | VoiceError::Downgrade) => UNUSABLE,
        TakeRefused::Here | TakeRefused::OtherTenant | TakeRefused::OtherConnector => CONFLICT,
        TakeRefused::Voice(VoiceError::Refused { status: 404 | 410, .. }) => GONE,
        TakeRefused::Voice(_) => CALL_REFUSED,
        TakeRefused::Draining | TakeRefused::NoPlace | TakeRefused::TooMany => UNAVAILABLE,
        TakeRefused::Handler(_) | TakeRefused::Stopped => UNAVAILABLE,
    };
    Problem::new(kind, refused.to_string())
}

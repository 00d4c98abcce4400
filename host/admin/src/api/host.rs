//! The host as a whole: who is hosted, and the drain.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::answers::{Draining, Reloaded, Tenant, Tenants};
use crate::app::App;
use crate::problem::{AnyProblem, CONFIGURATION, CONFLICT, FAILED, Problem, ReloadProblem, UNAVAILABLE};
use crate::reload::ReloadRefused;

/// Metrics for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    responses(
        (status = 200, description = "As OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        AnyProblem,
    ),
)]
pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.watch().metrics().text(app.handle(), app.watch().spans());
    let text = text.map_err(|_| Problem::new(FAILED, "the metrics cannot be written as text"))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

/// Who is hosted
#[utoipa::path(
    get,
    path = "/v1/tenants",
    responses((status = 200, description = "The tenants", body = Tenants), AnyProblem),
)]
pub(super) async fn tenants(State(app): State<App>) -> Json<Tenants> {
    Json(Tenants { tenants: app.handle().tenants().into_iter().map(Tenant::from).collect() })
}

/// Reads the configuration anew
///
/// What is different is changed, as a whole or not at all; what is not goes on undisturbed, and so do the calls that are
/// here. A configuration that is refused changes nothing.
#[utoipa::path(
    post,
    path = "/v1/reload",
    responses((status = 200, description = "It is the one that runs", body = Reloaded), ReloadProblem, AnyProblem),
)]
pub(super) async fn reload(State(app): State<App>) -> Result<Json<Reloaded>, Problem> {
    let without = "this host has no configuration that it could read anew";
    let reload = app.reload().ok_or_else(|| Problem::new(CONFLICT, without))?;
    match reload.reload().await {
        Ok(crate::reload::Reloaded { changes }) => Ok(Json(Reloaded { changes })),
        Err(ReloadRefused::Draining) => Err(Problem::new(UNAVAILABLE, ReloadRefused::Draining.to_string())),
        Err(ReloadRefused::Problems(problems)) => {
            Err(Problem::new(CONFIGURATION, problems.join("\n")).listing(problems))
        }
    }
}

/// Takes no more calls and ends the host
///
/// As by the first signal: the calls that are here go on until they end, for as long as the host was started to wait.
/// `/readyz` says no from this moment on.
#[utoipa::path(
    post,
    path = "/v1/drain",
    responses((status = 202, description = "The host drains", body = Draining), AnyProblem),
)]
pub(super) async fn drain(State(app): State<App>) -> (StatusCode, Json<Draining>) {
    app.handle().request_drain();
    (StatusCode::ACCEPTED, Json(Draining { calls: app.handle().calls_here() }))
}

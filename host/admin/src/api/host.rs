//! The host as a whole: who is hosted, and the drain.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::answers::{Draining, Tenant, Tenants};
use crate::app::App;
use crate::problem::{AnyProblem, FAILED, Problem};

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
    let text = app.watch().metrics().text(app.handle());
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

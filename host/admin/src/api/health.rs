//! For whoever watches over the process: does it live, and may it be sent calls? Without a token, and uncounted.

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use crate::answers::{Health, Readiness};
use crate::app::App;

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/healthz",
    responses((status = 200, description = "It does", body = Health)),
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether new calls can come
///
/// They can when some session manager is up and the host does not drain.
#[utoipa::path(
    get,
    path = "/readyz",
    responses(
        (status = 200, description = "They can", body = Readiness),
        (status = 503, description = "They cannot", body = Readiness),
    ),
)]
pub(super) async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let tenants = app.handle().tenants();
    let links: Vec<bool> = tenants.iter().flat_map(|tenant| &tenant.connectors).map(|link| link.up).collect();
    let links_up = links.iter().filter(|up| **up).count();
    let draining = !app.handle().is_open();
    let readiness = Readiness { ready: !draining && links_up > 0, draining, links_up, links: links.len() };
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

//! The endpoints, and the document that describes them. Each is named once: what the router serves is what the document
//! tells.

mod calls;
mod chats;
mod events;
mod handover;
mod health;
mod host;
mod place;
mod plugins;

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::AnyProblem;

/// What everybody may ask.
pub(crate) fn open() -> Router<App> {
    open_documented().split_for_parts().0
}

/// What only those may ask who have the token.
pub(crate) fn closed() -> Router<App> {
    closed_documented().split_for_parts().0
}

fn open_documented() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health::healthz)).routes(routes!(health::readyz))
}

fn closed_documented() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(openapi))
        .routes(routes!(host::metrics))
        .routes(routes!(host::tenants))
        .routes(routes!(plugins::list))
        .routes(routes!(plugins::push))
        .routes(routes!(plugins::promote))
        .routes(routes!(plugins::rollback))
        .routes(routes!(plugins::pull))
        .routes(routes!(host::reload))
        .routes(routes!(host::drain))
        .routes(routes!(events::follow))
        .routes(routes!(calls::list))
        .routes(routes!(calls::one))
        .routes(routes!(calls::disconnect))
        .routes(routes!(chats::list))
        .routes(routes!(handover::give))
        .routes(routes!(handover::take))
        .routes(routes!(place::place))
        .routes(routes!(place::begin_chat))
}

/// The description of the interface
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"), AnyProblem)
)]
async fn openapi() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_json().expect("the document is plain data"));
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

fn document() -> OpenApi {
    const BEARER: &str = "token";
    let info = InfoBuilder::new()
        .title("Switchhook")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("What a running host shows and lets be done."));
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("`admin.token`")).build();
    let components = ComponentsBuilder::new().security_scheme(BEARER, SecurityScheme::Http(scheme)).build();
    let empty = OpenApiBuilder::new().info(info).components(Some(components)).build();
    let mut closed = closed_documented().into_openapi();
    for path in closed.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post, &mut path.put].into_iter().flatten() {
            operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        }
    }
    let mut document = empty;
    document.merge(open_documented().into_openapi());
    document.merge(closed);
    document
}

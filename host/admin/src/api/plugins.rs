//! Plugins: which versions they have, new ones, and which is live.

use std::collections::HashMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use futures_util::StreamExt;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use loader::{LoadRefused, Loader};
use sandbox::limits::COMPONENT_BYTES_MAX;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::{InBody, InPath, InQuery, whole_number};
use crate::problem::{
    AnyProblem, BAD_REQUEST, CONFLICT, FAILED, NOT_FOUND, Problem, REFUSED, TOO_LARGE, UNAVAILABLE, VersionProblem,
    WIDENS,
};
use crate::shelves::{Brought, LiveReceipt, Plugin, Plugins};

/// The plugins of a tenant
///
/// With their versions: those that are kept, and those that calls are on.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/plugins",
    params(("tenant" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The plugins", body = Plugins),
        (status = 404, description = "There is no such tenant", body = Problem, content_type = "application/problem+json"),
        AnyProblem,
    ),
)]
pub(super) async fn list(State(app): State<App>, InPath(name): InPath<String>) -> Result<Json<Plugins>, Problem> {
    let tenant = app.handle().tenants().into_iter().find(|tenant| tenant.name == name);
    let tenant = tenant.ok_or_else(|| Problem::new(NOT_FOUND, "there is no tenant of this name"))?;
    let listed = match app.loader() {
        Some(loader) => loader.list(&name).await.map_err(|why| problem(&why))?,
        None => Vec::new(),
    };
    let mut listed: HashMap<_, _> = listed.into_iter().map(|listed| (listed.plugin.clone(), listed)).collect();
    let plugins = tenant.plugins.into_iter().map(|view| {
        let listed = listed.remove(&view.name);
        Plugin::of(view, listed)
    });
    Ok(Json(Plugins { plugins: plugins.collect() }))
}

/// Brings a version in
///
/// The body is the component. It is checked, compiled, tried and kept, and is not live before it is promoted. Bytes that
/// the plugin has as a version already are that version.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}/plugins/{plugin}",
    params(
        ("tenant" = String, Path, description = "Whose plugin"),
        ("plugin" = String, Path, description = "Its name, as configured"),
    ),
    request_body(content = Component, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "The version is kept", body = Brought),
        (status = 200, description = "The version was kept already", body = Brought),
        VersionProblem,
        AnyProblem,
    ),
)]
pub(super) async fn push(
    State(app): State<App>,
    InPath((tenant, plugin)): InPath<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Brought>), Problem> {
    let loader = loader(&app)?;
    let place = loader.place(&tenant, &plugin).map_err(|why| problem(&why))?;
    let wasm = read(&headers, body).await?;
    let pushed = loader.push(&tenant, &plugin, wasm.into(), "admin", place).await.map_err(|why| problem(&why))?;
    let status = if pushed.known { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(pushed.into())))
}

/// A component's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "it is the document's; the bytes are read as they come")]
pub(super) struct Component(Vec<u8>);

/// Which version shall be live.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Promotion {
    /// Its number.
    #[schema(minimum = 1)]
    #[serde(deserialize_with = "whole_number")]
    version: u64,
}

/// Whether it may have more than before.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Approval {
    /// It may want more than the version that is live.
    approve: bool,
}

/// Makes a version live
///
/// The next call gets it; the calls that are here stay on theirs. A version that wants more than the live one is refused
/// unless `approve=true`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/plugins/{plugin}/promote",
    params(
        ("tenant" = String, Path, description = "Whose plugin"),
        ("plugin" = String, Path, description = "Its name, as configured"),
        Approval,
    ),
    request_body = Promotion,
    responses((status = 200, description = "It is live", body = LiveReceipt), VersionProblem, AnyProblem),
)]
pub(super) async fn promote(
    State(app): State<App>,
    InPath((tenant, plugin)): InPath<(String, String)>,
    InQuery(Approval { approve }): InQuery<Approval>,
    InBody(Promotion { version }): InBody<Promotion>,
) -> Result<Json<LiveReceipt>, Problem> {
    let promoted = loader(&app)?.promote(&tenant, &plugin, version, approve).await;
    promoted.map(|receipt| Json(receipt.into())).map_err(|why| problem(&why))
}

/// Makes the version live that was live before
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/plugins/{plugin}/rollback",
    params(
        ("tenant" = String, Path, description = "Whose plugin"),
        ("plugin" = String, Path, description = "Its name, as configured"),
    ),
    responses((status = 200, description = "It is live again", body = LiveReceipt), VersionProblem, AnyProblem),
)]
pub(super) async fn rollback(
    State(app): State<App>,
    InPath((tenant, plugin)): InPath<(String, String)>,
) -> Result<Json<LiveReceipt>, Problem> {
    let rolled_back = loader(&app)?.rollback(&tenant, &plugin).await;
    rolled_back.map(|receipt| Json(receipt.into())).map_err(|why| problem(&why))
}

/// Asks the plugin's source again
///
/// And makes live what it has now: what a tag of an OCI registry names by now, or what its file has. A version that wants
/// more than the live one is kept, and not made live unless `approve=true`.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/plugins/{plugin}/pull",
    params(
        ("tenant" = String, Path, description = "Whose plugin"),
        ("plugin" = String, Path, description = "Its name, as configured"),
        Approval,
    ),
    responses((status = 200, description = "It is live", body = LiveReceipt), VersionProblem, AnyProblem),
)]
pub(super) async fn pull(
    State(app): State<App>,
    InPath((tenant, plugin)): InPath<(String, String)>,
    InQuery(Approval { approve }): InQuery<Approval>,
) -> Result<Json<LiveReceipt>, Problem> {
    let pulled = loader(&app)?.pull(&tenant, &plugin, approve).await;
    pulled.map(|(_, receipt)| Json(receipt.into())).map_err(|why| problem(&why))
}

fn loader(app: &App) -> Result<&Loader, Problem> {
    let without = "this host keeps no versions: set `data_dir` in its configuration";
    app.loader().ok_or_else(|| Problem::new(CONFLICT, without))
}

/// Reads a component, and not a byte more than one may have.
async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(TOO_LARGE, format!("a component has at most {COMPONENT_BYTES_MAX} bytes"));
    let told = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|bytes| bytes > COMPONENT_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let mut wasm = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::new(BAD_REQUEST, "the body broke off"))?;
        if wasm.len() + piece.len() > COMPONENT_BYTES_MAX {
            return Err(too_large());
        }
        wasm.extend_from_slice(&piece);
    }
    Ok(wasm)
}

fn problem(why: &LoadRefused) -> Problem {
    use loader::LoadRefused as Why;
    use registry::RegistryError as Kept;
    use sandbox::{InspectError, LoadError, StartError};
    let kind = match why {
        Why::UnknownTenant
        | Why::UnknownPlugin
        | Why::Registry(Kept::NoSuchVersion { .. } | Kept::NoSuchPlugin { .. }) => NOT_FOUND,
        Why::Component(LoadError::Inspect(InspectError::TooLarge { .. })) => TOO_LARGE,
        Why::Busy { .. } | Why::Component(LoadError::Busy { .. }) | Why::Start(StartError::Full(_)) => UNAVAILABLE,
        Why::Component(LoadError::Compiler(_)) | Why::Oci(_) | Why::Unreadable { .. } | Why::Host(_) => FAILED,
        Why::Component(_) | Why::Start(_) | Why::Unfit(_) | Why::Registry(Kept::Empty | Kept::TooLarge { .. }) => {
            REFUSED
        }
        Why::Widens(_) => WIDENS,
        Why::Changed
        | Why::Registry(
            Kept::NothingBefore
            | Kept::TooManyBytes { .. }
            | Kept::TooManyPlugins { .. }
            | Kept::TooManyVersions { .. }
            | Kept::Length { .. }
            | Kept::Held { .. },
        ) => CONFLICT,
        Why::Registry(_) => FAILED,
    };
    if kind == FAILED {
        tracing::error!(%why, "a version was not taken by the host's own fault");
    }
    Problem::new(kind, why.to_string())
}

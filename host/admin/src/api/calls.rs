//! Calls: which there are, what happened in one, and its end.

use axum::Json;
use axum::extract::State;
use exchange::CallRefused;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answers::{Call, Calls, Timeline};
use crate::app::App;
use crate::extract::{InPath, InQuery};
use crate::limits::CALLS_LISTED_MAX;
use crate::problem::{AnyProblem, BAD_REQUEST, CONFLICT, CallProblem, NOT_FOUND, Problem, UNAVAILABLE};

/// Which calls are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Wanted {
    /// Only those of this tenant.
    tenant: Option<String>,
    /// Only those of this plugin.
    plugin: Option<String>,
    /// At most so many.
    #[param(minimum = 0, maximum = 1_000)]
    limit: Option<u32>,
}

impl Wanted {
    /// How many.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.map_or(CALLS_LISTED_MAX, |limit| limit as usize);
        if limit > CALLS_LISTED_MAX {
            return Err(Problem::new(BAD_REQUEST, format!("`limit` is at most {CALLS_LISTED_MAX}")));
        }
        Ok(limit)
    }

    pub(super) fn means(&self, tenant: &str, plugin: &str) -> bool {
        let is = |name: &str, wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == name);
        is(tenant, &self.tenant) && is(plugin, &self.plugin)
    }
}

/// The calls that are here
#[utoipa::path(
    get,
    path = "/v1/calls",
    params(Wanted),
    responses((status = 200, description = "The calls", body = Calls), AnyProblem),
)]
pub(super) async fn list(State(app): State<App>, InQuery(wanted): InQuery<Wanted>) -> Result<Json<Calls>, Problem> {
    let limit = wanted.limit()?;
    let mut views = app.handle().calls();
    views.retain(|view| wanted.means(&view.tenant, &view.plugin));
    Ok(Json(Calls { total: views.len(), calls: views.iter().take(limit).map(Call::live).collect() }))
}

/// One call and what happened in it
///
/// By the id of the carrier or of the session. The last calls that ended are remembered for a while.
#[utoipa::path(
    get,
    path = "/v1/calls/{id}",
    params(("id" = String, Path, description = "The call's id or its session's")),
    responses((status = 200, description = "The call", body = Timeline), CallProblem, AnyProblem),
)]
pub(super) async fn one(State(app): State<App>, InPath(id): InPath<String>) -> Result<Json<Timeline>, Problem> {
    match app.handle().call(&id) {
        Ok(detail) => Ok(Json(Timeline::live(&detail))),
        Err(CallRefused::Unknown) => {
            let ended = app.watch().ended(&id).ok_or_else(|| refused(CallRefused::Unknown))?;
            Ok(Json(Timeline::over(&ended)))
        }
        Err(other) => Err(refused(other)),
    }
}

/// Ends a call for everyone in it
///
/// Its handler is told as of every other end. The answer says that the end is under way; the call's timeline says how it
/// went.
#[utoipa::path(
    post,
    path = "/v1/calls/{id}/disconnect",
    params(("id" = String, Path, description = "The call's id or its session's")),
    responses((status = 202, description = "The end is under way"), CallProblem, AnyProblem),
)]
pub(super) async fn disconnect(State(app): State<App>, InPath(id): InPath<String>) -> Result<StatusCode, Problem> {
    app.handle().disconnect(&id).map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) fn refused(refused: CallRefused) -> Problem {
    let kind = match refused {
        CallRefused::Unknown => NOT_FOUND,
        CallRefused::Ambiguous => CONFLICT,
        CallRefused::Busy => UNAVAILABLE,
    };
    Problem::new(kind, refused.to_string())
}

//! Chats: which there are.

use axum::Json;
use axum::extract::State;

use super::calls::Wanted;
use crate::answers::{Chat, Chats};
use crate::app::App;
use crate::extract::InQuery;
use crate::problem::{AnyProblem, Problem};

/// The chats that are here
#[utoipa::path(
    get,
    path = "/v1/chats",
    params(Wanted),
    responses((status = 200, description = "The chats", body = Chats), AnyProblem),
)]
pub(super) async fn list(State(app): State<App>, InQuery(wanted): InQuery<Wanted>) -> Result<Json<Chats>, Problem> {
    let limit = wanted.limit()?;
    let mut views = app.handle().chats();
    views.retain(|view| wanted.means(&view.tenant, &view.plugin));
    Ok(Json(Chats { total: views.len(), chats: views.iter().take(limit).map(Chat::live).collect() }))
}

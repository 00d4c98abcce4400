//! The router and what stands before every endpoint: log, time limit, access, rate.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use exchange::Handle;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use loader::Loader;
use tokio::sync::watch;

use crate::access::{Access, Denied};
use crate::api;
use crate::limits::{BODY_BYTES_MAX, PUSH_MS_MAX, REQUEST_MS_MAX, REQUESTS_BURST_MAX, REQUESTS_PER_S_MAX};
use crate::problem::{FORBIDDEN, METHOD, NO_TOKEN, NOT_FOUND, Problem, TOO_MANY, TOO_SLOW};
use crate::reload::Reload;
use crate::watch::Watch;

/// What every endpoint works with.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    handle: Handle,
    loader: Option<Loader>,
    watch: Arc<Watch>,
    reload: Option<Arc<dyn Reload>>,
    access: Access,
    rate: DefaultDirectRateLimiter,
    /// Turns true when the interface closes: what streams for ever ends then.
    closing: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(
        handle: Handle,
        loader: Option<Loader>,
        watch: Arc<Watch>,
        reload: Option<Arc<dyn Reload>>,
        access: Access,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let nonzero = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(nonzero(REQUESTS_PER_S_MAX)).allow_burst(nonzero(REQUESTS_BURST_MAX));
        Self(Arc::new(Inner { handle, loader, watch, reload, access, rate: RateLimiter::direct(quota), closing }))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// What brings versions in; `None`: this host keeps none.
    pub(crate) fn loader(&self) -> Option<&Loader> {
        self.0.loader.as_ref()
    }

    /// Turns true when the interface closes.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.clone()
    }

    /// What reads the configuration anew, if anything does.
    pub(crate) fn reload(&self) -> Option<&Arc<dyn Reload>> {
        self.0.reload.as_ref()
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.0.watch
    }
}

/// All of it, ready to serve.
pub(crate) fn router(app: App) -> Router {
    let closed = api::closed().layer(middleware::from_fn_with_state(app.clone(), guard));
    let router = api::open().merge(closed);
    router
        .fallback(|| async { Problem::new(NOT_FOUND, "there is no such path: see /openapi.json") })
        .method_not_allowed_fallback(|| async { Problem::new(METHOD, "the header `allow` lists the methods") })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(observe))
        .with_state(app)
}

/// Tells of each request at DEBUG, without its contents, and ends it when it takes too long.
async fn observe(request: Request, next: Next) -> Response {
    let began = tokio::time::Instant::now();
    let method = request.method().clone();
    // The pattern, not the path: an id is of a peer's making, and a query may hold anything.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let ms_max = if path.as_ref().is_some_and(|path| compiles(path.as_str())) { PUSH_MS_MAX } else { REQUEST_MS_MAX };
    let answered = tokio::time::timeout(Duration::from_millis(ms_max), next.run(request)).await;
    let response = answered.unwrap_or_else(|_| {
        Problem::new(TOO_SLOW, format!("a request is answered within {ms_max} ms, its body included")).into_response()
    });
    let path = path.as_ref().map_or("(none)", MatchedPath::as_str);
    tracing::debug!(%method, path, status = response.status().as_u16(), ms = began.elapsed().as_millis(), "request");
    response
}

/// Whether what is asked for may have to be compiled.
fn compiles(path: &str) -> bool {
    path.contains("/plugins/") || path == "/v1/reload"
}

/// Lets nobody through who may not, nor too many.
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.0.rate.check().is_err() {
        let detail = format!("{REQUESTS_PER_S_MAX} requests a second are served in the long run: come back later");
        return Problem::new(TOO_MANY, detail).into_response();
    }
    match app.0.access.judge(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(Denied::NoToken) => {
            Problem::new(NO_TOKEN, "send `authorization: Bearer TOKEN` with the token of `admin.token`").into_response()
        }
        Err(Denied::WrongToken) => Problem::new(NO_TOKEN, "the token is not that of `admin.token`").into_response(),
        Err(Denied::Foreign) => {
            let detail =
                "without `admin.token` only requests of this machine to this machine are served, and none of web pages";
            Problem::new(FORBIDDEN, detail).into_response()
        }
    }
}

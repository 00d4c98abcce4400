//! Errors as RFC 9457 problem details: one shape for every refusal.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, RefOr};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

/// The media type of problem details.
const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was refused, as RFC 9457 has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which kind of problem, for programs: `urn:switchhook:` and a word that stays the same.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// Each thing that is wrong, where there may be several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// The kinds of problems: status, word, title.
pub(crate) type Kind = (StatusCode, &'static str, &'static str);

pub(crate) const BAD_REQUEST: Kind = (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read");
pub(crate) const NO_TOKEN: Kind = (StatusCode::UNAUTHORIZED, "unauthorized", "The token is missing or wrong");
pub(crate) const FORBIDDEN: Kind = (StatusCode::FORBIDDEN, "forbidden", "Not from here");
pub(crate) const NOT_FOUND: Kind = (StatusCode::NOT_FOUND, "not-found", "There is no such thing");
pub(crate) const METHOD: Kind = (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not by this method");
pub(crate) const TOO_SLOW: Kind = (StatusCode::REQUEST_TIMEOUT, "too-slow", "It took too long");
pub(crate) const CONFLICT: Kind = (StatusCode::CONFLICT, "conflict", "Not as things stand");
pub(crate) const GONE: Kind = (StatusCode::GONE, "gone", "It is over");
pub(crate) const TOO_LARGE: Kind = (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large");
pub(crate) const MEDIA_TYPE: Kind =
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body is not of a type that is read here");
pub(crate) const UNUSABLE: Kind =
    (StatusCode::UNPROCESSABLE_ENTITY, "unusable", "The request says what cannot be done");
pub(crate) const REFUSED: Kind = (StatusCode::UNPROCESSABLE_ENTITY, "refused", "The component is refused");
pub(crate) const CONFIGURATION: Kind =
    (StatusCode::UNPROCESSABLE_ENTITY, "configuration", "The configuration is refused");
pub(crate) const WIDENS: Kind = (StatusCode::CONFLICT, "widens", "The version wants more than before");
pub(crate) const CALL_REFUSED: Kind = (StatusCode::BAD_GATEWAY, "call-refused", "The carrier refuses the call");
pub(crate) const TOO_MANY: Kind = (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests");
pub(crate) const FAILED: Kind = (StatusCode::INTERNAL_SERVER_ERROR, "failed", "The host failed");
pub(crate) const UNAVAILABLE: Kind = (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now");

impl Problem {
    pub(crate) fn new((status, word, title): Kind, detail: impl Into<String>) -> Self {
        let (kind, detail) = (format!("urn:switchhook:{word}"), detail.into());
        Self { kind, title, status: status.as_u16(), detail, problems: Vec::new() }
    }

    /// With each thing that is wrong.
    pub(crate) fn listing(self, problems: Vec<String>) -> Self {
        Self { problems, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

/// The refusals that every endpoint behind the token may answer with.
pub(crate) struct AnyProblem;

impl IntoResponses for AnyProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[BAD_REQUEST, NO_TOKEN, FORBIDDEN, METHOD, TOO_SLOW, TOO_LARGE, TOO_MANY, FAILED])
    }
}

/// The refusals of an endpoint about a call.
pub(crate) struct CallProblem;

impl IntoResponses for CallProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[NOT_FOUND, CONFLICT, UNAVAILABLE])
    }
}

/// The refusals of a reload.
pub(crate) struct ReloadProblem;

impl IntoResponses for ReloadProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[CONFLICT, CONFIGURATION, UNAVAILABLE])
    }
}

/// The refusals of placing a call.
pub(crate) struct PlaceProblem;

impl IntoResponses for PlaceProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[NOT_FOUND, MEDIA_TYPE, UNUSABLE, CALL_REFUSED, UNAVAILABLE])
    }
}

/// The refusals of taking a call.
pub(crate) struct TakeProblem;

impl IntoResponses for TakeProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[NOT_FOUND, CONFLICT, GONE, MEDIA_TYPE, UNUSABLE, CALL_REFUSED, UNAVAILABLE])
    }
}

/// The refusals of an endpoint about a version.
pub(crate) struct VersionProblem;

impl IntoResponses for VersionProblem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        describe(&[NOT_FOUND, CONFLICT, MEDIA_TYPE, UNUSABLE, UNAVAILABLE])
    }
}

fn describe(kinds: &[Kind]) -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
    let content = || ContentBuilder::new().schema(Some(Problem::schema())).build();
    let response = |title: &str| ResponseBuilder::new().description(title).content(PROBLEM_JSON, content()).build();
    kinds.iter().map(|(status, _, title)| (status.as_str().to_owned(), RefOr::T(response(title)))).collect()
}

//! What a request carries, or the problem with it.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query};
use http::StatusCode;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

use crate::problem::{BAD_REQUEST, MEDIA_TYPE, Problem, TOO_LARGE, UNUSABLE};

/// A part of the path.
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(Problem))]
pub(crate) struct InPath<T>(pub(crate) T);

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Problem))]
pub(crate) struct InQuery<T>(pub(crate) T);

/// The body, which is JSON.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Problem))]
pub(crate) struct InBody<T>(pub(crate) T);

/// A number as JSON Schema understands `integer`: `3.0` is one.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    if let Some(whole) = number.as_u64() {
        return Ok(whole);
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    // Beyond that not every whole number is a float.
    let is_whole = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
    if is_whole { Ok(float as u64) } else { Err(D::Error::invalid_value(Unexpected::Float(float), &"a whole number")) }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let kind = match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY => UNUSABLE,
            StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
            _ => BAD_REQUEST,
        };
        Self::new(kind, rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let kind = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { TOO_LARGE } else { BAD_REQUEST };
        Self::new(kind, rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(BAD_REQUEST, rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(BAD_REQUEST, rejection.body_text())
    }
}

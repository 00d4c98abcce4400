//! What the model may ask for: to say goodbye, to connect a person, and what the operator answers over HTTP.

use std::pin::Pin;
use std::time::Duration;

use serde_json::{Value, json};
use switchhook_guest::aio::{Call, Request, TimedOut, timeout};
use switchhook_guest::{Failure, code};

use crate::dialect::{Asked, Tool};

pub(crate) const HANG_UP: &str = "hang_up";
pub(crate) const CONNECT_PERSON: &str = "connect_person";
/// For an answer over HTTP. Longer: the model is told `TIMEOUT`.
const ANSWER_S_MAX: u64 = 15;

/// Something that was asked for and is under way.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Value, Failure>>>>;

pub(crate) fn own() -> [Tool; 2] {
    let nothing = json!({ "type": "object", "properties": {} });
    let tool = |name: &str, description: &str| Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: nothing.clone(),
    };
    [
        tool(HANG_UP, "Ends the call. Call this when the conversation is over; then say goodbye."),
        tool(CONNECT_PERSON, "Rings a person and connects the caller. Say first that it takes a moment."),
    ]
}

/// Begins it.
pub(crate) fn begin(asked: &Asked, call: &Call, ring_time_s: u64, tool_url: Option<&str>) -> Running {
    match (asked.name.as_str(), tool_url) {
        (HANG_UP, _) => Box::pin(async { Ok(json!({ "ok": true, "next": "say goodbye" })) }),
        (CONNECT_PERSON, _) => {
            let connect = call.connect(Duration::from_secs(ring_time_s));
            Box::pin(async move { connect.await.map(|()| json!({ "ok": true })) })
        }
        (_, Some(url)) => {
            let question = json!({
                "name": asked.name,
                "arguments": asked.arguments,
                "call": { "id": call.info().id, "caller": call.info().caller, "callee": call.info().callee },
            });
            let request = Request::post(url, question.to_string()).header("content-type", "application/json");
            Box::pin(async move {
                let answer = async { answered(request).await };
                let late = |TimedOut| Failure::new(code::TIMEOUT, "no answer in time");
                timeout(Duration::from_secs(ANSWER_S_MAX), answer).await.map_err(late)?
            })
        }
        (name, None) => {
            let failure = Failure::new(code::NOT_SUPPORTED, format!("there is no tool {name:?}"));
            Box::pin(async { Err(failure) })
        }
    }
}

async fn answered(request: Request) -> Result<Value, Failure> {
    let answer = request.send().await?;
    let status = answer.status;
    let body = answer.body().await?;
    if !(200..300).contains(&status) {
        return Err(Failure::new("HTTP", format!("the answer has the status {status}")));
    }
    let text = String::from_utf8_lossy(&body);
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| json!({ "text": text })))
}

//! `switchhook place`: has a running host call a number, or begin a chat with it.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::remote::{text, wait};
use super::{Failure, print};
use crate::client::{Client, ClientError, Event, HostArgs};
use crate::limits::TAIL_LOOK_MS;

/// Arguments of `place`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whose call it is
    #[arg(value_name = "TENANT")]
    pub tenant: String,
    /// The number that is called, or written to
    #[arg(value_name = "TO")]
    pub to: String,
    /// Who handles it; the tenant's only plugin when it is left out
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<String>,
    /// Over which connector; the first that is up when it is left out
    #[arg(long, value_name = "CONNECTOR")]
    pub connector: Option<String>,
    /// Begin a chat, not a call
    #[arg(long)]
    pub chat: bool,
    /// Wait until it is over, and say how it went; a call that was never answered is exit code 1
    #[arg(long)]
    pub wait: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Has it placed.
///
/// # Errors
/// There is no such host, or it or its carrier refuses: then there is no call, unless the error says otherwise.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    wait(async {
        // Opened before: a chat's end is only told once.
        let mut events = if args.wait { Some(Box::pin(client.events().await?)) } else { None };
        let body = json!({"to": args.to, "plugin": args.plugin, "connector": args.connector});
        let what = if args.chat { "chats" } else { "calls" };
        let placed = client.post(&["v1", "tenants", &args.tenant, what], &[], &body).await.map_err(refused)?;
        let session = text(&placed, "session_id");
        if !args.json {
            let word = if args.chat { "begun" } else { "placed" };
            print::text(&format!("{word}  session {session}"))?;
        }
        let end = match &mut events {
            None => Value::Null,
            Some(events) if args.chat => chat_end(events, session).await?,
            Some(events) => call_end(&client, events, session).await?,
        };
        match (args.json, args.wait) {
            (true, true) => print::json(&json!({"session_id": session, "end": end}))?,
            (true, false) => print::json(&placed)?,
            (false, true) => print::text(&how_it_went(&end))?,
            (false, false) => {}
        }
        let failed = end["answered"] == false || !end["trouble"].is_null();
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

/// What a refusal means for whoever asked.
fn refused(error: ClientError) -> Failure {
    let ClientError::Refused { kind, .. } = &error else { return error.into() };
    let help = match kind.rsplit(':').next().unwrap_or_default() {
        "not-found" | "unusable" => "see `switchhook plugins` for what there is, and correct the command",
        "unavailable" | "too-many" => "nothing was placed; try again in a moment",
        "call-refused" => "nothing was placed; the word is the carrier's, or why the host gave up",
        "too-slow" => "it may be under way: look at `switchhook calls` before you try again",
        _ => return error.into(),
    };
    Failure::new(error.to_string(), help)
}

/// Waits until a call is over. It is looked at whenever something happens in the host, and once in a while.
async fn call_end(
    client: &Client,
    events: &mut (impl StreamExt<Item = Result<Event, ClientError>> + Unpin),
    session: &str,
) -> Result<Value, Failure> {
    let mut follows = true;
    loop {
        let timeline = client.get(&["v1", "calls", session], &[]).await?;
        if !timeline["end"].is_null() {
            return Ok(json!({
                "call": timeline["call"]["id"],
                "answered": !timeline["end"]["setup"]["answer_us"].is_null(),
                "reason": timeline["end"]["reason"],
                "handler": timeline["end"]["handler"],
                "trouble": timeline["end"]["trouble"],
                "code": last_code(&timeline["timeline"]),
                "duration_ms": timeline["call"]["duration_ms"],
            }));
        }
        let look = tokio::time::sleep(Duration::from_millis(TAIL_LOOK_MS));
        if follows {
            tokio::select! {
                () = look => {}
                event = events.next() => follows = matches!(event, Some(Ok(_))),
            }
        } else {
            look.await;
        }
    }
}

/// Why the last command failed that did.
fn last_code(timeline: &Value) -> Value {
    let entries = timeline.as_array().map(Vec::as_slice).unwrap_or_default();
    let failed = entries.iter().rev().find(|entry| entry["what"] == "outcome" && entry["code"].is_string());
    failed.map_or(Value::Null, |entry| entry["code"].clone())
}

/// Waits until a chat is over.
async fn chat_end(
    events: &mut (impl StreamExt<Item = Result<Event, ClientError>> + Unpin),
    session: &str,
) -> Result<Value, Failure> {
    while let Some(event) = events.next().await {
        let Event { name, mut data } = event?;
        if name == "chat.ended" && text(&data, "session_id") == session {
            return Ok(data.take());
        }
    }
    Err(Failure::new("the host is gone before the chat was over", "see its log for what became of the chat"))
}

fn how_it_went(end: &Value) -> String {
    let mut words = format!("over    {}, handler {}", text(end, "reason"), text(end, "handler"));
    if end["answered"] == false {
        words.push_str(", never answered");
    }
    for field in ["code", "trouble"] {
        if let Some(more) = end[field].as_str() {
            words.push_str(&format!(", {more}"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{how_it_went, last_code};

    #[test]
    fn the_end_is_told_in_a_line() {
        let end = json!({"answered": true, "reason": "terminated", "handler": "RETURNED", "code": null});
        assert_eq!(how_it_went(&end), "over    terminated, handler RETURNED");
        let end = json!({"answered": false, "reason": "terminated", "handler": null, "code": "BUSY"});
        assert_eq!(how_it_went(&end), "over    terminated, handler -, never answered, BUSY");
    }

    #[test]
    fn the_last_failure_counts() {
        let timeline = json!([
            {"what": "outcome", "name": "connect", "code": "BUSY"},
            {"what": "outcome", "name": "answer", "code": null},
            {"what": "warning", "code": "SLOW"},
        ]);
        assert_eq!(last_code(&timeline), "BUSY");
        assert!(last_code(&json!([])).is_null());
    }
}

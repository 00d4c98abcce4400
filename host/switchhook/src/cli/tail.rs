//! `switchhook tail`: what happens in a running host, or in one of its calls, as it happens.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::remote::{text, wait};
use super::{Failure, print};
use crate::client::{Client, ClientError, HostArgs};
use crate::limits::TAIL_LOOK_MS;

/// Arguments of `tail`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The call's id or its session's; everything that happens when it is left out
    #[arg(value_name = "CALL")]
    pub call: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Prints it until the call is over, or the host is gone.
///
/// # Errors
/// There is no such call, or no such host.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = args.host.client()?;
    wait(async {
        match &args.call {
            None => everything(&client, args.json).await,
            Some(call) => one_call(&client, call, args.json).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn everything(client: &Client, json: bool) -> Result<(), Failure> {
    let mut events = Box::pin(client.events().await?);
    while let Some(event) = events.next().await {
        let event = event?;
        if json {
            print::text(&json!({"event": event.name, "data": event.data}).to_string())?;
        } else {
            print::text(&format!("{:<15} {}", event.name, fields(&event.data)))?;
        }
    }
    Ok(())
}

/// The fields of an event that say something, in their order.
fn fields(data: &Value) -> String {
    let fields = data.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let told = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

/// Reads the call's timeline whenever something happens in the host, and once in a while.
async fn one_call(client: &Client, call: &str, json: bool) -> Result<(), Failure> {
    let mut events = Some(Box::pin(client.events().await?));
    let (mut told, mut stage) = (0, String::new());
    loop {
        let timeline = client.get(&["v1", "calls", call], &[]).await?;
        let found = &timeline["call"];
        let (now, state) = (text(found, "stage"), text(found, "state"));
        // The end is told below, with its reason.
        if now != "over" && stage != format!("{now} {state}") {
            stage = format!("{now} {state}");
            tell(json, || json!({"stage": now, "state": state}), || format!("{:>10}  {now}, {state}", ""))?;
        }
        let entries = timeline["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
        for entry in entries.iter().skip(told) {
            tell(json, || entry.clone(), || line(entry))?;
        }
        told = entries.len();
        if !timeline["end"].is_null() {
            let end = &timeline["end"];
            let words = || format!("{:>10}  over: {}, handler {}", "", text(end, "reason"), text(end, "handler"));
            return tell(json, || json!({"end": end}), words);
        }
        let look = tokio::time::sleep(Duration::from_millis(TAIL_LOOK_MS));
        match &mut events {
            None => look.await,
            Some(stream) => tokio::select! {
                () = look => {}
                event = stream.next() => match event {
                    Some(Ok(_)) => {}
                    Some(Err(ClientError::Odd(..))) | None => events = None,
                    Some(Err(error)) => return Err(error.into()),
                },
            },
        }
    }
}

fn tell(json: bool, value: impl FnOnce() -> Value, words: impl FnOnce() -> String) -> Result<(), Failure> {
    print::text(&if json { value().to_string() } else { words() })
}

/// `12.345 s  outcome answer`
fn line(entry: &Value) -> String {
    let seconds = entry["at_us"].as_u64().unwrap_or(0) as f64 / 1_000_000.0;
    let words = ["what", "name", "code"].into_iter().filter_map(|field| entry[field].as_str());
    format!("{seconds:>8.3} s  {}", words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{fields, line};

    #[test]
    fn a_line_says_when_and_what() {
        let entry = json!({"at_us": 1_234_567, "what": "outcome", "name": "connect", "code": "BUSY", "played": null});
        assert_eq!(line(&entry), "   1.235 s  outcome connect BUSY");
    }

    #[test]
    fn what_is_null_is_not_told() {
        assert_eq!(fields(&json!({"a": "b", "c": null, "d": 3})), "a=b d=3");
    }
}

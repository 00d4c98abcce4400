//! `switchhook chats`: the chats of a running host.

use std::process::ExitCode;

use serde_json::Value;

use super::remote::{ago, number, table, text, wait};
use super::{Failure, print};

/// Prints them. The arguments are those of `calls`.
///
/// # Errors
/// There is no such host.
pub fn run(args: super::calls::Args) -> Result<ExitCode, Failure> {
    let (client, query) = (args.host.client()?, args.query());
    let chats = wait(async { Ok(client.get(&["v1", "chats"], &query).await?) })?;
    if args.json {
        print::json(&chats)?
    } else {
        print::text(&as_table(&chats))?
    }
    Ok(ExitCode::SUCCESS)
}

fn as_table(chats: &Value) -> String {
    let columns = ["session", "tenant", "connector", "plugin", "version", "began", "here for", "in", "out"];
    let mut table = table(&columns);
    let listed = chats["chats"].as_array().map(Vec::as_slice).unwrap_or_default();
    for chat in listed {
        let columns = ["session_id", "tenant", "connector", "plugin", "version"];
        let columns = columns.map(|field| text(chat, field).to_owned());
        let began = if chat["outbound"] == Value::Bool(true) { "here" } else { "there" };
        let counts = ["messages_in", "messages_out"].map(|field| number(chat, field));
        let more = [began.to_owned(), ago(chat["since_unix_ms"].as_u64())];
        table.add_row(columns.into_iter().chain(more).chain(counts));
    }
    let total = chats["total"].as_u64().unwrap_or(0);
    let left_out = total.saturating_sub(listed.len() as u64);
    let more = if left_out > 0 { format!("\nand {left_out} more") } else { String::new() };
    if total == 0 { "no chats".to_owned() } else { format!("{}{more}", table.trim_fmt()) }
}

//! `switchhook chats`: the chats of a running host.

use std::process::ExitCode;

use serde_json::Value;

use super::Failure;
use super::calls::list;
use super::remote::{ago, number, text};

/// Prints them. The arguments are those of `calls`.
///
/// # Errors
/// There is no such host.
pub fn run(args: super::calls::Args) -> Result<ExitCode, Failure> {
    let header = ["session", "tenant", "connector", "plugin", "version", "began", "here for", "in", "out"];
    list(args, "chats", &header, |chat| {
        let columns = ["session_id", "tenant", "connector", "plugin", "version"];
        let columns = columns.map(|field| text(chat, field).to_owned());
        let began = if chat["outbound"] == Value::Bool(true) { "here" } else { "there" };
        let counts = ["messages_in", "messages_out"].map(|field| number(chat, field));
        let more = [began.to_owned(), ago(chat["since_unix_ms"].as_u64())];
        columns.into_iter().chain(more).chain(counts).collect()
    })
}

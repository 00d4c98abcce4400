//! What the commands share that speak to a running host.

use std::future::Future;
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::{Table, presets};
use serde_json::Value;

use super::Failure;
use crate::client::ClientError;

/// Runs what waits for a host.
pub(super) fn wait<T>(what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| Failure::new(format!("the runtime does not start: {error}"), "allow more open files"))?;
    runtime.block_on(what)
}

/// An empty table as all listings have it.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// What a host lists under a name, a row for each, and how many it left out.
pub(super) fn listing(answer: &Value, name: &str, header: &[&str], row: impl Fn(&Value) -> Vec<String>) -> String {
    let listed = answer[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut table = table(header);
    table.add_rows(listed.iter().map(row));
    let total = answer["total"].as_u64().unwrap_or(0);
    let left_out = total.saturating_sub(listed.len() as u64);
    let more = if left_out > 0 { format!("\nand {left_out} more") } else { String::new() };
    if total == 0 { format!("no {name}") } else { format!("{}{more}", table.trim_fmt()) }
}

/// The text of a field; `-` where there is none.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("-")
}

/// The number of a field, as text; `-` where there is none.
pub(super) fn number(value: &Value, field: &str) -> String {
    value[field].as_u64().map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// How long ago a time in milliseconds since 1970 was: `3 s`, `5 min`, `2 h`, `4 d`.
pub(super) fn ago(unix_ms: Option<u64>) -> String {
    let Some(then) = unix_ms else { return "-".to_owned() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let seconds = u64::try_from(now).unwrap_or(u64::MAX).saturating_sub(then) / 1_000;
    span(seconds)
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The names in a list of interfaces.
pub(super) fn interfaces(value: &Value) -> Vec<String> {
    let wants = value.as_array().into_iter().flatten();
    let told = wants.map(|want| {
        let granted = want["granted"].as_bool() == Some(true);
        format!("{}{}", text(want, "interface"), if granted { "" } else { " (not granted)" })
    });
    told.collect()
}

/// What a refusal means for whoever asked.
pub(super) fn refused(error: ClientError, kind: &str, help: &str) -> Failure {
    match &error {
        ClientError::Refused { kind: found, .. } if found.ends_with(&format!(":{kind}")) => {
            Failure::new(error.to_string(), help)
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_have_one_unit() {
        let spans = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(span);
        assert_eq!(spans, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
    }
}

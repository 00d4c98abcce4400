//! `switchhook limits`: every limit of every crate, and what happens when it is reached.

use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::{Failure, print};

/// Arguments of `limits`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

type Limits = &'static [(&'static str, u64, &'static str)];

/// The crates that bound something, lowest floor first.
const CRATES: [(&str, Limits); 15] = [
    ("audio", audio::limits::TABLE),
    ("telcoflow", telcoflow::limits::TABLE),
    ("call", call::limits::TABLE),
    ("carriers", carriers::limits::TABLE),
    ("sandbox", sandbox::limits::TABLE),
    ("key-value", key_value::limits::TABLE),
    ("network", network::limits::TABLE),
    ("recordings", recordings::limits::TABLE),
    ("registry", registry::limits::TABLE),
    ("sim", sim::limits::TABLE),
    ("exchange", exchange::limits::TABLE),
    ("loader", loader::limits::TABLE),
    ("traces", traces::limits::TABLE),
    ("admin", admin::limits::TABLE),
    ("switchhook", crate::limits::TABLE),
];

/// Prints them.
///
/// # Errors
/// Standard output takes nothing.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    if args.json {
        print::json(&as_json())?
    } else {
        print::text(&as_table())?
    }
    Ok(ExitCode::SUCCESS)
}

fn as_table() -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["crate", "limit", "value", "when it is reached"]);
    for (name, limits) in CRATES {
        for (limit, value, then) in limits {
            let value = Cell::new(value).set_alignment(CellAlignment::Right);
            table.add_row([Cell::new(name), Cell::new(limit), value, Cell::new(then)]);
        }
    }
    table.trim_fmt()
}

fn as_json() -> Value {
    let rows = CRATES.iter().flat_map(|(name, limits)| {
        limits
            .iter()
            .map(move |(limit, value, then)| json!({"crate": name, "limit": limit, "value": value, "then": then}))
    });
    Value::Array(rows.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CRATES, as_json, as_table};

    #[test]
    fn both_forms_show_every_limit_once() {
        let (table, json) = (as_table(), as_json());
        let rows = json.as_array().expect("an array");
        assert_eq!(rows.len(), CRATES.iter().map(|(_, limits)| limits.len()).sum::<usize>());
        assert_eq!(table.lines().count(), rows.len() + 1);
        for (row, line) in rows.iter().zip(table.lines().skip(1)) {
            for field in ["crate", "limit", "then"] {
                let text = row[field].as_str().expect("text");
                assert!(!text.is_empty() && line.contains(text), "{text:?} in {line:?}");
            }
            assert!(line.contains(&row["value"].to_string()), "{line:?}");
        }
    }

    #[test]
    fn a_limit_has_one_name_in_its_crate() {
        for (name, limits) in CRATES {
            let names: BTreeSet<_> = limits.iter().map(|(limit, ..)| limit).collect();
            assert_eq!(names.len(), limits.len(), "{name}");
        }
    }
}

//! Requests by `wasi:http`, as the key `steps` lists them.

mod ask;
mod hoard;

use std::time::Duration;

use switchhook_guest::{config, info, next};

use ask::Asker;

/// Does them all.
pub(crate) fn run() {
    let mut asker = Asker::default();
    for step in config::get("steps").unwrap_or_default().split_whitespace() {
        let (name, argument) = step.split_once(':').unwrap_or((step, ""));
        match name {
            "header" => asker.header(argument),
            "body" => asker.body(argument.parse().unwrap_or(0)),
            "unfinished" => asker.unfinished(),
            "within" => asker.within(Duration::from_millis(argument.parse().unwrap_or(0))),
            "get" | "post" | "trace" => info!("wasi-http {name} {}", asker.ask(name, argument)),
            "begin" => info!("wasi-http begin {}", asker.begin(argument)),
            "drop" => asker.forget(),
            "next" => info!("wasi-http next {}", if next().is_some() { "event" } else { "over" }),
            "long" => info!("wasi-http long {}", hoard::long()),
            "hoard" => hoard::fields(),
            other => info!("wasi-http has no step {other}"),
        }
    }
    info!("wasi-http done");
}

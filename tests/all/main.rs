//! Every test that needs more than one crate. One binary, since each that links the engine costs half a minute.
//!
//! `cargo xtask test` builds what is needed and runs it all; `cargo test -p switchhook-tests -- NAME` runs what matches.

mod admin;
mod audio_kit;
mod author;
mod calls;
mod chaos;
mod chats;
mod compile;
mod conformance;
mod cookbook;
mod corpus;
mod credentials;
mod faults;
mod golden;
mod guests;
mod handover;
mod hot;
mod imports;
mod key_value;
mod legs;
mod levels;
mod link_life;
mod load;
mod models;
mod network;
mod oci;
mod outbound;
mod placing;
mod plugins;
mod recording;
mod refusals;
mod reload;
mod report;
mod sandbox;
mod scenarios;
mod several;
mod shares;
mod states;
mod tidy;
mod traces;
mod versions;
mod walls;
mod wasi_http;
mod wire;
mod written;

use std::alloc::System;

use libtest_mimic::{Arguments, Trial};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use switchhook_tests::logs;

/// Counts what is allocated and freed, for tests of what is left.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    if let Ok(job) = std::env::var(load::CHILD) {
        return load::child(&job);
    }
    if std::env::args_os().nth(1).is_some_and(|first| first == compile::CHILD) {
        return compile::child_main();
    }
    let arguments = Arguments::from_args();
    let modules = [
        tidy::trials(),
        sandbox::trials(),
        compile::trials(),
        calls::trials(),
        guests::trials(),
        imports::trials(),
        faults::trials(),
        shares::trials(),
        walls::trials(),
        wasi_http::trials(),
        plugins::trials(),
        scenarios::trials(),
        cookbook::trials(),
        golden::trials(),
        versions::trials(),
        author::trials(),
        outbound::trials(),
        handover::trials(),
        several::trials(),
        placing::trials(),
        refusals::trials(),
        recording::trials(),
        audio_kit::trials(),
        key_value::trials(),
        models::trials(),
        network::trials(),
        legs::trials(),
        states::trials(),
        load::trials(),
        oci::trials(),
        link_life::trials(),
        chaos::trials(),
        chats::trials(),
        conformance::trials(),
        corpus::trials(),
        credentials::trials(),
        levels::trials(),
        traces::trials(),
        admin::trials(),
        hot::trials(),
        reload::trials(),
        report::trials(),
        wire::trials(),
    ];
    let mut trials: Vec<Trial> = modules.into_iter().flatten().collect();
    let names = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.extend(conformance::rows::trials(names));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let (errors, secrets) = logs::leftovers();
    for (what, lines) in [("ERROR lines outside of any test", &errors), ("log lines with a secret in them", &secrets)] {
        if !lines.is_empty() {
            eprintln!("{what}:\n{}", lines.join("\n"));
        }
    }
    if !errors.is_empty() || !secrets.is_empty() {
        std::process::exit(101);
    }
    conclusion.exit();
}

//! More of everything than fits. Each flood logs what was taken and with which code the rest was refused, then behaves
//! until the call ends, so that a test sees whether the call still works.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use switchhook_guest::{
    CallInfo, CommandId, Event, Failure, call, config, events, info, play_samples, playout, timers,
};

use crate::support::{answered, echo, echo_until_the_end, tone, until_the_end};

/// Tries, of plays, marks, timers and each command, unless the key `tries` says otherwise.
const TRIES: u32 = 10_000;

fn tries() -> u32 {
    config::parse("tries").unwrap_or(TRIES)
}

/// Logs `flood-NAME OK=1024 FULL=8976`.
fn report<T>(name: &str, results: impl Iterator<Item = Result<T, Failure>>) -> Vec<T> {
    let mut codes = BTreeMap::<String, u32>::new();
    let mut taken = Vec::new();
    for result in results {
        let code = result.map(|value| taken.push(value)).map_or_else(|failure| failure.code, |()| "OK".to_owned());
        *codes.entry(code).or_default() += 1;
    }
    let codes: Vec<String> = codes.iter().map(|(code, count)| format!("{code}={count}")).collect();
    info!("flood-{name} {}", codes.join(" "));
    taken
}

pub(crate) fn play(call_info: &CallInfo) -> Result<(), Failure> {
    answered()?;
    let frame = tone(call_info, 20);
    report("play", (0..tries()).map(|_| play_samples(&frame)));
    until_the_end();
    let ledger = playout::position();
    info!("flood-play ledger queued={} sent={} dropped={}", ledger.queued, ledger.sent, ledger.dropped);
    Ok(())
}

pub(crate) fn marks(call_info: &CallInfo) -> Result<(), Failure> {
    answered()?;
    play_samples(&tone(call_info, 200))?;
    let asked = report("marks", (0..tries()).map(|n| playout::mark(&n.to_string()))).len();
    let mut came = 0;
    for event in events() {
        if let Event::Mark(mark) = event {
            came += 1;
            if came == asked {
                info!("flood-marks all came, last {} played={}", mark.name, mark.played);
            }
        }
    }
    info!("flood-marks asked={asked} came={came}");
    Ok(())
}

/// First timers that never fire, then as many as fit that fire every millisecond for the rest of the call.
pub(crate) fn timers() -> Result<(), Failure> {
    answered()?;
    let sleeping = report("timers", (0..tries()).map(|_| timers::after(Duration::from_secs(3600))));
    sleeping.into_iter().for_each(timers::cancel);
    report("timers", (0..tries()).map(|_| timers::every(Duration::from_millis(1))));
    let mut ticks = 0_u64;
    for event in events() {
        ticks += u64::from(matches!(event, Event::Timer(_)));
        echo(&event);
    }
    info!("flood-timers ticks={ticks}");
    Ok(())
}

pub(crate) fn commands() -> Result<(), Failure> {
    let kinds: [fn() -> Result<CommandId, Failure>; 7] = [
        call::answer,
        || call::connect(5),
        call::whisper,
        call::barge,
        call::spy,
        || call::transfer("+15550100", 5),
        || call::send_digits("1"),
    ];
    let turns = (0..tries()).map(|n| kinds[n as usize % kinds.len()]());
    let mut open = report("commands", turns);
    for _ in 0..tries() {
        playout::clear();
    }
    let accepted = open.len();
    for event in events() {
        echo(&event);
        if let Event::Outcome(outcome) = event {
            match open.iter().position(|command| *command == outcome.command) {
                Some(at) => drop(open.swap_remove(at)),
                None => info!("flood-commands unexpected outcome {}", outcome.name),
            }
            if open.is_empty() {
                info!("flood-commands every outcome came");
            }
        }
    }
    info!("flood-commands accepted={accepted} unfinished={}", open.len());
    Ok(())
}

pub(crate) fn log() -> Result<(), Failure> {
    answered()?;
    let long = "long ".repeat(2_000);
    for n in 0..tries() {
        info!("flood-log {n} {long}");
    }
    echo_until_the_end();
    Ok(())
}

/// Lines, then one line of a mebibyte that never ends.
pub(crate) fn stdout() -> Result<(), Failure> {
    answered()?;
    let long = "long ".repeat(200);
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    for n in 0..tries() {
        drop(writeln!(out, "flood-stdout {n} {long}"));
        drop(writeln!(err, "flood-stderr {n} {long}"));
    }
    drop(err.write_all(&vec![b'x'; 1 << 20]));
    drop(out.flush());
    echo_until_the_end();
    Ok(())
}

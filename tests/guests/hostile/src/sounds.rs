//! Timers and marks, each logged as it comes.

use std::time::Duration;

use switchhook_guest::{CallInfo, Event, Failure, Mark, call, config, events, info, play_samples, playout, timers};

use crate::support::{answered, tone, until_the_end};

/// Plays 20 ms of tone every `period_ms` (100), `ticks` (10) times, then closes. A second timer that was cancelled must
/// never come: it would be logged as `timer other`. Logs `timer tick N`.
pub(crate) fn timers(call_info: &CallInfo) -> Result<(), Failure> {
    answered()?;
    let cancelled = timers::after(Duration::from_millis(50))?;
    timers::cancel(cancelled);
    let ticking = timers::every(Duration::from_millis(config::parse("period_ms").unwrap_or(100)))?;
    let last = config::parse("ticks").unwrap_or(10_u32);
    let mut tick = 0;
    for event in events() {
        match event {
            Event::Timer(id) if id == ticking => {
                tick += 1;
                info!("timer tick {tick}");
                play_samples(&tone(call_info, 20))?;
                if tick == last {
                    timers::cancel(ticking);
                    playout::mark("last")?;
                }
            }
            Event::Timer(_) => info!("timer other"),
            Event::Mark(_) => drop(call::close()),
            _ => {}
        }
    }
    Ok(())
}

/// Plays 200 ms up to the mark `first` and two seconds up to the mark `second`; clears when the first was heard, plays
/// 100 ms up to the mark `third`, and closes when that was heard. Logs `mark NAME played=BOOL` and the ledger.
pub(crate) fn marks(call_info: &CallInfo) -> Result<(), Failure> {
    answered()?;
    play_samples(&tone(call_info, 200))?;
    playout::mark("first")?;
    play_samples(&tone(call_info, 2_000))?;
    playout::mark("second")?;
    playout::notify_below(u64::from(call_info.audio.sample_rate_hz));
    for event in events() {
        match event {
            Event::PlayoutLow(ledger) => info!("marks playout-low queued={}", ledger.queued),
            Event::Mark(Mark { name, played }) => {
                info!("mark {name} played={played}");
                match name.as_str() {
                    "first" => {
                        log_ledger();
                        playout::clear();
                        log_ledger();
                        play_samples(&tone(call_info, 100))?;
                        playout::mark("third")?;
                        playout::flush();
                    }
                    "third" => {
                        log_ledger();
                        drop(call::close());
                        break;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    until_the_end();
    Ok(())
}

fn log_ledger() {
    let at = playout::position();
    info!("ledger queued={} sent={} heard={} dropped={}", at.queued, at.sent, at.heard, at.dropped);
}

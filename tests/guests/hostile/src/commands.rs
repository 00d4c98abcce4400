//! Commands, one after the other.

use std::time::Duration;

use switchhook_guest::{
    CallInfo, Event, Failure, Waited, call, code, config, events, info, next_within, play_samples, playout,
};

use crate::support::{answered, echo, finished, tone, until_the_end};

/// Answers and rings the callee for `ring_time_s` (5). Bridged: stays to the end. `CALL_UNANSWERED`: plays half a second
/// of tone, and closes when it was heard. Logs `connect CODE`.
pub(crate) fn connect(call_info: &CallInfo) -> Result<(), Failure> {
    answered()?;
    let result = finished(call::connect(config::parse("ring_time_s").unwrap_or(5))?);
    info!("connect {}", crate::support::code(&result));
    if result.is_err_and(|failure| failure.is(code::CALL_UNANSWERED)) {
        play_samples(&tone(call_info, 500))?;
        playout::mark("tone")?;
        playout::flush();
        drop(events().find(|event| matches!(event, Event::Mark(_))));
        drop(call::close());
    }
    until_the_end();
    Ok(())
}

/// Runs the comma-separated list in the key `commands`, each after the outcome of the former: `answer`, `connect:5`,
/// `whisper`, `barge`, `spy`, `disconnect`, `close`, `transfer:+15550100`, `send-digits:12#`, and three that have no
/// outcome: `interrupt` (clears the playout), `play:200` (ms of tone), `wait:200` (ms). With the key `echo` = `true`
/// what is heard meanwhile is played back. Logs `outcome NAME CODE`, `refused NAME CODE` or `done NAME`.
pub(crate) fn list(call_info: &CallInfo) -> Result<(), Failure> {
    let echoing = config::parse("echo").unwrap_or(false);
    let commands = config::get("commands").unwrap_or_default();
    for step in commands.split(',').map(str::trim).filter(|step| !step.is_empty()) {
        let (name, argument) = step.split_once(':').unwrap_or((step, ""));
        let number = || argument.parse().unwrap_or_default();
        let accepted = match name {
            "answer" => call::answer(),
            "connect" => call::connect(number()),
            "whisper" => call::whisper(),
            "barge" => call::barge(),
            "spy" => call::spy(),
            "disconnect" => call::disconnect(),
            "close" => call::close(),
            "transfer" => call::transfer(argument, 5),
            "send-digits" => call::send_digits(argument),
            "interrupt" => {
                playout::clear();
                info!("done interrupt");
                continue;
            }
            "play" => {
                info!("done play {}", crate::support::code(&play_samples(&tone(call_info, number()))));
                continue;
            }
            "wait" => {
                wait(Duration::from_millis(number().into()), echoing);
                info!("done wait");
                continue;
            }
            other => {
                return Err(Failure::new("UNKNOWN_COMMAND", format!("the list names `{other}`")));
            }
        };
        match accepted {
            Ok(id) => outcome(name, id, echoing),
            Err(failure) => info!("refused {name} {}", failure.code),
        }
    }
    info!("commands done");
    for event in events() {
        if echoing {
            echo(&event);
        }
    }
    Ok(())
}

fn outcome(name: &str, id: u32, echoing: bool) {
    for event in events() {
        match event {
            Event::Outcome(outcome) if outcome.command == id => {
                return info!("outcome {name} {}", crate::support::code(&outcome.value));
            }
            other if echoing => echo(&other),
            _ => {}
        }
    }
    info!("outcome {name} never came");
}

/// A timer measures it, because other events would start a mere `next_within` anew.
fn wait(time: Duration, echoing: bool) {
    let Ok(timer) = switchhook_guest::timers::after(time) else {
        return;
    };
    loop {
        match next_within(time + Duration::from_secs(5)) {
            Waited::Event(Event::Timer(id)) if id == timer => return,
            Waited::Event(event) if echoing => echo(&event),
            Waited::Event(_) => {}
            Waited::TimedOut | Waited::Over => return,
        }
    }
}

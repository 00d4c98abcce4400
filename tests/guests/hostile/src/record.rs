//! Recordings, step by step.

use std::time::Duration;

use switchhook_guest::bindings::plain::switchhook::handler::recording as contract;
use switchhook_guest::recording;
use switchhook_guest::{CallInfo, Event, Failure, call, config, info, next, play_samples, playout, timers};

use crate::support::{code, echo, tone};

/// What the steps share.
struct Steps<'a> {
    call_info: &'a CallInfo,
    echoing: bool,
    /// What `start` answered last.
    reference: String,
}

/// Runs the comma-separated list in the key `steps`: `answer`, `connect:S`, `start:SIDE`, `stop`, `play`, `play:REFERENCE`, `delete`,
/// `delete:REFERENCE` (without one: what was started last), `say:MS` (tone, until it was heard), `interrupt:MS` (a second of it, cleared after so long), `wait:MS`, `heard`
/// (until everything played was heard), `trap`, `close`, `end` (waits for the end of the call). With the key `echo` =
/// `true` what is heard while it waits is played back. Logs `record NAME CODE` for each, and `record warning CODE`.
pub(crate) fn record(call_info: &CallInfo) -> Result<(), Failure> {
    let echoing = config::parse("echo").unwrap_or(false);
    let mut steps = Steps { call_info, echoing, reference: String::new() };
    for step in config::get("steps").unwrap_or_default().split(',') {
        let (name, argument) = step.trim().split_once(':').unwrap_or((step.trim(), ""));
        let done = steps.run(name, argument);
        info!("record {name} {}", code(&done));
    }
    info!("record done");
    Ok(())
}

impl Steps<'_> {
    fn run(&mut self, name: &str, argument: &str) -> Result<(), Failure> {
        let reference = if argument.is_empty() { &self.reference } else { argument };
        match name {
            "answer" | "connect" => {
                let ring_time_s = argument.parse().unwrap_or_default();
                let begun = if name == "answer" { call::answer() } else { call::connect(ring_time_s) }?;
                self.until(|event| matches!(event, Event::Outcome(outcome) if outcome.command == begun))
            }
            "start" => {
                // By its name, as the contract has it: a test names sides that there are none of.
                self.reference = contract::start(if argument.is_empty() { "both" } else { argument })?;
                Ok(())
            }
            "stop" => recording::stop(),
            "play" => recording::play(reference),
            "delete" => recording::delete(reference),
            "say" => {
                play_samples(&tone(self.call_info, argument.parse().unwrap_or_default()))?;
                self.heard()
            }
            "interrupt" => {
                play_samples(&tone(self.call_info, 1_000))?;
                self.run("wait", argument)?;
                playout::clear();
                Ok(())
            }
            "wait" => {
                let timer = timers::after(Duration::from_millis(argument.parse().unwrap_or_default()))?;
                self.until(|event| matches!(event, Event::Timer(id) if *id == timer))
            }
            "heard" => self.heard(),
            "trap" => std::process::abort(),
            "close" => call::close().map(drop),
            "end" => self.until(|_| false).or(Ok(())),
            other => Err(Failure::new("UNKNOWN_STEP", format!("the list names `{other}`"))),
        }
    }

    fn heard(&self) -> Result<(), Failure> {
        playout::mark("heard")?;
        playout::flush();
        self.until(|event| matches!(event, Event::Mark(_)))
    }

    fn until(&self, is: impl Fn(&Event) -> bool) -> Result<(), Failure> {
        while let Some(event) = next() {
            if let Event::Warning(failure) = &event {
                info!("record warning {}", failure.code);
            }
            if is(&event) {
                return Ok(());
            }
            if self.echoing {
                echo(&event);
            }
        }
        Err(Failure::new("OVER", "the call was over before it came"))
    }
}

//! The commands of a simulated call: what is legal when, and how each goes.

use std::time::Duration;

use super::host::{Host, State, ended};
use crate::{CommandId, Event, Failure, Outcome, code};

/// Commands under way, counting those whose outcome was not taken yet.
const COMMANDS_MAX: usize = 32;
const RING_TIME_S_MAX: u32 = 120;

/// How a command goes.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) after: Duration,
    pub(crate) result: Result<Option<String>, Failure>,
}

/// A command under way.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) id: CommandId,
    pub(crate) name: &'static str,
    pub(crate) at: Duration,
    pub(crate) result: Result<Option<String>, Failure>,
}

impl Host {
    /// Accepts or refuses. `shown` is the command with its arguments, for the report.
    pub(crate) fn command(&mut self, name: &'static str, ring_time_s: Option<u32>) -> Result<CommandId, Failure> {
        if self.state == State::Ended {
            return Err(ended());
        }
        if matches!(name, "transfer" | "send-digits") && !self.responses.contains_key(name) {
            return Err(Failure::new(code::NOT_SUPPORTED, format!("this carrier has no {name}")));
        }
        if ring_time_s.is_some_and(|time_s| !(1..=RING_TIME_S_MAX).contains(&time_s)) {
            return Err(Failure::new(code::INVALID, format!("ring_time_s is 1 to {RING_TIME_S_MAX}")));
        }
        let legal = match name {
            "answer" => self.state == State::Pending,
            "connect" => matches!(self.state, State::Pending | State::Answered),
            "whisper" | "barge" | "spy" => self.state == State::Connected,
            "transfer" | "send-digits" => self.state != State::Pending,
            _ => true,
        };
        if !legal {
            let message = format!("{name} is not possible while the call is {}", self.state.as_str());
            return Err(Failure::new(code::NOT_NOW, message));
        }
        if let Some(open) = self.open.iter().find(|open| [name, "close", "disconnect"].contains(&open.name)) {
            return Err(Failure::new(code::NOT_NOW, format!("{} is under way", open.name)));
        }
        let untaken = self.inbox.iter().filter(|event| matches!(event, Event::Outcome(_))).count();
        if self.open.len() + untaken >= COMMANDS_MAX {
            return Err(Failure::new(code::FULL, format!("{COMMANDS_MAX} commands are under way")));
        }
        self.commands += 1;
        let response = self.responses.get_mut(name).and_then(|responses| responses.pop_front());
        let usual = Duration::from_millis(if name == "connect" { 1_000 } else { 20 });
        let mut response = response.unwrap_or(Response { after: usual, result: Ok(None) });
        if let Some(time_s) = ring_time_s {
            response.after = response.after.min(Duration::from_secs(time_s.into()));
        }
        self.open.push(Open { id: self.commands, name, at: self.now + response.after, result: response.result });
        let shown = ring_time_s.map_or_else(|| name.to_owned(), |time_s| format!("{name} {time_s}"));
        self.report.begun.push(super::report::Command { id: self.commands, at: self.now, shown, outcome: None });
        Ok(self.commands)
    }

    pub(crate) fn finish_commands(&mut self) {
        while let Some(at) = self.open.iter().position(|open| open.at <= self.now) {
            let open = self.open.remove(at);
            let good = open.result.is_ok();
            self.finish(open.id, open.name, open.result);
            match open.name {
                "answer" if good => self.pick_up(State::Answered),
                "connect" | "transfer" if good => self.pick_up(State::Connected),
                "whisper" | "barge" | "spy" if good => self.listen(open.name),
                "close" if good => self.end("closed"),
                "disconnect" if good => self.end("disconnected"),
                _ => {}
            }
        }
    }

    pub(crate) fn finish(&mut self, id: CommandId, name: &str, value: Result<Option<String>, Failure>) {
        if let Some(command) = self.report.begun.iter_mut().find(|command| command.id == id) {
            command.outcome = Some(value.clone().map(drop));
        }
        self.inbox.push_back(Event::Outcome(Outcome { command: id, name: name.to_owned(), value }));
    }
}

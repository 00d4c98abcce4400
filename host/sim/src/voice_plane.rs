//! What the commands of the voice plane do: which are legal when, how long they take, what is
//! answered, and what they change. Sans-IO; the call's task sends the answers and acts on the changes.

use std::time::Duration;

use telcoflow::frame::voice::{AskedCommand, CommandName};
use tokio::time::Instant;

use crate::caller::{CalleeAnswer, Caller, Party};
use crate::config::Switches;
use crate::limits::OPEN_COMMANDS_MAX;
use crate::report::Outcome;

/// Longest ring time of `call.connect`, s.
const RING_TIME_S: std::ops::RangeInclusive<u32> = 1..=120;

/// How far the call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Ringing,
    Answered,
    Connected,
    Over,
}

/// Who hears the agent once the callee is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Barge,
    Whisper,
    Spy,
}

/// Something a command brought about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Answered,
    Connected,
    Interrupted,
    Ended(Outcome),
    Respond { command_id: String, name: String, error: Option<Refusal> },
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: &'static str,
}

fn refusal(code: &str, message: &'static str) -> Refusal {
    Refusal { code: code.to_owned(), message }
}

/// The commands of one call.
#[derive(Debug)]
pub(crate) struct Commands {
    phase: Phase,
    mode: Mode,
    switches: Switches,
    callee: CalleeAnswer,
    /// When an outbound call is picked up, or refused with a code; `call.answer` takes that long.
    picked_up: Option<(Option<Instant>, Option<String>)>,
    subscriber: Party,
    work: Duration,
    open: Vec<Open>,
}

/// A command under way.
#[derive(Debug)]
struct Open {
    command_id: String,
    command: AskedCommand,
    acts_at: Instant,
    /// What a `call.connect` comes to; other commands are judged when they act.
    verdict: Option<Refusal>,
}

impl Commands {
    pub(crate) fn new(switches: Switches, caller: &Caller, work_ms: u32) -> Self {
        Self {
            phase: Phase::Ringing,
            mode: Mode::Barge,
            switches,
            callee: caller.callee.answer.clone(),
            picked_up: None,
            subscriber: caller.subscriber,
            work: Duration::from_millis(work_ms.into()),
            open: Vec::new(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the caller, and whether the callee, hears the agent. After connect the mode is barge; a whisper is for the
    /// number's subscriber.
    pub(crate) fn heard_by(&self) -> (bool, bool) {
        match (self.phase, self.mode) {
            (Phase::Ringing | Phase::Over, _) => (false, false),
            (Phase::Answered, _) => (true, false),
            (Phase::Connected, Mode::Barge) => (true, true),
            (Phase::Connected, Mode::Whisper) => (self.subscriber == Party::Caller, self.subscriber == Party::Callee),
            (Phase::Connected, Mode::Spy) => (false, false),
        }
    }

    /// Nothing more happens; commands under way stay unanswered, as their socket is about to go.
    pub(crate) fn end(&mut self) {
        self.phase = Phase::Over;
        self.open.clear();
    }

    /// The telephone of an outbound call rings: `call.answer` waits for what comes of it.
    pub(crate) fn ring(&mut self, now: Instant, picks_up: Option<&CalleeAnswer>) {
        let after = |ms: u32| Some(now + Duration::from_millis(ms.into()));
        self.picked_up = match picks_up {
            None => None,
            Some(CalleeAnswer::After { ms }) => Some((after(*ms), None)),
            Some(CalleeAnswer::Refused { ms, code }) => Some((after(*ms), Some(code.clone()))),
            Some(CalleeAnswer::Never) => Some((None, Some("CALL_UNANSWERED".to_owned()))),
        };
    }

    /// A command arrived. `Some` answers it at once.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        command_id: String,
        command: AskedCommand,
        timeout_ms: u64,
    ) -> Option<Effect> {
        let refused = if self.open.len() >= OPEN_COMMANDS_MAX {
            Some(refusal("OVERFLOW", "too many commands under way"))
        } else {
            self.illegal(&command)
        };
        if let Some(error) = refused {
            return Some(respond(command_id, &command, Some(error)));
        }
        let (takes, verdict) = self.takes(now, &command);
        let patience = Duration::from_millis(timeout_ms);
        let (takes, verdict) = if takes > patience {
            (patience, Some(refusal("TIMEOUT", "the deadline of the command passed")))
        } else {
            (takes, verdict)
        };
        self.open.push(Open { command_id, command, acts_at: now + takes, verdict });
        None
    }

    /// The next thing that is due; call until `None`.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<[Option<Effect>; 2]> {
        let due = self
            .open
            .iter()
            .enumerate()
            .filter(|(_, open)| open.acts_at <= now)
            .min_by_key(|(at, open)| (open.acts_at, *at))
            .map(|(at, _)| at)?;
        let Open { command_id, command, verdict, .. } = self.open.remove(due);
        if let Some(error) = verdict {
            return Some([Some(respond(command_id, &command, Some(error))), None]);
        }
        // Judged anew: another command may have changed the call since it arrived.
        if let Some(error) = self.illegal(&command) {
            return Some([Some(respond(command_id, &command, Some(error))), None]);
        }
        let effect = self.act(&command);
        Some([Some(respond(command_id, &command, None)), effect])
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.acts_at).min()
    }

    fn illegal(&self, command: &AskedCommand) -> Option<Refusal> {
        let AskedCommand::Known(command) = command else {
            return Some(refusal("INVALID_COMMAND", "the command is unknown"));
        };
        let switches = &self.switches;
        let legal = match (command, self.phase) {
            (_, Phase::Over) => false,
            (CommandName::Answer, phase) => phase == Phase::Ringing,
            (CommandName::Connect { ring_time_s }, phase) => {
                phase < Phase::Connected && RING_TIME_S.contains(ring_time_s) && !self.is_ringing_callee()
            }
            (CommandName::Whisper | CommandName::Barge | CommandName::Spy, phase) => phase == Phase::Connected,
            (CommandName::Interrupt | CommandName::Close, _) => true,
            (CommandName::Disconnect, Phase::Ringing) => switches.disconnect_before_answer,
            (CommandName::Disconnect, Phase::Answered) => switches.disconnect_while_answered,
            (CommandName::Disconnect, Phase::Connected) => true,
        };
        (!legal).then(|| refusal("INVALID_COMMAND", "the command is not legal at this point"))
    }

    fn is_ringing_callee(&self) -> bool {
        let connect = |open: &Open| matches!(open.command, AskedCommand::Known(CommandName::Connect { .. }));
        self.open.iter().any(connect)
    }

    fn takes(&self, now: Instant, command: &AskedCommand) -> (Duration, Option<Refusal>) {
        if let (AskedCommand::Known(CommandName::Answer), Some((at, code))) = (command, &self.picked_up) {
            let rings = at.map_or(Duration::MAX, |at| at.saturating_duration_since(now));
            let verdict = code.as_ref().map(|code| refusal(code, "the call was not picked up"));
            return (rings.max(self.work), verdict);
        }
        let AskedCommand::Known(CommandName::Connect { ring_time_s }) = command else {
            return (self.work, None);
        };
        let ring_time = Duration::from_secs((*ring_time_s).into());
        let unanswered = || (ring_time, Some(refusal("CALL_UNANSWERED", "the callee did not answer")));
        match &self.callee {
            CalleeAnswer::After { ms } => {
                let rings = Duration::from_millis((*ms).into());
                if rings < ring_time { (rings, None) } else { unanswered() }
            }
            CalleeAnswer::Refused { ms, code } => {
                let rings = Duration::from_millis((*ms).into());
                let refused = (rings, Some(refusal(code, "the callee refused the call")));
                if rings < ring_time { refused } else { unanswered() }
            }
            CalleeAnswer::Never => unanswered(),
        }
    }

    fn act(&mut self, command: &AskedCommand) -> Option<Effect> {
        let AskedCommand::Known(command) = command else {
            return None;
        };
        match command {
            CommandName::Answer => {
                self.phase = Phase::Answered;
                Some(Effect::Answered)
            }
            CommandName::Connect { .. } => {
                self.phase = Phase::Connected;
                Some(Effect::Connected)
            }
            CommandName::Whisper => self.listen_as(Mode::Whisper),
            CommandName::Barge => self.listen_as(Mode::Barge),
            CommandName::Spy => self.listen_as(Mode::Spy),
            CommandName::Interrupt => Some(Effect::Interrupted),
            CommandName::Disconnect => Some(Effect::Ended(Outcome::AgentDisconnected)),
            CommandName::Close if self.phase == Phase::Connected => Some(Effect::Ended(Outcome::AgentLeft)),
            CommandName::Close => Some(Effect::Ended(Outcome::AgentClosed)),
        }
    }

    fn listen_as(&mut self, mode: Mode) -> Option<Effect> {
        self.mode = mode;
        None
    }
}

fn respond(command_id: String, command: &AskedCommand, error: Option<Refusal>) -> Effect {
    Effect::Respond { command_id, name: command.wire_name().to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Callee;

    const CONNECT: CommandName = CommandName::Connect { ring_time_s: 20 };

    struct Bench {
        commands: Commands,
        now: Instant,
    }

    impl Bench {
        fn new(switches: Switches, answer: CalleeAnswer) -> Self {
            let caller = Caller { callee: Callee { answer, ..Callee::default() }, ..Caller::default() };
            Self { commands: Commands::new(switches, &caller, 0), now: Instant::now() }
        }

        fn usual() -> Self {
            Self::new(Switches::default(), CalleeAnswer::After { ms: 1_000 })
        }

        /// Runs one command to its end; the error code of its answer.
        fn run(&mut self, command: CommandName) -> Result<(), String> {
            self.begin(command).map_or_else(|| self.settle(), answer_of)
        }

        fn begin(&mut self, command: CommandName) -> Option<Effect> {
            let timeout_ms = command.deadline().as_millis() as u64;
            self.commands.begin(self.now, "c".into(), command.into(), timeout_ms)
        }

        fn settle(&mut self) -> Result<(), String> {
            self.now = self.commands.deadline().expect("a command is under way").max(self.now);
            let [answer, effect] = self.commands.poll(self.now).expect("it is due");
            if let Some(Effect::Ended(_)) = effect {
                self.commands.end();
            }
            answer_of(answer.expect("it is answered"))
        }
    }

    fn answer_of(effect: Effect) -> Result<(), String> {
        let Effect::Respond { error, .. } = effect else { panic!("no answer: {effect:?}") };
        error.map_or(Ok(()), |error| Err(error.code))
    }

    fn code(text: &str) -> Result<(), String> {
        Err(text.to_owned())
    }

    #[test]
    fn modes_are_legal_only_after_connect() {
        let mut call = Bench::usual();
        for mode in [CommandName::Whisper, CommandName::Barge, CommandName::Spy] {
            assert_eq!(call.run(mode), code("INVALID_COMMAND"));
        }
        assert_eq!(call.run(CommandName::Answer), Ok(()));
        assert_eq!(call.run(CommandName::Answer), code("INVALID_COMMAND"));
        assert_eq!(call.run(CommandName::Whisper), code("INVALID_COMMAND"));
        assert_eq!(call.run(CONNECT), Ok(()));
        assert_eq!(call.commands.heard_by(), (true, true), "barge");
        assert_eq!(call.run(CommandName::Whisper), Ok(()));
        assert_eq!(call.commands.heard_by(), (false, true));
        assert_eq!(call.run(CommandName::Spy), Ok(()));
        assert_eq!(call.commands.heard_by(), (false, false));
        assert_eq!(call.run(CommandName::Barge), Ok(()));
        assert_eq!(call.run(CONNECT), code("INVALID_COMMAND"));
    }

    #[test]
    fn a_whisper_is_for_the_subscriber() {
        for (subscriber, heard_by) in [(Party::Callee, (false, true)), (Party::Caller, (true, false))] {
            let caller = Caller { subscriber, ..Caller::default() };
            let mut call = Bench { commands: Commands::new(Switches::default(), &caller, 0), now: Instant::now() };
            assert_eq!(call.run(CONNECT), Ok(()));
            assert_eq!(call.run(CommandName::Whisper), Ok(()));
            assert_eq!(call.commands.heard_by(), heard_by, "{subscriber:?}");
        }
    }

    #[test]
    fn an_unanswered_connect_takes_the_ring_time_and_leaves_the_call_up() {
        let mut call = Bench::new(Switches::default(), CalleeAnswer::Never);
        assert_eq!(call.run(CommandName::Answer), Ok(()));
        let before = call.now;
        assert_eq!(call.begin(CONNECT), None);
        assert_eq!(call.begin(CONNECT).map(answer_of), Some(code("INVALID_COMMAND")), "it rings");
        assert_eq!(call.settle(), code("CALL_UNANSWERED"));
        assert_eq!(call.now - before, Duration::from_secs(20));
        assert_eq!(call.commands.phase(), Phase::Answered);
    }

    #[test]
    fn disconnect_follows_its_switches() {
        for (before, while_answered) in [(false, true), (true, false)] {
            let switches = Switches {
                disconnect_before_answer: before,
                disconnect_while_answered: while_answered,
                ..Switches::default()
            };
            let expected = |legal| {
                if legal { Ok(()) } else { code("INVALID_COMMAND") }
            };
            let mut ringing = Bench::new(switches, CalleeAnswer::Never);
            assert_eq!(ringing.run(CommandName::Disconnect), expected(before));
            let mut answered = Bench::new(switches, CalleeAnswer::Never);
            assert_eq!(answered.run(CommandName::Answer), Ok(()));
            assert_eq!(answered.run(CommandName::Disconnect), expected(while_answered));
        }
    }

    #[test]
    fn a_command_that_takes_longer_than_its_deadline_is_answered_with_timeout() {
        let mut commands = Commands::new(Switches::default(), &Caller::default(), 2_000);
        let now = Instant::now();
        assert_eq!(commands.begin(now, "c".into(), CommandName::Answer.into(), 1_500), None);
        let due = commands.deadline().expect("under way");
        assert_eq!(due - now, Duration::from_millis(1_500));
        let [answer, effect] = commands.poll(due).expect("due");
        assert_eq!(answer.map(answer_of), Some(code("TIMEOUT")));
        assert_eq!((effect, commands.phase()), (None, Phase::Ringing));
    }

    #[test]
    fn close_ends_the_call_before_connect_and_leaves_it_after() {
        for connected in [false, true] {
            let mut call = Bench::usual();
            if connected {
                assert_eq!(call.run(CONNECT), Ok(()));
            }
            assert_eq!(call.begin(CommandName::Close), None);
            let [_, effect] = call.commands.poll(call.now).expect("due");
            let outcome = if connected { Outcome::AgentLeft } else { Outcome::AgentClosed };
            assert_eq!(effect, Some(Effect::Ended(outcome)));
        }
    }

    #[test]
    fn an_unknown_command_and_one_too_many_are_refused() {
        let mut call = Bench::usual();
        let unknown = AskedCommand::Other { name: "call.sing".into(), data: None };
        let answer = call.commands.begin(call.now, "c".into(), unknown, 1_000);
        assert_eq!(answer.map(answer_of), Some(code("INVALID_COMMAND")));
        for _ in 0..OPEN_COMMANDS_MAX {
            assert_eq!(call.begin(CommandName::Interrupt), None);
        }
        assert_eq!(call.begin(CommandName::Interrupt).map(answer_of), Some(code("OVERFLOW")));
    }
}

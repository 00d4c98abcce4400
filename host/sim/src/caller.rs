//! Who calls, what they do, and who is called.

use crate::faults::CallFaults;
use crate::script::Step;

/// One call to be placed.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The caller's number.
    pub from: String,
    /// The number that is called.
    pub to: String,
    /// What the caller does.
    pub script: Vec<Step>,
    /// Who is rung when the agent connects the call.
    pub callee: Callee,
    /// The number's subscriber, whom a whisper is for: the callee of an inbound call, the caller of an outbound one.
    pub subscriber: Party,
    /// How long it rings until the caller gives up, ms.
    pub ring_ms: u32,
    /// How long the call may last in all, ms; then the caller hangs up.
    pub give_up_ms: u32,
    /// Whether the line carries silence while the script says nothing, as a telephone line does. Without
    /// it no frame is sent then, so that what comes back is exactly the echo of what was said.
    pub idle_silence: bool,
    /// Whether `said`, `heard` and the other recordings are kept. Counts and latencies always are.
    pub record: bool,
    /// Whether what comes from the agent is compared, byte by byte, with what was said.
    pub verify_echo: bool,
    /// What goes wrong with this call; `None` draws from [`Faults::mix`](crate::Faults::mix).
    pub faults: Option<CallFaults>,
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            from: "+15550100".to_owned(),
            to: "+15550199".to_owned(),
            script: vec![Step::WaitAnswered],
            callee: Callee::default(),
            subscriber: Party::Callee,
            ring_ms: 60_000,
            give_up_ms: 120_000,
            idle_silence: true,
            record: true,
            verify_echo: false,
            faults: None,
        }
    }
}

impl Caller {
    /// A caller with a script who says silence when idle.
    pub fn new(script: Vec<Step>) -> Self {
        Self { script, ..Self::default() }
    }

    /// A caller to an echo: says `ms` of marked noise, waits until all of it came back, hangs up. Sends
    /// nothing else, and compares what comes back.
    pub fn echo(ms: u32) -> Self {
        Self {
            idle_silence: false,
            verify_echo: true,
            ..Self::new(vec![Step::WaitAnswered, Step::Marked { ms }, Step::WaitEcho, Step::HangUp])
        }
    }
}

/// Who is rung by `call.connect`.
#[derive(Clone, Debug)]
pub struct Callee {
    /// What happens when it rings.
    pub answer: CalleeAnswer,
    /// What the callee does from being connected on. The callee's line carries silence while the script says nothing.
    pub script: Vec<Step>,
}

/// One of the two people of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Who calls.
    Caller,
    /// Who is rung by `call.connect`.
    Callee,
}

impl Default for Callee {
    fn default() -> Self {
        Self { answer: CalleeAnswer::After { ms: 1_000 }, script: Vec::new() }
    }
}

impl Callee {
    /// A callee who picks up after so long, ms, and then does this.
    pub fn after(ms: u32, script: Vec<Step>) -> Self {
        Self { answer: CalleeAnswer::After { ms }, script }
    }
}

/// What happens when the callee's telephone rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalleeAnswer {
    /// It is answered after this time, ms, unless the ring time is over before: then `CALL_UNANSWERED`.
    After {
        /// How long it rings, ms.
        ms: u32,
    },
    /// Nobody answers: `CALL_UNANSWERED` at the end of the ring time.
    Never,
    /// The call is refused.
    Refused {
        /// How long it rings, ms.
        ms: u32,
        /// The error code the agent gets.
        code: String,
    },
}

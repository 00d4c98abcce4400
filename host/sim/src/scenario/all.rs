//! The scenarios, one function each.

use telcoflow::frame::AudioMode;

use super::{AgentAction, AgentStep, Expected, Scenario};
use crate::caller::{Callee, CalleeAnswer, Caller, Party};
use crate::config::Switches;
use crate::report::Outcome;
use crate::script::Step;

use AgentAction::{Answer, Barge, Close, Disconnect, Echo, Interrupt, Spy, WaitCallError, WaitTerminated, Whisper};

const CONNECT: AgentAction = AgentAction::Connect { ring_time_s: 5 };
/// 300 ms of tone, which is all that is played ahead, so that it leaves at once.
const SAY: AgentAction = AgentAction::Say { freq_hz: 440.0, ms: 300 };
/// Pitches that are whole numbers of periods in 100 ms, so that none is heard in another.
const WHISPERED_HZ: f64 = 440.0;
const SPIED_HZ: f64 = 610.0;
const BARGED_HZ: f64 = 830.0;

/// Every scenario, in the order in which a reader meets the features.
pub fn all() -> Vec<Scenario> {
    vec![
        answer(),
        late_answer(),
        echo(),
        echo_at_8_khz(),
        connect(),
        connect_unanswered(),
        connect_without_answer(),
        barge(),
        whisper(),
        spy(),
        mode_before_connect(),
        tail(),
        interrupt(),
        close(),
        close_after_connect(),
        disconnect(),
        disconnect_refused(),
        isolated(),
        isolated_at_8_khz(),
        isolated_at_24_khz(),
        isolated_without_mix(),
        isolated_modes(),
        modes_of_an_outbound_call(),
        call_error(),
        server_hang_up(),
    ]
}

fn answer() -> Scenario {
    Scenario {
        name: "answer",
        shows: "the agent answers, the caller hangs up",
        ..usual([Answer, WaitTerminated], hangs_up_after(200), Outcome::CallerHungUp)
    }
}

fn late_answer() -> Scenario {
    let late = AgentAction::Wait { ms: 500 };
    Scenario {
        name: "late-answer",
        shows: "it rings for a while",
        ..usual([late, Answer, WaitTerminated], hangs_up_after(200), Outcome::CallerHungUp)
    }
}

fn echo() -> Scenario {
    let mut scenario = usual([Answer, Echo], Caller::echo(1_000), Outcome::CallerHungUp);
    scenario.expected.echoes = true;
    scenario.expected.caller_hears = true;
    Scenario { name: "echo", shows: "all that the caller says comes back", ..scenario }
}

fn echo_at_8_khz() -> Scenario {
    Scenario { name: "echo-at-8-khz", shows: "the same at another sample rate", sample_rate_hz: 8_000, ..echo() }
}

fn connect() -> Scenario {
    let caller = Caller::new(vec![Step::WaitConnected, Step::Wait { ms: 200 }, Step::HangUp]);
    Scenario {
        name: "connect",
        shows: "the callee answers and the parties are bridged",
        ..usual([Answer, CONNECT, WaitTerminated], quick_callee(caller), Outcome::CallerHungUp)
    }
}

fn connect_unanswered() -> Scenario {
    let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
    let mut scenario = usual(
        [Answer, AgentAction::Connect { ring_time_s: 1 }, SAY, AgentAction::Wait { ms: 300 }, Close],
        Caller { callee, ..Caller::default() },
        Outcome::AgentClosed,
    );
    scenario.agent[1].fails_with = Some("CALL_UNANSWERED");
    scenario.expected.caller_hears = true;
    Scenario { name: "connect-unanswered", shows: "an unanswered connect leaves the call up", ..scenario }
}

fn connect_without_answer() -> Scenario {
    Scenario {
        name: "connect-without-answer",
        shows: "a call is connected that was never answered",
        ..usual([CONNECT, Disconnect], quick_callee(Caller::default()), Outcome::AgentDisconnected)
    }
}

fn barge() -> Scenario {
    let mut scenario = mode([Answer, CONNECT, Spy, Barge], (true, true));
    scenario.expected.outcome = Outcome::AgentLeft;
    Scenario { name: "barge", shows: "both parties hear the agent", ..scenario }
}

fn whisper() -> Scenario {
    Scenario {
        name: "whisper",
        shows: "the callee alone hears the agent",
        ..mode([Answer, CONNECT, Whisper], (false, true))
    }
}

fn spy() -> Scenario {
    Scenario { name: "spy", shows: "neither party hears the agent", ..mode([Answer, CONNECT, Spy], (false, false)) }
}

fn mode_before_connect() -> Scenario {
    let mut scenario = usual([Answer, Whisper, Barge, Spy, Close], Caller::default(), Outcome::AgentClosed);
    for step in &mut scenario.agent[1..4] {
        step.fails_with = Some("INVALID_COMMAND");
    }
    Scenario { name: "mode-before-connect", shows: "whisper, barge and spy need a connected callee", ..scenario }
}

fn tail() -> Scenario {
    let say = AgentAction::Say { freq_hz: 440.0, ms: 310 };
    let mut scenario =
        usual([Answer, say, AgentAction::Wait { ms: 300 }, Close], Caller::default(), Outcome::AgentClosed);
    scenario.expected.caller_hears = true;
    Scenario { name: "tail", shows: "an utterance whose end fills no frame", ..scenario }
}

fn interrupt() -> Scenario {
    let say = AgentAction::Say { freq_hz: 440.0, ms: 5_000 };
    let wait = AgentAction::Wait { ms: 500 };
    let mut scenario = usual([Answer, say, wait, Interrupt, Close], Caller::default(), Outcome::AgentClosed);
    scenario.expected.caller_hears = true;
    scenario.expected.interrupts = true;
    Scenario { name: "interrupt", shows: "what is being played stops", ..scenario }
}

fn close() -> Scenario {
    Scenario {
        name: "close",
        shows: "close before connect ends the call",
        ..usual([Answer, Close], Caller::default(), Outcome::AgentClosed)
    }
}

fn close_after_connect() -> Scenario {
    Scenario {
        name: "close-after-connect",
        shows: "close after connect leaves the parties alone",
        ..usual([Answer, CONNECT, Close], quick_callee(Caller::default()), Outcome::AgentLeft)
    }
}

fn disconnect() -> Scenario {
    Scenario {
        name: "disconnect",
        shows: "disconnect ends the call for everyone",
        ..usual([Answer, Disconnect], Caller::default(), Outcome::AgentDisconnected)
    }
}

fn disconnect_refused() -> Scenario {
    let mut scenario = usual([Answer, Disconnect, Close], Caller::default(), Outcome::AgentClosed);
    scenario.agent[1].fails_with = Some("INVALID_COMMAND");
    Scenario {
        name: "disconnect-refused",
        shows: "a server that takes no disconnect before connect still takes close",
        open_points: Switches { disconnect_while_answered: false, ..Switches::default() },
        ..scenario
    }
}

fn isolated() -> Scenario {
    let waits = [1, 2].map(|channel| AgentAction::WaitAudio { channel, bytes: 6_400 });
    let [caller_leg, callee_leg] = waits;
    let mut caller = quick_callee(Caller::default());
    caller.callee.script = vec![Step::Say(vec![4_000; 16_000].into())];
    let mut scenario = usual([Answer, CONNECT, caller_leg, callee_leg, Disconnect], caller, Outcome::AgentDisconnected);
    scenario.expected.channels = &[0, 1, 2];
    Scenario {
        name: "isolated",
        shows: "each leg comes on its own channel",
        audio_mode: AudioMode::Isolated,
        ..scenario
    }
}

fn isolated_at_8_khz() -> Scenario {
    Scenario { name: "isolated-at-8-khz", shows: "the same at 8 kHz", sample_rate_hz: 8_000, ..isolated() }
}

fn isolated_at_24_khz() -> Scenario {
    Scenario { name: "isolated-at-24-khz", shows: "the same at 24 kHz", sample_rate_hz: 24_000, ..isolated() }
}

fn isolated_without_mix() -> Scenario {
    Scenario {
        name: "isolated-without-mix",
        shows: "channel 0 falls silent for the legs, on which audio is asked for too",
        open_points: Switches { isolated_mix: false, requests_for_legs: true, ..Switches::default() },
        ..isolated()
    }
}

/// The agent speaks in each mode at another pitch; both parties talk meanwhile.
fn modes(subscriber: Party) -> Scenario {
    let pause = AgentAction::Wait { ms: 700 };
    let say = |freq_hz| AgentAction::Say { freq_hz, ms: 300 };
    let steps = [
        Answer,
        CONNECT,
        Whisper,
        say(WHISPERED_HZ),
        pause.clone(),
        Spy,
        say(SPIED_HZ),
        pause.clone(),
        Barge,
        say(BARGED_HZ),
        pause,
        Close,
    ];
    let mut caller = quick_callee(Caller::new(vec![Step::WaitConnected, Step::Marked { ms: 10_000 }]));
    caller.callee.script = vec![Step::Marked { ms: 10_000 }];
    let mut scenario = usual(steps, Caller { subscriber, ..caller }, Outcome::AgentLeft);
    let whispered = (subscriber == Party::Caller, subscriber == Party::Callee);
    scenario.expected.tones = vec![(WHISPERED_HZ, whispered), (SPIED_HZ, (false, false)), (BARGED_HZ, (true, true))];
    (scenario.expected.caller_hears, scenario.expected.callee_hears) = (true, true);
    scenario
}

fn isolated_modes() -> Scenario {
    let mut scenario = modes(Party::Callee);
    scenario.expected.channels = &[0, 1, 2];
    Scenario {
        name: "isolated-modes",
        shows: "whisper, spy and barge one after the other while both parties talk, each heard apart",
        audio_mode: AudioMode::Isolated,
        ..scenario
    }
}

fn modes_of_an_outbound_call() -> Scenario {
    Scenario {
        name: "modes-of-an-outbound-call",
        shows: "the same together, where the subscriber is the caller",
        ..modes(Party::Caller)
    }
}

fn call_error() -> Scenario {
    let error = Step::CallError { code: "TTS_SESSION_ERROR".to_owned(), message: Some("no voice".to_owned()) };
    let script = vec![Step::WaitAnswered, error, Step::Wait { ms: 200 }, Step::HangUp];
    Scenario {
        name: "call-error",
        shows: "an error is reported and the call goes on",
        ..usual([Answer, WaitCallError, WaitTerminated], Caller::new(script), Outcome::CallerHungUp)
    }
}

fn server_hang_up() -> Scenario {
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 200 }, Step::ServerHangUp];
    Scenario {
        name: "server-hang-up",
        shows: "the server ends the call",
        ..usual([Answer, WaitTerminated], Caller::new(script), Outcome::ServerHungUp)
    }
}

/// A connected call in which the agent speaks and leaves.
fn mode<const N: usize>(modes: [AgentAction; N], (caller_hears, callee_hears): (bool, bool)) -> Scenario {
    let mut steps = modes.to_vec();
    steps.extend([SAY, AgentAction::Wait { ms: 300 }, Close]);
    let scenario = usual(steps, quick_callee(Caller::default()), Outcome::AgentLeft);
    let expected = Expected { caller_hears, callee_hears, ..scenario.expected };
    Scenario { expected, ..scenario }
}

/// A scenario in which everything is as usual. An agent that ends the call itself lets some audio come
/// before, so that whether any came is no matter of clocks.
fn usual(steps: impl IntoIterator<Item = AgentAction>, caller: Caller, outcome: Outcome) -> Scenario {
    let mut steps: Vec<AgentAction> = steps.into_iter().collect();
    if steps.last().is_some_and(|last| last.command().is_some()) {
        steps.insert(steps.len() - 1, AgentAction::Wait { ms: 200 });
    }
    Scenario {
        name: "",
        shows: "",
        audio_mode: AudioMode::Mixed,
        sample_rate_hz: 16_000,
        open_points: Switches::default(),
        caller: Caller { give_up_ms: 20_000, ..caller },
        agent: steps.into_iter().map(|action| AgentStep { action, fails_with: None }).collect(),
        expected: Expected {
            outcome,
            caller_hears: false,
            callee_hears: false,
            echoes: false,
            interrupts: false,
            tones: Vec::new(),
            channels: &[0],
        },
    }
}

fn hangs_up_after(ms: u32) -> Caller {
    Caller::new(vec![Step::WaitAnswered, Step::Wait { ms }, Step::HangUp])
}

fn quick_callee(caller: Caller) -> Caller {
    Caller { callee: Callee { answer: CalleeAnswer::After { ms: 200 }, ..Callee::default() }, ..caller }
}

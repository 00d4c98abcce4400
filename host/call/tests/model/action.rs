//! Everything that can happen to a call, as data.

use call::{Ability, CommandKind, EndReason};
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Step {
        micros: u64,
    },
    /// Time goes on to the call's own next deadline, if it has one.
    StepToDeadline,
    Play {
        bytes: usize,
    },
    PlaySamples {
        samples: usize,
    },
    Flush,
    Clear,
    /// A clear and its interrupt sent, again and again.
    ClearStorm {
        times: usize,
    },
    Mark,
    NotifyBelow {
        samples: u64,
    },
    Credit {
        bytes: u64,
        frame_bytes: Option<u32>,
    },
    Send {
        frames: usize,
    },
    SendCommands,
    Audio {
        channel: u8,
        bytes: usize,
    },
    Take {
        events: usize,
    },
    Command(CommandKind),
    /// An outcome of one of the commands that were sent, or of one that never was.
    Outcome {
        pick: usize,
        success: bool,
    },
    SetTimer {
        ms: u64,
        repeat: bool,
    },
    CancelTimer {
        pick: usize,
    },
    Key,
    Error {
        code: u8,
    },
    Warning {
        code: u8,
    },
    End(EndReason),
}

pub(crate) fn actions() -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(action(), 1..120)
}

fn action() -> impl Strategy<Value = Action> {
    use Action as A;
    prop_oneof![
        10 => micros().prop_map(|micros| A::Step { micros }),
        6 => Just(A::StepToDeadline),
        7 => (0..3_000_usize).prop_map(|bytes| A::Play { bytes }),
        5 => usual_bytes().prop_map(|bytes| A::Play { bytes }),
        1 => (10_000..40_000_usize).prop_map(|bytes| A::Play { bytes }),
        4 => (0..1_000_usize).prop_map(|samples| A::PlaySamples { samples }),
        2 => Just(A::Flush),
        3 => Just(A::Clear),
        1 => (1..10_usize).prop_map(|times| A::ClearStorm { times }),
        5 => Just(A::Mark),
        3 => (0..2_000_u64).prop_map(|samples| A::NotifyBelow { samples }),
        8 => (credit_bytes(), frame_bytes()).prop_map(|(bytes, frame_bytes)| A::Credit { bytes, frame_bytes }),
        10 => (1..5_usize).prop_map(|frames| A::Send { frames }),
        5 => Just(A::SendCommands),
        8 => (0..4_u8, audio_bytes()).prop_map(|(channel, bytes)| A::Audio { channel, bytes }),
        8 => (1..20_usize).prop_map(|events| A::Take { events }),
        4 => command().prop_map(A::Command),
        4 => (any::<usize>(), prop::bool::weighted(0.7)).prop_map(|(pick, success)| A::Outcome { pick, success }),
        3 => (0..60_u64, any::<bool>()).prop_map(|(ms, repeat)| A::SetTimer { ms, repeat }),
        1 => any::<usize>().prop_map(|pick| A::CancelTimer { pick }),
        1 => Just(A::Key),
        1 => any::<u8>().prop_map(|code| A::Error { code }),
        1 => any::<u8>().prop_map(|code| A::Warning { code }),
        1 => prop::bool::weighted(0.2).prop_flat_map(|end| {
            if end { reason().prop_map(A::End).boxed() } else { Just(A::StepToDeadline).boxed() }
        }),
    ]
}

fn micros() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0_u64), 10 => 1..30_000_u64, 2 => 30_000..200_000_u64, 1 => 1_000_000..5_000_000_u64]
}

/// Sizes that meet exactly, as those of a real carrier and a real handler do.
fn usual_bytes() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![320_usize, 640, 960, 1_920])
}

fn credit_bytes() -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => Just(0_u64),
        2 => 1..20_u64,
        6 => 20..3_000_u64,
        6 => usual_bytes().prop_map(|bytes| bytes as u64),
        3 => 3_000..100_000_u64,
        1 => Just(u64::MAX),
    ]
}

fn frame_bytes() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(0)),
        2 => (1..20_u32).prop_map(Some),
        3 => (20..1_500_u32).prop_map(Some),
        4 => usual_bytes().prop_map(|bytes| Some(bytes as u32)),
        1 => Just(Some(u32::MAX)),
    ]
}

fn audio_bytes() -> impl Strategy<Value = usize> {
    prop_oneof![1 => 0..4_usize, 10 => 4..1_000_usize, 2 => 1_000..20_000_usize, 1 => 20_000..80_000_usize]
}

fn command() -> impl Strategy<Value = CommandKind> {
    prop::sample::select(Ability::ALL.to_vec()).prop_flat_map(|ability| {
        (0..123_u32).prop_map(move |ring_time_s| match ability {
            Ability::Answer => CommandKind::Answer,
            Ability::Whisper => CommandKind::Whisper,
            Ability::Barge => CommandKind::Barge,
            Ability::Spy => CommandKind::Spy,
            // Rare, for they end the call.
            Ability::Disconnect if ring_time_s < 20 => CommandKind::Disconnect,
            Ability::Close if ring_time_s < 20 => CommandKind::Close,
            Ability::Transfer => CommandKind::Transfer { to: "+15550100".into(), ring_time_s },
            Ability::SendDigits => CommandKind::SendDigits { digits: "1".into() },
            Ability::Interrupt => CommandKind::Interrupt,
            _ => CommandKind::Connect { ring_time_s },
        })
    })
}

fn reason() -> impl Strategy<Value = EndReason> {
    prop::sample::select(vec![
        EndReason::Terminated,
        EndReason::VoiceLost,
        EndReason::VoiceUnreachable,
        EndReason::SessionClosed,
        EndReason::HandlerFailed,
        EndReason::Drained,
        EndReason::HostStopped,
    ])
}

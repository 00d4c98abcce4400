//! A client that does anything at any moment: whatever it does, the call ends once, its report adds up,
//! and nothing of the simulator dies.
#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::time::Duration;

use fastrand::Rng;
use futures_util::SinkExt;
use sim::{
    Callee, CalleeAnswer, Caller, FaultMix, Faults, Outcome, PlacedCall, Pull, SimConfig, Simulator, Step, Switches,
};
use support::{Manager, VoiceClient};
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::CallIn;
use telcoflow::frame::voice::CommandName;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

fn any_config(rng: &mut Rng) -> SimConfig {
    let odds = 0.15;
    let mix = FaultMix {
        cut_voice: odds,
        stall: odds,
        late_responses: odds,
        lost_response: odds,
        duplicate_notify: odds,
        second_call_in: odds,
        refuse_token: 0.02,
        voice_unreachable: 0.02,
        garbage: odds,
        refuse_claim: 0.02,
    };
    let open_points = Switches {
        disconnect_before_answer: rng.bool(),
        disconnect_while_answered: rng.bool(),
        interrupt_cancels_credit: rng.bool(),
        keep_after_voice_lost_ms: rng.u32(0..2_000),
        voice_redial: rng.bool(),
        voice_survives_link_loss: rng.bool(),
        new_token_after_resume: rng.bool(),
        terminated_after_command: rng.bool(),
        disconnect_reads_as_terminated: rng.bool(),
        pull_before_answer: rng.bool(),
        isolated_mix: rng.bool(),
        requests_for_legs: rng.bool(),
        call_in_before_pick_up: rng.bool(),
    };
    let pull = Pull {
        ahead_ms: rng.u32(0..600),
        frame_ms: rng.u32(0..120),
        ask_ms: rng.u32(0..800),
        names_frame_bytes: rng.bool(),
        eager: false,
    };
    let faults = Faults { mix, ..Faults::default() };
    SimConfig { seed: rng.u64(..), pull, open_points, faults, command_ms: rng.u32(0..200), ..SimConfig::default() }
}

fn any_caller(rng: &mut Rng) -> Caller {
    let script = (0..rng.usize(2..12))
        .map(|_| match rng.u8(0..9) {
            0 => Step::WaitAnswered,
            1 => Step::WaitConnected,
            2 => Step::Say(vec![1; rng.usize(0..5_000)].into()),
            3 => Step::Tone { freq_hz: 440.0, amplitude: 0.5, ms: rng.u32(0..500) },
            4 => Step::Silence { ms: rng.u32(0..500) },
            5 => Step::Wait { ms: rng.u32(0..500) },
            6 => Step::CallError { code: "TTS_SESSION_ERROR".to_owned(), message: None },
            7 => Step::CutVoice,
            _ => Step::WaitHeardSound,
        })
        .chain([Step::HangUp])
        .collect();
    let answer = match rng.u8(0..3) {
        0 => CalleeAnswer::After { ms: rng.u32(0..3_000) },
        1 => CalleeAnswer::Never,
        _ => CalleeAnswer::Refused { ms: rng.u32(0..3_000), code: "BUSY".to_owned() },
    };
    let callee = Callee { answer, script: vec![Step::Say(vec![2; 8_000].into())] };
    let limits = Caller { ring_ms: 3_000, give_up_ms: 8_000, ..Caller::new(script) };
    Caller { callee, idle_silence: rng.bool(), verify_echo: rng.bool(), ..limits }
}

async fn do_anything(rng: &mut Rng, voice: &mut VoiceClient, placed: &PlacedCall) {
    let command = match rng.u8(0..14) {
        0 => CommandName::Answer,
        1 => CommandName::Connect { ring_time_s: rng.u32(0..4) },
        2 => CommandName::Whisper,
        3 => CommandName::Barge,
        4 => CommandName::Spy,
        5 => CommandName::Interrupt,
        6 if rng.u8(0..4) == 0 => CommandName::Disconnect,
        7 if rng.u8(0..4) == 0 => CommandName::Close,
        8 => {
            // A socket that is gone is seen by the next read.
            let _ = voice.socket.send(Message::binary(vec![rng.u8(0..3); rng.usize(0..2_000)])).await;
            return;
        }
        9 => {
            let _ = voice.socket.send(Message::text("{\"type\":\"command\",\"data\":{}}")).await;
            return;
        }
        10 if rng.u8(0..8) == 0 => return placed.hang_up(),
        11 if rng.u8(0..8) == 0 => return placed.cut_voice(),
        _ => return voice.play(&vec![3; rng.usize(0..20_000)]).await,
    };
    voice.begin(command).await;
}

/// The announced call, unless it ends before.
async fn try_take(manager: &mut Manager) -> Option<CallIn> {
    let (session_id, _) = manager.notified().await;
    if !manager.claim(&session_id).await.ok {
        return None;
    }
    timeout(Duration::from_secs(1), manager.ready(&session_id)).await.ok()
}

async fn one_run(seed: u64) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let config = any_config(&mut rng);
    let sim = Simulator::new(config.clone());
    let mode = if rng.bool() { AudioMode::Mixed } else { AudioMode::Isolated };
    let mut manager = Manager::set_up(&sim, &config, mode).await;
    let placed = sim.place_call(any_caller(&mut rng));
    if let Some(call) = try_take(&mut manager).await
        && let Ok(socket) = VoiceClient::dial(&sim, &call).await
    {
        let mut voice = VoiceClient::over(socket);
        voice.begin(CommandName::Answer).await;
        loop {
            do_anything(&mut rng, &mut voice, &placed).await;
            if rng.u8(0..40) == 0 {
                sim.cut_session_managers();
            }
            let patience = Duration::from_millis(rng.u64(1..100));
            if let Ok(None) = timeout(patience, voice.read()).await {
                break;
            }
        }
    }
    let report =
        timeout(Duration::from_secs(60), placed.finished()).await.unwrap_or_else(|_| panic!("seed {seed}: no end"));
    let pull = report.pull;
    let frame_bytes = 16 * 2 * u64::from(config.pull.frame_ms.clamp(5, 100));
    let target = frame_bytes.max(u64::from(config.pull.ahead_ms) * 32);
    assert!(
        pull.ahead_bytes_peak <= target + pull.overrun_bytes + pull.stale_bytes,
        "seed {seed}: {pull:?} over {target}"
    );
    assert!(
        pull.bytes_received <= pull.bytes_requested + pull.overrun_bytes + pull.stale_bytes,
        "seed {seed}: {pull:?}"
    );
    assert_eq!(report.heard_raw.len() as u64, pull.bytes_received, "seed {seed}");
    assert_eq!(report.said.len() as u64 * 2, report.bytes_said, "seed {seed}");
    timeout(Duration::from_secs(60), sim.shutdown()).await.unwrap_or_else(|_| panic!("seed {seed}: a task stays"));
    report.outcome
}

#[tokio::test(start_paused = true)]
async fn whatever_a_client_does_the_call_ends_once_and_adds_up() {
    let mut outcomes = std::collections::HashSet::new();
    for seed in 0..600 {
        outcomes.insert(one_run(seed).await);
    }
    assert!(outcomes.len() >= 5, "the runs are too much alike: {outcomes:?}");
}

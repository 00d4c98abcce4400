//! What the protocol leaves open is a switch, and each position of it is seen on the wire. `PROTOCOL.md`, section 8.
#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::time::Duration;

use sim::{Caller, Outcome, SimConfig, Switches};
use support::one_call;
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CloseReason, ToClient};
use telcoflow::frame::voice::{self, CommandName};
use tokio::time::timeout;

/// Longer than a step of any of these calls.
const A_WHILE: Duration = Duration::from_secs(2);

fn config(open_points: Switches) -> SimConfig {
    SimConfig { open_points, ..SimConfig::default() }
}

fn patient() -> Caller {
    Caller { ring_ms: 20_000, give_up_ms: 20_000, ..Caller::default() }
}

#[tokio::test(start_paused = true)]
async fn a_voice_socket_outlives_the_link_of_its_session_when_switched_so() {
    for voice_survives_link_loss in [true, false] {
        let config = config(Switches { voice_survives_link_loss, ..Switches::default() });
        let (sim, manager, placed, mut voice) = one_call(&config, patient(), AudioMode::Mixed).await;
        voice.run(CommandName::Answer).await.unwrap();
        drop(manager);
        let gone = timeout(A_WHILE, voice.until_gone()).await.is_ok();
        assert_eq!(gone, !voice_survives_link_loss);
        placed.hang_up();
        placed.finished().await;
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn call_terminated_follows_a_command_that_ended_the_call_when_switched_so() {
    for terminated_after_command in [true, false] {
        for command in [CommandName::Close, CommandName::Disconnect] {
            let config = config(Switches { terminated_after_command, ..Switches::default() });
            let (sim, _manager, placed, mut voice) = one_call(&config, patient(), AudioMode::Mixed).await;
            voice.run(CommandName::Answer).await.unwrap();
            voice.run(command).await.unwrap();
            voice.until_gone().await;
            assert_eq!(voice.terminated, terminated_after_command, "{command:?}");
            placed.finished().await;
            sim.shutdown().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_reason_after_a_disconnect_is_as_switched() {
    for disconnect_reads_as_terminated in [true, false] {
        let config = config(Switches { disconnect_reads_as_terminated, ..Switches::default() });
        let (sim, mut manager, placed, mut voice) = one_call(&config, patient(), AudioMode::Mixed).await;
        voice.run(CommandName::Answer).await.unwrap();
        voice.run(CommandName::Disconnect).await.unwrap();
        let expected =
            if disconnect_reads_as_terminated { CloseReason::CallTerminated } else { CloseReason::SdkRequest };
        let Some(ToClient::SessionClosed { reason, .. }) = manager.next().await else { panic!("no session.closed") };
        assert_eq!(reason, expected);
        assert_eq!(placed.finished().await.outcome, Outcome::AgentDisconnected);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn audio_is_asked_for_before_the_answer_when_switched_so() {
    for pull_before_answer in [true, false] {
        let config = config(Switches { pull_before_answer, ..Switches::default() });
        let (sim, _manager, placed, mut voice) = one_call(&config, patient(), AudioMode::Mixed).await;
        let asked = async { while !matches!(voice.read().await, Some(Ok(voice::ToClient::BufferRequest { .. }))) {} };
        assert_eq!(timeout(A_WHILE, asked).await.is_ok(), pull_before_answer);
        placed.hang_up();
        placed.finished().await;
        sim.shutdown().await;
    }
}

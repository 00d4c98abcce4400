//! Calls under a paused clock over in-memory pipes: what a caller hears, at what pace it is asked for,
//! and what is counted.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use sim::{Callee, CalleeAnswer, Caller, Milestone, Outcome, SimConfig, Simulator, Step, Switches};
use support::{Manager, VoiceClient, echo_agent, one_call};
use telcoflow::frame::AudioMode;
use telcoflow::frame::voice::{CommandName, ToClient};
use tokio::time::Instant;

const FRAME_BYTES: usize = 640;
const CONNECT: CommandName = CommandName::Connect { ring_time_s: 20 };

fn talking(ms: u32) -> Caller {
    Caller::new(vec![Step::WaitAnswered, Step::Wait { ms }, Step::HangUp])
}

#[tokio::test(start_paused = true)]
async fn an_echo_comes_back_whole_in_order_and_within_a_tick() {
    let config = SimConfig::default();
    let (sim, _manager, placed, mut voice) = one_call(&config, Caller::echo(2_000), AudioMode::Mixed).await;
    voice.echoes = true;
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;

    assert_eq!(report.outcome, Outcome::CallerHungUp);
    assert_eq!((report.frames_sent, report.bytes_said), (100, 64_000));
    let said: Vec<u8> = report.said.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert!(report.heard_raw == said, "what came back is not what was said");
    let echo = report.echo.unwrap();
    assert_eq!((echo.equal_bytes, echo.different_bytes, echo.unverified_bytes), (64_000, 0, 0));
    assert_eq!((report.pull.overrun_bytes, report.pull.odd_frames, report.frames_unsent), (0, 0, 0));
    assert_eq!(report.rtt_us.len(), 100);
    assert!(report.rtt_us.max() < 20_000, "{} us", report.rtt_us.max());
    assert!(voice.terminated);
    let ended = report.timeline.at(Milestone::Ended).unwrap();
    assert!(ended >= Duration::from_secs(2) && ended < Duration::from_millis(2_200), "{ended:?}");
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn audio_is_asked_for_a_little_ahead_and_played_at_the_pace_of_the_clock() {
    let config = SimConfig::default();
    let (sim, _manager, placed, mut voice) = one_call(&config, talking(3_000), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    let answered = Instant::now();
    voice.play(&vec![1; 200_000]).await;
    let (mut asked, mut requests) = (0, 0);
    while let Some(frame) = voice.read().await {
        if let Ok(ToClient::BufferRequest { requested_bytes, prefer_audio_frame_bytes, .. }) = frame {
            assert_eq!(prefer_audio_frame_bytes, Some(FRAME_BYTES as i64));
            asked += requested_bytes as u64;
            requests += 1;
            let played = answered.elapsed().as_millis() as u64 / 20 * FRAME_BYTES as u64;
            assert!(asked <= played + 9_600, "asked {asked} when {played} were played");
        }
    }
    let report = placed.finished().await;
    assert_eq!((report.pull.bytes_requested, report.pull.requests), (asked, requests));
    assert_eq!(report.pull.ahead_bytes_peak, 9_600);
    assert!((28..=31).contains(&requests), "{requests} requests in 3 s at one a 100 ms");
    assert_eq!((report.pull.overrun_bytes, report.pull.starved_ticks), (0, 0));
    assert!(report.heard.iter().all(|&sample| sample == 0x0101));
    assert!((148..=151).contains(&(report.heard.len() / 320)), "{}", report.heard.len());
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_unasked_is_counted() {
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;
    let config = SimConfig::default();
    let (sim, _manager, placed, mut voice) = one_call(&config, talking(500), AudioMode::Mixed).await;
    for frame in [vec![0; 641], vec![1; 641], vec![0], vec![], vec![0; 4]] {
        voice.socket.send(Message::binary(frame)).await.unwrap();
    }
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    let pull = placed.finished().await.pull;
    assert_eq!((pull.frames, pull.overrun_bytes, pull.stray_frames, pull.odd_frames), (2, 643, 3, 1));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn who_hears_the_agent_follows_the_mode() {
    for (mode, expected) in [
        (None, (true, true)),
        (Some(CommandName::Barge), (true, true)),
        (Some(CommandName::Whisper), (false, true)),
        (Some(CommandName::Spy), (false, false)),
    ] {
        let config = SimConfig::default();
        let caller = Caller {
            callee: Callee { answer: CalleeAnswer::After { ms: 700 }, ..Callee::default() },
            ..talking(2_000)
        };
        let (sim, _manager, placed, mut voice) = one_call(&config, caller, AudioMode::Mixed).await;
        voice.run(CONNECT).await.unwrap();
        if let Some(mode) = mode {
            voice.run(mode).await.unwrap();
        }
        voice.play(&[9; 32_000]).await;
        voice.until_gone().await;
        let report = placed.finished().await;
        let heard = |samples: &[i16]| samples.iter().any(|&sample| sample != 0);
        assert_eq!((heard(&report.heard), heard(&report.callee_heard)), expected, "{mode:?}");
        let (answered, connected) = (report.timeline.at(Milestone::Answered), report.timeline.at(Milestone::Connected));
        assert_eq!(answered, connected, "connect answers too");
        assert_eq!(connected, Some(Duration::from_millis(700)));
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn isolated_legs_come_on_their_own_channels_after_connect() {
    for isolated_mix in [true, false] {
        let config = SimConfig {
            open_points: Switches { isolated_mix, requests_for_legs: true, ..Switches::default() },
            ..SimConfig::default()
        };
        let caller = Caller { callee: Callee::after(200, vec![Step::Say(vec![5; 16_000].into())]), ..talking(1_000) };
        let (sim, _manager, placed, mut voice) = one_call(&config, caller, AudioMode::Isolated).await;
        voice.run(CommandName::Answer).await.unwrap();
        voice.run(CONNECT).await.unwrap();
        let before = voice.received;
        assert!(before[0] > 0 && before[1..] == [0, 0], "{before:?}");
        voice.until_gone().await;
        let [mix, caller_leg, callee_leg] = voice.received;
        assert_eq!(caller_leg, callee_leg);
        assert!(caller_leg > 20_000, "{caller_leg}");
        assert_eq!(mix > before[0], isolated_mix);
        assert_eq!(placed.finished().await.pull.overrun_bytes, 0);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_stops_what_is_being_played() {
    let config = SimConfig::default();
    let (sim, _manager, placed, mut voice) = one_call(&config, talking(2_000), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    voice.play(&[9; 9_600]).await;
    let until = Instant::now() + Duration::from_millis(105);
    while Instant::now() < until {
        voice.read().await;
    }
    voice.run(CommandName::Interrupt).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;
    let heard = report.heard.iter().filter(|&&sample| sample != 0).count() as u64 * 2;
    assert!((3_200..4_500).contains(&heard), "{heard} bytes heard");
    assert_eq!(heard + report.pull.interrupted_bytes, 9_600);
    assert_eq!(report.interrupts, 1);
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_hundred_echo_calls_at_once_all_come_back_whole() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let agent = tokio::spawn(echo_agent(sim.clone(), manager));
    let placed: Vec<_> =
        (0..100).map(|n| sim.place_call(Caller { record: false, ..Caller::echo(1_000 + 20 * n) })).collect();
    for (n, call) in placed.into_iter().enumerate() {
        let report = call.finished().await;
        let bytes = 32_000 + 640 * n as u64;
        assert_eq!((report.ordinal, report.outcome), (n as u64, Outcome::CallerHungUp));
        assert_eq!(report.echo.unwrap().equal_bytes, bytes, "call {n}");
        assert_eq!((report.bytes_said, report.pull.bytes_received), (bytes, bytes));
        assert_eq!((report.pull.overrun_bytes, report.ticks_skipped), (0, 0));
        assert!(report.rtt_us.max() < 20_000 && report.said.is_empty());
    }
    sim.shutdown().await;
    agent.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_each_way_it_can() {
    let config = SimConfig::default();
    let caller = || Caller { ring_ms: 5_000, give_up_ms: 9_000, ..Caller::default() };

    let sim = Simulator::new(config.clone());
    let unclaimed = sim.place_call(caller()).finished().await;
    assert_eq!(unclaimed.outcome, Outcome::Unanswered);
    assert_eq!(unclaimed.timeline.at(Milestone::Announced), None);
    assert_eq!(unclaimed.timeline.at(Milestone::Ended), Some(Duration::from_secs(5)));
    sim.shutdown().await;

    let (sim, _manager, placed, mut voice) = one_call(&config, caller(), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    assert_eq!(placed.finished().await.outcome, Outcome::GaveUp);
    sim.shutdown().await;

    for (command, connect, outcome, terminated) in [
        (CommandName::Close, false, Outcome::AgentClosed, true),
        (CommandName::Close, true, Outcome::AgentLeft, false),
        (CommandName::Disconnect, false, Outcome::AgentDisconnected, true),
        (CommandName::Disconnect, true, Outcome::AgentDisconnected, true),
    ] {
        let (sim, _manager, placed, mut voice) = one_call(&config, caller(), AudioMode::Mixed).await;
        voice.run(CommandName::Answer).await.unwrap();
        if connect {
            voice.run(CONNECT).await.unwrap();
        }
        voice.run(command).await.unwrap();
        voice.until_gone().await;
        assert_eq!((placed.finished().await.outcome, voice.terminated), (outcome, terminated));
        sim.shutdown().await;
    }

    let (sim, _manager, placed, mut voice) = one_call(&config, caller(), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    placed.server_hang_up();
    voice.until_gone().await;
    assert!(voice.terminated);
    assert_eq!(placed.finished().await.outcome, Outcome::ServerHungUp);
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn shut_down_ends_every_call_and_link() {
    let config = SimConfig::default();
    let (sim, mut manager, placed, mut voice) = one_call(&config, Caller::default(), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    let ((), ()) = tokio::join!(sim.shutdown(), async {
        voice.until_gone().await;
        while manager.next().await.is_some() {}
    });
    assert_eq!(placed.finished().await.outcome, Outcome::ShutDown);
    assert_eq!(sim.session_managers_up(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_voice_socket_that_is_lost_ends_the_call_after_the_switched_time() {
    for keep_after_voice_lost_ms in [0, 5_000] {
        let open_points = Switches { keep_after_voice_lost_ms, ..Switches::default() };
        let config = SimConfig { open_points, ..SimConfig::default() };
        let (sim, _manager, placed, mut voice) = one_call(&config, Caller::default(), AudioMode::Mixed).await;
        voice.run(CommandName::Answer).await.unwrap();
        drop(voice);
        let report = placed.finished().await;
        assert_eq!(report.outcome, Outcome::VoiceLost);
        let ended = report.timeline.at(Milestone::Ended).unwrap();
        assert_eq!(ended.as_millis() as u32, keep_after_voice_lost_ms);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_voice_socket_may_be_dialled_again_when_switched_so() {
    let open_points = Switches { voice_redial: true, ..Switches::default() };
    let config = SimConfig { open_points, ..SimConfig::default() };
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let placed = sim.place_call(talking(1_000));
    let call = manager.take_call().await;
    let mut voice = VoiceClient::open(&sim, &call).await;
    voice.run(CommandName::Answer).await.unwrap();
    drop(voice);
    let mut again = VoiceClient::open(&sim, &call).await;
    assert_eq!(again.run(CommandName::Answer).await, Err("INVALID_COMMAND".to_owned()));
    again.until_gone().await;
    let report = placed.finished().await;
    assert_eq!((report.outcome, report.voice_sockets), (Outcome::CallerHungUp, 2));
    sim.shutdown().await;
}

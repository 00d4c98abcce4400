//! Who is let in, who gets a call, what happens when a link drops, and what goes wrong on purpose.
#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sim::{
    CallFaults, Caller, Detail, Direction, FaultMix, Faults, Frame, Garbage, LinkFaults, Milestone, Outcome, SimConfig,
    Simulator, Stall, Step, Switches,
};
use support::{Manager, VoiceClient, dial, echo_agent, one_call, refusal};
use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{Activity, CloseReason, Session, ToClient, ToServer};
use telcoflow::frame::voice::{self, CommandName};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

fn with_links(links: Vec<LinkFaults>) -> SimConfig {
    SimConfig { faults: Faults { links, ..Faults::default() }, ..SimConfig::default() }
}

fn faulty(faults: CallFaults) -> Caller {
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 3_000 }, Step::HangUp];
    Caller { faults: Some(faults), ring_ms: 5_000, ..Caller::new(script) }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_is_refused_with_its_reason() {
    let config = SimConfig { sdk_versions: Some(vec!["2.0.0".to_owned()]), ..SimConfig::default() };
    let sim = Simulator::new(config.clone());
    let base = sim.public_base();
    let manager = format!("{base}/v1/agent/session-manager");
    let wrong = dial(&sim, &manager, &[("x-api-key", "guess"), ("x-connector-uuid", &config.connector_uuid)]).await;
    assert_eq!(refusal(wrong), (401, "the API key or the connector is not valid".to_owned()));
    let without = dial(&sim, &manager, &[("x-api-key", &config.api_key)]).await;
    assert_eq!(refusal(without).0, 401);
    let (status, body) = refusal(Manager::dial(&sim, &config).await);
    assert!(status == 426 && body.contains("upgrade the SDK"), "{status} {body}");
    assert_eq!(refusal(dial(&sim, &format!("{base}/v1/agent/nothing"), &[]).await).0, 404);
    assert_eq!(sim.counts().refusals, 4);
    assert!(sim.dialer().dial("ws://elsewhere.invalid/v1/agent/session-manager").is_err());
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_voice_token_is_good_for_one_socket() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let placed = sim.place_call(faulty(CallFaults::default()));
    let call = manager.take_call().await;
    let mut wrong = call.clone();
    wrong.token = "0".repeat(32);
    assert_eq!(refusal(VoiceClient::dial(&sim, &wrong).await).0, 401);
    assert_eq!(refusal(dial(&sim, &call.url, &[]).await).0, 401, "no token at all");
    let mut voice = VoiceClient::open(&sim, &call).await;
    assert_eq!(refusal(VoiceClient::dial(&sim, &call).await).0, 401, "used");
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;
    assert_eq!((report.voice_sockets, report.voice_refusals), (1, 3));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_session_managers_one_gets_the_call() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let mut one = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let mut two = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    sim.session_managers(2).await;
    let placed = sim.place_call(faulty(CallFaults::default()));
    let (session_id, activity) = one.notified().await;
    assert_eq!(
        (two.notified().await, activity),
        ((session_id.clone(), Activity::NewIncomingCall), Activity::NewIncomingCall)
    );
    let claimed = one.claim(&session_id).await;
    assert_eq!(Session::from_content(claimed.content).unwrap().id, session_id);
    let busy = two.claim(&session_id).await;
    assert_eq!(busy.error_code.as_deref(), Some("SESSION_BUSY"));
    assert_eq!(busy.bound_sm_ws_id(), Some(one.sm_ws_id.as_str()));
    assert_eq!(two.claim("nothing").await.error_code.as_deref(), Some("SESSION_NOT_FOUND"));
    placed.hang_up();
    assert_eq!(placed.finished().await.outcome, Outcome::CallerHungUp);
    let closed = one.next().await;
    assert_eq!(
        closed,
        Some(ToClient::SessionClosed { session_id: session_id.clone(), reason: CloseReason::CallTerminated })
    );
    assert_eq!(one.claim(&session_id).await.error_code.as_deref(), Some("SESSION_CLOSED"));
    let counts = sim.counts();
    assert_eq!((counts.claims, counts.claims_busy), (1, 1));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn requests_that_need_another_channel_are_refused_and_strange_frames_ignored() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    for text in ["{", "[]", r#"{"type":"session.open"}"#, r#"{"type":"weather"}"#] {
        manager.socket.send(Message::text(text)).await.unwrap();
    }
    let create = r#"{"type":"session.create","channel":"FAX","remoteAddress":"+1","reqId":"a"}"#;
    let chat =
        r#"{"type":"wa.msg.out","reqId":"b","data":{"sessionId":"x","clientMsgId":"y","apiVersion":"1","data":{}}}"#;
    let flow = r#"{"type":"call_flow.setup","reqId":"c","data":{"inboundCall":"ALL","outboundCall":true,"inboundMessage":false,"outboundMessage":false}}"#;
    for text in [create, chat, flow] {
        manager.socket.send(Message::text(text)).await.unwrap();
    }
    let mut codes = Vec::new();
    while codes.len() < 3 {
        let Some(ToClient::Response(response)) = manager.next().await else { continue };
        codes.push((response.req_id, response.error_code));
    }
    let code = |id: &str, code: Option<&str>| (id.to_owned(), code.map(str::to_owned));
    assert_eq!(
        codes,
        [code("a", Some("CHANNEL_NOT_CONFIGURED")), code("b", Some("SESSION_NOT_FOUND")), code("c", None)]
    );
    assert!(sim.call_flow().is_some_and(|flow| flow.outbound_call));
    let counts = sim.counts();
    assert_eq!((counts.bad_frames, counts.unknown_frames), (3, 1));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_link_dropped_is_announced_again_with_a_new_token() {
    for new_token_after_resume in [true, false] {
        let open_points = Switches { new_token_after_resume, ..Switches::default() };
        let config = SimConfig { open_points, ..SimConfig::default() };
        let (sim, manager, placed, mut voice) =
            one_call(&config, faulty(CallFaults::default()), AudioMode::Mixed).await;
        voice.run(CommandName::Answer).await.unwrap();
        drop(manager);
        let mut again = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
        let (session_id, activity) = again.notified().await;
        assert_eq!((session_id.as_str(), activity), (placed.session_id(), Activity::Resume));
        assert!(again.claim(&session_id).await.ok);
        let call = again.ready(&session_id).await;
        match VoiceClient::dial(&sim, &call).await {
            Ok(socket) => {
                assert!(new_token_after_resume);
                voice.until_gone().await;
                voice = VoiceClient::over(socket);
            }
            error => assert!(!new_token_after_resume && refusal(error).0 == 401),
        }
        voice.until_gone().await;
        assert!(voice.terminated);
        assert_eq!(placed.finished().await.outcome, Outcome::CallerHungUp);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_suffers_what_was_written_down_for_it() {
    let config = with_links(vec![
        LinkFaults { refuse: Some((503, "not today".to_owned())), ..LinkFaults::default() },
        LinkFaults { drop_setup_done: true, ..LinkFaults::default() },
        LinkFaults {
            setup_done_after_ms: 700,
            cut_at_ms: Some(2_000),
            duplicate_notify: true,
            ..LinkFaults::default()
        },
    ]);
    let sim = Simulator::new(config.clone());
    assert_eq!(refusal(Manager::dial(&sim, &config).await), (503, "not today".to_owned()));

    let mut silent = Manager::dial(&sim, &config).await.unwrap();
    let setup = ToServer::Setup { sample_rate_hz: 8_000, audio_mode: AudioMode::Mixed };
    silent.send(Message::text(setup.print())).await.unwrap();
    assert!(timeout(Duration::from_secs(60), silent.next()).await.is_err(), "setup.done came");

    let began = Instant::now();
    let mut late = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    assert_eq!(began.elapsed().as_millis(), 700);
    let placed = sim.place_call(Caller { ring_ms: 100, ..Caller::default() });
    let first = late.notified().await;
    assert_eq!(first, late.notified().await, "announced twice");
    assert_eq!(placed.finished().await.outcome, Outcome::Unanswered);
    while late.next().await.is_some() {}
    assert_eq!(began.elapsed().as_millis(), 2_000);
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_stalled_voice_socket_catches_up_and_a_cut_one_is_gone() {
    let stall = CallFaults { stall: Some(Stall { at_ms: 500, for_ms: 900 }), ..CallFaults::default() };
    let (sim, _manager, placed, mut voice) = one_call(&SimConfig::default(), faulty(stall), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    let mut gap = (Instant::now(), Duration::ZERO);
    while voice.read().await.is_some() {
        gap = (Instant::now(), gap.1.max(gap.0.elapsed()));
    }
    assert!((900..=940).contains(&gap.1.as_millis()), "{:?}", gap.1);
    let report = placed.finished().await;
    assert_eq!((voice.received[0], report.frames_unsent), (report.bytes_sent, 0));
    sim.shutdown().await;

    let cut = CallFaults { cut_voice_at_ms: Some(500), ..CallFaults::default() };
    let open_points = Switches { keep_after_voice_lost_ms: 0, ..Switches::default() };
    let config = SimConfig { open_points, ..SimConfig::default() };
    let (sim, _manager, placed, mut voice) = one_call(&config, faulty(cut), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;
    assert_eq!((report.outcome, voice.terminated), (Outcome::VoiceLost, false));
    assert_eq!(report.timeline.at(Milestone::Ended), Some(Duration::from_millis(500)));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn responses_are_late_lost_or_doubled_and_their_effect_stands() {
    for (faults, waits_ms, answers) in [
        (CallFaults { response_ms: Some((400, 400)), ..CallFaults::default() }, 400, 1),
        (CallFaults { lost_responses: 1, ..CallFaults::default() }, 3_000, 0),
        (CallFaults { duplicate_responses: true, ..CallFaults::default() }, 0, 2),
    ] {
        let (sim, _manager, mut placed, mut voice) =
            one_call(&SimConfig::default(), faulty(faults), AudioMode::Mixed).await;
        voice.begin(CommandName::Answer).await;
        assert!(placed.reached(Milestone::Answered).await);
        let (began, mut seen, mut first) = (Instant::now(), 0, None);
        while let Some(frame) = voice.read().await {
            if matches!(frame, Ok(voice::ToClient::CommandResponse { .. })) {
                seen += 1;
                first.get_or_insert(began.elapsed());
            }
        }
        assert_eq!(seen, answers);
        assert_eq!(first.unwrap_or(Duration::from_secs(3)).as_millis(), waits_ms);
        assert_eq!(placed.finished().await.outcome, Outcome::CallerHungUp);
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_voice_socket_can_be_refused_led_nowhere_or_superseded() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;

    let refused = sim.place_call(faulty(CallFaults { refuse_token: true, ..CallFaults::default() }));
    let call = manager.take_call().await;
    assert_eq!(refusal(VoiceClient::dial(&sim, &call).await).0, 401);
    assert_eq!(refused.finished().await.outcome, Outcome::Unanswered);

    let nowhere = sim.place_call(faulty(CallFaults { voice_unreachable: true, ..CallFaults::default() }));
    let call = manager.take_call().await;
    assert!(matches!(VoiceClient::dial(&sim, &call).await, Err(tokio_tungstenite::tungstenite::Error::Io(_))));
    nowhere.hang_up();
    nowhere.finished().await;

    let twice = sim.place_call(faulty(CallFaults { second_call_in: true, ..CallFaults::default() }));
    let first = manager.take_call().await;
    let Some(ToClient::CallIn(second)) = manager.next().await else { panic!("no second call.in") };
    assert_eq!((&first.call_id, &first.url), (&second.call_id, &second.url));
    assert_ne!(first.token, second.token);
    assert_eq!(refusal(VoiceClient::dial(&sim, &first).await).0, 401);
    VoiceClient::open(&sim, &second).await.run(CommandName::Answer).await.unwrap();
    twice.hang_up();
    twice.finished().await;
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn garbage_is_sent_as_written_down_on_both_planes() {
    let all: Vec<(u32, Garbage)> = Garbage::HARMLESS.iter().map(|&garbage| (100, garbage)).collect();
    let config = with_links(vec![LinkFaults { garbage: all.clone(), ..LinkFaults::default() }]);
    let faults = CallFaults { garbage: all, ..CallFaults::default() };
    let (sim, manager, placed, mut voice) = one_call(&config, faulty(faults), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    drop(manager);
    let report = placed.finished().await;
    assert_eq!((report.outcome, report.pull.overrun_bytes), (Outcome::CallerHungUp, 0));
    for transcript in [&report.transcript, &sim.link_transcript()] {
        let sent = |frame: &Frame| {
            transcript.lines().iter().any(|line| line.direction == Direction::ToClient && line.frame == *frame)
        };
        assert!(sent(&Frame::Binary(0)) && sent(&Frame::Binary(1)) && sent(&Frame::Text("{\"type\":".to_owned())));
    }
    sim.shutdown().await;

    let config = with_links(vec![LinkFaults { garbage: vec![(10, Garbage::TooLong)], ..LinkFaults::default() }]);
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let long = manager.socket.next().await.unwrap().unwrap();
    assert_eq!(long.len(), (1 << 20) + 1);
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn json_may_come_in_binary_frames() {
    let config = with_links(vec![LinkFaults { json_in_binary: true, ..LinkFaults::default() }]);
    let sim = Simulator::new(config.clone());
    let mut socket = Manager::dial(&sim, &config).await.unwrap();
    let setup = ToServer::Setup { sample_rate_hz: 16_000, audio_mode: AudioMode::Mixed };
    socket.send(Message::text(setup.print())).await.unwrap();
    let Some(Ok(Message::Binary(bytes))) = socket.next().await else { panic!("no binary frame") };
    assert!(matches!(ToClient::parse(&bytes), Ok(ToClient::SetupDone { sm_ws_id: Some(_) })));
    sim.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_ends_its_socket_alone() {
    let (sim, mut manager, placed, mut voice) =
        one_call(&SimConfig::default(), faulty(CallFaults::default()), AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    let _ = voice.socket.send(Message::binary(vec![0; (1 << 20) + 1])).await;
    voice.until_gone().await;
    placed.hang_up();
    placed.finished().await;
    assert!(matches!(manager.next().await, Some(ToClient::SessionClosed { .. })));
    sim.shutdown().await;
}

/// Twenty echo calls under every fault there is, to the last line of every transcript.
async fn stormy_run(seed: u64) -> Vec<String> {
    let mix = FaultMix {
        cut_voice: 0.2,
        stall: 0.3,
        late_responses: 0.3,
        lost_response: 0.2,
        duplicate_notify: 0.3,
        second_call_in: 0.2,
        refuse_token: 0.1,
        voice_unreachable: 0.1,
        garbage: 0.4,
        refuse_claim: 0.1,
    };
    let config = SimConfig {
        seed,
        faults: Faults { mix, ..Faults::default() },
        transcript: Detail::EveryFrame,
        ..SimConfig::default()
    };
    let sim = Simulator::new(config.clone());
    let manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let agent = tokio::spawn(echo_agent(sim.clone(), manager));
    let mut lines = Vec::new();
    for _ in 0..20 {
        let report =
            sim.place_call(Caller { ring_ms: 10_000, give_up_ms: 20_000, ..Caller::echo(500) }).finished().await;
        assert_eq!(report.pull.overrun_bytes, 0, "seed {seed}, call {}", report.ordinal);
        lines.push(format!("{:?} {:?} {:?}", report.outcome, report.timeline, report.pull));
        lines.extend(report.transcript.lines().iter().map(|line| format!("{line:?}")));
        for line in &lines {
            assert!(!line.contains(&config.api_key) && !line.contains("Bearer"), "seed {seed}: a secret in {line}");
        }
    }
    sim.shutdown().await;
    agent.await.unwrap();
    lines
}

#[tokio::test(start_paused = true)]
async fn a_stormy_run_repeats_from_its_seed() {
    let one = stormy_run(5).await;
    assert!(one == stormy_run(5).await, "seed 5 gave two different runs");
    assert!(one != stormy_run(6).await, "two seeds gave the same run");
}

#[tokio::test(start_paused = true)]
async fn the_token_of_a_call_stands_in_no_transcript() {
    let config = SimConfig::default();
    let sim = Simulator::new(config.clone());
    let mut manager = Manager::set_up(&sim, &config, AudioMode::Mixed).await;
    let placed = sim.place_call(faulty(CallFaults::default()));
    let call = manager.take_call().await;
    let mut voice = VoiceClient::open(&sim, &call).await;
    let gossip = format!(r#"{{"type":"gossip","token":"{}"}}"#, call.token);
    voice.socket.send(Message::text(gossip)).await.unwrap();
    voice.run(CommandName::Answer).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;
    let shown = format!("{report:?} {:?}", sim.link_transcript());
    assert!(shown.contains("gossip") && shown.contains("call.in") && !shown.contains(&call.token));
    assert!(!shown.contains(&config.api_key) && !format!("{sim:?}").contains(&config.api_key));
    sim.shutdown().await;
}

#[tokio::test]
async fn a_real_socket_is_served_until_shut_down() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    let sim = Simulator::new(SimConfig::default());
    let address = sim.listen("127.0.0.1:0").await.unwrap();
    assert_eq!(sim.public_base(), format!("ws://{address}"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /nothing HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.ends_with("there is nothing here"), "{answer}");
    let idle = TcpStream::connect(address).await.unwrap();
    sim.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err(), "the listener is gone");
    drop(idle);
}

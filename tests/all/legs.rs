//! Isolated audio, from the configuration to the recording: which channels a handler is told of, what it hears on each, and
//! whose voice lies where in what it records.

use std::sync::Arc;

use ::audio::find_lag;
use call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::scenario::Scenario;
use sim::{CallReport, Callee, Caller, SimConfig, Step, Switches, marked_samples};
use switchhook_tests::by_hand::{Hand, good_call};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::AudioMode;
use tokio_tungstenite::tungstenite::Message;

use crate::conformance::{Said, steps};
use crate::recording::{Place, recorded, sides};

/// Two unlike voices of the same loudness, mixed, are alike to each by 0.7; unlike ones by less than 0.1.
const THERE: f64 = 0.5;
const NOT_THERE: f64 = 0.1;
/// Frames of each channel that a server sends.
const FRAMES: usize = 3;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for rate_hz in [8_000, 16_000, 24_000] {
        let khz = rate_hz / 1_000;
        for mode in [AudioMode::Mixed, AudioMode::Isolated] {
            trials.push(simulated(format!("legs::all_of_each_channel_{mode}_at_{khz}_khz"), move |log| async move {
                heard(&log, rate_hz, mode).await;
            }));
        }
        trials.push(simulated(format!("legs::recorded_apart_at_{khz}_khz"), move |_| recorded_apart(rate_hz)));
    }
    trials.push(simulated("legs::recorded_whole_without_a_mix", |_| recorded_whole()));
    trials.push(simulated("legs::none_to_record_when_mixed", |log| async move { none_to_record(&log).await }));
    trials.push(simulated("legs::a_server_with_256_channels", |log| async move { many_channels(&log).await }));
    trials
}

/// The guest hears, byte by byte, what was sent on each channel, and was told of these channels beforehand.
async fn heard(log: &TestLog, sample_rate_hz: u32, audio_mode: AudioMode) {
    let scenario = Scenario::named("isolated-modes").expect("a scenario");
    let config =
        WorldConfig { sample_rate_hz, audio_mode, ..WorldConfig::with("scripted", &[("steps", &steps(&scenario))]) };
    let mut world = World::simulated(config).await;
    let report = world.sim.place_call(scenario.caller.clone()).finished().await;
    let record = world.record().await;
    world.close().await;
    assert_eq!((record.end, record.guest), (EndReason::Closed, Some(GuestEnd::Returned)));
    assert_eq!(Said::read(log).heard, report.sent);
    assert!(report.sent.keys().eq(audio_mode.channels()), "{:?}", report.sent);
    let told: Vec<String> = audio_mode.channels().iter().map(u8::to_string).collect();
    assert_eq!(log.lines_with(&format!("scripted channels {}", told.join(" "))).len(), 1);
    let mut expected = Scenario { sample_rate_hz, audio_mode, ..scenario };
    expected.expected.channels = audio_mode.channels();
    assert_eq!(expected.verdict(&report), Ok(()));
}

/// How alike a recording is to a second of somebody's voice, where it is most.
fn likeness(voice: &[i16], recording: &[i16], rate_hz: u32) -> f64 {
    let from = voice.iter().position(|sample| *sample != 0).expect("something was said");
    let second = &voice[from..from + rate_hz as usize / 4];
    find_lag(second, recording, recording.len() - second.len()).map_or(0.0, |lag| lag.likeness)
}

fn assert_voice(what: &str, voice: &[i16], recording: &[i16], rate_hz: u32, expected: bool) {
    let likeness = likeness(voice, recording, rate_hz);
    let right = if expected { likeness > THERE } else { likeness < NOT_THERE };
    assert!(right, "{what} at {rate_hz} Hz: expected {expected}, likeness {likeness}");
}

/// A call that is recorded from its answer on, and connected.
async fn record(place: &Place, side: &str, sample_rate_hz: u32, isolated_mix: bool) -> CallReport {
    let steps = format!("answer,start:{side},wait:500,connect:5,say:300,end");
    let config = place.record(&steps);
    let open_points = Switches { isolated_mix, ..Switches::default() };
    let sim = SimConfig { open_points, ..config.sim };
    let config = WorldConfig { sim, sample_rate_hz, audio_mode: AudioMode::Isolated, ..config };
    let mut world = World::simulated(config).await;
    let caller = Caller {
        callee: Callee::after(200, vec![Step::Marked { ms: 1_500 }]),
        ..Caller::new(vec![
            Step::WaitAnswered,
            Step::Say(Arc::from(marked_samples(7, sample_rate_hz as usize / 2))),
            Step::WaitConnected,
            Step::Marked { ms: 1_500 },
            Step::HangUp,
        ])
    };
    let report = world.sim.place_call(caller).finished().await;
    assert_eq!(world.record().await.guest, Some(GuestEnd::Returned));
    world.close().await;
    report
}

/// The voice of each party after they were connected, and the caller's before.
fn voices(report: &CallReport) -> [Vec<i16>; 3] {
    let rate_hz = report.sample_rate_hz as usize;
    let connected = report.heard.len() - report.caller_ear.len();
    let after = report.said[connected + rate_hz / 4..].to_vec();
    [report.said[..rate_hz / 2].to_vec(), after, report.callee_said.clone()]
}

async fn recorded_apart(rate_hz: u32) {
    for mix in [true, false] {
        let place = Place::new();
        let report = record(&place, "legs", rate_hz, mix).await;
        let (recorded_hz, left, right) = sides(&place.only_file("first"));
        assert_eq!(recorded_hz, rate_hz);
        let [before, caller, callee] = voices(&report);
        assert_voice("the caller, before, left", &before, &left, rate_hz, true);
        assert_voice("the caller, left", &caller, &left, rate_hz, true);
        assert_voice("the callee, left", &callee, &left, rate_hz, false);
        assert_voice("the callee, right", &callee, &right, rate_hz, true);
        assert_voice("the caller, right", &caller, &right, rate_hz, false);
        assert_voice("the caller, before, right", &before, &right, rate_hz, false);
    }
}

/// What is heard is all of the call, whether or not the server goes on to mix it.
async fn recorded_whole() {
    for mix in [true, false] {
        for (side, channels) in [("heard", 1_u8), ("both", 2)] {
            let place = Place::new();
            let report = record(&place, side, 16_000, mix).await;
            let file = place.only_file("first");
            assert_eq!(std::fs::read(&file).expect("a recording")[22], channels);
            let heard = if channels == 2 { sides(&file).1 } else { recorded(&file) };
            for (who, voice) in ["the caller, before", "the caller", "the callee"].iter().zip(voices(&report)) {
                assert_voice(who, &voice, &heard, 16_000, true);
            }
        }
    }
}

async fn none_to_record(log: &TestLog) {
    let place = Place::new();
    let mut world = World::simulated(place.record("answer,start:legs,close,end")).await;
    world.sim.place_call(Caller::default()).finished().await;
    world.record().await;
    world.close().await;
    assert_eq!(log.lines_with("record start NOT_SUPPORTED").len(), 1);
    assert!(place.files("first").is_empty(), "no file was made");
}

/// The call, its legs and two strangers are heard; the rest is dropped, counted and told once.
async fn many_channels(log: &TestLog) {
    let config =
        WorldConfig { audio_mode: AudioMode::Isolated, ..WorldConfig::with("scripted", &[("steps", "answer")]) };
    let (mut world, mut hand) = Hand::start(config);
    let mut manager = hand.manager().await;
    manager.lead_in("wide").await;
    manager.call_in("wide", "wide").await;
    let mut voice = hand.voice().await;
    let answer = voice.expect_command("call.answer").await;
    voice.respond(&answer, true).await;
    for _ in 0..FRAMES {
        for channel in (0..=255_u8).rev() {
            let frame = [vec![channel], vec![channel; 320]].concat();
            voice.send(Message::binary(frame)).await;
        }
    }
    voice.terminate().await;
    manager.session_closed("wide").await;
    let record = world.record().await;
    assert_eq!(record.guest, Some(GuestEnd::Returned));
    let heard = Said::read(log).heard;
    assert!(heard.keys().eq(&[0, 1, 2, 254, 255]), "{heard:?}");
    assert!(heard.values().all(|heard| heard.bytes == 320 * FRAMES as u64), "{heard:?}");
    let stats = record.stats.expect("it had a voice");
    assert_eq!(stats.frames_unheard, (256 - 5) * FRAMES as u64);
    assert_eq!(log.lines_with("kind=\"stray-channel\" detail=\"channel 253, a frame of 321 bytes\"").len(), 1);
    assert_eq!(log.lines_with("stray-channel").len(), 1);
    good_call(&mut world, &mut hand, &mut manager, "good").await;
    world.close().await;
}

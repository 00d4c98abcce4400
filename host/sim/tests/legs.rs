//! Two parties and the agent: who hears whom in each mode, what comes on which channel, and a callee with a part of its own.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use sim::{CallReport, Callee, Caller, Outcome, Party, SimConfig, Step, Switches, marked_samples};
use support::{VoiceClient, one_call};
use telcoflow::frame::AudioMode;
use telcoflow::frame::voice::{CommandName, parse_audio};

const CONNECT: CommandName = CommandName::Connect { ring_time_s: 20 };
/// Two unlike noises of the same loudness, mixed, are alike to each by 0.7; unlike ones by less than 0.1.
const HEARD: f64 = 0.5;
const NOT_HEARD: f64 = 0.1;

fn config(isolated_mix: bool) -> SimConfig {
    SimConfig { open_points: Switches { isolated_mix, ..Switches::default() }, ..SimConfig::default() }
}

/// Both talk at once, for a second and a half.
fn talking(subscriber: Party) -> Caller {
    Caller {
        callee: Callee::after(300, vec![Step::Marked { ms: 1_500 }]),
        subscriber,
        ..Caller::new(vec![Step::WaitConnected, Step::Marked { ms: 1_500 }, Step::Wait { ms: 500 }, Step::HangUp])
    }
}

/// How alike `ear` is to `voice` where it is most.
fn likeness(voice: &[i16], ear: &[i16]) -> f64 {
    let from = voice.iter().position(|sample| *sample != 0).expect("something was said");
    audio::find_lag(&voice[from..from + 8_000], ear, 16_000).map_or(0.0, |lag| lag.likeness)
}

fn assert_heard(what: &str, voice: &[i16], ear: &[i16], expected: bool) {
    let likeness = likeness(voice, ear);
    let right = if expected { likeness > HEARD } else { likeness < NOT_HEARD };
    assert!(right, "{what}: expected {expected}, likeness {likeness}");
}

#[tokio::test(start_paused = true)]
async fn each_mode_lets_those_hear_the_agent_whom_it_is_for() {
    let whispered = |subscriber| (subscriber == Party::Caller, subscriber == Party::Callee);
    for subscriber in [Party::Callee, Party::Caller] {
        for (mode, (caller, callee)) in [
            (None, (true, true)),
            (Some(CommandName::Whisper), whispered(subscriber)),
            (Some(CommandName::Spy), (false, false)),
            (Some(CommandName::Barge), (true, true)),
        ] {
            let (sim, _manager, placed, mut voice) =
                one_call(&config(true), talking(subscriber), AudioMode::Mixed).await;
            voice.run(CONNECT).await.unwrap();
            if let Some(mode) = mode {
                voice.run(mode).await.unwrap();
            }
            let agent = marked_samples(99, 16_000);
            voice.play(&audio::samples_to_bytes(&agent)).await;
            voice.until_gone().await;
            let report = placed.finished().await;
            let what = format!("{mode:?} for {subscriber:?}");
            assert_heard(&format!("{what}, agent to caller"), &agent, &report.caller_ear, caller);
            assert_heard(&format!("{what}, agent to callee"), &agent, &report.callee_ear, callee);
            assert_heard(&format!("{what}, the same alone"), &agent, &report.callee_heard, callee);
            assert_heard(&format!("{what}, callee to caller"), &report.callee_said, &report.caller_ear, true);
            assert_heard(&format!("{what}, caller to callee"), &report.said, &report.callee_ear, true);
            assert_heard(&format!("{what}, caller to caller"), &report.said, &report.caller_ear, false);
            let tracks = [&report.caller_ear, &report.callee_ear, &report.callee_said, &report.callee_heard];
            assert!(tracks.iter().all(|track| track.len() == report.caller_ear.len()), "they are in step");
            sim.shutdown().await;
        }
    }
}

/// All PCM of each channel.
async fn listen(voice: &mut VoiceClient) -> BTreeMap<u8, Vec<i16>> {
    let mut channels: BTreeMap<u8, Vec<i16>> = BTreeMap::new();
    while let Some(frame) = voice.read().await {
        if let Err(bytes) = frame
            && let Some((channel, pcm)) = parse_audio(&bytes)
        {
            channels.entry(channel).or_default().extend(audio::bytes_to_samples(pcm));
        }
    }
    channels
}

fn assert_channels_sent(channels: &BTreeMap<u8, Vec<i16>>, report: &CallReport) {
    assert!(channels.keys().eq(report.sent.keys()), "{:?}", report.sent);
    let sent: u64 = report.sent.values().map(|sent| sent.bytes).sum();
    assert_eq!(sent, report.bytes_sent);
}

#[tokio::test(start_paused = true)]
async fn each_leg_has_its_own_voice_on_its_own_channel() {
    for isolated_mix in [true, false] {
        let caller = talking(Party::Callee);
        let (sim, _manager, placed, mut voice) = one_call(&config(isolated_mix), caller, AudioMode::Isolated).await;
        voice.run(CONNECT).await.unwrap();
        let channels = listen(&mut voice).await;
        let report = placed.finished().await;
        assert_channels_sent(&channels, &report);
        assert_heard("the caller on 1", &report.said, &channels[&1], true);
        assert_heard("the callee on 1", &report.callee_said, &channels[&1], false);
        assert_heard("the callee on 2", &report.callee_said, &channels[&2], true);
        assert_heard("the caller on 2", &report.said, &channels[&2], false);
        assert_eq!(channels.contains_key(&0), isolated_mix);
        if isolated_mix {
            let mix = channels[&1].iter().zip(&channels[&2]).map(|(one, two)| one.saturating_add(*two));
            assert!(mix.eq(channels[&0].iter().copied()), "channel 0 is the sum of the legs");
        }
        sim.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_callee_waits_hears_and_hangs_up() {
    let script = vec![Step::WaitHeardSound, Step::Tone { freq_hz: 700.0, amplitude: 0.3, ms: 200 }, Step::HangUp];
    let caller = Caller {
        callee: Callee::after(300, script),
        ..Caller::new(vec![Step::WaitConnected, Step::Wait { ms: 1_000 }, Step::Marked { ms: 100 }])
    };
    let (sim, _manager, placed, mut voice) = one_call(&config(true), caller, AudioMode::Mixed).await;
    voice.run(CommandName::Answer).await.unwrap();
    voice.play(&audio::samples_to_bytes(&audio::tone(440.0, 0.3, 16_000, 1_600))).await;
    voice.run(CONNECT).await.unwrap();
    voice.run(CommandName::Whisper).await.unwrap();
    voice.until_gone().await;
    let report = placed.finished().await;
    assert_eq!(report.outcome, Outcome::CalleeHungUp);
    assert!(voice.terminated);
    let spoke_ms = report.callee_said.iter().position(|sample| *sample != 0).unwrap() / 16;
    assert!((1_000..1_100).contains(&spoke_ms), "it answered the caller's sound: {spoke_ms} ms");
    sim.shutdown().await;
}

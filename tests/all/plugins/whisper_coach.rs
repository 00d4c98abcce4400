//! The coach in whole calls: who hears which of its words, by what came to each party's ear, and that the other does not.

use std::sync::Arc;

use ::call::EndReason;
use exchange::CallRecord;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::{CallReport, Callee, CalleeAnswer, Caller, Outcome, Party, Step, marked_samples};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::AudioMode;

use super::{commands, keys, places, prompt, wait};

const CONNECTED: (&str, Option<&str>) = ("call.connect", None);
const SPY: (&str, Option<&str>) = ("agent.spy", None);
const WHISPER: (&str, Option<&str>) = ("agent.whisper", None);
const BARGE: (&str, Option<&str>) = ("agent.barge", None);

pub(super) fn trials() -> Vec<Trial> {
    vec![
        simulated("plugins::coach_whispers_to_a_silent_subscriber_at_8_khz", |_| silent(8_000)),
        simulated("plugins::coach_whispers_to_a_silent_subscriber_at_16_khz", |_| silent(16_000)),
        simulated("plugins::coach_whispers_to_a_silent_subscriber_at_24_khz", |_| silent(24_000)),
        simulated("plugins::coach_hushes_who_talks_into_the_other", |_| overlap()),
        simulated("plugins::coach_joins_by_a_key", |_| joins()),
        simulated("plugins::coach_leaves_a_good_talk_alone", |_| good_talk()),
        simulated("plugins::coach_hangs_up_when_nobody_is_there", |_| nobody()),
        simulated("plugins::coach_leaves_when_the_legs_stay_together", |_| mixed()),
        simulated("plugins::coach_ends_well_at_any_moment", |_| hang_ups()),
    ]
}

fn config(sample_rate_hz: u32, audio_mode: AudioMode) -> WorldConfig {
    WorldConfig { sample_rate_hz, audio_mode, ..WorldConfig::with("whisper-coach", &[("quiet_ms", "2000")]) }
}

async fn one_call(config: WorldConfig, caller: Caller) -> (CallReport, CallRecord) {
    let mut world = World::simulated(config).await;
    let report = world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    world.close().await;
    assert_eq!((report.pull.overrun_bytes, report.pull.stray_frames, report.bad_frames), (0, 0, 0));
    (report, record)
}

/// A caller and a callee with a script each, from their being connected on.
fn parties(caller: Vec<Step>, callee: Vec<Step>) -> Caller {
    let caller = [vec![Step::WaitConnected], caller, vec![Step::HangUp]].concat();
    Caller { callee: Callee::after(1_000, callee), ..Caller::new(caller) }
}

fn talk(seed: u64, sample_rate_hz: u32, ms: usize) -> Step {
    Step::Say(Arc::from(marked_samples(seed, sample_rate_hz as usize / 1_000 * ms)))
}

/// When the caller, and when the callee, heard a prompt, ms since they were connected. All that came to the ear is searched,
/// not only what the simulator let through of the agent.
fn heard_by(name: &str, report: &CallReport) -> (Vec<usize>, Vec<usize>) {
    let find = |ear: &[i16]| places(&prompt(name), ear, report.sample_rate_hz);
    (find(&report.caller_ear), find(&report.callee_ear))
}

/// The subscriber is told to answer, called or calling; the other party hears not a sample of it.
async fn silent(rate_hz: u32) {
    let talker = vec![wait(300), talk(1, rate_hz, 1_500), wait(8_000)];
    for (subscriber, caller) in
        [(Party::Callee, parties(talker.clone(), Vec::new())), (Party::Caller, parties(vec![wait(9_800)], talker))]
    {
        let mut config = config(rate_hz, AudioMode::Isolated);
        let who = if subscriber == Party::Caller { "caller" } else { "callee" };
        config.config.push(("subscriber".into(), who.into()));
        let (report, record) = one_call(config, Caller { subscriber, ..caller }).await;
        assert_eq!((report.outcome, record.guest), (Outcome::CallerHungUp, Some(GuestEnd::Returned)));
        assert_eq!(commands(&report), [CONNECTED, SPY, WHISPER, SPY]);
        let (caller, callee) = heard_by("coach-turn", &report);
        let (told, other) = if subscriber == Party::Caller { (caller, callee) } else { (callee, caller) };
        assert!(matches!(told[..], [at] if (2_800..3_000).contains(&at)), "{rate_hz}: {told:?}");
        assert!(other.is_empty(), "{rate_hz}: {other:?}");
        let share = if subscriber == Party::Caller { &report.callee_heard } else { &report.heard };
        assert!(share.iter().all(|sample| *sample == 0), "nothing else either");
    }
}

/// Both talk on: the words are found under a voice as loud as they are, so the agent's share of the ear is searched.
async fn overlap() {
    let caller = parties(vec![talk(1, 16_000, 6_000), wait(2_000)], vec![wait(1_000), talk(2, 16_000, 5_000)]);
    let (report, _) = one_call(config(16_000, AudioMode::Isolated), caller).await;
    assert_eq!(commands(&report), [CONNECTED, SPY, WHISPER, SPY]);
    let callee = places(&prompt("coach-listen"), &report.callee_heard, 16_000);
    assert!(matches!(callee[..], [at] if (2_400..3_200).contains(&at)), "{callee:?}");
    assert!(places(&prompt("coach-listen"), &report.heard, 16_000).is_empty());
    assert!(report.heard.iter().all(|sample| *sample == 0));
}

/// A key during a hint silences it, and both hear the coach; the same key of the other party does nothing.
async fn joins() {
    let callee = vec![wait(5_000), keys("*"), wait(60_000)];
    let caller = parties(vec![wait(200), keys("*"), talk(1, 16_000, 1_500), wait(9_000)], callee);
    let (report, _) = one_call(config(16_000, AudioMode::Isolated), caller).await;
    assert_eq!(commands(&report), [CONNECTED, SPY, WHISPER, BARGE, SPY]);
    let (caller, callee) = heard_by("coach-joins", &report);
    assert!(matches!(callee[..], [at] if (5_000..5_600).contains(&at)), "{callee:?}");
    assert_eq!(caller, callee, "both at once");
    assert_eq!(report.interrupts, 1, "the hint fell silent");
}

async fn good_talk() {
    let (one, other) = (talk(1, 16_000, 1_500), talk(2, 16_000, 1_500));
    let caller = vec![one.clone(), wait(2_500), one, wait(2_000)];
    let callee = vec![wait(2_000), other.clone(), wait(2_300), other, wait(60_000)];
    let (report, record) = one_call(config(16_000, AudioMode::Isolated), parties(caller, callee)).await;
    assert_eq!(commands(&report), [CONNECTED, SPY]);
    assert!(report.heard_raw.is_empty(), "the coach says nothing");
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
}

/// Nothing was answered: the server takes no `call.disconnect`, and the call is closed instead.
async fn nobody() {
    let callee = Callee { answer: CalleeAnswer::Never, ..Callee::default() };
    let caller = Caller { callee, ..Caller::new(vec![Step::WaitConnected]) };
    let (report, record) = one_call(config(8_000, AudioMode::Isolated), caller).await;
    let expected =
        [("call.connect", Some("CALL_UNANSWERED")), ("call.disconnect", Some("INVALID_COMMAND")), ("call.close", None)];
    assert_eq!(commands(&report), expected);
    assert_eq!((report.outcome, record.guest), (Outcome::AgentClosed, Some(GuestEnd::Returned)));
}

async fn mixed() {
    let (report, record) = one_call(config(8_000, AudioMode::Mixed), parties(vec![wait(1_000)], Vec::new())).await;
    assert_eq!(commands(&report), [CONNECTED, ("call.close", None)]);
    assert_eq!((report.outcome, record.guest), (Outcome::AgentLeft, Some(GuestEnd::Returned)));
}

async fn hang_ups() {
    let mut world = World::simulated(config(8_000, AudioMode::Isolated)).await;
    for ms in (100..14_000).step_by(430) {
        let callee = vec![wait(5_000), keys("*"), wait(60_000)];
        let caller = parties(vec![talk(1, 8_000, 1_500), wait(60_000)], callee);
        world.sim.place_call(Caller { give_up_ms: ms, ..caller }).finished().await;
        let Some(record) = world.try_record() else { continue };
        assert!(matches!(record.guest, Some(GuestEnd::Returned) | None), "{ms} ms: {:?}", record.guest);
    }
    world.close().await;
}

//! What a handler lets the host compute, in whole calls: arithmetic, refusals, and keys and speech both ways.

mod reference;

use ::call::EndReason;
use audio::kit::Tools;
use audio::samples_to_bytes;
use libtest_mimic::Trial;
use sandbox::{GuestEnd, GuestLimits};
use sim::{Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("audio_kit::works_at_8_khz", |log| async move { call(&log, 8_000).await }),
        simulated("audio_kit::works_at_16_khz", |log| async move { call(&log, 16_000).await }),
        simulated("audio_kit::works_at_24_khz", |log| async move { call(&log, 24_000).await }),
        simulated(
            "audio_kit::python::needs_no_more_memory_in_half_an_hour",
            |log| async move { half_an_hour(&log).await },
        ),
        reference::trial(),
    ]
}

/// Audio that Python gives to the kit as samples is freed again. Of one function that takes bytes half an hour would cost 58 MB,
/// and it may have less than that in all.
async fn half_an_hour(log: &TestLog) {
    let limits = GuestLimits { memory_bytes_max: 44 << 20, ..GuestLimits::default() };
    let config = WorldConfig::with("wrappers.python", &[("only", "kit")]);
    let mut world = World::simulated(WorldConfig { sample_rate_hz: 16_000, limits, ..config }).await;
    let parts = [Step::Silence { ms: 600_000 }, Step::Silence { ms: 600_000 }, Step::Silence { ms: 600_000 }];
    let script = [vec![Step::WaitAnswered], parts.to_vec(), vec![Step::HangUp]].concat();
    let caller = Caller { give_up_ms: 1_900_000, record: false, ..Caller::new(script) };
    world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    world.close().await;
    let frames = log.lines_with("wrap kit ").iter().find_map(|line| line.rsplit(' ').next()?.parse::<u32>().ok());
    assert!(frames.is_some_and(|frames| frames >= 89_900), "{frames:?} frames were given to the kit");
}

async fn call(log: &TestLog, sample_rate_hz: u32) {
    let mut world =
        World::simulated(WorldConfig { plugin: "kit".into(), sample_rate_hz, ..WorldConfig::default() }).await;
    // Speech to the detector: loud, and not a pair of tones.
    let speech: Vec<i16> = (0..sample_rate_hz)
        .map(|at| (f64::from(at.wrapping_mul(at) % 9_973) * 0.1).sin() * 9_000.0)
        .map(|at| at as i16)
        .collect();
    let script = vec![
        Step::WaitAnswered,
        Step::Silence { ms: 1_000 },
        Step::Keys { keys: "1590".into(), tone_ms: 80, pause_ms: 80 },
        Step::Silence { ms: 1_000 },
        Step::Say(speech.into()),
        Step::Silence { ms: 1_000 },
        Step::HangUp,
    ];
    let report = world.sim.place_call(Caller::new(script)).finished().await;
    world.record().await;
    world.close().await;

    let said: Vec<String> =
        log.lines_with("kit ").iter().filter_map(|line| Some(line.split_once("kit ")?.1.to_owned())).collect();
    let (bytes, samples) = (2 * sample_rate_hz, sample_rate_hz);
    let arithmetic = [
        format!("tone {bytes} bytes -15 dBFS"),
        "resampled 48000 bytes -15 dBFS".to_owned(),
        format!("mu {samples} bytes -15 dBFS"),
        format!("a {samples} bytes -15 dBFS"),
        format!("wav {sample_rate_hz} Hz true"),
    ];
    let refusals = [
        "half a sample INVALID",
        "a key that is none INVALID",
        "no tool INVALID",
        "too long a tone INVALID",
        "too much INVALID",
        "tools 8",
        "one more FULL",
    ];
    assert_eq!(said[..arithmetic.len()], arithmetic);
    let said = &said[arithmetic.len()..];
    assert_eq!(said[..refusals.len()], refusals);
    let (keys, speech): (Vec<&str>, Vec<&str>) =
        said[refusals.len()..].iter().map(String::as_str).partition(|line| line.starts_with("pressed"));
    assert_eq!(keys, ["pressed 1", "pressed 5", "pressed 9", "pressed 0"]);
    assert!(speech.ends_with(&["speaks true", "speaks false"]), "{speech:?}");

    let mut tools = Tools::default();
    let detector = tools.open_key_detector(sample_rate_hz).expect("a detector");
    let heard = samples_to_bytes(&report.heard);
    let keys: String = heard.chunks(640).map(|frame| tools.hear_keys(detector, frame).expect("audio")).collect();
    assert_eq!(keys, "42#", "what the handler said");
}

//! Recordings by the host: what a guest records is what was heard and said, at its time, and nothing of it is lost with
//! the guest, its call or its disk.

mod bad_disks;
mod ends;
mod kit;

use ::audio::find_lag;
use libtest_mimic::Trial;
use sim::{Caller, Step};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig, pairs};

use self::kit::{MS_16, files, one_call};
pub(crate) use self::kit::{Place, recorded, sides};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        simulated("recording::both_sides_share_one_time_at_8_khz", |_| both("hostile", 8_000)),
        simulated("recording::both_sides_share_one_time_at_16_khz", |_| both("hostile", 16_000)),
        simulated("recording::both_sides_share_one_time_at_24_khz", |_| both("hostile", 24_000)),
        simulated("recording::a_handler_that_awaits_records", |_| both("async-echo", 16_000)),
        simulated("recording::silence_has_its_time", |_| silence()),
        simulated("recording::what_was_cleared_was_not_said", |_| cleared()),
        simulated("recording::what_was_recorded_is_played", |log| async move { played(&log).await }),
        simulated("recording::wrong_moments_and_references_are_refused", |log| async move { refused(&log).await }),
        simulated("recording::without_the_grant_there_is_none", |log| async move { not_granted(&log).await }),
        simulated("recording::what_others_recorded_is_theirs", |log| async move { theirs(&log).await }),
        simulated("recording::fifty_at_once", |_| fifty()),
    ];
    trials.extend(ends::trials());
    trials.extend(bad_disks::trials());
    trials
}

/// An echo records itself: the caller's words left, the same words right, each where the simulator has them.
async fn both(plugin: &str, sample_rate_hz: u32) {
    let place = Place::new();
    let steps = [("mode", "record"), ("record", "true"), ("steps", "answer,start:both,end,stop"), ("echo", "true")];
    let config = WorldConfig { sample_rate_hz, ..place.config(plugin, &steps) };
    let mut world = World::simulated(config).await;
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 500 }, Step::Marked { ms: 3_000 }, Step::Wait { ms: 500 }];
    let report = world.sim.place_call(Caller::new([script, vec![Step::HangUp]].concat())).finished().await;
    world.record().await;
    world.close().await;
    let path = place.only_file("first");
    let (rate, left, right) = sides(&path);
    assert_eq!(rate, sample_rate_hz);
    assert_eq!(left.len(), right.len());

    let ms = sample_rate_hz as usize / 1_000;
    // Half a second from within what was said, looked for in the whole recording.
    let within = |samples: &[i16], from: usize| samples[from..from + 500 * ms].to_vec();
    let spoken = report.said.iter().position(|sample| *sample != 0).expect("the caller spoke");
    let returned = report.heard.iter().position(|sample| *sample != 0).expect("the echo came back");
    let heard = find_lag(&within(&report.said, spoken + 1_000 * ms), &left, usize::MAX).expect("it was heard");
    let said = find_lag(&within(&report.heard, returned + 1_000 * ms), &right, usize::MAX).expect("it was said");
    assert!(heard.likeness > 0.999 && said.likeness > 0.999, "{heard:?} {said:?}");
    // How much later each side has it than the simulator: the time between the line's opening and the recording.
    let left_began = (spoken + 1_000 * ms) as i64 - heard.samples as i64;
    let right_began = (returned + 1_000 * ms) as i64 - said.samples as i64;
    let apart = (left_began - right_began).unsigned_abs() as usize;
    assert!(apart <= 40 * ms, "the sides are {} ms apart", apart / ms);
}

/// Nothing comes for two seconds between two words, and nothing is said at all.
async fn silence() {
    let place = Place::new();
    let mut world = World::simulated(place.record("answer,start:both,end,stop")).await;
    let caller = Caller {
        idle_silence: false,
        ..Caller::new(vec![
            Step::WaitAnswered,
            Step::Wait { ms: 1_000 },
            Step::Tone { freq_hz: 440.0, amplitude: 0.5, ms: 300 },
            Step::Wait { ms: 5_000 },
            Step::Tone { freq_hz: 440.0, amplitude: 0.5, ms: 300 },
            Step::Wait { ms: 700 },
            Step::HangUp,
        ])
    };
    world.sim.place_call(caller).finished().await;
    world.record().await;
    world.close().await;
    let (_, left, right) = sides(&place.only_file("first"));
    assert!(right.iter().all(|sample| *sample == 0), "nothing was said");
    let loud: Vec<usize> = (0..left.len()).filter(|at| left[*at].unsigned_abs() > 1_000).collect();
    let (first, last) = (loud[0], loud[loud.len() - 1]);
    let second =
        *loud.windows(2).find(|pair| pair[1] - pair[0] > MS_16 * 1_000).expect("a pause").last().expect("a pair");
    let near = |at: usize, ms: usize| at.abs_diff(ms * MS_16) <= 40 * MS_16;
    assert!(near(second - first, 5_300), "{} samples apart", second - first);
    assert!(near(last - first, 5_600), "{} samples long", last - first);
    assert!(near(left.len() - last, 700), "{} samples of silence at the end", left.len() - last);
}

/// A second of tone of which 200 ms were heard when the guest interrupted itself.
async fn cleared() {
    let place = Place::new();
    one_call(place.record("answer,start:said,interrupt:200,wait:500,stop,close,end"), kit::listen(5_000)).await;
    let said = recorded(&place.only_file("first"));
    let loud = said.iter().filter(|sample| **sample != 0).count();
    assert!(loud.abs_diff(200 * MS_16) <= 60 * MS_16, "{} ms were said", loud / MS_16);
    assert!(said.len().abs_diff(700 * MS_16) <= 60 * MS_16, "it lasted {} ms", said.len() / MS_16);
}

async fn played(log: &TestLog) {
    let place = Place::new();
    let steps = "answer,start:heard,wait:2000,stop,play,heard,delete,play,close,end";
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 1_500 }, Step::Wait { ms: 20_000 }];
    let (report, _) = one_call(place.record(steps), script).await;
    let codes = kit::codes(log);
    assert_eq!(
        codes,
        [
            "answer OK",
            "start OK",
            "wait OK",
            "stop OK",
            "play OK",
            "heard OK",
            "delete OK",
            "play INVALID",
            "close OK",
            "end OK"
        ]
    );
    let spoken = report.said.iter().position(|sample| *sample != 0).expect("the caller spoke");
    let word = &report.said[spoken + 500 * MS_16..spoken + 1_000 * MS_16];
    let back = find_lag(word, &report.heard, usize::MAX).expect("something was played");
    assert!(back.likeness > 0.999, "{back:?}");
    assert_eq!(files(&place.plugin("first")), 0, "it was deleted");
}

async fn refused(log: &TestLog) {
    let place = Place::new();
    let steps = "stop,play:00000000000000000000000000000000,answer,stop,start:nobody,start:heard,start:said,play,delete,wait:100,stop,stop,\
                 play:../x,delete:../x,play:00000000000000000000000000000000,start:both,end,start:both,stop,stop";
    one_call(place.record(steps), kit::listen(500)).await;
    let expected = [
        "stop NOT_NOW",
        "play NOT_NOW",
        "answer OK",
        "stop NOT_NOW",
        "start INVALID",
        "start OK",
        "start NOT_NOW",
        "play NOT_NOW",
        "delete NOT_NOW",
        "wait OK",
        "stop OK",
        "stop NOT_NOW",
        "play INVALID",
        "delete INVALID",
        "play INVALID",
        "start OK",
        "end OK",
        "start NOT_NOW",
        "stop OK",
        "stop NOT_NOW",
    ];
    assert_eq!(kit::codes(log), expected);
    assert_eq!(files(&place.plugin("first")), 2);
}

async fn not_granted(log: &TestLog) {
    let config = WorldConfig { data_dir: None, ..Place::new().record("answer,start:both,stop,play:x,delete:x,end") };
    one_call(config, kit::listen(300)).await;
    let expected =
        ["answer OK", "start NOT_GRANTED", "stop NOT_GRANTED", "play NOT_GRANTED", "delete NOT_GRANTED", "end OK"];
    assert_eq!(kit::codes(log), expected);
}

/// One plugin records, another of the same tenant is told the reference.
async fn theirs(log: &TestLog) {
    let place = Place::new();
    one_call(place.record("answer,start:heard,wait:200,stop,close,end"), kit::listen(2_000)).await;
    let file = place.only_file("first");
    let reference = file.file_stem().and_then(|stem| stem.to_str()).expect("a reference").to_owned();
    let steps = format!("answer,play:{reference},delete:{reference},close,end");
    let other = (exchange::Pattern::Any, "hostile".into(), pairs(&[("mode", "record"), ("steps", &steps)]));
    one_call(WorldConfig { others: vec![other], ..place.record("close") }, kit::listen(2_000)).await;
    let codes = kit::codes(log);
    assert_eq!(codes[codes.len() - 5..], ["answer OK", "play INVALID", "delete INVALID", "close OK", "end OK"]);
    assert!(file.exists(), "it is still there");
    let steps = format!("answer,play:{reference},heard,delete:{reference},close,end");
    one_call(place.record(&steps), kit::listen(2_000)).await;
    let codes = kit::codes(log);
    assert_eq!(codes[codes.len() - 6..], ["answer OK", "play OK", "heard OK", "delete OK", "close OK", "end OK"]);
}

/// Fifty calls record at once; what each caller said is in exactly one file.
async fn fifty() {
    let place = Place::new();
    let mut world = World::simulated(place.record("answer,start:heard,end")).await;
    let calls: Vec<_> = (0..50_u32)
        .map(|call| {
            let tone = Step::Tone { freq_hz: f64::from(300 + 20 * call), amplitude: 0.5, ms: 1_000 };
            let script = vec![Step::WaitAnswered, Step::Wait { ms: 100 * (call % 7) }, tone, Step::HangUp];
            world.sim.place_call(Caller::new(script))
        })
        .collect();
    for call in calls {
        call.finished().await;
        world.record().await;
    }
    world.close().await;
    let mut pitches: Vec<usize> = place.files("first").iter().map(|path| kit::pitch_hz(&recorded(path))).collect();
    pitches.sort_unstable();
    let off = pitches.iter().zip(0..50).filter(|(pitch, call)| pitch.abs_diff(300 + 20 * call) > 8).count();
    assert_eq!((pitches.len(), off), (50, 0), "{pitches:?}");
}

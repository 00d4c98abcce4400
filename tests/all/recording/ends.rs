//! Whatever ends a call or its guest, at whatever moment: the file is whole and lasts as long as the recording did.

use std::time::Duration;

use ::call::EndReason;
use exchange::Drained;
use libtest_mimic::Trial;
use sim::{Caller, Milestone, Step};
use switchhook_tests::run::{real, simulated};
use switchhook_tests::world::World;

use super::kit::{MS_16, Place, listen, one_call, recorded, sides};

/// What is between the answer at the caller's, the start of the recording and the end at the host's.
const SLACK_MS: usize = 60;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("recording::a_hang_up_at_any_moment_leaves_a_whole_file", |_| hang_ups()),
        simulated("recording::every_end_leaves_a_whole_file", |_| every_end()),
        simulated("recording::a_guest_that_ends_leaves_a_whole_file", |_| guests()),
        simulated("recording::a_drain_that_cuts_leaves_whole_files", |_| cut()),
        real("recording::on_the_real_clock", |_| on_the_real_clock()),
    ]
}

fn assert_lasted(samples: usize, ms: u32, what: &str) {
    let lasted = samples / MS_16;
    assert!(lasted.abs_diff(ms as usize) <= SLACK_MS, "{what}: {lasted} ms were recorded, and {ms} were to be");
}

async fn hang_ups() {
    for ms in [0, 1, 19, 20, 21, 100, 333, 999, 1_000, 1_001, 1_980, 2_000, 2_020, 3_000, 3_500, 7_777] {
        let place = Place::new();
        let script = vec![Step::WaitAnswered, Step::Marked { ms }, Step::HangUp];
        let (_, record) = one_call(place.record("answer,start:both,say:500,end"), script).await;
        assert_eq!(record.end, EndReason::Terminated);
        let (_, left, right) = sides(&place.only_file("first"));
        assert_eq!(left.len(), right.len());
        assert_lasted(left.len(), ms, "hang-up");
    }
}

async fn every_end() {
    for step in [Step::HangUp, Step::ServerHangUp, Step::CutVoice] {
        for side in ["heard", "said", "both"] {
            let place = Place::new();
            let script = vec![Step::WaitAnswered, Step::Marked { ms: 2_500 }, step.clone()];
            one_call(place.record(&format!("answer,start:{side},say:500,end")), script).await;
            let samples = recorded(&place.only_file("first"));
            assert_lasted(samples.len(), 2_500, side);
            assert!(samples.iter().any(|sample| *sample != 0), "{side} is silent");
        }
    }
}

async fn guests() {
    for (steps, code) in [
        ("answer,start:both,wait:1500,trap", "TRAPPED"),
        ("answer,start:both,wait:1500", "RETURNED"),
        ("answer,start:both,wait:1500,close,end", "RETURNED"),
        ("answer,start:both,wait:1500,stop,start:both,stop,close,end", "RETURNED"),
    ] {
        let place = Place::new();
        let (_, record) = one_call(place.record(steps), listen(5_000)).await;
        assert_eq!(record.guest.as_ref().map(|end| end.code()), Some(code), "{steps}");
        let longest = place.files("first").iter().map(|path| recorded(path).len()).max();
        assert_lasted(longest.expect("a file"), 1_500, steps);
    }
}

async fn cut() {
    let place = Place::new();
    let mut world = World::simulated(place.record("answer,start:both,end")).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        let mut call = world.sim.place_call(Caller::new(listen(60_000)));
        assert!(call.reached(Milestone::Answered).await);
        calls.push(call);
    }
    assert_eq!(world.exchange.drain(Duration::from_secs(2)).await, Drained::Cut(3));
    world.close().await;
    let files = place.files("first");
    assert_eq!(files.len(), 3);
    for file in files {
        assert!(recorded(&file).len() >= 1_900 * MS_16, "{}", file.display());
    }
}

/// Sockets, real time and real threads.
async fn on_the_real_clock() {
    let place = Place::new();
    let mut world = World::real(place.record("answer,start:both,say:200,end,stop")).await;
    let script = vec![Step::WaitAnswered, Step::Marked { ms: 1_500 }, Step::HangUp];
    let calls: Vec<_> = (0..5).map(|_| world.sim.place_call(Caller::new(script.clone()))).collect();
    for call in calls {
        call.finished().await;
        world.record().await;
    }
    world.close().await;
    let files = place.files("first");
    assert_eq!(files.len(), 5);
    for file in files {
        let (_, left, right) = sides(&file);
        assert!(left.len() >= 1_000 * MS_16 && left.len() == right.len(), "{} samples", left.len());
        assert!([left, right].iter().all(|side| side.iter().any(|sample| *sample != 0)), "a side is silent");
    }
}

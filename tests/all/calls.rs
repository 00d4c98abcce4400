//! Whole calls under the virtual clock: simulator, sockets' protocol, exchange and a real component, joined by pipes.

use std::time::Duration;

use ::call::EndReason;
use libtest_mimic::Trial;
use sandbox::GuestEnd;
use sim::{CallReport, Callee, CalleeAnswer, Caller, Outcome, Step};
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};
use telcoflow::frame::AudioMode;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("calls::an_echo_comes_back_whole", |_| echo("echo", 16_000)),
        simulated("calls::at_8_khz", |_| echo("echo", 8_000)),
        simulated("calls::at_24_khz", |_| echo("echo", 24_000)),
        simulated("calls::an_echo_that_awaits_comes_back_whole", |_| echo("async-echo", 16_000)),
        simulated("calls::one_after_another", |_| one_after_another()),
        simulated("calls::every_end_has_its_reason", |_| ends()),
        simulated("calls::a_call_outlives_its_session_manager", |_| outlives()),
        simulated("calls::commands_finish_as_outcomes", |log| async move { commands(&log).await }),
        simulated("calls::three_channels_come_when_legs_are_apart", |_| isolated()),
        simulated("calls::what_cannot_be_admitted_is_left_to_others", |_| admission()),
        simulated("calls::a_drain_lets_calls_end", |_| drain()),
        simulated("calls::a_drain_cuts_at_its_deadline", |_| drain_cuts()),
    ]
}

/// Everything an echo owes its caller.
pub(crate) fn assert_whole_echo(report: &CallReport) {
    let echo = report.echo.expect("the echo was compared");
    assert_eq!(echo.equal_bytes, report.bytes_said, "{:?}", report.pull);
    assert_eq!((echo.different_bytes, echo.unverified_bytes), (0, 0));
    assert_eq!((report.pull.overrun_bytes, report.pull.odd_frames, report.pull.stray_frames), (0, 0, 0));
    assert_eq!((report.bad_frames, report.pull.dropped_bytes), (0, 0));
    assert!(report.pull.bytes_received <= report.pull.bytes_requested);
}

async fn echo(plugin: &str, sample_rate_hz: u32) {
    let mut world = World::simulated(WorldConfig { sample_rate_hz, ..WorldConfig::with(plugin, &[]) }).await;
    let report = world.sim.place_call(Caller::echo(3_000)).finished().await;
    let record = world.record().await;
    assert_whole_echo(&report);
    assert_eq!(report.bytes_said, u64::from(sample_rate_hz) * 3 * 2);
    assert_eq!(report.outcome, Outcome::CallerHungUp);
    assert_eq!((record.end, record.guest), (EndReason::Terminated, Some(GuestEnd::Returned)));
    let stats = record.stats.expect("it had a voice");
    assert_eq!((stats.frames_in, stats.samples_lost, stats.padding_samples), (150, 0, 0));
    assert!(record.setup.total().is_some());
    world.close().await;
}

async fn one_after_another() {
    let mut world = World::simulated(WorldConfig::default()).await;
    for _ in 0..50 {
        let report = world.sim.place_call(Caller::echo(200)).finished().await;
        assert_whole_echo(&report);
        assert_eq!(world.record().await.end, EndReason::Terminated);
    }
    assert!(world.exchange.calls().is_empty());
    world.close().await;
}

async fn ends() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let say = || vec![Step::WaitAnswered, Step::Marked { ms: 300 }];
    let cases = [
        (Step::HangUp, Outcome::CallerHungUp, EndReason::Terminated),
        (Step::ServerHangUp, Outcome::ServerHungUp, EndReason::Terminated),
        (Step::CutVoice, Outcome::VoiceLost, EndReason::VoiceLost),
    ];
    for (step, outcome, end) in cases {
        let mut script = say();
        script.push(step);
        let report = world.sim.place_call(Caller::new(script)).finished().await;
        let record = world.record().await;
        assert_eq!((report.outcome, record.end), (outcome, end));
        assert_eq!(record.guest, Some(GuestEnd::Returned));
    }
    world.close().await;
}

async fn outlives() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::echo(4_000));
    assert!(call.reached(sim::Milestone::Answered).await);
    world.sim.cut_session_managers();
    let report = call.finished().await;
    assert_whole_echo(&report);
    assert_eq!(world.record().await.end, EndReason::Terminated);
    world.close().await;
}

async fn commands(log: &switchhook_tests::logs::TestLog) {
    let script = [("mode", "commands"), ("commands", "answer,connect:5,whisper,barge,spy,interrupt,close")];
    let mut world = World::simulated(WorldConfig::with("hostile", &script)).await;
    let report =
        world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }])).finished().await;
    assert_eq!(report.outcome, Outcome::AgentLeft);
    let sent: Vec<&str> = report.commands.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["call.answer", "call.connect", "agent.whisper", "agent.barge", "agent.spy", "agent.interrupt", "call.close"];
    assert_eq!(sent, expected);
    assert_eq!(world.record().await.end, EndReason::Closed);
    assert_eq!(log.lines_with("outcome whisper OK").len(), 1, "{:?}", log.lines_with("outcome"));

    let unanswered = Caller {
        callee: Callee { answer: CalleeAnswer::Never, ..Callee::default() },
        ..Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }])
    };
    world.sim.place_call(unanswered).finished().await;
    assert_eq!(log.lines_with("outcome connect CALL_UNANSWERED").len(), 1, "{:?}", log.lines_with("outcome"));
    assert_eq!(log.lines_with("refused whisper NOT_NOW").len(), 1, "{:?}", log.lines_with("refused"));
    world.record().await;
    world.close().await;
}

async fn isolated() {
    let script = [("mode", "commands"), ("commands", "answer,connect:5,wait:500,close")];
    let config = WorldConfig { audio_mode: AudioMode::Isolated, ..WorldConfig::with("hostile", &script) };
    let mut world = World::simulated(config).await;
    let caller = Caller {
        callee: Callee { script: vec![Step::Marked { ms: 250 }], ..Callee::default() },
        ..Caller::new(vec![Step::WaitConnected, Step::Marked { ms: 300 }, Step::Wait { ms: 5_000 }])
    };
    world.sim.place_call(caller).finished().await;
    let record = world.record().await;
    let stats = record.stats.expect("it had a voice");
    assert!(stats.frames_in > 75, "three channels for half a second: {stats:?}");
    world.close().await;
}

async fn admission() {
    let mut world = World::simulated(WorldConfig { calls_max: 2, ..WorldConfig::default() }).await;
    let mut talking = Vec::new();
    for _ in 0..2 {
        let mut call = world.sim.place_call(Caller::echo(5_000));
        assert!(call.reached(sim::Milestone::Answered).await);
        talking.push(call);
    }
    let left = Caller { ring_ms: 1_000, ..Caller::echo(100) };
    let report = world.sim.place_call(left).finished().await;
    assert_eq!(report.outcome, Outcome::Unanswered);
    assert_eq!(world.sim.counts().claims, 2, "the third was never claimed");
    for call in talking {
        assert_whole_echo(&call.finished().await);
        world.record().await;
    }
    assert_whole_echo(&world.sim.place_call(Caller::echo(100)).finished().await);
    world.record().await;
    world.close().await;
}

async fn drain() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::echo(3_000));
    assert!(call.reached(sim::Milestone::Answered).await);
    let sim = world.sim.clone();
    let (drained, report) = tokio::join!(world.exchange.drain(Duration::from_secs(10)), async {
        let late = Caller { ring_ms: 500, ..Caller::echo(100) };
        assert_eq!(sim.place_call(late).finished().await.outcome, Outcome::Unanswered);
        call.finished().await
    });
    assert_eq!(drained, exchange::Drained::Clean);
    assert_whole_echo(&report);
    world.sim.shutdown().await;
}

async fn drain_cuts() {
    let mut world = World::simulated(WorldConfig::default()).await;
    let mut call = world.sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Silence { ms: 60_000 }]));
    assert!(call.reached(sim::Milestone::Answered).await);
    assert_eq!(world.exchange.drain(Duration::from_secs(1)).await, exchange::Drained::Cut(1));
    assert_eq!(call.finished().await.outcome, Outcome::AgentClosed);
    world.sim.shutdown().await;
}

//! A host that is told to stop: what signals and the admin interface do to a real process and its calls.

mod host;

use host::{Host, in_time, prompt};
use sim::{Caller, Milestone, Outcome, SimConfig, Simulator, Step};

fn simulator() -> Simulator {
    Simulator::new(SimConfig::default())
}

/// Whoever says it: no new calls, `readyz` turns at once, the present call goes on to its own end.
fn calls_finish(stop: impl FnOnce(&Host)) {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 20, "").await;
        let mut call = sim.place_call(Caller::echo(2_500));
        assert!(call.reached(Milestone::Answered).await);
        assert_eq!(host.ask("GET", "/readyz"), "200");
        stop(&host);
        host.line("taking no more calls");
        assert_eq!(host.ask("GET", "/readyz"), "503", "while a call is still here");
        assert_eq!(host.ask("GET", "/healthz"), "200");
        let late = sim.place_call(Caller { ring_ms: 300, ..Caller::echo(100) }).finished().await;
        assert_eq!(late.outcome, Outcome::Unanswered);
        let report = call.finished().await;
        assert_eq!((report.outcome, report.frames_unsent), (Outcome::CallerHungUp, 0));
        assert_eq!(report.echo.map(|echo| echo.equal_bytes), Some(report.bytes_said), "all of it came back");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn a_signal_lets_calls_finish() {
    calls_finish(|host| host.signal("TERM"));
}

#[test]
fn an_operator_lets_calls_finish() {
    calls_finish(|host| assert!(host.ask("POST", "/v1/drain").starts_with('2')));
}

#[test]
fn at_the_deadline_callers_hear_what_the_policy_says() {
    in_time(async {
        let sim = simulator();
        let fault = "fault = [\"retry\", { prompt = \"sorry.wav\" }, \"disconnect\"]";
        let host = Host::start(&sim, 1, fault).await;
        let mut call = sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }]));
        assert!(call.reached(Milestone::Answered).await);
        host.signal("TERM");
        let report = call.finished().await;
        let prompt = prompt();
        assert!(report.heard.windows(prompt.len()).any(|heard| heard == prompt), "the prompt is heard");
        assert!(matches!(report.outcome, Outcome::AgentClosed | Outcome::AgentDisconnected), "{:?}", report.outcome);
        assert_eq!(host.exit_code(), Some(1), "the call did not end by itself");
        sim.shutdown().await;
    });
}

#[test]
fn a_second_signal_cuts() {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 3_600, "fault = [{ prompt = \"sorry.wav\" }]").await;
        let mut call = sim.place_call(Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }]));
        assert!(call.reached(Milestone::Answered).await);
        host.signal("TERM");
        host.line("taking no more calls");
        host.signal("INT");
        let report = call.finished().await;
        assert!(report.heard.iter().all(|sample| *sample == 0), "there is no time for words");
        assert_eq!(report.outcome, Outcome::AgentClosed);
        assert_eq!(host.exit_code(), Some(1));
        sim.shutdown().await;
    });
}

//! This host's side: the guest `scripted` takes the call, over real sockets too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carriers::TcpDialer;
use exchange::Drained;
use sandbox::GuestEnd;
use sim::scenario::{AgentAction, Scenario};
use sim::{ChannelSent, Simulator};
use switchhook_tests::logs::TestLog;
use switchhook_tests::world::{World, WorldConfig};

use super::divergences;
use super::observed::Observed;
use super::server;
use super::upgrades::Relay;

/// No call is left when the host is drained.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// One call that this host takes.
pub(crate) async fn call(scenario: &Scenario, log: &TestLog) -> Observed {
    let sim = Simulator::new(server(scenario));
    let relay = Relay::start(sim.listen("127.0.0.1:0").await.expect("a free port")).await;
    sim.set_public_base(&relay.base_url());
    let config = WorldConfig {
        sim: server(scenario),
        plugin: "scripted".into(),
        config: vec![("steps".into(), steps(scenario))],
        sample_rate_hz: scenario.sample_rate_hz,
        audio_mode: scenario.audio_mode,
        ..WorldConfig::default()
    };
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let mut world = World::start_unready(config, sim.clone(), dialer, &relay.base_url());
    sim.session_managers(1).await;
    let report = sim.place_call(scenario.caller.clone()).finished().await;
    let record = world.record().await;
    let lines = report.transcript.normalised().join("\n");
    assert_eq!(record.guest, Some(GuestEnd::Returned), "{}: {record:?}\n{lines}", scenario.name);
    assert_eq!(divergences::as_the_host_runs(scenario).verdict(&report), Ok(()), "this host\n{lines}");
    let stats = record.stats.expect("it had a voice");
    let counted = (stats.frames_in, stats.samples_in * 2, stats.samples_lost, stats.bytes_out);
    assert_eq!(counted, (report.frames_sent, report.bytes_sent, 0, report.pull.bytes_received), "{}", scenario.name);
    assert_eq!(world.exchange.drain(DRAIN_TIME_MAX).await, Drained::Clean, "{}", scenario.name);
    relay.quiet().await;
    world.close().await;
    let said = Said::read(log);
    assert!(said.done, "{}: the guest did not come to its end", scenario.name);
    Observed::new(&sim, &relay, &report, said.steps, said.heard)
}

/// The steps as the guest reads them.
pub(crate) fn steps(scenario: &Scenario) -> String {
    let line = |action: &AgentAction| match action {
        AgentAction::Answer => "answer".to_owned(),
        AgentAction::Connect { ring_time_s } => format!("connect {ring_time_s}"),
        AgentAction::Whisper => "whisper".to_owned(),
        AgentAction::Barge => "barge".to_owned(),
        AgentAction::Spy => "spy".to_owned(),
        AgentAction::Interrupt => "interrupt".to_owned(),
        AgentAction::Disconnect => "disconnect".to_owned(),
        AgentAction::Close => "close".to_owned(),
        AgentAction::Say { freq_hz, ms } => format!("say {freq_hz} {ms}"),
        AgentAction::Echo => "echo".to_owned(),
        AgentAction::WaitAudio { channel, bytes } => format!("wait-audio {channel} {bytes}"),
        AgentAction::WaitCallError => "wait-call-error".to_owned(),
        AgentAction::WaitTerminated => "wait-terminated".to_owned(),
        AgentAction::Wait { ms } => format!("wait {ms}"),
    };
    scenario.agent.iter().map(|step| line(&step.action) + "\n").collect()
}

/// What the guest logged.
#[derive(Default)]
pub(crate) struct Said {
    steps: Vec<(String, String)>,
    /// What came on each channel.
    pub(crate) heard: BTreeMap<u8, ChannelSent>,
    done: bool,
}

impl Said {
    pub(crate) fn read(log: &TestLog) -> Self {
        let mut said = Self::default();
        for line in log.lines_with("scripted ") {
            let words: Vec<&str> = line.split_whitespace().skip_while(|word| *word != "scripted").collect();
            match words.as_slice() {
                ["scripted", "step", name, code, ..] => said.steps.push(((*name).to_owned(), (*code).to_owned())),
                ["scripted", "heard", channel, bytes, crc32, ..] => {
                    let channel = channel.parse().expect("a channel's number");
                    let (bytes, crc32) = (bytes.parse().expect("a count"), crc32.parse().expect("a checksum"));
                    said.heard.insert(channel, ChannelSent { bytes, crc32 });
                }
                ["scripted", "done", ..] => said.done = true,
                _ => {}
            }
        }
        said
    }
}

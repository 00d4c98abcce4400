//! What a server, a network or a plugin does that it should not: what the host says of it, and that it goes on.

mod edges;
mod manager;
mod setup;
mod voice;
mod voice_url;

use exchange::ConnectorCounts;
use libtest_mimic::Trial;
use sim::{CallFaults, CallReport, Caller, Faults, LinkFaults, SimConfig};
use switchhook_tests::logs::TestLog;
use switchhook_tests::world::{World, WorldConfig};
use tracing::Level;

use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    [edges::trials(), manager::trials(), setup::trials(), voice::trials(), voice_url::trials()]
        .into_iter()
        .flatten()
        .collect()
}

/// A world whose session-manager links have these faults, the first first.
fn with_links(links: Vec<LinkFaults>) -> WorldConfig {
    let config = WorldConfig::default();
    WorldConfig { sim: SimConfig { faults: Faults { links, ..Faults::default() }, ..config.sim }, ..config }
}

/// An echo caller whose call has these faults.
fn faulty_echo(ms: u32, faults: CallFaults) -> Caller {
    Caller { faults: Some(faults), give_up_ms: 30_000, ..Caller::echo(ms) }
}

/// What the one connector of a world counted.
fn counts(world: &World) -> ConnectorCounts {
    let [connector] = &world.exchange.connectors()[..] else { panic!("one connector") };
    assert_eq!((connector.tenant.as_str(), connector.name.as_str()), ("acme", "main"));
    connector.counts.clone()
}

/// The host goes on: the next call is served whole.
async fn assert_goes_on(world: &mut World) {
    let report: CallReport = world.sim.place_call(Caller::echo(200)).finished().await;
    assert_whole_echo(&report);
    let record = world.record().await;
    assert_eq!((record.end.as_str(), record.trouble), ("terminated", None));
}

/// Exactly so many WARN lines with this text.
fn assert_warned(log: &TestLog, count: usize, text: &str) {
    let lines = log.lines_at(Level::WARN, text);
    assert_eq!(lines.len(), count, "`{text}` in {:#?}", log.lines_at(Level::WARN, ""));
}

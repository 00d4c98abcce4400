//! The public SDK judges: each scenario is one call with the SDK and one with this host, on real sockets, and what went
//! over the wire is compared line by line. `tests/conformance/README.md` tells what is compared.
//!
//! The SDK runs in a Python that `SWITCHHOOK_SDK_PYTHON` names; `cargo xtask test` makes one. Without it these tests are
//! ignored.

mod divergences;
mod host;
mod observed;
pub(crate) mod rows;
pub(crate) mod sdk;
mod sessions;
mod upgrades;

use std::collections::BTreeSet;

use libtest_mimic::Trial;
use sim::scenario::{self, Scenario};
use sim::{Caller, Outcome, SimConfig, Simulator};
use switchhook_tests::components::root;
use switchhook_tests::logs::API_KEY;
use switchhook_tests::run::real;
use switchhook_tests::world::CONNECTOR;

use crate::calls::assert_whole_echo;
use divergences::{DIVERGENCES, Seen};
pub(crate) use host::{Said, steps};
use observed::Observed;
use sdk::SdkClient;

/// Calls of the SDK process that takes many, and those at once.
const MANY_CALLS: usize = 120;
const MANY_CALLS_AT_ONCE: usize = 12;

pub(crate) fn trials() -> Vec<Trial> {
    let without_sdk = sdk::python().is_none();
    let compared = scenario::all().into_iter().map(|scenario| {
        let name = format!("conformance::{}", scenario.name);
        real(name, move |log| async move { compare(&scenario, &log).await })
    });
    let many = real("conformance::an_sdk_process_takes_many_calls", |_| many_calls());
    let with_sdk = compared.chain([many]).map(|trial| {
        let kind = if without_sdk { "needs the SDK: cargo xtask test" } else { "" };
        trial.with_kind(kind).with_ignored_flag(without_sdk)
    });
    let table = real("conformance::every_divergence_has_its_row_and_reason", |_| async { table() });
    let readme = real("conformance::the_readme_tells_it_all", |_| async { readme() });
    with_sdk.chain([table, readme]).chain(sessions::trials()).collect()
}

/// The server of both calls.
pub(crate) fn server(scenario: &Scenario) -> SimConfig {
    SimConfig { api_key: API_KEY.into(), connector_uuid: CONNECTOR.into(), ..scenario.sim_config(1) }
}

/// The same call twice. What the host does must be what the SDK does, changed by the divergences of this scenario and by
/// nothing else.
async fn compare(scenario: &Scenario, log: &switchhook_tests::logs::TestLog) {
    let (sdk, host) = tokio::join!(sdk::call(scenario), host::call(scenario, log));
    let mut expected = sdk;
    for divergence in DIVERGENCES.iter().filter(|divergence| divergence.seen.is_in(scenario)) {
        let before = expected.lines(scenario);
        (divergence.apply)(scenario, &mut expected);
        assert_ne!(before, expected.lines(scenario), "{} is not seen in {}", divergence.row, scenario.name);
    }
    assert_same(scenario, &expected, &host);
}

fn assert_same(scenario: &Scenario, expected: &Observed, host: &Observed) {
    let (expected, host) = (expected.lines(scenario), host.lines(scenario));
    if expected == host {
        return;
    }
    let same = expected.iter().zip(&host).take_while(|(expected, host)| expected == host).count();
    let rest = |lines: &[String]| lines[same..].join("\n  ");
    panic!(
        "{}: alike but for line {same} and on\nthe SDK, divergences applied:\n  {}\nthis host:\n  {}",
        scenario.name,
        rest(&expected),
        rest(&host)
    );
}

/// As published the SDK goes quiet after about fifty calls; what its client lifts for that must last.
async fn many_calls() {
    let scenario = Scenario::named("echo").expect("a scenario");
    let config = server(&scenario);
    let sim = Simulator::new(config.clone());
    let address = sim.listen("127.0.0.1:0").await.expect("a free port");
    let mut client = SdkClient::start(&format!("ws://{address}"), &config, &scenario, MANY_CALLS).await;
    for _ in 0..MANY_CALLS / MANY_CALLS_AT_ONCE {
        let placed: Vec<_> = (0..MANY_CALLS_AT_ONCE).map(|_| sim.place_call(Caller::echo(100))).collect();
        for call in placed {
            let report = call.finished().await;
            assert_whole_echo(&report);
            assert_eq!(report.outcome, Outcome::CallerHungUp);
            let said = client.report().await;
            assert_eq!(said["ok"], true, "{said}");
        }
    }
    client.end().await;
    sim.shutdown().await;
}

/// The table here and the rows of PROTOCOL.md say the same, and no scenario is named that is not there.
fn table() {
    let page = std::fs::read_to_string(root().join("host/telcoflow/PROTOCOL.md")).expect("PROTOCOL.md");
    let scenarios: BTreeSet<&str> = scenario::all().iter().map(|scenario| scenario.name).collect();
    for divergence in DIVERGENCES {
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", divergence.row)));
        let row = row.unwrap_or_else(|| panic!("{} is no row of PROTOCOL.md", divergence.row));
        assert!(row.contains(divergence.reason), "{row}\ngives another reason than: {}", divergence.reason);
        if let Seen::In(names) = divergence.seen {
            assert!(!names.is_empty(), "{} is seen in no scenario", divergence.row);
            let unknown: Vec<_> = names.iter().filter(|name| !scenarios.contains(**name)).collect();
            assert!(unknown.is_empty(), "{}: no such scenario: {unknown:?}", divergence.row);
        }
    }
}

/// Each scenario with what it shows, and each divergence with its scenarios and reason.
fn readme() {
    let page = std::fs::read_to_string(root().join("tests/conformance/README.md")).expect("README.md");
    let scenarios = scenario::all().into_iter().map(|scenario| format!("| `{}` | {} |", scenario.name, scenario.shows));
    let divergences = DIVERGENCES.iter().map(|divergence| {
        let names = match divergence.seen {
            Seen::Everywhere => "all".to_owned(),
            Seen::In(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        format!("| {} | {names} | {} | {} |", divergence.row, divergence.on_the_wire, divergence.reason)
    });
    let missing: Vec<String> = scenarios
        .chain(divergences)
        .chain(sessions::rows())
        .filter(|row| !page.lines().any(|line| line == row))
        .collect();
    assert!(missing.is_empty(), "tests/conformance/README.md lacks these rows:\n{}", missing.join("\n"));
}

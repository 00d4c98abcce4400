//! The public SDK gives a call to this host, and takes one from it.

use ::call::EndReason;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sim::{Caller, Milestone};
use switchhook_tests::logs::API_KEY;
use switchhook_tests::run::real;
use switchhook_tests::world::{CONNECTOR, WorldConfig};

use super::{give, holding};
use crate::admin::client::Desk;
use crate::calls::assert_whole_echo;
use crate::conformance::sdk::{SdkClient, python};

pub(crate) fn trials() -> Vec<Trial> {
    let without_sdk = python().is_none();
    let kind = if without_sdk { "needs the SDK: cargo xtask test" } else { "" };
    let trials =
        [real("handover::the_sdk_takes_a_call", |_| to_sdk()), real("handover::the_sdk_gives_a_call", |_| from_sdk())];
    trials.into_iter().map(|trial| trial.with_kind(kind).with_ignored_flag(without_sdk)).collect()
}

/// Said for three seconds, so that nothing is said before the SDK listens.
async fn to_sdk() {
    let mut desk = Desk::new(holding()).await;
    let mut call = desk.world.sim.place_call(Caller::echo(400));
    let json = give(&desk, call.session_id()).await;
    let job = json!({"mode": "take", "call": json, "sample_rate_hz": 16_000});
    let mut client = SdkClient::run("sdk_handover.py", &job, None).await;
    assert!(call.reached(Milestone::Answered).await, "the SDK answers it");
    let report = call.finished().await;
    assert_whole_echo(&report);
    assert_eq!((report.voice_sockets, report.voice_refusals), (1, 0));
    let said = client.report().await;
    assert!(
        said["steps"].as_array().is_some_and(|steps| steps.iter().all(|step| step["as_expected"] == true)),
        "{said}"
    );
    assert_eq!(said["heard"]["0"]["bytes"], Value::from(report.bytes_sent), "{said}");
    client.end().await;
    assert_eq!(desk.world.record().await.end, EndReason::HandedOver);
    desk.close().await;
}

async fn from_sdk() {
    // The SDK alone can claim: the host has a route for nobody yet.
    let sim = sim::Simulator::new(WorldConfig::default().sim);
    let address = sim.listen("127.0.0.1:0").await.expect("a free port");
    let base = format!("ws://{address}");
    let job = json!({"mode": "give", "base_url": base, "api_key": API_KEY, "connector_uuid": CONNECTOR});
    let mut client = SdkClient::run("sdk_handover.py", &job, None).await;
    let call = sim.place_call(Caller::echo(400));
    let given = client.report().await;
    let given = given["call"].as_str().expect("the SDK prints its call").to_owned();

    // A host of its own server, since all that it needs is in what it is given.
    let mut desk = Desk::new(WorldConfig::default()).await;
    let taken = desk.admin.request("POST", "/v1/tenants/acme/take", &given).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    let report = call.finished().await;
    assert_whole_echo(&report);
    let record = desk.world.record().await;
    assert_eq!((record.end, &taken.json()["id"]), (EndReason::Terminated, &Value::from(record.id.as_str())));
    assert!(client.report().await["closed"].as_str().is_some_and(|reason| reason.contains("CALL_TERMINATED")));
    client.end().await;
    desk.close().await;
    sim.shutdown().await;
}

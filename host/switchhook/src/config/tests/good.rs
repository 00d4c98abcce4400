//! Files without a mistake: defaults, every key, and what paths and patterns mean.

use std::collections::BTreeSet;
use std::time::Duration;

use carriers::TlsFiles;

use super::{Desk, Sheet};
use crate::config::{AudioMode, CallFlow, Channel, Credentials, InboundCall, Pattern, SampleRate};

#[test]
fn the_smallest_file_has_the_documented_defaults() {
    let desk = Desk::new();
    let config = desk.resolve(&Sheet::GOOD.text()).expect("a good file");
    assert_eq!(config.file, desk.path("t.toml"));
    assert_eq!(config.data_dir, desk.path("switchhook-data"));
    let [tenant] = &config.tenants[..] else { panic!("one tenant") };
    assert_eq!(tenant.name.as_str(), "acme");

    let [connector] = &tenant.connectors[..] else { panic!("one connector") };
    assert_eq!(connector.base_url.as_str(), "wss://wss-prod.agentao.com");
    assert!(connector.base_url.is_secure());
    let Credentials::Key(key) = &connector.credentials else { panic!("a key") };
    assert_eq!((key.api_key.expose(), key.connector_uuid.as_str()), ("k", "c"));
    assert_eq!(connector.tls_files(), TlsFiles::default());
    assert_eq!(connector.sdk_version, "1.0.0");
    assert_eq!(connector.sample_rate, SampleRate::Hz16000);
    assert_eq!(connector.audio_mode, AudioMode::Mixed);
    assert_eq!(connector.playout_bytes_max, 1_048_576);
    assert_eq!(connector.call_flow, None);
    assert!(!connector.allow_ws_voice_url);
    assert_eq!(connector.voice_redial_ms_max, 5_000);

    let [plugin] = &tenant.plugins[..] else { panic!("one plugin") };
    assert_eq!(plugin.source.to_string(), desk.path("echo.wasm").display().to_string());
    assert_eq!(plugin.config, []);
    assert_eq!(plugin.grants.names(), BTreeSet::new());
    assert_eq!(plugin.limits.memory_bytes_max, 67_108_864);
    assert_eq!(plugin.limits.calls_max, 500);

    let [route] = &tenant.routes[..] else { panic!("one route") };
    assert_eq!((&route.to, &route.from), (&Pattern::Any, &Pattern::Any));
    assert_eq!((route.channel, route.connector), (None, None));
    assert_eq!(tenant.plugin_of(route).name.as_str(), "echo");
}

#[test]
fn every_key_arrives() {
    let desk = Desk::new();
    desk.put("other.wasm", b"\0asm");
    let text = r#"
        data_dir = "/var/lib/switchhook"
        [[tenant]]
        name = "acme"
        [[tenant.telcoflow]]
        name = "spare"
        api_key = "k1"
        connector_uuid = "c1"
        [[tenant.telcoflow]]
        name = "main"
        base_url = "ws://127.0.0.1:18080/"
        api_key = "k2"
        connector_uuid = "c2"
        sdk_version = "1.2.3"
        sample_rate_hz = 24_000
        audio_mode = "isolated"
        playout_bytes_max = 0x8000
        allow_ws_voice_url = true
        voice_redial_ms_max = 0
        call_flow = { inbound_call = "MISSED_ONLY", outbound_call = true, inbound_message = false, outbound_message = true }
        [[tenant.plugin]]
        name = "echo"
        source = "echo.wasm"
        [[tenant.plugin]]
        name = "other"
        source = "other.wasm"
        config = { greeting = "hello", "a key" = "" }
        grants = { recording = true, calls = true }
        limits = { memory_bytes_max = 65536, calls_max = 1, start_ms_max = 2, run_ms_max = 3, grace_ms_max = 4 }
        [[tenant.route]]
        to = "+1555*"
        from = "*0100"
        channel = "TELCO"
        connector = "main"
        plugin = "other"
        hold_s = 45
        [[tenant.route]]
        to = "+15550100"
        from = "*"
        plugin = "echo"
    "#;
    let config = desk.resolve(text).expect("a good file");
    assert_eq!(config.data_dir.to_str(), Some("/var/lib/switchhook"));
    let tenant = &config.tenants[0];
    let connector = &tenant.connectors[1];
    assert_eq!(connector.base_url.as_str(), "ws://127.0.0.1:18080");
    assert!(!connector.base_url.is_secure());
    assert_eq!(connector.sdk_version, "1.2.3");
    assert_eq!(connector.sample_rate.hz(), 24_000);
    assert_eq!(connector.audio_mode, AudioMode::Isolated);
    assert_eq!(connector.playout_bytes_max, 32_768);
    assert!(connector.allow_ws_voice_url);
    assert_eq!(connector.voice_redial_ms_max, 0);
    let call_flow = CallFlow {
        inbound_call: InboundCall::MissedOnly,
        outbound_call: true,
        inbound_message: false,
        outbound_message: true,
    };
    assert_eq!(connector.call_flow, Some(call_flow));

    let plugin = &tenant.plugins[1];
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(plugin.config, [pair("a key", ""), pair("greeting", "hello")]);
    assert_eq!(plugin.grants.names().into_iter().collect::<Vec<_>>(), ["calls", "recording"]);
    assert_eq!(tenant.plugins[0].grants.names(), BTreeSet::new());
    assert_eq!((plugin.limits.memory_bytes_max, plugin.limits.calls_max), (65_536, 1));
    let times = (plugin.limits.start_max, plugin.limits.run_max, plugin.limits.grace_max);
    assert_eq!(times, (Duration::from_millis(2), Duration::from_millis(3), Duration::from_millis(4)));

    let [first, second] = &tenant.routes[..] else { panic!("two routes") };
    assert_eq!(first.to, Pattern::Prefix("+1555".into()));
    assert_eq!(first.from, Pattern::Suffix("0100".into()));
    assert_eq!(first.channel, Some(Channel::Telco));
    assert_eq!(first.connector.map(|index| index.get()), Some(1));
    assert_eq!(first.plugin.get(), 1);
    assert_eq!((first.hold, second.hold), (Duration::from_secs(45), Duration::ZERO));
    assert_eq!(second.to, Pattern::Exact("+15550100".into()));
    assert_eq!(second.from, Pattern::Any);
}

#[test]
fn names_are_free_in_another_tenant() {
    let one = Sheet::GOOD.text();
    let two = one.replace("acme", "acme-2");
    let config = Desk::new().resolve(&format!("{one}{two}")).expect("a good file");
    assert_eq!(config.tenants.len(), 2);
}

#[test]
fn the_example_file_is_good_when_its_plugin_is_built() {
    let desk = Desk::new();
    let text = include_str!("../../../examples/switchhook.toml").replace("../../../plugins/", "");
    let config = desk.resolve(&text).expect("the example is good");
    assert_eq!(config.tenants[0].connectors[0].base_url.as_str(), "ws://127.0.0.1:18080");
}

//! One file with every sort of mistake: all of them at once, each with its line.

use super::Desk;

const FILE: &str = r#"data_dri = "x"
[[tenant]]
name = "acme"

[[tenant.telcoflow]]
name = "main"
base_url = "http://user:hunter2@example.com"
api_key = { env = "NO_SUCH_KEY" }
connector_uuid = "c"
sample_rate_hz = 44100
audio_mode = "stereo"
playout_bytes_max = 1000000

[[tenant.telcoflow]]
name = "main"
connector_uuid = "c"
sample_rate_hz = "16000"
call_flow = { inbound_call = "SOME", outbound_call = 1 }

[[tenant.plugin]]
name = "echo"
source = "no-such.wasm"
config = { retries = 3 }
limits = { calls_max = 0, cpu_percent_max = 101 }

[[tenant.route]]
to = "+15*55"
plugin = "ecko"
"#;

const REPORT: &str = r#"t.toml:1:1: data_dri: there is no key `data_dri` here: did you mean `data_dir`?
t.toml:7:12: tenant[0].telcoflow[0].base_url: the scheme must be `ws` or `wss`: write `wss://HOST`, `ws://HOST:PORT`, or leave it out for production
t.toml:8:19: tenant[0].telcoflow[0].api_key.env: the environment variable "NO_SUCH_KEY" is not set: set it before the start
t.toml:10:18: tenant[0].telcoflow[0].sample_rate_hz: 44100 Hz is not a sample rate of Telcoflow: use 8000, 16000 or 24000
t.toml:11:14: tenant[0].telcoflow[0].audio_mode: there is no audio mode "stereo": use "mixed" or "isolated"
t.toml:12:21: tenant[0].telcoflow[0].playout_bytes_max: 1000000 is not a positive power of two: use one such as 1048576
t.toml:14:1: tenant[0].telcoflow[1].api_key: missing: `api_key` and `connector_uuid` go together: add it
t.toml:15:8: tenant[0].telcoflow[1].name: the connector of line 6 is called "main" already: give it another name
t.toml:17:18: tenant[0].telcoflow[1].sample_rate_hz: expected an integer, found a string: write a whole number without quotes
t.toml:18:13: tenant[0].telcoflow[1].call_flow.inbound_message: missing: write `true` or `false`
t.toml:18:13: tenant[0].telcoflow[1].call_flow.outbound_message: missing: write `true` or `false`
t.toml:18:30: tenant[0].telcoflow[1].call_flow.inbound_call: "SOME" is not a choice: use "ALL", "MISSED_ONLY" or "NO"
t.toml:18:54: tenant[0].telcoflow[1].call_flow.outbound_call: expected a boolean, found an integer: write `true` or `false` without quotes
t.toml:22:10: tenant[0].plugin[0].source: `no-such.wasm` cannot be read: No such file or directory (os error 2): correct the path (a relative one starts at the folder of this configuration), or build the plugin
t.toml:23:22: tenant[0].plugin[0].config.retries: expected a string, found an integer: put it in double quotes
t.toml:24:24: tenant[0].plugin[0].limits.calls_max: 0 is out of range: use 1 to 1000
t.toml:24:45: tenant[0].plugin[0].limits.cpu_percent_max: 101 is out of range: use 1 to 100
t.toml:27:6: tenant[0].route[0].to: `*` may stand once, at the start or at the end: write a number, `+1555*`, `*0100` or `*`
t.toml:28:10: tenant[0].route[0].plugin: this tenant has no plugin "ecko": did you mean "echo"?"#;

#[test]
fn all_mistakes_are_reported_at_once() {
    assert_eq!(Desk::new().problems(FILE), REPORT);
}

#[test]
fn an_empty_file_lacks_a_tenant() {
    let report = "t.toml:1:1: tenant: missing: a host without a tenant takes no calls: add `[[tenant]]`";
    assert_eq!(Desk::new().problems(""), report);
}

#[test]
fn an_empty_tenant_lacks_everything() {
    let report = "\
t.toml:2:1: tenant[0].name: missing: give it a name
t.toml:2:1: tenant[0].route: missing: without a route no call is answered: add `[[tenant.route]]`
t.toml:2:1: tenant[0].telcoflow: missing: without a connector no call comes in: add `[[tenant.telcoflow]]`";
    assert_eq!(Desk::new().problems("\n[[tenant]]\n"), report);
}

#[test]
fn columns_count_characters() {
    let text = "[[tenant]]\nname = \"ü\"; äöü = 1\n";
    let report = Desk::new().problems(text);
    assert!(report.starts_with("t.toml:2:11: "), "{report}");
}

#[test]
fn a_flood_of_problems_is_counted_not_shown() {
    let text: String = (0..150).map(|index| format!("unknown-{index:03} = 1\n")).collect();
    let problems = Desk::new().resolve(&text).expect_err("150 unknown keys");
    // The missing tenant is reported beside them, on line 1.
    assert_eq!((problems.list().len(), problems.omitted()), (100, 51));
    assert!(problems.to_string().ends_with("t.toml: and 51 more"));
}

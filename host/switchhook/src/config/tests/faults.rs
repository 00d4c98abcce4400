//! Quotas, shares, and what is done when a guest fails.

use super::{Desk, Sheet};
use crate::config::{FaultStep, Quota};

const GOOD: Sheet = Sheet::GOOD;

fn desk() -> Desk {
    let desk = Desk::new();
    audio::write_mono(desk.path("sorry.wav"), 16_000, &[1; 160]).expect("a file");
    desk
}

#[test]
fn without_them_there_is_no_quota_half_a_core_and_no_step() {
    let config = desk().resolve(&GOOD.text()).expect("a good file");
    let tenant = &config.tenants[0];
    assert_eq!(tenant.quota, Quota::default());
    assert_eq!((tenant.plugins[0].limits.cpu_percent_max, tenant.plugins[0].fault.len()), (50, 0));
}

#[test]
fn all_of_them_arrive_in_their_order() {
    let sheet = Sheet {
        tenant: "quota = { calls_max = 500, setups_per_s_max = 50, places_per_s_max = 3, cpu_percent_max = 150, memory_bytes_max = 4294967296 }",
        plugin: "fault = [\"retry\", \"previous\", { prompt = \"sorry.wav\" }, \"connect\", \"disconnect\"]\n\
                 limits = { cpu_percent_max = 20 }",
        ..GOOD
    };
    let config = desk().resolve(&sheet.text()).expect("a good file");
    let (tenant, plugin) = (&config.tenants[0], &config.tenants[0].plugins[0]);
    let quota = Quota {
        calls_max: Some(500),
        setups_per_s_max: Some(50),
        places_per_s_max: Some(3),
        cpu_percent_max: Some(150),
        memory_bytes_max: Some(4_294_967_296),
    };
    assert_eq!((tenant.quota, plugin.limits.cpu_percent_max), (quota, 20));
    let [FaultStep::Retry, FaultStep::Previous, FaultStep::Prompt(prompt), FaultStep::Connect, FaultStep::Disconnect] =
        &plugin.fault[..]
    else {
        panic!("five steps: {:?}", plugin.fault)
    };
    assert_eq!((prompt.sample_rate_hz, prompt.samples.len()), (16_000, 160));
}

#[track_caller]
fn refused(desk: &Desk, sheet: Sheet, report: &str) {
    assert_eq!(desk.problems(&sheet.text()), report);
}

#[test]
fn steps_that_are_none_are_refused() {
    let help = "write a list of \"retry\", \"previous\", { prompt = \"FILE.wav\" }, \"connect\" and \"disconnect\"";
    let report = format!("t.toml:13:10: tenant[0].plugin[0].fault[0]: \"retrry\" is no step: {help}");
    refused(&desk(), Sheet { plugin: "fault = [\"retrry\"]", ..GOOD }, &report);
    let report = format!("t.toml:13:9: tenant[0].plugin[0].fault: expected an array, found a string: {help}");
    refused(&desk(), Sheet { plugin: "fault = \"retry\"", ..GOOD }, &report);
    let report = "t.toml:13:9: tenant[0].plugin[0].fault: 9 steps: use 8";
    let nine: &'static str = format!("fault = [{}]", ["\"retry\""; 9].join(", ")).leak();
    refused(&desk(), Sheet { plugin: nine, ..GOOD }, report);
}

#[test]
fn prompts_that_cannot_be_played_are_refused() {
    let desk = desk();
    audio::write_mono(desk.path("slow.wav"), 8_000, &[1; 160]).expect("a file");
    audio::write_mono(desk.path("long.wav"), 16_000, &vec![1; 31 * 16_000]).expect("a file");
    audio::write_mono(desk.path("empty.wav"), 16_000, &[]).expect("a file");
    for (line, told) in [
        ("fault = [{ prompt = \"slow.wav\" }]", "it has 8000 Hz and the calls of connector main 16000 Hz: convert it"),
        ("fault = [{ prompt = \"long.wav\" }]", "it is longer than 30 s: shorten it"),
        ("fault = [{ prompt = \"empty.wav\" }]", "it has no audio: name another file"),
    ] {
        let problems = desk.problems(&Sheet { plugin: line, ..GOOD }.text());
        assert!(problems.starts_with("t.toml:13:21: tenant[0].plugin[0].fault[0].prompt: "), "{problems}");
        assert!(problems.ends_with(told), "{problems}");
    }
    let problems = desk.problems(&Sheet { plugin: "fault = [{ prompt = \"gone.wav\" }]", ..GOOD }.text());
    assert!(problems.contains("the file cannot be used"), "{problems}");
    let problems = desk.problems(&Sheet { plugin: "fault = [{}]", ..GOOD }.text());
    assert_eq!(problems, "t.toml:13:10: tenant[0].plugin[0].fault[0].prompt: missing: name a WAV file");
}

#[test]
fn quotas_of_nothing_are_refused() {
    let line = "quota = { calls_max = 0, memory_bytes_max = 1 }";
    let problems = desk().problems(&Sheet { tenant: line, ..GOOD }.text());
    let expected = "t.toml:4:23: tenant[0].quota.calls_max: 0 is out of range: use 1 to 1000000\n\
                    t.toml:4:45: tenant[0].quota.memory_bytes_max: 1 is out of range: use 1048576 to 9223372036854775807";
    assert_eq!(problems, expected);
}

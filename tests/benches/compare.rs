//! Five echoes under the same load, interleaved in one go: this host with the component, this host with native code, a bare
//! tokio-tungstenite echo with the library's defaults, the same with buffers as small as this host's as the floor, and the
//! public Python SDK.
//!
//! Machines are noisy, so figures are only compared within one run: each round measures every contender once, and what is
//! told is the median over the rounds and its ratio to the floor's. `tests/benches/README.md` says how to run it.

mod floor;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use switchhook::bench::chart;
use switchhook::bench::contender::Contender;
use switchhook::bench::load::LoadPlan;
use switchhook::bench::report::{StepReport, table};
use switchhook::bench::step;

/// The SDK is not asked for more at once: it cannot keep up.
const SDK_CALLS_MAX: u32 = 100;

/// What is compared, and how often.
struct Plan {
    rounds: usize,
    steps: Vec<u32>,
    seconds: u32,
    json: Option<PathBuf>,
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let [mode, base_url] = arguments.as_slice()
        && let Some(buffers) = buffers(mode)
    {
        return match runtime.block_on(floor::run(base_url, buffers)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("the floor: {error}")),
        };
    }
    match plan(&arguments).and_then(|plan| runtime.block_on(compare(&plan))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn compare(plan: &Plan) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let switchhook = this.with_file_name("switchhook");
    if !switchhook.exists() {
        return Err(format!("{}: not built: run `cargo build` first", switchhook.display()));
    }
    let contenders = contenders(&root, &this, &switchhook);
    let mut all: Vec<StepReport> = Vec::new();
    for round in 1..=plan.rounds {
        for calls in &plan.steps {
            for contender in contenders.iter().filter(|contender| *calls <= contender.calls_max) {
                eprintln!("round {round} of {}: {} at {calls} calls", plan.rounds, contender.name);
                let load = LoadPlan { calls: *calls, seconds: plan.seconds };
                let report = step::run(contender, &switchhook, load).await;
                all.push(report.map_err(|error| format!("{} at {calls} calls: {error}", contender.name))?);
            }
        }
    }
    let medians = medians(&all);
    println!("{}\n", table(&medians));
    println!("{}", ratios(&medians));
    if let Some(path) = &plan.json {
        let json = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
        std::fs::write(path, json).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let Some(path) = &plan.svg {
        std::fs::write(path, chart::svg(&medians)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn contenders(root: &Path, this: &Path, switchhook: &Path) -> Vec<Contender> {
    let mut contenders = vec![
        bare("floor", this),
        bare("bare", this),
        Contender { name: "component".into(), ..Contender::host(switchhook, Some(&root.join("plugins/echo.wasm"))) },
        Contender::host(switchhook, None),
    ];
    match std::env::var_os("SWITCHHOOK_SDK_PYTHON") {
        Some(python) => contenders.push(Contender {
            name: "python-sdk".into(),
            program: python.into(),
            arguments: vec![root.join("tests/benches/sdk_echo.py").into(), "{base_url}".into()],
            calls_max: SDK_CALLS_MAX,
        }),
        None => eprintln!("without the SDK: SWITCHHOOK_SDK_PYTHON names no Python that has it"),
    }
    contenders
}

/// A bare echo, by this very program.
fn bare(name: &str, this: &Path) -> Contender {
    let arguments = vec![name.into(), "{base_url}".into()];
    Contender { name: name.into(), program: this.to_owned(), arguments, calls_max: u32::MAX }
}

/// What the program does as one of the bare echoes.
fn buffers(mode: &str) -> Option<floor::Buffers> {
    match mode {
        "floor" => Some(floor::Buffers::Small),
        "bare" => Some(floor::Buffers::Defaults),
        _ => None,
    }
}

/// For each contender and step, the report whose processor time is in the middle, with the middle of the other figures.
fn medians(all: &[StepReport]) -> Vec<StepReport> {
    let mut medians: Vec<StepReport> = Vec::new();
    for report in all {
        if medians.iter().any(|known| known.contender == report.contender && known.calls == report.calls) {
            continue;
        }
        let same: Vec<&StepReport> =
            all.iter().filter(|other| other.contender == report.contender && other.calls == report.calls).collect();
        let mut median = report.clone();
        median.cpu_ms_per_call_s = middle(&same, |step| step.cpu_ms_per_call_s);
        median.private_bytes_per_call = middle(&same, |step| step.private_bytes_per_call);
        median.context_switches_per_frame = middle(&same, |step| step.context_switches_per_frame);
        for (index, value) in median.load.rtt_us.iter_mut().enumerate() {
            *value = middle(&same, |step| step.load.rtt_us[index] as f64) as u64;
        }
        for (index, value) in median.load.setup_us.iter_mut().enumerate() {
            *value = middle(&same, |step| step.load.setup_us[index] as f64) as u64;
        }
        medians.push(median);
    }
    medians
}

fn middle(steps: &[&StepReport], value: impl Fn(&StepReport) -> f64) -> f64 {
    let mut values: Vec<f64> = steps.iter().map(|step| value(step)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Each contender against both bare echoes of the same step.
fn ratios(medians: &[StepReport]) -> String {
    let mut lines = vec!["against the floor, and against the bare echo with the library's defaults:".to_string()];
    let bare = |name: &str, calls| medians.iter().find(|step| step.contender == name && step.calls == calls);
    for step in medians.iter().filter(|step| !matches!(step.contender.as_str(), "floor" | "bare")) {
        let (Some(floor), Some(defaults)) = (bare("floor", step.calls), bare("bare", step.calls)) else { continue };
        let cpu = |other: &StepReport| step.cpu_ms_per_call_s / other.cpu_ms_per_call_s;
        let added = |other: &StepReport| (step.load.rtt_us[1] as f64 - other.load.rtt_us[1] as f64) / 1_000.0;
        let (name, calls) = (&step.contender, step.calls);
        lines.push(format!(
            "  {name:<11} {calls:>4} calls: cpu {:.2}x and {:.2}x, p99 {:+.2} and {:+.2} ms",
            cpu(floor),
            cpu(defaults),
            added(floor),
            added(defaults)
        ));
    }
    lines.join("\n")
}

fn plan(arguments: &[String]) -> Result<Plan, String> {
    let usage = "usage: compare [--rounds N] [--steps N,N] [--seconds N] [--json FILE] [--svg FILE]";
    let mut plan = Plan { rounds: 3, steps: vec![10, 30, 100, 300], seconds: 8, json: None, svg: None };
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        let value = rest.next().ok_or(usage)?;
        let number = || value.parse::<u32>().map_err(|_| usage.to_string());
        match flag.as_str() {
            "--rounds" => plan.rounds = number()? as usize,
            "--seconds" => plan.seconds = number()?,
            "--steps" => {
                let steps: Result<Vec<u32>, _> = value.split(',').map(str::parse).collect();
                plan.steps = steps.map_err(|_| usage.to_string())?;
            }
            "--json" => plan.json = Some(value.into()),
            "--svg" => plan.svg = Some(value.into()),
            _ => return Err(usage.to_string()),
        }
    }
    Ok(plan)
}

fn fail(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}

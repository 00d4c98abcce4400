//! `cargo xtask test`: every check of the project, phase by phase, and one closing line.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use crate::shell::{Failed, ask, cargo, not_started, program, run, say};
use crate::tally::Tally;
use crate::{debian, guests, python, sdks, switchhook};

/// Format, lints, guests, the real SDK, tests.
pub(crate) fn all() -> Result<(), Failed> {
    let mut report = Report::default();
    report.phase("format", format);
    report.phase("lints", lints);
    report.phase("sdks", sdks::check);
    report.tests(None);
    report.close()
}

/// What the matching tests need, and those tests.
pub(crate) fn filtered(filter: &str) -> Result<(), Failed> {
    let mut report = Report::default();
    report.tests(Some(filter));
    report.close()
}

/// What ran, how long it took and what came of it.
#[derive(Default)]
struct Report {
    phases: Vec<(&'static str, f64, Result<(), Failed>)>,
    tally: Tally,
}

impl Report {
    fn phase<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T, Failed>) -> Option<T> {
        let start = Instant::now();
        let (value, result) = match work() {
            Ok(value) => (Some(value), Ok(())),
            Err(failed) => {
                eprintln!("xtask: {}", failed.0);
                (None, Err(failed))
            }
        };
        self.phases.push((name, start.elapsed().as_secs_f64(), result));
        value
    }

    /// The tests, unless something that they need could not be made.
    fn tests(&mut self, filter: Option<&str>) {
        let guests = self.phase("guests", guests::all);
        let python = self.phase("python", || {
            let judges = (python::SCHEMATHESIS.get()?, python::MODELS.get()?, python::SCIPY.get()?);
            Ok((python::SDK.get()?, judges))
        });
        let (Some(()), Some((sdk, (schemathesis, models, scipy)))) = (guests, python) else {
            return;
        };
        // The tests that need these are ignored without them.
        let browser = self.phase("browser", || debian::BROWSER.get());
        let oci = self.phase("registry", || debian::OCI_REGISTRY.get());
        // A test runs the program as a person would.
        self.phase("program", switchhook::build);
        let mut tally = Tally::default();
        self.phase("tests", || {
            say("building and running the tests (about six minutes from cold on two cores)");
            let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
            if let Some(filter) = filter {
                tests.args(["--", filter]);
            }
            tests.env("SWITCHHOOK_SDK_PYTHON", sdk).env("SWITCHHOOK_SCHEMATHESIS_PYTHON", schemathesis);
            tests.env("SWITCHHOOK_MODELS_PYTHON", models).env("SWITCHHOOK_SCIPY_PYTHON", scipy);
            tests.stdout(Stdio::piped());
            if let Some(browser) = browser {
                tests.env("SWITCHHOOK_CHROMIUM", browser);
            }
            if let Some(oci) = oci {
                tests.env("SWITCHHOOK_OCI_REGISTRY", oci);
            }
            let mut child = tests.spawn().map_err(|error| not_started(&tests, &error))?;
            for line in
                child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok)
            {
                println!("{line}");
                tally += Tally::of_line(&line);
            }
            let status = child.wait().map_err(|error| not_started(&tests, &error))?;
            if tally.failed > 0 {
                return Err(Failed::new("tests failed: their output is above"));
            }
            if !status.success() {
                return Err(Failed::new("a test program did not build, or died: see above"));
            }
            if tally.passed == 0 {
                return Err(Failed::new("no test ran: no name contains the filter"));
            }
            Ok(())
        });
        self.tally += tally;
    }

    /// Prints the table and the closing line, in which a failed phase without failed tests counts as one.
    fn close(mut self) -> Result<(), Failed> {
        println!("\n{:<10}{:>9}", "phase", "seconds");
        for (name, seconds, result) in &self.phases {
            println!("{name:<10}{seconds:>9.1}  {}", if result.is_ok() { "ok" } else { "FAILED" });
            if result.is_err() && (*name != "tests" || self.tally.failed == 0) {
                self.tally.failed += 1;
            }
        }
        println!("\n{} passed, {} failed", self.tally.passed, self.tally.failed);
        let failed: Vec<&str> = self.phases.iter().filter(|phase| phase.2.is_err()).map(|phase| phase.0).collect();
        if failed.is_empty() { Ok(()) } else { Err(Failed(format!("failed: {}", failed.join(", ")))) }
    }
}

fn format() -> Result<(), Failed> {
    component("rustfmt", "fmt")?;
    say("checking the format");
    run(cargo(&["fmt", "--all", "--check"]), "the format differs: run `cargo fmt --all`")
}

fn lints() -> Result<(), Failed> {
    component("clippy", "clippy")?;
    say("checking the lints (about three minutes from cold on two cores)");
    run(
        cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        "lints failed: clippy's messages are above",
    )
}

/// Automatic installation by `rust-toolchain.toml` is switched off on some machines.
fn component(name: &str, subcommand: &str) -> Result<(), Failed> {
    if ask(cargo(&[subcommand, "--version"])).is_some() {
        return Ok(());
    }
    say(&format!("installing the Rust component {name}"));
    run(
        program("rustup", &["component", "add", name]),
        &format!("the Rust component {name} is missing and `rustup component add {name}` failed: see above"),
    )
}

//! `cargo xtask`: the two commands of the README and what they are made of.
//!
//! It knows no wasmtime and has no dependency, so it compiles in a second and can say what it does while the rest is
//! built. Whatever the machine lacks it takes from the package registries; what it cannot make itself is named in one
//! sentence. Everything it makes lies under `target/`, but for `plugins/*.wasm` and `node_modules`.
//! Exit codes: 0 done, 1 it failed, 2 wrong use.

mod bindings_c;
mod cookbook;
mod debian;
mod guests;
mod python;
mod sdks;
mod shell;
mod switchhook;
mod tally;
mod test;

use std::process::ExitCode;

use shell::{Failed, program, run};

const HELP: &str = "\
cargo xtask COMMAND

  demo [ARGUMENTS]   builds what is missing and runs `switchhook demo ARGUMENTS`
  test [FILTER]      every test of the project; with a filter, only tests whose name contains it
  plugins [--lang L] builds plugins/NAME.wasm, the cookbook and the guests of the tests (rust), the same in L (js, python, c, go); else all of them
  contract           makes the types of the SDKs from the contract in wit/, and the cookbook's page from its recipes
  sdks               the tests of the SDKs of other languages and of their plugins, which need no host
  help               this text

The first run fetches dependencies and builds wasmtime: about six minutes on two cores. Later runs take seconds.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    let done = match (command.as_str(), rest.as_slice()) {
        ("demo", _) => demo(&rest),
        ("test", []) => test::all(),
        ("test", [filter]) if !filter.starts_with('-') => test::filtered(filter),
        ("contract", []) => sdks::contract(),
        ("sdks", []) => sdks::check(),
        ("plugins", []) => guests::all(),
        ("plugins", [option, language]) if option == "--lang" => guests::one(language),
        ("help" | "--help" | "-h", _) => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("xtask: cannot read `{}`\n\n{HELP}", [&[command], rest.as_slice()].concat().join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn demo(arguments: &[String]) -> Result<(), Failed> {
    guests::one("rust")?;
    let mut demo = program(switchhook::build()?, &["demo"]);
    demo.args(arguments);
    run(demo, "the demo failed: its own message is above")
}

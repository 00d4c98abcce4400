//! What takes the calls: a program, started with the load's address, that connects by itself.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How a contender is started.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name in tables.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments; `{base_url}` in one of them is replaced.
    pub arguments: Vec<OsString>,
    /// The most calls it is asked to take. It sits out larger steps.
    pub calls_max: u32,
}

impl Contender {
    /// This host, by its own program: with a component, or with the same echo as native code.
    pub fn host(switchhook: &Path, plugin: Option<&Path>) -> Contender {
        let mut arguments: Vec<OsString> = vec!["bench-host".into(), "--base-url".into(), "{base_url}".into()];
        match plugin {
            Some(plugin) => arguments.extend(["--plugin".into(), plugin.into()]),
            None => arguments.push("--native".into()),
        }
        let name = plugin.map_or_else(|| "native".into(), |plugin| plugin.file_stem().unwrap_or_default().to_owned());
        Contender {
            name: name.to_string_lossy().into_owned(),
            program: switchhook.to_owned(),
            arguments,
            calls_max: u32::MAX,
        }
    }

    /// The arguments with the address in them.
    pub(super) fn arguments_for(&self, base_url: &str) -> Vec<OsString> {
        let replaced = |argument: &OsString| match argument.to_str() {
            Some(text) => text.replace("{base_url}", base_url).into(),
            None => argument.clone(),
        };
        self.arguments.iter().map(replaced).collect()
    }
}

//! The configuration file: from TOML to values that can be relied on.
//!
//! Three types tell how far it has come: as written (`written.rs`, every value with its place), resolved
//! ([`Config`], where invalid states cannot be expressed), and running (what `run` builds from it). All problems
//! are reported at once, each with its line, the path of its key and what to do. A key whose feature a later version
//! brings is refused with that reason: ignoring it would promise something that does not happen.
//!
//! Who pays on failure: nobody but the operator at the start; a host that runs has a good configuration.

mod admin;
mod base_url;
mod connector;
mod credentials;
mod grants;
mod pattern;
mod plugin;
pub(crate) mod problem;
pub(crate) mod read;
mod resolve;
mod resolved;
mod route;
mod secret;
pub(crate) mod suggest;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;
mod traces;
mod written;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use base_url::{BaseUrl, BaseUrlError};
pub use pattern::{Pattern, PatternError};
pub use problem::{Place, Problem, ProblemKind, Problems};
pub use resolved::{
    Admin, ApiKey, Channel, Config, Connector, ConnectorIndex, Credentials, FaultStep, Grants, Name, Plugin,
    PluginIndex, PluginLimits, Prompt, Quota, Route, SampleRate, Source, Tenant, TracesTo,
};
pub use secret::Secret;
pub use telcoflow::frame::AudioMode;
pub use telcoflow::frame::manager::{CallFlow, InboundCall};

use crate::limits::CONFIG_BYTES_MAX;

/// Looks up an environment variable.
pub type Env<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// Reads and resolves a file. Secrets are fetched, sources are tried, nothing is written.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(file: &Path, env: &Env<'_>) -> Result<Config, Problems> {
    resolve(file, &read_file(file, CONFIG_BYTES_MAX, "is it a configuration?")?, env)
}

/// The text of a file of no more than so many bytes.
pub(crate) fn read_file(file: &Path, bytes_max: u64, help: &str) -> Result<String, Problems> {
    let mut text = String::new();
    match File::open(file).and_then(|opened| opened.take(bytes_max + 1).read_to_string(&mut text)) {
        Ok(bytes) if bytes as u64 > bytes_max => {
            Err(Problems::unreadable(file, format!("longer than {bytes_max} bytes"), help))
        }
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Problems::unreadable(file, format!("cannot be read: {error}"), "correct the path or its permissions"))
        }
    }
}

/// Reads the admin interface alone, for a client of a host with this configuration. The rest may be wrong.
///
/// # Errors
/// The file cannot be read, or what it says of the interface is wrong.
pub fn load_admin(file: &Path) -> Result<Option<Admin>, Problems> {
    let text = read_file(file, CONFIG_BYTES_MAX, "is it a configuration?")?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let parsed = syntax::parse(&text);
    let mut reader = read::Reader::new(&text);
    let mut root = read::Section::root(&reader, parsed.table);
    let written = written::WrittenAdmin::of(&mut reader, &mut root);
    let env = |name: &str| std::env::var_os(name);
    let mut resolver =
        resolve::Resolver { folder, keeps_versions: false, env: &env, reader: &mut reader, files: BTreeSet::new() };
    let admin = resolver.optional(written, None, |resolver, at| resolver.admin(at).map(Some));
    let found = std::mem::take(&mut reader.problems);
    let problems = parsed.errors.report(&reader, found);
    match admin {
        Some(admin) if problems.is_empty() => Ok(admin),
        _ => Err(Problems::new(file, problems)),
    }
}

/// Resolves the text of a file. Relative paths start at the folder of `file`.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn resolve(file: &Path, text: &str, env: &Env<'_>) -> Result<Config, Problems> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let parsed = syntax::parse(text);
    let mut reader = read::Reader::new(text);
    let root = read::Section::root(&reader, parsed.table);
    let written = written::Written::read(&mut reader, root);
    let (reading, files) = (&mut reader, BTreeSet::new());
    let resolver = resolve::Resolver { folder, keeps_versions: false, env, reader: reading, files };
    let config = resolver.config(file, written);

    let found = std::mem::take(&mut reader.problems);
    let mut problems = parsed.errors.report(&reader, found);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => {
            problems.sort_by_key(|problem| problem.line());
            Err(Problems::new(file, problems))
        }
    }
}

//! What the configuration accepts, what it refuses, and in which words.

mod broken;
mod faults;
mod good;
mod grants;
mod mistakes;
mod refusals;
mod secrets;
mod syntax;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Config, Problems, resolve};

/// A folder with a plugin in it, an environment, and a file to be resolved there.
struct Desk {
    folder: TempDir,
    env: HashMap<String, OsString>,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let desk = Desk { folder, env: HashMap::new() };
        desk.put("echo.wasm", b"\0asm");
        desk
    }

    fn env(mut self, name: &str, value: impl Into<OsString>) -> Desk {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).expect("the temporary folder is writable");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn resolve(&self, text: &str) -> Result<Config, Problems> {
        resolve(&self.path("t.toml"), text, &|name| self.env.get(name).cloned())
    }

    /// The problems as they are printed, without the folder's name.
    fn problems(&self, text: &str) -> String {
        let problems = self.resolve(text).expect_err("the file has problems");
        let folder = format!("{}/", self.folder.path().display());
        problems.to_string().replace(&folder, "")
    }
}

/// A small good file, with lines put in where a test wants its mistake.
struct Sheet {
    top: &'static str,
    tenant: &'static str,
    telcoflow: &'static str,
    plugin: &'static str,
    route: &'static str,
}

impl Sheet {
    const GOOD: Sheet = Sheet { top: "", tenant: "", telcoflow: "", plugin: "", route: "" };

    /// Each part starts on a line of its own: 1, 4, 9, 13, 17 when no part is longer than a line.
    fn text(&self) -> String {
        let Sheet { top, tenant, telcoflow, plugin, route } = self;
        format!(
            "{top}\n[[tenant]]\nname = \"acme\"\n{tenant}\n\
             [[tenant.telcoflow]]\nname = \"main\"\napi_key = \"k\"\nconnector_uuid = \"c\"\n{telcoflow}\n\
             [[tenant.plugin]]\nname = \"echo\"\nsource = \"echo.wasm\"\n{plugin}\n\
             [[tenant.route]]\nplugin = \"echo\"\n{route}\n"
        )
    }
}

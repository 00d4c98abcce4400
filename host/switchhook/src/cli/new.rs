//! `switchhook new`: a project of a handler, ready to be built.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, print};
use crate::author::template::{self, Sdk};
use crate::limits::NAME_BYTES_MAX;

/// Arguments of `new`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What it is called; the folder is made here
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is written in
    #[arg(long, value_enum, value_name = "LANG")]
    pub lang: Lang,
    /// A checkout of Switchhook, whose SDK is used instead of the copy that the project gets
    #[arg(long, value_name = "FOLDER")]
    pub sdk: Option<PathBuf>,
}

/// The languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Lang {
    /// Rust
    Rust,
    /// JavaScript
    Js,
    /// Python
    Python,
    /// C
    C,
    /// Go
    Go,
}

impl Lang {
    /// Its name on the command line, and that of its SDK's folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Lang::Rust => "rust",
            Lang::Js => "js",
            Lang::Python => "python",
            Lang::C => "c",
            Lang::Go => "go",
        }
    }
}

/// Makes it. Nothing that is there is overwritten.
///
/// # Errors
/// The name is not one, the folder is there already or cannot be written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { name, lang, sdk } = args;
    let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !legal {
        let help = format!("use 1 to {NAME_BYTES_MAX} small letters, digits and `-`, with a letter first");
        return Err(Failure::new(format!("{name:?} is not a name"), help));
    }
    let sdk = sdk.map(|checkout| checkout.join("guest-sdk").join(lang.as_str())).map(|folder| {
        folder.canonicalize().map_err(|error| {
            let what = format!("{}: {error}", folder.display());
            Failure::new(what, "`--sdk` names a checkout of Switchhook")
        })
    });
    let sdk = sdk.transpose()?;
    let files = template::project(lang, &name, &sdk.as_deref().map_or(Sdk::Own, Sdk::At));
    let folder = PathBuf::from(&name);
    let unwritten = |error: std::io::Error| {
        Failure::new(format!("{}: {error}", folder.display()), "choose another name, or another folder to be in")
    };
    std::fs::create_dir(&folder).map_err(unwritten)?;
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(unwritten)?;
        std::fs::write(&path, bytes).map_err(unwritten)?;
    }
    print::text(&format!(
        "made {name}/\n\n  switchhook dev {name}    builds it, makes a simulated call, and again on save"
    ))?;
    Ok(ExitCode::SUCCESS)
}

//! A handler's project: how it is built and what it becomes. The file is read with the configuration's reader.

use std::path::{Path, PathBuf};

use crate::config::read::{At, Field, Reader, Section};
use crate::config::{Problems, read_file, syntax};
use crate::limits::CONFIG_BYTES_MAX;

/// The file that describes a project.
pub const FILE: &str = "handler.toml";

/// What `dev` works on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Project {
    /// Where commands run and relative paths start.
    pub folder: PathBuf,
    /// The command that builds it; empty when it is built elsewhere.
    pub build: Vec<String>,
    /// The component.
    pub component: PathBuf,
    /// What is watched.
    pub watch: Vec<PathBuf>,
    /// Its scenarios, if it has any.
    pub scenarios: Option<PathBuf>,
}

impl Project {
    /// A component that somebody else builds.
    pub fn of_component(component: &Path) -> Project {
        let folder = component.parent().unwrap_or(Path::new("")).to_owned();
        let component = component.to_owned();
        Project { folder, build: Vec::new(), watch: vec![component.clone()], component, scenarios: None }
    }

    /// Reads `FOLDER/handler.toml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn read(folder: &Path) -> Result<Project, Problems> {
        let file = folder.join(FILE);
        let text = read_file(&file, CONFIG_BYTES_MAX, "is it a handler's project?")?;
        let parsed = syntax::parse(&text);
        let mut reader = Reader::new(&text);
        let mut root = Section::root(&reader, parsed.table);
        let build = texts(&mut root, &mut reader, "build");
        let component = root.text(&mut reader, "component");
        if component.is_absent() {
            let place = root.place.child("component");
            reader.missing(&place, "missing", "name the component's file");
        }
        let watch = texts(&mut root, &mut reader, "watch");
        let scenarios = root.text(&mut reader, "scenarios").given().map(|at| folder.join(at.value));
        root.finish(&mut reader, &[]);
        let found = std::mem::take(&mut reader.problems);
        let problems = parsed.errors.report(&reader, found);
        let component = component.given().map(|at| folder.join(at.value));
        match component {
            Some(component) if problems.is_empty() => Ok(Project {
                folder: folder.to_owned(),
                build,
                watch: if watch.is_empty() { vec![component.clone()] } else { paths(folder, watch) },
                component,
                scenarios,
            }),
            _ => Err(Problems::new(&file, problems)),
        }
    }
}

fn texts(root: &mut Section<'_>, reader: &mut Reader, key: &'static str) -> Vec<String> {
    match root.texts(reader, key) {
        Field::Given(At { value, .. }) => value.into_iter().map(|at| at.value).collect(),
        Field::Absent | Field::Refused => Vec::new(),
    }
}

fn paths(folder: &Path, names: Vec<String>) -> Vec<PathBuf> {
    names.into_iter().map(|name| folder.join(name)).collect()
}

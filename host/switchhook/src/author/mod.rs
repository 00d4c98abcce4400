//! What an author of handlers works with: a project and its description.
//!
//! - [`project`]: `handler.toml`, by which `dev` knows how a handler is built
//! - [`template`]: a new project, from what is built into the program
//! - [`traps`]: what is known to go wrong with a component of its kind

pub mod project;
pub mod template;
pub mod traps;

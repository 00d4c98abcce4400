//! New versions of plugins, made live while calls go on.
//!
//! A version comes from somebody who [pushes](Loader::push) it, from a file that is watched, or from an OCI registry. It is
//! checked (world, imports, size), compiled in a process of its own, and one guest of it is made and thrown away. Then the
//! registry acknowledges it, and only then the plugin's slot gets it: the next call is on it, the present ones stay.
//!
//! A failure at any step changes nothing and says why. What the registry knows as live is what the next start serves.
//!
//! Who pays on failure: whoever brought the version. Calls do not notice: compiling has its own process and little of the
//! processor, and what waits for the disk does so on threads that no call waits for.

mod capabilities;
mod error;
pub mod limits;
mod loader;
mod news;
mod receipt;
mod source;
mod stock;

pub use capabilities::Want;
pub use error::LoadRefused;
pub use loader::{Hosted, Listed, LoadObserver, Loader, PushPlace, Pushed};
pub use news::News;
pub use receipt::Receipt;
pub use source::{Checked, Source, Sources};
pub use stock::Stock;

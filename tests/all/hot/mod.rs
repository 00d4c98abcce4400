//! Hot loading: new versions are brought in and made live while calls talk.

mod api;
mod hostile;
mod kept;
pub(crate) mod kit;
mod sources;
mod swaps;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [api::trials(), swaps::trials(), sources::trials(), kept::trials(), hostile::trials()]
        .into_iter()
        .flatten()
        .collect()
}

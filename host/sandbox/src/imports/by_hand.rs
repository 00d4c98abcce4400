//! The two functions that carry audio out of a guest: generated bindings would copy each frame into a vector of its own
//! first. These read it where it lies in the guest's memory.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

use crate::bindings::types;
use crate::prefetch::Piece;
use crate::shared::Desk;
use crate::state::GuestState;

type Played = wasmtime::Result<(Result<types::Ledger, types::Failure>,)>;

/// Puts them in the place of the generated ones.
pub(crate) fn bind_by_hand(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut playout = linker.instance("switchhook:handler/playout@0.1.0")?;
    playout.func_wrap("play", play)?;
    playout.func_wrap("play-samples", play_samples)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn play(mut store: StoreContextMut<'_, GuestState>, (pcm,): (WasmList<u8>,)) -> Played {
    let bytes = pcm.len();
    if let Some(full) = store.data_mut().full(bytes) {
        return Ok((Err(full.into()),));
    }
    let pcm = pcm.as_le_slice(&store);
    let played = {
        let Desk { call, wait, .. } = &mut *store.data().call()?.desk();
        wait.set_played(Piece::of(pcm));
        call.play(pcm)
    };
    Ok((played.map(Into::into).map_err(Into::into),))
}

fn play_samples(mut store: StoreContextMut<'_, GuestState>, (samples,): (WasmList<i16>,)) -> Played {
    let bytes = 2 * samples.len();
    if let Some(full) = store.data_mut().full(bytes) {
        return Ok((Err(full.into()),));
    }
    let samples = samples.as_le_slice(&store);
    let played = {
        let Desk { call, wait, .. } = &mut *store.data().call()?.desk();
        wait.set_played(Piece::of(samples));
        call.play_samples(samples)
    };
    Ok((played.map(Into::into).map_err(Into::into),))
}

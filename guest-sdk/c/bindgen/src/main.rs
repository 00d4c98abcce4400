//! Writes the bindings of `guest-sdk/c/bindings`: `bindgen WIT FOLDER`.

use std::path::Path;

use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [wit, folder] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: bindgen WIT FOLDER")?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(&wit)?;
    let world = resolve.select_world(&[package], Some("call-handler"))?;
    let mut files = Files::default();
    // The build command puts the type in, from the WIT itself.
    let options = wit_bindgen_c::Opts { no_object_file: true, ..Default::default() };
    options.build().generate(&mut resolve, world, &mut files)?;
    for (name, text) in files.iter() {
        std::fs::write(Path::new(&folder).join(name), text)?;
    }
    Ok(())
}

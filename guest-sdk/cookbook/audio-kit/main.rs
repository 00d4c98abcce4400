//! Lets the host resample, make tones and listen for keys, at native speed: for languages that compute slowly, and for handlers
//! that are to stay small.

use switchhook_guest::bindings::plain::switchhook::handler::audio_kit as kit;
use switchhook_guest::{CallInfo, Event, Failure, call, events, info, play};

switchhook_guest::handler!(handle);

/// Of 32767.
const PEAK: u16 = 8_000;

fn handle(about: CallInfo) -> Result<(), Failure> {
    let rate_hz = about.audio.sample_rate_hz;
    call::answer()?;
    let (keys, narrow) = (kit::open_key_detector(rate_hz)?, kit::open_resampler(rate_hz, 8_000)?);
    let mut mu_law_bytes = 0;
    for event in events() {
        match event {
            Event::Outcome(_) => drop(play(&kit::tones(&[350, 440], PEAK, 1_000, rate_hz)?)?),
            Event::Audio(frame) if frame.channel == 0 => {
                for key in kit::hear_keys(keys, &frame.pcm)?.chars() {
                    info!("the caller pressed {key}");
                    play(&kit::key_tones(&key.to_string(), PEAK, 100, rate_hz)?)?;
                }
                // As a telephone line would have it: 8 kHz, one byte a sample.
                mu_law_bytes += kit::to_g711(kit::Law::Mu, &kit::resample(narrow, &frame.pcm)?)?.len();
            }
            _ => {}
        }
    }
    info!("{} ms in mu-law", mu_law_bytes / 8);
    Ok(())
}

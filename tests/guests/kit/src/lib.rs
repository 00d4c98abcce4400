//! Lets the host compute everything that `audio-kit` offers, once the call is answered, and logs what came of it as
//! `kit NAME RESULT`. It says keys to its caller, and tells which keys and whether speech it hears from there.

use switchhook_guest::bindings::plain::switchhook::handler::audio_kit::{self as kit, Law, Sound};
use switchhook_guest::{CallInfo, Event, Failure, call, events, info, play};

switchhook_guest::handler!(handle);

const PEAK: u16 = 8_000;

fn handle(call_info: CallInfo) -> Result<(), Failure> {
    let rate_hz = call_info.audio.sample_rate_hz;
    call::answer()?;
    arithmetic(rate_hz)?;
    refusals(rate_hz);
    let keys = kit::open_key_detector(rate_hz)?;
    let voice = kit::open_voice_detector(rate_hz)?;
    let mut spoke = false;
    for event in events() {
        match event {
            Event::Outcome(_) => drop(play(&kit::key_tones("42#", PEAK, 100, rate_hz)?)?),
            Event::Audio(frame) => {
                let pressed = kit::hear_keys(keys, &frame.pcm)?;
                if !pressed.is_empty() {
                    info!("kit pressed {pressed}");
                }
                let heard = kit::hear_voice(voice, &frame.pcm)?;
                if heard.speaks != spoke {
                    spoke = heard.speaks;
                    info!("kit speaks {spoke}");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn arithmetic(rate_hz: u32) -> Result<(), Failure> {
    let tone = kit::tones(&[440], PEAK, 1_000, rate_hz)?;
    let level = |pcm: &[u8]| kit::level_dbfs(pcm).map(|level| level.round());
    info!("kit tone {} bytes {} dBFS", tone.len(), level(&tone)?);

    let resampler = kit::open_resampler(rate_hz, 24_000)?;
    let mut higher = Vec::new();
    for frame in tone.chunks(640) {
        higher.extend(kit::resample(resampler, frame)?);
    }
    higher.extend(kit::finish_resampling(resampler)?);
    kit::close(resampler);
    info!("kit resampled {} bytes {} dBFS", higher.len(), level(&higher)?);

    for (name, law) in [("mu", Law::Mu), ("a", Law::A)] {
        let coded = kit::to_g711(law, &tone)?;
        let back = kit::from_g711(law, &coded)?;
        info!("kit {name} {} bytes {} dBFS", coded.len(), level(&back)?);
    }

    let file = kit::write_wav(&Sound { sample_rate_hz: rate_hz, pcm: tone.clone() })?;
    let read = kit::read_wav(&file)?;
    info!("kit wav {} Hz {}", read.sample_rate_hz, read.pcm == tone);
    Ok(())
}

fn refusals(rate_hz: u32) {
    fn told<T>(what: &str, answer: Result<T, Failure>) {
        info!("kit {what} {}", answer.map_or_else(|failure| failure.code, |_| "OK".into()));
    }
    told("half a sample", kit::level_dbfs(&[1, 2, 3]));
    told("a key that is none", kit::key_tones("E", PEAK, 100, rate_hz));
    told("no tool", kit::hear_keys(99, &[]));
    told("too long a tone", kit::tones(&[440], PEAK, u32::MAX, rate_hz));
    told("too much", kit::level_dbfs(&vec![0; 192_002]));
    let tools: Vec<_> = (0..9).map(|_| kit::open_resampler(8_000, 48_000)).collect();
    let open = tools.iter().filter(|tool| tool.is_ok()).count();
    info!("kit tools {open}");
    tools.into_iter().for_each(|tool| match tool {
        Ok(tool) => kit::close(tool),
        Err(failure) => told("one more", Err::<(), _>(failure)),
    });
}

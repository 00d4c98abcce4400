//! The kit's arithmetic beside that of SciPy, on the same audio: wit/README.md states how far they may be apart.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use audio::Law;
use audio::kit::{self, Tools};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use switchhook_tests::components;

const RATES_HZ: [u32; 4] = [8_000, 16_000, 24_000, 48_000];
/// In the order of the script.
const KEYS: &str = "123A456B789C*0#D";
/// What one call of the kit takes at the most is a second of these.
const PIECE_BYTES: usize = 16_000;

/// How far the two may be apart: what wit/README.md states.
const BOUNDS: &[(&str, f64)] = &[
    ("resample_db", -70.0),
    ("resample_scipy_db", -70.0),
    ("resample_length", 0.0),
    ("mu_expanded", 0.0),
    ("a_expanded", 0.0),
    ("mu_coded_steps", 0.5),
    ("a_coded_steps", 0.5),
    ("tone_off", 4.0),
    ("key_tone_percent", 0.01),
    ("level_db", 0.001),
];

pub(super) fn trial() -> Trial {
    let trial = Trial::test("audio_kit::agrees_with_scipy", || {
        agrees();
        Ok(())
    });
    trial.with_ignored_flag(python().is_none())
}

/// The Python that has SciPy.
fn python() -> Option<OsString> {
    std::env::var_os("SWITCHHOOK_SCIPY_PYTHON")
}

fn agrees() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    script("make", folder);
    work(folder).expect("the kit takes it");
    let told: Value = serde_json::from_str(&script("judge", folder)).expect("JSON");
    for (name, most) in BOUNDS {
        let error = told[*name].as_f64().unwrap_or_else(|| panic!("no {name}: {told}"));
        assert!(error <= *most, "{name}: {error} is more than {most}: {told}");
    }
}

fn script(what: &str, folder: &Path) -> String {
    let mut command = Command::new(python().expect("the trial is ignored without it"));
    let output = command.arg(components::root().join("tests/audio/reference.py")).arg(what).arg(folder).output();
    let output = output.expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything that the script judges.
fn work(folder: &Path) -> Result<(), kit::KitError> {
    let read = |name: &str| std::fs::read(folder.join(format!("{name}.raw"))).expect("the script made it");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(format!("{name}.raw")), bytes).expect("room");
    let mut levels = Vec::new();
    for rate_hz in RATES_HZ {
        let mut tools = Tools::default();
        let speech = read(&format!("speech-{rate_hz}"));
        for to_hz in RATES_HZ.into_iter().filter(|to_hz| *to_hz != rate_hz) {
            let resampler = tools.open_resampler(rate_hz, to_hz)?;
            let mut other = Vec::new();
            for piece in speech.chunks(PIECE_BYTES) {
                other.extend(tools.resample(resampler, piece)?);
            }
            other.extend(tools.finish_resampling(resampler)?);
            tools.close(resampler);
            write(&format!("resampled-{rate_hz}-{to_hz}"), &other);
        }
        levels.push(kit::level(&speech)?);
        let detector = tools.open_key_detector(rate_hz)?;
        let pressed: Result<String, _> =
            read(&format!("dialled-{rate_hz}")).chunks(640).map(|piece| tools.hear_keys(detector, piece)).collect();
        assert_eq!(pressed?, KEYS, "what SciPy dialled at {rate_hz} Hz");
        let mut keys = Vec::new();
        for key in KEYS.chars() {
            keys.extend(kit::tones_of_keys(&key.to_string(), 6_000, 100, rate_hz)?);
        }
        write(&format!("keys-{rate_hz}"), &keys);
    }
    std::fs::write(folder.join("levels.json"), json!(levels).to_string()).expect("room");
    write("tones", &kit::sum_of_tones(&[350, 440], 8_000, 1_000, 16_000)?);
    for (name, law) in [("mu", Law::Mu), ("a", Law::A)] {
        let every: Vec<u8> = (0..=u8::MAX).collect();
        write(&format!("expanded-{name}"), &kit::decode_g711(law, &every)?);
        write(&format!("coded-{name}"), &kit::encode_g711(law, &read("all"))?);
    }
    Ok(())
}

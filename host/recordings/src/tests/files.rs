//! Files by the book, whose they are, and what is left of one when everything ends at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use audio::Wav;

use super::{Desk, MONO, ROOM, STEREO, code};
use crate::recorder::RecorderError;

#[tokio::test]
async fn what_is_written_is_read_and_gone_when_deleted() {
    let desk = Desk::new();
    let said = audio::tone(440.0, 0.5, 16_000, 16_000);
    let (reference, mut sink) = desk.start().await;
    for part in said.chunks(4_000) {
        sink.write(audio::samples_to_bytes(part));
    }
    assert_eq!(code(desk.store.read(&reference, 16_000, ROOM).await), "NOT_NOW");
    assert_eq!(code(desk.store.delete(&reference).await), "NOT_NOW");
    assert_eq!(sink.trouble(), None);
    sink.finish().await.unwrap();

    assert_eq!(Wav::read_file(desk.path(&reference)).unwrap().samples, said);
    assert_eq!(desk.store.read(&reference, 16_000, ROOM).await.unwrap(), said);
    assert_eq!(code(desk.store.read(&reference, 8_000, ROOM).await), "INVALID");
    assert_eq!(code(desk.store.read(&reference, 16_000, said.len() - 1).await), "FULL");
    assert_eq!(desk.store.read(&reference, 16_000, said.len()).await.unwrap().len(), said.len());
    desk.store.delete(&reference).await.unwrap();
    assert_eq!(desk.files(), 0);
    assert_eq!(code(desk.store.delete(&reference).await), "INVALID");
    assert_eq!(code(desk.store.read(&reference, 16_000, ROOM).await), "INVALID");
}

#[tokio::test]
async fn two_channels_are_two_sides_and_one_when_played() {
    let desk = Desk::new();
    let (reference, mut sink) = desk.store.create(STEREO).await.unwrap();
    sink.write(audio::samples_to_bytes(&[100, 300, -100, -300]));
    sink.finish().await.unwrap();
    let bytes = fs::read(desk.path(&reference)).unwrap();
    assert_eq!((bytes.len(), bytes[22], &bytes[44..46]), (52, 2, &100_i16.to_le_bytes()[..]));
    assert_eq!(desk.store.read(&reference, 16_000, 2).await.unwrap(), [200, -200]);
}

#[tokio::test]
async fn folders_and_files_are_the_hosts_alone() {
    let desk = Desk::new();
    let reference = desk.record(&[1]).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = desk.path(&reference);
    assert_eq!(mode(&file), 0o600);
    for folder in file.ancestors().skip(1).take(3) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn hostile_and_foreign_references_are_invalid() {
    let desk = Desk::new();
    let mine = desk.record(&[1]).await;
    fs::write(desk.folder.path().join("recordings/acme/x.wav"), b"RIFF").unwrap();
    for reference in ["", "x", "../x", "..", "/etc/passwd", &format!("../voicemail/{mine}"), &format!("{mine}.wav")] {
        assert_eq!(code(desk.store.read(reference, 16_000, ROOM).await), "INVALID", "{reference}");
        assert_eq!(code(desk.store.delete(reference).await), "INVALID", "{reference}");
    }
    for (tenant, plugin) in [("acme", "menu"), ("umbrella", "voicemail")] {
        let other = desk.recorder.plugin(tenant, plugin).unwrap();
        assert_eq!(code(other.read(&mine, 16_000, ROOM).await), "INVALID");
        assert_eq!(code(other.delete(&mine).await), "INVALID");
    }
    assert!(desk.path(&mine).exists());
    for name in ["", ".", "..", "../acme", "a/b", "-a", "a b", "a\0"] {
        assert_eq!(desk.recorder.plugin("acme", name).unwrap_err(), RecorderError::Name(name.to_owned()));
        assert_eq!(desk.recorder.plugin(name, "voicemail").unwrap_err(), RecorderError::Name(name.to_owned()));
    }
}

#[tokio::test]
async fn a_recording_that_is_dropped_is_complete() {
    let desk = Desk::new();
    let (reference, mut sink) = desk.start().await;
    sink.write(vec![7; 640]);
    drop(sink);
    assert!(desk.recorder.close().await);
    assert_eq!(desk.store.read(&reference, 16_000, ROOM).await.unwrap().len(), 320);
}

#[test]
fn without_a_runtime_what_is_left_is_written_at_once() {
    let desk = Desk::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (reference, mut sink) = runtime.block_on(desk.start());
    drop(runtime);
    sink.write(vec![7; 640]);
    drop(sink);
    assert_eq!(Wav::read_file(desk.path(&reference)).unwrap().samples.len(), 320);
}

#[tokio::test]
async fn a_recording_that_nobody_waited_for_leaves_nothing() {
    let desk = Desk::new();
    let mut creating = desk.store.create(MONO);
    // Made while nobody looks, and then forgotten.
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(creating.as_mut().poll(cx).is_pending())).await);
    desk.recorder.close().await;
    drop(creating);
    desk.recorder.close().await;
    assert_eq!(desk.files(), 0);
}

#[tokio::test]
async fn wherever_the_process_dies_the_file_is_read_up_to_the_last_write() {
    let desk = Desk::new();
    let (reference, mut sink) = desk.start().await;
    let path = desk.path(&reference);
    let mut states = vec![fs::read(&path).unwrap()];
    for second in 1..6_i16 {
        sink.write(second.to_le_bytes().repeat(16_000));
        desk.recorder.close().await;
        states.push(fs::read(&path).unwrap());
    }
    // A process that dies leaves one of these, or one with further data behind what its header tells.
    for (seconds, state) in states.iter().enumerate() {
        for torn in [0, 1, 2_047, 32_000] {
            let file = desk.folder.path().join("torn.wav");
            fs::write(&file, [state.as_slice(), &vec![9; torn]].concat()).unwrap();
            let wav = Wav::read_file(&file).unwrap();
            assert_eq!(wav.samples.len(), seconds * 16_000);
            assert_eq!(wav.samples.last().copied().unwrap_or_default(), seconds as i16);
        }
    }
    // A file that lost its end with the machine is told as such, and can be deleted.
    drop(sink);
    desk.recorder.close().await;
    let whole = fs::read(&path).unwrap();
    for length in [0, 10, 43, 44, 1_000] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(code(desk.store.read(&reference, 16_000, ROOM).await), "STORAGE", "{length} bytes");
    }
    desk.store.delete(&reference).await.unwrap();
}

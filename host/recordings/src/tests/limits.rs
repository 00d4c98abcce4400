//! Every limit, one by one.

use std::sync::Arc;

use call::code::{FULL, STORAGE};

use super::{Desk, MONO, ROOM, STEREO, code};
use crate::disk::LocalDisk;
use crate::recorder::RecorderLimits;

fn desk(limits: RecorderLimits) -> Desk {
    Desk::with(limits, Arc::new(LocalDisk))
}

#[tokio::test]
async fn a_recording_ends_at_its_time_or_its_size() {
    let by_time = RecorderLimits { recording_s_max: 1, ..RecorderLimits::default() };
    let by_size = RecorderLimits { recording_bytes_max: 64_003, ..RecorderLimits::default() };
    for (limits, format, bytes) in
        [(by_time.clone(), MONO, 32_000), (by_time, STEREO, 64_000), (by_size, STEREO, 64_000)]
    {
        let desk = desk(limits);
        let (reference, mut sink) = desk.store.create(format).await.unwrap();
        for _ in 0..10 {
            sink.write(vec![1; 20_000]);
        }
        let trouble = sink.trouble().unwrap();
        assert_eq!((&*trouble.failure.code, trouble.over), (FULL, true));
        assert_eq!(sink.trouble(), None, "it is told once");
        sink.finish().await.unwrap();
        assert_eq!(std::fs::metadata(desk.path(&reference)).unwrap().len(), 44 + bytes);
        assert!(desk.store.read(&reference, 16_000, ROOM).await.is_ok());
    }
}

#[tokio::test]
async fn a_plugin_has_so_many_recordings() {
    let desk = desk(RecorderLimits { plugin_recordings_max: 2, ..RecorderLimits::default() });
    let first = desk.record(&[1]).await;
    let (_, live) = desk.start().await;
    assert_eq!(code(desk.store.create(MONO).await), FULL);
    desk.store.delete(&first).await.unwrap();
    let third = desk.record(&[3]).await;
    assert_eq!(code(desk.store.create(MONO).await), FULL);
    // By hand, as an operator may.
    std::fs::remove_file(desk.path(&third)).unwrap();
    desk.record(&[4]).await;
    drop(live);
    // Another plugin has its own.
    let other = desk.recorder.plugin("acme", "menu").unwrap();
    assert!(other.create(MONO).await.is_ok());
}

#[tokio::test]
async fn a_plugin_has_so_many_bytes() {
    let limits = RecorderLimits { plugin_bytes_max: 10_000, ..RecorderLimits::default() };
    let desk = desk(limits);
    desk.record(&[1; 2_000]).await;
    let (_, mut one) = desk.start().await;
    let (_, mut other) = desk.start().await;
    one.write(vec![1; 3_000]);
    other.write(vec![1; 2_000]);
    assert_eq!((one.trouble(), other.trouble()), (None, None));
    other.write(vec![1; 2_000]);
    let trouble = other.trouble().unwrap();
    assert_eq!((&*trouble.failure.code, trouble.over), (FULL, true));
    one.write(vec![1; 956]);
    assert_eq!(one.trouble(), None, "what is left is left for others");
    other.finish().await.unwrap();
    one.finish().await.unwrap();
    assert_eq!(code(desk.store.create(MONO).await), FULL);
}

#[tokio::test]
async fn a_host_that_starts_again_counts_what_is_there() {
    let limits = RecorderLimits { plugin_recordings_max: 1, ..RecorderLimits::default() };
    let before = desk(limits.clone());
    let reference = before.record(&[1]).await;
    let again = crate::Recorder::open(before.folder.path(), limits).unwrap().plugin("acme", "voicemail").unwrap();
    assert_eq!(code(again.create(MONO).await), FULL);
    again.delete(&reference).await.unwrap();
    assert!(again.create(MONO).await.is_ok());
}

#[tokio::test]
async fn a_data_directory_that_takes_nothing_is_told_at_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = crate::Recorder::open(file.path(), RecorderLimits::default()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("the folder for recordings cannot be made"), "{refused}");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_made_again_and_one_that_cannot_be_is_told() {
    let desk = Desk::new();
    std::fs::remove_dir_all(desk.folder.path().join("recordings")).unwrap();
    desk.record(&[1]).await;
    std::fs::remove_dir_all(desk.folder.path().join("recordings")).unwrap();
    std::fs::write(desk.folder.path().join("recordings"), b"a file").unwrap();
    assert_eq!(code(desk.store.create(MONO).await), STORAGE);
}

#[test]
fn the_table_names_each_limit_once_with_what_happens() {
    let constants = include_str!("../limits.rs").matches("\npub const ").count() - 1;
    assert_eq!(constants, crate::limits::TABLE.len(), "a limit is missing from the table");
    for (index, (name, value, what)) in crate::limits::TABLE.iter().enumerate() {
        assert!(*value > 0 && !what.is_empty(), "{name}");
        assert!(crate::limits::TABLE[..index].iter().all(|(other, ..)| other != name), "{name} twice");
    }
}

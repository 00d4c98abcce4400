//! Real files, replaced in all the ways that editors, compilers and deployments replace them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::{FileSource, Seen};
use crate::limits::FILES_MAX;

/// Long enough for a slow machine; nobody waits for it who is not about to fail.
const SOON: Duration = Duration::from_secs(20);

struct Desk {
    folder: tempfile::TempDir,
    source: FileSource,
    seen: Receiver<(PathBuf, Seen)>,
}

/// A component with one custom section of so many bytes.
fn component(content: u8, bytes: usize) -> Vec<u8> {
    let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
    let mut size = 2 + bytes;
    wasm.push(0);
    while size >= 0x80 {
        wasm.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    wasm.push(size as u8);
    wasm.extend([1, b'x']);
    wasm.extend(std::iter::repeat_n(content, bytes));
    wasm
}

impl Desk {
    fn new() -> Self {
        let (tell, seen) = channel();
        let source = FileSource::start(move |path, seen| tell.send((path.to_owned(), seen)).unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), source, seen }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn next(&self) -> (PathBuf, Seen) {
        self.seen.recv_timeout(SOON).expect("something is seen")
    }

    fn expect(&self, path: &Path, seen: Seen) {
        assert_eq!(self.next(), (path.to_owned(), seen));
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_is_told_when_it_comes_changes_and_goes() {
    let desk = Desk::new();
    let path = desk.path("echo.wasm");
    assert!(desk.source.watch(&path));
    desk.expect(&path, Seen::Gone);
    write(&path, &component(1, 100));
    desk.expect(&path, Seen::Whole(component(1, 100)));
    // Truncated and written in place.
    write(&path, &component(2, 50));
    desk.expect(&path, Seen::Whole(component(2, 50)));
    // Replaced by another file, of the same size.
    write(&desk.path("new"), &component(3, 50));
    std::fs::rename(desk.path("new"), &path).unwrap();
    desk.expect(&path, Seen::Whole(component(3, 50)));
    std::fs::remove_file(&path).unwrap();
    desk.expect(&path, Seen::Gone);
    write(&path, &component(3, 50));
    desk.expect(&path, Seen::Whole(component(3, 50)));
}

#[test]
fn half_a_file_is_not_taken() {
    let desk = Desk::new();
    let path = desk.path("slow.wasm");
    let (old, new) = (component(1, 1_000), component(2, 100_000));
    write(&path, &old);
    desk.source.watch(&path);
    desk.expect(&path, Seen::Whole(old));
    write(&path, &new[..60_000]);
    // The writer takes longer than anybody waits.
    let (_, Seen::Refused(why)) = desk.next() else { panic!("half a component is not taken") };
    assert!(why.starts_with("it is not a complete component"), "{why}");
    write(&path, &new);
    desk.expect(&path, Seen::Whole(new));
    write(&path, b"#!/bin/sh\n");
    desk.expect(&path, Seen::Refused("it is not a component".to_owned()));
    write(&path, b"");
    // It is refused for the same reason: nothing new is told before this.
    write(&path, &component(4, 10));
    desk.expect(&path, Seen::Whole(component(4, 10)));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    desk.expect(&path, Seen::Refused("it cannot be read: it is not a file".to_owned()));
}

#[test]
fn a_link_that_is_turned_is_a_new_file() {
    let desk = Desk::new();
    let (one, two, link) = (desk.path("releases-1"), desk.path("releases-2"), desk.path("current"));
    for (folder, content) in [(&one, 1), (&two, 2)] {
        std::fs::create_dir(folder).unwrap();
        write(&folder.join("echo.wasm"), &component(content, 10));
    }
    symlink(&one, &link).unwrap();
    let path = link.join("echo.wasm");
    desk.source.watch(&path);
    desk.expect(&path, Seen::Whole(component(1, 10)));
    symlink(&two, desk.path("next")).unwrap();
    std::fs::rename(desk.path("next"), &link).unwrap();
    desk.expect(&path, Seen::Whole(component(2, 10)));
    // What the link leads to is written in place.
    write(&two.join("echo.wasm"), &component(3, 10));
    desk.expect(&path, Seen::Whole(component(3, 10)));
}

#[test]
fn a_file_that_is_only_touched_is_not_told_again() {
    let desk = Desk::new();
    let (touched, other) = (desk.path("a.wasm"), desk.path("b.wasm"));
    write(&touched, &component(1, 10));
    write(&other, &component(1, 10));
    for path in [&touched, &other] {
        desk.source.watch(path);
        desk.expect(path, Seen::Whole(component(1, 10)));
    }
    write(&touched, &component(1, 10));
    // Both come to rest in one look, in the order of their names.
    write(&other, &component(2, 10));
    desk.expect(&other, Seen::Whole(component(2, 10)));
    desk.source.unwatch(&touched);
    write(&touched, &component(3, 10));
    write(&other, &component(3, 10));
    desk.expect(&other, Seen::Whole(component(3, 10)));
}

#[test]
fn a_folder_may_come_later_than_its_file_is_watched() {
    let desk = Desk::new();
    let path = desk.path("later/echo.wasm");
    desk.source.watch(&path);
    desk.expect(&path, Seen::Gone);
    std::fs::create_dir(desk.path("later")).unwrap();
    write(&path, &component(1, 10));
    desk.expect(&path, Seen::Whole(component(1, 10)));
    std::fs::remove_dir_all(desk.path("later")).unwrap();
    desk.expect(&path, Seen::Gone);
    std::fs::create_dir(desk.path("later")).unwrap();
    write(&path, &component(2, 10));
    desk.expect(&path, Seen::Whole(component(2, 10)));
}

#[test]
fn so_many_files_and_no_more() {
    let desk = Desk::new();
    for number in 0..FILES_MAX {
        assert!(desk.source.watch(&desk.path(&number.to_string())));
    }
    assert!(!desk.source.watch(&desk.path("one more")));
    assert!(desk.source.watch(&desk.path("0")), "it is watched already");
    desk.source.unwatch(&desk.path("0"));
    assert!(desk.source.watch(&desk.path("one more")));
}

//! Rule by rule.

use super::{ByHand, get, open, set};
use crate::limits::{KEY_BYTES_MAX, PLUGIN_WAITING_MAX, VALUE_BYTES_MAX};
use crate::{KeyValueLimits, KeyValues};

#[tokio::test]
async fn each_plugin_has_its_own_and_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ByHand::new();
    {
        let values = open(folder.path(), 10, 1_000, &clock);
        set(&values.plugin("acme", "echo"), "k", b"acme echo", None).await.unwrap();
        // Names that would meet if they were only put one behind the other.
        set(&values.plugin("acme", "ech"), "ok", b"acme ech", None).await.unwrap();
        set(&values.plugin("other", "echo"), "k", b"other echo", None).await.unwrap();
        let again = KeyValues::open(folder.path(), KeyValueLimits::default(), clock.clone()).unwrap_err();
        assert!(again.why.contains("already open"), "{again}");
        let store = values.plugin("acme", "echo");
        values.close().await;
        assert_eq!(set(&store, "k", b"late", None).await, Err("STORAGE".into()));
    }
    let values = open(folder.path(), 10, 1_000, &clock);
    assert_eq!(get(&values.plugin("acme", "echo"), "k").await.as_deref(), Some(&b"acme echo"[..]));
    assert_eq!(get(&values.plugin("other", "echo"), "k").await.as_deref(), Some(&b"other echo"[..]));
    assert_eq!(get(&values.plugin("acme", "ech"), "k").await, None);
    values.plugin("acme", "echo").delete("k".into()).await.unwrap();
    assert_eq!(get(&values.plugin("acme", "echo"), "k").await, None);
    assert!(get(&values.plugin("other", "echo"), "k").await.is_some());
}

#[tokio::test]
async fn a_value_is_forgotten_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ByHand::new();
    let store = open(folder.path(), 2, 1_000, &clock).plugin("acme", "echo");
    set(&store, "short", b"1", Some(10)).await.unwrap();
    set(&store, "long", b"2", Some(20)).await.unwrap();
    assert_eq!(set(&store, "third", b"3", None).await, Err("FULL".into()));
    clock.pass_s(9);
    assert!(get(&store, "short").await.is_some());
    clock.pass_s(1);
    assert_eq!(get(&store, "short").await, None);
    // What is forgotten takes no place, and is absent to whoever compares.
    assert_eq!(store.compare_and_set("short".into(), Some(b"1".to_vec()), b"4".to_vec(), None).await, Ok(false));
    set(&store, "third", b"3", None).await.unwrap();
    // Set anew, it has the new time.
    set(&store, "long", b"5", None).await.unwrap();
    clock.pass_s(100);
    assert!(get(&store, "long").await.is_some());
    set(&store, "long", b"5", Some(0)).await.unwrap();
    assert_eq!(get(&store, "long").await, None);
}

#[tokio::test]
async fn only_the_expected_value_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), 10, 1_000, &ByHand::new()).plugin("acme", "echo");
    let swap = |expected: Option<&[u8]>, value: &[u8]| {
        store.compare_and_set("k".into(), expected.map(<[u8]>::to_vec), value.to_vec(), None)
    };
    assert_eq!(swap(Some(b"a"), b"b").await, Ok(false));
    assert_eq!(swap(None, b"a").await, Ok(true));
    assert_eq!(swap(None, b"c").await, Ok(false));
    assert_eq!(swap(Some(b"x"), b"c").await, Ok(false));
    assert_eq!(get(&store, "k").await.as_deref(), Some(&b"a"[..]));
    assert_eq!(swap(Some(b"a"), b"b").await, Ok(true));
    assert_eq!(get(&store, "k").await.as_deref(), Some(&b"b"[..]));
}

#[tokio::test]
async fn one_of_many_wins_a_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), 10, 1_000, &ByHand::new()).plugin("acme", "echo");
    let all = (0..PLUGIN_WAITING_MAX as u8).map(|n| store.compare_and_set("k".into(), None, vec![n], None));
    let mut asked = tokio::task::JoinSet::new();
    all.for_each(|one| drop(asked.spawn(one)));
    let won = asked.join_all().await.into_iter().filter(|answer| *answer == Ok(true)).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn the_quota_is_of_keys_and_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let values = open(folder.path(), 3, 100, &ByHand::new());
    let store = values.plugin("acme", "echo");
    set(&store, "a", &[0; 39], None).await.unwrap();
    set(&store, "b", &[0; 59], None).await.unwrap();
    assert_eq!(set(&store, "a", &[0; 40], None).await, Err("FULL".into()));
    assert_eq!(get(&store, "a").await.map(|value| value.len()), Some(39), "nothing was taken");
    set(&store, "b", &[0; 9], None).await.unwrap();
    set(&store, "c", &[], None).await.unwrap();
    assert_eq!(set(&store, "d", &[], None).await, Err("FULL".into()));
    set(&values.plugin("acme", "other"), "d", &[0; 99], None).await.unwrap();
    store.delete("a".into()).await.unwrap();
    set(&store, "d", &[], None).await.unwrap();
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), 10, 10_000_000, &ByHand::new()).plugin("acme", "echo");
    assert_eq!(set(&store, "", b"v", None).await, Err("INVALID".into()));
    assert_eq!(set(&store, &"k".repeat(KEY_BYTES_MAX + 1), b"v", None).await, Err("INVALID".into()));
    assert_eq!(set(&store, "k", &vec![0; VALUE_BYTES_MAX + 1], None).await, Err("INVALID".into()));
    set(&store, &"k".repeat(KEY_BYTES_MAX), &vec![0; VALUE_BYTES_MAX], None).await.unwrap();
    let long = store.get("k".repeat(KEY_BYTES_MAX + 1)).await.unwrap_err();
    assert_eq!(long.code, "INVALID");
}

#[tokio::test]
async fn a_plugin_that_asks_too_much_at_once_waits_alone() {
    let folder = tempfile::tempdir().unwrap();
    let values = open(folder.path(), 1_000, 1_000_000, &ByHand::new());
    let (busy, other) = (values.plugin("acme", "busy"), values.plugin("acme", "other"));
    let waiting: Vec<_> = (0..PLUGIN_WAITING_MAX).map(|n| busy.set(format!("k{n}"), vec![0; 10], None)).collect();
    assert_eq!(busy.get("k".into()).await.unwrap_err().code, "FULL");
    set(&other, "k", b"v", None).await.unwrap();
    for one in waiting {
        one.await.unwrap();
    }
    assert!(get(&busy, "k0").await.is_some());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("key-value")).unwrap();
    std::fs::write(folder.path().join("key-value/key-value.redb"), vec![7; 8_192]).unwrap();
    let error = KeyValues::open(folder.path(), KeyValueLimits::default(), ByHand::new()).unwrap_err();
    assert!(error.to_string().contains("cannot be opened"), "{error}");
}

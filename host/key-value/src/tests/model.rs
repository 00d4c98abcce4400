//! Against a map in memory, with the store closed and opened in between.

use std::collections::BTreeMap;

use super::{ByHand, open};

const KEYS_MAX: u64 = 6;
const BYTES_MAX: u64 = 120;

/// A value, and the second in which it ends.
type Entry = (Vec<u8>, Option<u64>);

#[tokio::test]
async fn a_thousand_steps_are_those_of_a_map() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let clock = ByHand::new();
    let mut values = open(folder.path(), KEYS_MAX, BYTES_MAX, &clock);
    let mut now_s = 0;
    let mut model: BTreeMap<(&str, String), Entry> = BTreeMap::new();
    for step in 0..1_000 {
        let plugin = ["a", "b"][random.usize(..2)];
        let key = "k".repeat(random.usize(1..10));
        let store = values.plugin("acme", plugin);
        model.retain(|_, (_, end)| end.is_none_or(|end| end > now_s));
        let present = model.get(&(plugin, key.clone())).map(|(value, _)| value.clone());
        let value = vec![random.u8(..3); random.usize(..40)];
        let ttl_s = random.bool().then(|| random.u32(..20));
        let fits = {
            let own = model.iter().filter(|((owner, other), _)| *owner == plugin && *other != key);
            let (keys, bytes) = own.fold((1, key.len() + value.len()), |(keys, bytes), ((_, key), (value, _))| {
                (keys + 1, bytes + key.len() + value.len())
            });
            keys <= KEYS_MAX && bytes as u64 <= BYTES_MAX
                || present.as_ref().is_some_and(|present| value.len() <= present.len())
        };
        let mut put = |value: &Vec<u8>| {
            model.insert((plugin, key.clone()), (value.clone(), ttl_s.map(|ttl_s| now_s + u64::from(ttl_s))));
        };
        match random.u32(..10) {
            0..3 => {
                let answer = store.set(key.clone(), value.clone(), ttl_s).await;
                assert_eq!(answer.is_ok(), fits, "seed {seed} step {step}: {answer:?}");
                if fits {
                    put(&value);
                }
            }
            3..5 => {
                let expected = if random.bool() { present.clone() } else { Some(vec![1; 3]) };
                let matches = expected == present;
                let answer = store.compare_and_set(key.clone(), expected, value.clone(), ttl_s).await;
                let should = if matches && !fits { None } else { Some(matches) };
                assert_eq!(answer.as_ref().ok().copied(), should, "seed {seed} step {step}: {answer:?}");
                if should == Some(true) {
                    put(&value);
                }
            }
            5 => {
                store.delete(key.clone()).await.unwrap();
                model.remove(&(plugin, key));
            }
            6 => {
                let s = random.u64(..10);
                clock.pass_s(s);
                now_s += s;
            }
            7 if random.u32(..10) == 0 => {
                values.close().await;
                values = open(folder.path(), KEYS_MAX, BYTES_MAX, &clock);
            }
            _ => assert_eq!(store.get(key).await.unwrap(), present, "seed {seed} step {step}"),
        }
    }
}

//! A small typed reader over spanned TOML: take the keys of a section one by one, then complain about what is left.
//!
//! Each taker reports a wrong type itself and answers [`Field::Refused`], so that nobody later calls that key missing.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem, ProblemKind};
use super::suggest::nearest;

/// A value and where it stands.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// A key of a section, as it was found.
#[derive(Default)]
pub(crate) enum Field<T> {
    #[default]
    Absent,
    /// It is there, but wrong, and that has been reported.
    Refused,
    Given(At<T>),
}

impl<T> Field<T> {
    pub(crate) fn given(self) -> Option<At<T>> {
        match self {
            Field::Given(at) => Some(at),
            Field::Absent | Field::Refused => None,
        }
    }

    pub(crate) fn given_at(value: T, place: Place) -> Field<T> {
        Field::Given(At { value, place })
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Field::Absent => Field::Absent,
            Field::Refused => Field::Refused,
            Field::Given(At { value, place }) => Field::Given(At { value: change(value), place }),
        }
    }

    pub(crate) fn as_given(&self) -> Option<&At<T>> {
        match self {
            Field::Given(at) => Some(at),
            Field::Absent | Field::Refused => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Field::Absent)
    }
}

/// Knows the lines of the text and collects the problems.
pub(crate) struct Reader {
    text: String,
    /// The byte at which each line starts.
    line_starts: Vec<usize>,
    pub(crate) problems: Vec<Problem>,
}

impl Reader {
    pub(crate) fn new(text: &str) -> Reader {
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Reader { text: text.to_owned(), line_starts, problems: Vec::new() }
    }

    pub(crate) fn place(&self, byte: usize, key: &str) -> Place {
        let line = self.line_starts.partition_point(|&start| start <= byte) - 1;
        let start = self.line_starts[line];
        let before = self.text.get(start..byte.min(self.text.len())).unwrap_or_default();
        Place { line: line as u32 + 1, column: before.chars().count() as u32 + 1, key: key.to_owned() }
    }

    pub(crate) fn report(
        &mut self,
        kind: ProblemKind,
        place: &Place,
        what: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem::new(kind, place, what, help));
    }

    pub(crate) fn missing(&mut self, place: &Place, what: impl Into<String>, help: impl Into<String>) {
        self.report(ProblemKind::Missing, place, what, help);
    }

    pub(crate) fn bad_value(&mut self, place: &Place, what: impl Into<String>, help: impl Into<String>) {
        self.report(ProblemKind::BadValue, place, what, help);
    }

    fn wrong_type(&mut self, place: &Place, value: &DeValue<'_>, expected: &str, help: &str) {
        let found = value.type_str();
        self.report(
            ProblemKind::WrongType,
            place,
            format!("expected {expected}, found {} {found}", article(found)),
            help,
        );
    }
}

/// A table whose keys are being taken.
pub(crate) struct Section<'i> {
    pub(crate) place: Place,
    entries: Vec<Entry<'i>>,
    known: Vec<&'static str>,
}

struct Entry<'i> {
    key: String,
    place: Place,
    value: Spanned<DeValue<'i>>,
}

impl<'i> Section<'i> {
    pub(crate) fn root(reader: &Reader, table: DeTable<'i>) -> Section<'i> {
        Section::new(reader, table, reader.place(0, ""))
    }

    fn new(reader: &Reader, table: DeTable<'i>, place: Place) -> Section<'i> {
        let entries = table
            .into_iter()
            .map(|(key, value)| Entry {
                place: reader.place(key.span().start, &join(&place.key, key.get_ref())),
                key: key.into_inner().into_owned(),
                value,
            })
            .collect();
        Section { place, entries, known: Vec::new() }
    }

    pub(crate) fn text(&mut self, reader: &mut Reader, key: &'static str) -> Field<String> {
        self.take(reader, key, |reader, place, value| match value {
            DeValue::String(text) => Some(text.into_owned()),
            other => {
                reader.wrong_type(place, &other, "a string", "put it in double quotes");
                None
            }
        })
    }

    pub(crate) fn integer(&mut self, reader: &mut Reader, key: &'static str) -> Field<i64> {
        self.take(reader, key, |reader, place, value| match value {
            DeValue::Integer(digits) => {
                let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
                if number.is_none() {
                    reader.report(ProblemKind::BadValue, place, "the number is too large", "use one of 63 bits");
                }
                number
            }
            other => {
                reader.wrong_type(place, &other, "an integer", "write a whole number without quotes");
                None
            }
        })
    }

    pub(crate) fn boolean(&mut self, reader: &mut Reader, key: &'static str) -> Field<bool> {
        self.take(reader, key, |reader, place, value| match value {
            DeValue::Boolean(truth) => Some(truth),
            other => {
                reader.wrong_type(place, &other, "a boolean", "write `true` or `false` without quotes");
                None
            }
        })
    }

    pub(crate) fn table(&mut self, reader: &mut Reader, key: &'static str) -> Field<Section<'i>> {
        let help = format!("write `{key} = {{ ... }}`");
        self.take(reader, key, |reader, place, value| match value {
            DeValue::Table(table) => Some(Section::new(reader, table, place.clone())),
            other => {
                reader.wrong_type(place, &other, "a table", &help);
                None
            }
        })
    }

    /// A list of strings.
    pub(crate) fn texts(&mut self, reader: &mut Reader, key: &'static str) -> Field<Vec<At<String>>> {
        self.take(reader, key, |reader, place, value| {
            let help = "write `[\"...\", \"...\"]`";
            let DeValue::Array(list) = value else {
                reader.wrong_type(place, &value, "an array of strings", help);
                return None;
            };
            let mut texts = Vec::new();
            for (index, item) in list.into_iter().enumerate() {
                let place = reader.place(item.span().start, &format!("{}[{index}]", place.key));
                match item.into_inner() {
                    DeValue::String(text) => texts.push(At { value: text.into_owned(), place }),
                    other => reader.wrong_type(&place, &other, "a string", help),
                }
            }
            Some(texts)
        })
    }

    /// An integer, or a list of them, or a table that the caller reads as a range.
    pub(crate) fn integers(&mut self, reader: &mut Reader, key: &'static str) -> Field<Integers<'i>> {
        self.take(reader, key, |reader, place, value| {
            let help = "write a whole number, a list of them, or `{ from = 0, to = 1000, step = 100 }`";
            match value {
                DeValue::Array(list) => {
                    let mut numbers = Vec::new();
                    for (index, item) in list.into_iter().enumerate() {
                        let place = reader.place(item.span().start, &format!("{}[{index}]", place.key));
                        match number(item.get_ref()) {
                            Some(number) => numbers.push(number),
                            None => reader.wrong_type(&place, item.get_ref(), "an integer", help),
                        }
                    }
                    Some(Integers::List(numbers))
                }
                DeValue::Table(table) => Some(Integers::Range(Section::new(reader, table, place.clone()))),
                other => match number(&other) {
                    Some(number) => Some(Integers::List(vec![number])),
                    None => {
                        reader.wrong_type(place, &other, "an integer", help);
                        None
                    }
                },
            }
        })
    }

    /// Anything, as JSON has it.
    pub(crate) fn value(&mut self, reader: &mut Reader, key: &'static str) -> Field<Value> {
        self.take(reader, key, |reader, place, value| {
            let json = json(value);
            if json.is_none() {
                reader.report(ProblemKind::BadValue, place, "JSON has nothing like it", "write a date as a string");
            }
            json
        })
    }

    /// A date and a time, as TOML writes them.
    pub(crate) fn datetime(&mut self, reader: &mut Reader, key: &'static str) -> Field<String> {
        self.take(reader, key, |reader, place, value| match value {
            DeValue::Datetime(time) => Some(time.to_string()),
            other => {
                reader.wrong_type(place, &other, "a date and time", "write `2026-03-02T08:59:00Z`, without quotes");
                None
            }
        })
    }

    /// `[[key]]`, any number of times.
    pub(crate) fn tables(&mut self, reader: &mut Reader, key: &'static str) -> Field<Vec<Section<'i>>> {
        self.take(reader, key, |reader, place, value| {
            let help = format!("start each one with `[[{}]]`", without_indexes(&place.key));
            let DeValue::Array(list) = value else {
                reader.wrong_type(place, &value, "an array of tables", &help);
                return None;
            };
            let mut sections = Vec::new();
            for (index, item) in list.into_iter().enumerate() {
                let place = reader.place(item.span().start, &format!("{}[{index}]", place.key));
                match item.into_inner() {
                    DeValue::Table(table) => sections.push(Section::new(reader, table, place)),
                    other => reader.wrong_type(&place, &other, "a table", &help),
                }
            }
            Some(sections)
        })
    }

    /// A string, or a table: told apart by the caller.
    pub(crate) fn text_or_table(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        help: &str,
    ) -> Field<TextOrTable<'i>> {
        self.take(reader, key, |reader, place, value| match value {
            DeValue::String(text) => Some(TextOrTable::Text(text.into_owned())),
            DeValue::Table(table) => Some(TextOrTable::Table(Section::new(reader, table, place.clone()))),
            other => {
                reader.wrong_type(place, &other, "a string or a table", help);
                None
            }
        })
    }

    /// An array of strings and tables, told apart by the caller.
    pub(super) fn texts_or_tables(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        help: &str,
    ) -> Field<Vec<At<TextOrTable<'i>>>> {
        self.take(reader, key, |reader, place, value| {
            let DeValue::Array(list) = value else {
                reader.wrong_type(place, &value, "an array", help);
                return None;
            };
            let before = reader.problems.len();
            let mut items = Vec::new();
            for (index, item) in list.into_iter().enumerate() {
                let place = reader.place(item.span().start, &format!("{}[{index}]", place.key));
                let value = match item.into_inner() {
                    DeValue::String(text) => TextOrTable::Text(text.into_owned()),
                    DeValue::Table(table) => TextOrTable::Table(Section::new(reader, table, place.clone())),
                    other => {
                        reader.wrong_type(&place, &other, "a string or a table", help);
                        continue;
                    }
                };
                items.push(At { value, place });
            }
            (reader.problems.len() == before).then_some(items)
        })
    }

    /// All that is left, when every key is allowed and every value is a string.
    pub(crate) fn into_texts(self, reader: &mut Reader) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for Entry { key, place, value } in self.entries {
            let place = reader.place(value.span().start, &place.key);
            match value.into_inner() {
                DeValue::String(text) => texts.push((key, text.into_owned())),
                other => reader.wrong_type(&place, &other, "a string", "put it in double quotes"),
            }
        }
        texts
    }

    /// All that is left, when every key is allowed and every value is a string or a table: told apart by the caller.
    pub(super) fn into_texts_or_tables(self, reader: &mut Reader, help: &str) -> Vec<(String, At<TextOrTable<'i>>)> {
        let mut items = Vec::new();
        for Entry { key, place, value } in self.entries {
            let place = reader.place(start(&value), &place.key);
            let value = match value.into_inner() {
                DeValue::String(text) => TextOrTable::Text(text.into_owned()),
                DeValue::Table(table) => TextOrTable::Table(Section::new(reader, table, place.clone())),
                other => {
                    reader.wrong_type(&place, &other, "a string or a table", help);
                    continue;
                }
            };
            items.push((key, At { value, place }));
        }
        items
    }

    /// Complains about every key that nobody took: those in `later` belong to a later version.
    pub(crate) fn finish(self, reader: &mut Reader, later: &[&str]) {
        for Entry { key, place, .. } in self.entries {
            if later.contains(&key.as_str()) {
                let what = format!("`{key}` is not supported by this version yet");
                reader.report(ProblemKind::NotSupportedYet, &place, what, "remove it");
                continue;
            }
            let help = match nearest(&key, self.known.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("remove it; known here: {}", self.known.join(", ")),
            };
            reader.report(ProblemKind::UnknownKey, &place, format!("there is no key `{key}` here"), help);
        }
    }

    fn take<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        read: impl FnOnce(&mut Reader, &Place, DeValue<'i>) -> Option<T>,
    ) -> Field<T> {
        self.known.push(key);
        let Some(index) = self.entries.iter().position(|entry| entry.key == key) else {
            return Field::Absent;
        };
        let entry = self.entries.swap_remove(index);
        let place = reader.place(start(&entry.value), &entry.place.key);
        match read(reader, &place, entry.value.into_inner()) {
            Some(value) => Field::Given(At { value, place }),
            None => Field::Refused,
        }
    }
}

/// What [`Section::text_or_table`] found.
pub(crate) enum TextOrTable<'i> {
    Text(String),
    Table(Section<'i>),
}

/// What [`Section::integers`] found.
pub(crate) enum Integers<'i> {
    List(Vec<i64>),
    Range(Section<'i>),
}

/// None: JSON has nothing like it.
fn json(value: DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(_) => number(&value)?.into(),
        DeValue::Float(float) => serde_json::Number::from_f64(float.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(truth) => truth.into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(list) => list.into_iter().map(|item| json(item.into_inner())).collect::<Option<_>>()?,
        DeValue::Table(table) => {
            let entries =
                table.into_iter().map(|(key, item)| Some((key.into_inner().into_owned(), json(item.into_inner())?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}

fn number(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(digits) = value else { return None };
    i64::from_str_radix(digits.as_str(), digits.radix()).ok()
}

fn start(value: &Spanned<DeValue<'_>>) -> usize {
    let Range { start, .. } = value.span();
    start
}

fn join(parent: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if parent.is_empty() { key } else { format!("{parent}.{key}") }
}

/// `tenant[0].route` as a header writes it: `tenant.route`.
fn without_indexes(key: &str) -> String {
    let mut inside = false;
    key.chars()
        .filter(|&c| {
            inside |= c == '[';
            let keep = !inside;
            inside &= c != ']';
            keep
        })
        .collect()
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

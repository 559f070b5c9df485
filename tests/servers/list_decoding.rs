//! A list cut into frames anywhere is the same list, and the same as serde_json makes of the whole text.

use kubectl_ackcred::internals::{ListDecoder, ListError};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

const LIMIT: usize = 1 << 20;

type Items = Vec<Value>;

fn decode<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Result<(Items, String), ListError> {
    let mut items = Vec::new();
    let mut decoder = ListDecoder::new(LIMIT);
    for frame in frames {
        decoder.feed(frame, |item| {
            items.push(serde_json::from_slice(item)?);
            Ok(())
        })?;
    }
    decoder.finish().map(|trailer| (items, trailer.continue_token))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", r#"[\\"\[\]{},:\n 0a-f-]{0,8}"#, any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// The text of a list: its members in any order, plain or indented.
fn list() -> impl Strategy<Value = (String, Items, String)> {
    let members = Just(vec!["kind", "metadata", "items", "other"]).prop_shuffle();
    (members, prop::collection::vec(value(), 0..8), text(), value(), any::<bool>()).prop_map(
        |(members, items, token, other, pretty)| {
            let text = members
                .iter()
                .map(|member| match *member {
                    "kind" => r#""kind":"List""#.to_owned(),
                    "metadata" => format!(r#""metadata":{}"#, serde_json::json!({ "continue": token })),
                    "items" if pretty => format!(r#""\u0069tems" : {:#}"#, Value::from(items.clone())),
                    "items" => format!(r#""items":{}"#, Value::from(items.clone())),
                    _ => format!(r#""other":{other}"#),
                })
                .collect::<Vec<_>>()
                .join(if pretty { " ,\n" } else { "," });
            (format!("{{{text}}}\n"), items, token)
        },
    )
}

fn cut<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_items((text, items, token) in list(), places in prop::collection::vec(any::<usize>(), 0..12)) {
        let whole: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&whole["items"], &Value::from(items.clone()));
        let expected = (items, token);
        prop_assert_eq!(&decode(cut(text.as_bytes(), &places)).unwrap(), &expected);
        prop_assert_eq!(&decode(text.as_bytes().chunks(1)).unwrap(), &expected);
    }

    #[test]
    fn a_list_that_ends_early_is_never_complete((text, ..) in list(), place in any::<usize>()) {
        let text = text.trim_end();
        let end = place % text.len();
        prop_assert!(decode([&text.as_bytes()[..end]]).is_err());
    }

    #[test]
    fn damaged_bytes_are_accepted_only_where_serde_json_accepts_them(
        (text, ..) in list(), place in any::<usize>(), byte in any::<u8>(), places in prop::collection::vec(any::<usize>(), 0..4)
    ) {
        let mut bytes = text.into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok((items, _)) = decode(cut(&bytes, &places)) {
            let whole: Whole = serde_json::from_slice(&bytes).expect("the decoder took what serde_json refuses");
            prop_assert_eq!(whole.items, items);
        }
    }
}

/// As lazy as the decoder: what isn't kept is only skipped.
#[derive(Deserialize)]
struct Whole {
    items: Items,
}

#[test]
fn what_is_no_list_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "<html>",
        r#"{"kind":"RoleBindingList"}"#,
        r#"{"kind":"RoleBindingList","metadata":{"resourceVersion":"7"},"items":null}"#,
        r#"{"items":[],"metadata":{"continue":7}}"#,
        r#"{"items":[],"metadata":{"remainingItemCount":"7"}}"#,
        r#"{"items":[],"metadata":[]}"#,
        r#"{"items":[],"apiVersion":1}"#,
        r#"{"items":{}}"#,
        r#"{"items":"none"}"#,
        r#"{"items":[{},]}"#,
        r#"{"items":[,]}"#,
        r#"{"items":[{}{}]}"#,
        r#"{"items":[]}{"items":[]}"#,
        r#"{"items":[],"items":[]}"#,
        r#"{"items":[{]}]}"#,
        r#"{"items":[],"x":[}]}"#,
        r#"{"items":[],}"#,
        r#"{"items" []}"#,
        r#"{items:[]}"#,
    ] {
        assert!(decode([text.as_bytes()]).is_err(), "{text}");
        assert!(decode(text.as_bytes().chunks(1)).is_err(), "{text}, byte by byte");
    }
}

#[test]
fn an_item_above_the_limit_is_refused_before_it_is_complete() {
    let mut decoder = ListDecoder::new(1000);
    decoder.feed(br#"{"items":[{"name":""#, |_| Ok(())).unwrap();
    let mut fed = 0;
    let error = loop {
        match decoder.feed(&[b'a'; 100], |_| Ok(())) {
            Ok(()) => fed += 100,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ListError::ItemTooLarge { index: 0, limit: 1000 }), "{error}");
    assert!(fed <= 1000);
}

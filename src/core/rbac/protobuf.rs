//! Protocol Buffers as far as Kubernetes objects use them: numbered fields with numbers, texts and messages.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>

/// Why bytes aren't the message that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtobufError {
    /// The bytes break the encoding's rules or end too early.
    #[error("it is no protobuf message")]
    Malformed,
    /// A text isn't UTF-8.
    #[error("a text is not UTF-8")]
    NotText,
    /// Something that can't be empty is.
    #[error("a name or kind is empty")]
    Empty,
}

/// How a field begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldHead {
    /// The field's number.
    pub number: u64,
    /// What follows.
    pub payload: Payload,
    /// How many bytes the head takes, a number's value included.
    pub length: usize,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A number.
    Number(u64),
    /// So many bytes: a text or a message.
    Bytes(u64),
}

/// Reads how the next field begins; `None` where `bytes` end before that is complete.
///
/// # Errors
/// Where the bytes can't begin a field, however many may follow.
pub fn field_head(bytes: &[u8]) -> Result<Option<FieldHead>, ProtobufError> {
    let Some((tag, tag_length)) = varint(bytes)? else { return Ok(None) };
    let (number, rest) = (tag >> 3, &bytes[tag_length..]);
    if number == 0 {
        return Err(ProtobufError::Malformed);
    }
    let fixed = |length| Some(FieldHead { number, payload: Payload::Bytes(length), length: tag_length });
    match tag & 7 {
        1 => return Ok(fixed(8)),
        5 => return Ok(fixed(4)),
        0 | 2 => {}
        _ => return Err(ProtobufError::Malformed),
    }
    let Some((value, length)) = varint(rest)? else { return Ok(None) };
    let payload = if tag & 7 == 0 { Payload::Number(value) } else { Payload::Bytes(value) };
    Ok(Some(FieldHead { number, payload, length: tag_length + length }))
}

fn varint(bytes: &[u8]) -> Result<Option<(u64, usize)>, ProtobufError> {
    const LONGEST: usize = 10;
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(LONGEST).enumerate() {
        // Of the tenth byte one bit has room.
        if index == LONGEST - 1 && *byte > 1 {
            return Err(ProtobufError::Malformed);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(Some((value, index + 1)));
        }
    }
    Ok(None)
}

/// A field of a complete message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A text or a message.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The field as text.
    ///
    /// # Errors
    /// Where it is none.
    pub fn text(self) -> Result<&'a str, ProtobufError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| ProtobufError::NotText)
    }

    /// The field as bytes, such as those of a message.
    ///
    /// # Errors
    /// Where it is a number.
    pub fn bytes(self) -> Result<&'a [u8], ProtobufError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(ProtobufError::Malformed),
        }
    }
}

/// The fields of a complete message, by their numbers, in its order. After an error there are none.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Value<'_>), ProtobufError>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(rest);
        rest = field.map_or(&[], |(_, _, rest)| rest);
        Some(field.map(|(number, value, _)| (number, value)))
    })
}

fn next_field(bytes: &[u8]) -> Result<(u64, Value<'_>, &[u8]), ProtobufError> {
    let head = field_head(bytes)?.ok_or(ProtobufError::Malformed)?;
    let rest = &bytes[head.length..];
    match head.payload {
        Payload::Number(number) => Ok((head.number, Value::Number(number), rest)),
        Payload::Bytes(length) => {
            let length = usize::try_from(length).map_err(|_| ProtobufError::Malformed)?;
            let (content, rest) = rest.split_at_checked(length).ok_or(ProtobufError::Malformed)?;
            Ok((head.number, Value::Bytes(content), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read_in_their_order() {
        let message = [&[0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 1, 2, 3, 4, 0x21][..], &[5; 8]].concat();
        let read: Vec<_> = fields(&message).collect::<Result<_, _>>().unwrap();
        let fixed = [(3, Value::Bytes(&[1, 2, 3, 4])), (4, Value::Bytes(&[5; 8]))];
        let expected = [&[(1, Value::Number(150)), (2, Value::Bytes(b"hi"))][..], &fixed].concat();
        assert_eq!(read, expected);
        assert_eq!(read[1].1.text(), Ok("hi"));
        assert_eq!(read[0].1.text(), Err(ProtobufError::Malformed));
        assert_eq!(Value::Bytes(&[0xff]).text(), Err(ProtobufError::NotText));
    }

    #[test]
    fn a_message_that_is_cut_or_damaged_is_an_error() {
        for message in [&[0x12, 3, b'h', b'i'][..], &[0x08], &[0x0b], &[0x00, 0], &[0x08, 0xff]] {
            assert_eq!(fields(message).last(), Some(Err(ProtobufError::Malformed)), "{message:?}");
        }
        let huge = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(field_head(&huge).unwrap().unwrap().payload, Payload::Bytes(u64::MAX));
        assert_eq!(fields(&huge).last(), Some(Err(ProtobufError::Malformed)));
        let too_long = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(field_head(&too_long), Err(ProtobufError::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(fields(&bytes).count() <= bytes.len());
        }
    }
}

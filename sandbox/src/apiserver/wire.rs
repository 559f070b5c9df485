//! protobuf on the wire: a message is a row of numbered fields.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>

/// A field as it is sent.
pub(crate) struct WireField<'a> {
    pub(crate) number: u64,
    pub(crate) content: WireContent<'a>,
}

/// Its content.
#[derive(Clone, Copy)]
pub(crate) enum WireContent<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> WireField<'a> {
    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            WireContent::Bytes(bytes) => Some(bytes),
            WireContent::Number(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn number(&self) -> Option<u64> {
        match self.content {
            WireContent::Number(number) => Some(number),
            WireContent::Bytes(_) => None,
        }
    }
}

/// The fields of a message; `None` where it is none.
pub(crate) fn fields(mut message: &[u8]) -> Option<Vec<WireField<'_>>> {
    let mut out = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let content = match key & 7 {
            0 => WireContent::Number(varint(&mut message)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (content, rest) = message.split_at_checked(length)?;
                message = rest;
                WireContent::Bytes(content)
            }
            _ => return None,
        };
        out.push(WireField { number: key >> 3, content });
    }
    Some(out)
}

/// The last field of this number that holds bytes; the last one counts.
pub(crate) fn bytes<'a>(fields: &[WireField<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().rev().find(|field| field.number == number).and_then(WireField::bytes)
}

/// A text; an absent one is empty.
pub(crate) fn text<'a>(fields: &[WireField<'a>], number: u64) -> Option<&'a str> {
    std::str::from_utf8(bytes(fields, number).unwrap_or_default()).ok()
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

//! DER, read as Go's `cryptobyte` and `encoding/asn1` read it, which is what kubectl and API servers do.
//!
//! Source: <https://pkg.go.dev/golang.org/x/crypto/cryptobyte>

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const NUMERIC_STRING: u8 = 0x12;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const T61_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// NULL, whole.
pub(super) const NULL: &[u8] = &[0x05, 0x00];

/// The tag `[number]`, primitive.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]`, constructed.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// What is left of an encoding.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn begins_with(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element. `None` where its tag has more than one byte or its length is not in its shortest form.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let (tag, start, length) = header(self.0)?;
        let end = start.checked_add(length)?;
        let (whole, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(Element { tag, content: &whole[start..], whole })
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// What [`take`](Self::take) gives, for an element that may be absent.
    pub(super) fn take_if_there(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.begins_with(tag) { self.take(tag).map(Some) } else { Some(None) }
    }

    /// The content of a SEQUENCE.
    pub(super) fn sequence(&mut self) -> Option<Der<'a>> {
        self.take(SEQUENCE).map(Der)
    }

    /// The bytes of an INTEGER, in two's complement.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        self.take(INTEGER).filter(|bytes| is_shortest(bytes))
    }

    /// An INTEGER that fits.
    pub(super) fn small_integer(&mut self) -> Option<i64> {
        self.integer().and_then(as_i64)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.take(BOOLEAN)? {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// The content of an OBJECT IDENTIFIER whose numbers all fit into 31 bits.
    pub(super) fn object_identifier(&mut self) -> Option<&'a [u8]> {
        self.take(OBJECT_IDENTIFIER).filter(|oid| is_object_identifier(oid))
    }

    /// What is in an `AlgorithmIdentifier` (RFC 5280, 4.1.1.2): the algorithm, and its parameters whole, empty where there are none.
    pub(super) fn algorithm(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let oid = self.object_identifier()?;
        let parameters = if self.is_empty() { &[][..] } else { self.next()?.whole };
        Some((oid, parameters))
    }

    /// The bytes of a BIT STRING, moved so that the unused bits are the first.
    pub(super) fn bit_string(&mut self) -> Option<Vec<u8>> {
        self.take(BIT_STRING).and_then(bits)
    }
}

/// Tag, length of the header and length of the content of the element that begins here.
pub(super) fn header(der: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, &first) = (der.first()?, der.get(1)?);
    if tag & 0x1f == 0x1f {
        return None;
    }
    if first < 0x80 {
        return Some((tag, 2, usize::from(first)));
    }
    let digits = usize::from(first & 0x7f);
    let bytes = der.get(2..2 + digits).filter(|bytes| (1..=4).contains(&bytes.len()))?;
    let length = bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    (length >= 0x80 && bytes[0] != 0).then_some((tag, 2 + digits, length))
}

/// An element with this content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut element = vec![tag];
    if content.len() < 0x80 {
        element.push(length[length.len() - 1]);
    } else {
        // A usize has eight bytes at most.
        element.push(0x80 | digits.len() as u8);
        element.extend(digits);
    }
    element.extend(content);
    element
}

pub(super) fn is_shortest(integer: &[u8]) -> bool {
    match integer {
        [] => false,
        [first, second, ..] => !(*first == 0 && second & 0x80 == 0 || *first == 0xff && second & 0x80 != 0),
        [_] => true,
    }
}

pub(super) fn is_negative(integer: &[u8]) -> bool {
    integer.first().is_some_and(|byte| byte & 0x80 != 0)
}

fn as_i64(integer: &[u8]) -> Option<i64> {
    let sign = if is_negative(integer) { -1 } else { 0 };
    (integer.len() <= 8).then(|| integer.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)))
}

fn is_object_identifier(oid: &[u8]) -> bool {
    let mut numbers = oid.split_inclusive(|byte| byte & 0x80 == 0);
    !oid.is_empty()
        && numbers.all(|number| {
            let value = number.iter().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
            let is_complete = number.last().is_some_and(|byte| byte & 0x80 == 0);
            is_complete && number[0] != 0x80 && number.len() <= 5 && value <= 0x7fff_ffff
        })
}

fn bits(content: &[u8]) -> Option<Vec<u8>> {
    let (&unused, bytes) = content.split_first()?;
    let last = bytes.last().copied().unwrap_or(0);
    if unused > 7 || bytes.is_empty() && unused != 0 || last & ((1 << unused) - 1) != 0 {
        return None;
    }
    let shifted = bytes.iter().scan(0_u8, |before, byte| {
        let pair = u16::from(*before) << 8 | u16::from(*byte);
        *before = *byte;
        Some((pair >> unused).to_be_bytes()[1])
    });
    Some(shifted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_have_their_shortest_form() {
        let content = |der: &[u8]| Der(der).next().map(|element| element.content.to_vec());
        assert_eq!(content(&[4, 1, 9]), Some(vec![9]));
        assert_eq!(content(&[4, 0x81, 1, 9]), None);
        let long = [&[4, 0x81, 0x80][..], &[9; 0x80]].concat();
        assert_eq!(content(&long), Some(vec![9; 0x80]));
        assert_eq!(content(&[&[4, 0x82, 0, 0x80][..], &[9; 0x80]].concat()), None);
        for broken in [&[][..], &[4], &[4, 2, 9], &[4, 0x80, 0, 0], &[0x1f, 1, 0]] {
            assert_eq!(content(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn integers_have_their_shortest_form() {
        let value = |der: &[u8]| Der(der).small_integer();
        assert_eq!(value(&[2, 1, 0]), Some(0));
        assert_eq!(value(&[2, 1, 0xff]), Some(-1));
        assert_eq!(value(&[2, 2, 0, 0x80]), Some(128));
        assert_eq!(value(&[2, 2, 0xfe, 0]), Some(-512));
        for broken in [&[2, 0][..], &[2, 2, 0, 1], &[2, 2, 0xff, 0x80], &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(value(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn object_identifiers_hold_numbers_of_31_bits() {
        let is_read = |content: &[u8]| {
            let der = [&[6, u8::try_from(content.len()).unwrap()], content].concat();
            Der(&der).object_identifier().is_some()
        };
        assert!(is_read(&[0x55, 4, 3]) && is_read(&[0x87, 0xff, 0xff, 0xff, 0x7f]));
        for broken in
            [&[][..], &[0x80, 1], &[0x55, 0x84], &[0x88, 0x80, 0x80, 0x80, 0], &[0x81, 0x80, 0x80, 0x80, 0x80, 0]]
        {
            assert!(!is_read(broken), "{broken:?}");
        }
    }

    #[test]
    fn unused_bits_are_moved_to_the_front() {
        assert_eq!(bits(&[0, 1, 2]), Some(vec![1, 2]));
        assert_eq!(bits(&[4, 0x12, 0x30]), Some(vec![0x01, 0x23]));
        assert_eq!(bits(&[0]), Some(vec![]));
        for broken in [&[][..], &[1], &[8, 0], &[1, 1]] {
            assert_eq!(bits(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let content = vec![7; length];
            let whole = element(OCTET_STRING, &content);
            assert_eq!(Der(&whole).take(OCTET_STRING), Some(content.as_slice()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut rest = Der(&bytes);
            while rest.next().is_some() {}
            let _ = (Der(&bytes).object_identifier(), Der(&bytes).bit_string(), Der(&bytes).small_integer());
        }
    }
}

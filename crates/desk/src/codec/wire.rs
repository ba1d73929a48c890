//! Protobuf messages, read where they lie.
//!
//! Desks come back by the million events. Generated code first makes an owned message of each, with a `String` for every
//! text, most of which have been seen before. Here fields are looked at in the record's own bytes, and nothing is copied
//! before it is known to be new. Everything else about the format (what is written, rarely read messages, the contract) is
//! left to the generated code.

use prost_types::Timestamp as ProtoTime;
use tandem_domain::Timestamp;
use uuid::Uuid;

use super::common::{self, damaged};
use super::lexicon::Names;
use super::words::Word;
use crate::DecodeError;

/// Bytes of the largest number.
const LONGEST_VARINT: usize = 10;

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Absent,
    Number(u64),
    Bytes(&'a [u8]),
    /// Eight or four bytes: no message that is read in place has such a field.
    Other,
}

/// A message's fields by their numbers, which are below `N`; of a repeated one the last.
pub(super) struct Fields<'a, const N: usize = 8> {
    message: &'a [u8],
    values: [Value<'a>; N],
}

/// A message's fields one after the other, for messages that are read so often that collecting them first would count.
pub(super) struct Walk<'a>(pub(super) &'a [u8]);

impl<'a> Walk<'a> {
    /// The next field and its number; none after the last.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        field(&mut self.0).map(Some).ok_or_else(torn)
    }
}

/// The fields of a message that hold bytes, with their numbers, in order.
pub(super) fn parts(mut message: &[u8]) -> impl Iterator<Item = Result<(u64, &[u8]), DecodeError>> {
    std::iter::from_fn(move || {
        while !message.is_empty() {
            match field(&mut message) {
                Some((number, Value::Bytes(bytes))) => return Some(Ok((number, bytes))),
                Some(_) => {}
                None => {
                    message = &[];
                    return Some(Err(torn()));
                }
            }
        }
        None
    })
}

/// The next field; none: these are no protobuf bytes.
#[inline]
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    // Most fields are short texts and messages with small numbers: a key and a length of one byte each.
    if let [key, length, behind @ ..] = *rest
        && key & 0x87 == 2
        && *length < 0x80
    {
        let (bytes, behind) = behind.split_at_checked(usize::from(*length))?;
        *rest = behind;
        return Some((u64::from(key >> 3), Value::Bytes(bytes)));
    }
    number_field(rest)
}

/// The next field, which is a number, probably.
#[inline]
fn number_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    if let [key, behind @ ..] = *rest
        && key & 0x87 == 0
    {
        *rest = behind;
        return Some((u64::from(key >> 3), Value::Number(varint(rest)?)));
    }
    any_field(rest)
}

fn any_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Value::Number(varint(rest)?),
        1 => split(rest, 8).map(|_| Value::Other)?,
        2 => {
            let length = varint(rest)?;
            Value::Bytes(split(rest, usize::try_from(length).ok()?)?)
        }
        5 => split(rest, 4).map(|_| Value::Other)?,
        _ => return None,
    };
    Some((key >> 3, value))
}

fn split<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (front, back) = rest.split_at_checked(length)?;
    *rest = back;
    Some(front)
}

/// Most numbers are small, and one byte long; those of times take five.
#[inline]
fn varint(rest: &mut &[u8]) -> Option<u64> {
    match rest {
        [byte, back @ ..] if *byte < 0x80 => {
            let number = u64::from(*byte);
            *rest = back;
            Some(number)
        }
        [one, two, three, four, five, back @ ..] if *five < 0x80 && *one & *two & *three & *four >= 0x80 => {
            let bits = |byte: &u8, place: u32| u64::from(byte & 0x7f) << (7 * place);
            let number = bits(one, 0) | bits(two, 1) | bits(three, 2) | bits(four, 3) | bits(five, 4);
            *rest = back;
            Some(number)
        }
        _ => long_varint(rest),
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that there are more.
fn long_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (place, byte) in rest.iter().take(LONGEST_VARINT).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            *rest = &rest[place + 1..];
            return Some(number);
        }
    }
    None
}

fn torn() -> DecodeError {
    DecodeError::Damaged("not a protobuf message".to_owned())
}

impl<'a> Value<'a> {
    /// 0, where it is absent, as everywhere in protobuf.
    pub(super) fn number(self, name: &str) -> Result<u64, DecodeError> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Absent => Ok(0),
            Self::Bytes(_) | Self::Other => Err(damaged(name)),
        }
    }

    /// A number that is smaller than protobuf's numbers are.
    pub(super) fn narrow<T: TryFrom<u64>>(self, name: &str) -> Result<T, DecodeError> {
        self.number(name)?.try_into().map_err(|_| damaged(name))
    }

    /// A number of a type in which small ones below zero are short, too.
    pub(super) fn signed(self, name: &str) -> Result<i64, DecodeError> {
        let folded = self.number(name)?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// Empty, where it is absent.
    pub(super) fn bytes(self, name: &str) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Absent => Ok(&[]),
            Self::Number(_) | Self::Other => Err(damaged(name)),
        }
    }
}

impl<'a, const N: usize> Fields<'a, N> {
    #[inline]
    pub(super) fn of(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut values = [Value::Absent; N];
        let mut rest = message;
        while !rest.is_empty() {
            let (number, value) = field(&mut rest).ok_or_else(torn)?;
            let place = usize::try_from(number).ok().and_then(|number| values.get_mut(number));
            // What a newer version added is not looked at.
            if let Some(place) = place {
                *place = value;
            }
        }
        Ok(Self { message, values })
    }

    pub(super) fn value(&self, number: usize) -> Value<'a> {
        self.values[number]
    }

    pub(super) fn number(&self, name: &str, number: usize) -> Result<u64, DecodeError> {
        self.value(number).number(name)
    }

    pub(super) fn narrow<T: TryFrom<u64>>(&self, name: &str, number: usize) -> Result<T, DecodeError> {
        self.value(number).narrow(name)
    }

    pub(super) fn flag(&self, name: &str, number: usize) -> Result<bool, DecodeError> {
        self.number(name, number).map(|value| value != 0)
    }

    pub(super) fn word<W: Word>(&self, name: &str, number: usize) -> Result<W, DecodeError> {
        W::from_proto(name, self.narrow(name, number)?)
    }

    /// A value that older programs did not write, or that may be none.
    pub(super) fn given<W: Word>(&self, name: &str, number: usize) -> Result<Option<W>, DecodeError> {
        super::words::given(name, self.narrow(name, number)?)
    }

    pub(super) fn bytes(&self, name: &str, number: usize) -> Result<&'a [u8], DecodeError> {
        self.value(number).bytes(name)
    }

    /// All values of a repeated field.
    pub(super) fn each(&self, number: usize) -> impl Iterator<Item = Result<&'a [u8], DecodeError>> {
        let is_there = !matches!(self.values[number], Value::Absent);
        let message = if is_there { self.message } else { &[] };
        parts(message).filter_map(move |part| match part {
            Ok((of, bytes)) => (of == number as u64).then_some(Ok(bytes)),
            Err(error) => Some(Err(error)),
        })
    }

    pub(super) fn uuid(&self, name: &str, number: usize) -> Result<Uuid, DecodeError> {
        uuid(name, self.bytes(name, number)?)
    }

    pub(super) fn optional_uuid(&self, name: &str, number: usize) -> Result<Option<Uuid>, DecodeError> {
        let text = self.bytes(name, number)?;
        (!text.is_empty()).then(|| uuid(name, text)).transpose()
    }

    /// A key, a language tag or another text that has been read before, probably.
    pub(super) fn key<T: Clone + std::str::FromStr>(
        &self,
        name: &str,
        number: usize,
        known: &mut Names<T>,
    ) -> Result<T, DecodeError> {
        known.read(name, self.bytes(name, number)?)
    }

    /// None, where it is empty.
    pub(super) fn optional_key<T: Clone + std::str::FromStr>(
        &self,
        name: &str,
        number: usize,
        known: &mut Names<T>,
    ) -> Result<Option<T>, DecodeError> {
        let text = self.bytes(name, number)?;
        (!text.is_empty()).then(|| known.read(name, text)).transpose()
    }

    /// Keys, collected.
    pub(super) fn keys<T: Clone + std::str::FromStr, L: FromIterator<T>>(
        &self,
        name: &str,
        number: usize,
        known: &mut Names<T>,
    ) -> Result<L, DecodeError> {
        self.each(number).map(|text| known.read(name, text?)).collect()
    }

    pub(super) fn optional_message<const M: usize>(
        &self,
        name: &str,
        number: usize,
    ) -> Result<Option<Fields<'a, M>>, DecodeError> {
        match self.value(number) {
            Value::Absent => Ok(None),
            value => Fields::of(value.bytes(name)?).map(Some),
        }
    }

    pub(super) fn message<const M: usize>(&self, name: &str, number: usize) -> Result<Fields<'a, M>, DecodeError> {
        self.optional_message(name, number)?.ok_or_else(|| damaged(name))
    }

    pub(super) fn time(&self, name: &str, number: usize) -> Result<Timestamp, DecodeError> {
        self.optional_time(name, number)?.ok_or_else(|| damaged(name))
    }

    pub(super) fn optional_time(&self, name: &str, number: usize) -> Result<Option<Timestamp>, DecodeError> {
        match self.value(number) {
            Value::Absent => Ok(None),
            value => time(name, value.bytes(name)?).map(Some),
        }
    }
}

pub(super) fn uuid(name: &str, text: &[u8]) -> Result<Uuid, DecodeError> {
    Uuid::try_parse_ascii(text).map_err(|_| damaged(name))
}

/// A `google.protobuf.Timestamp`.
pub(super) fn time(name: &str, mut message: &[u8]) -> Result<Timestamp, DecodeError> {
    let mut time = ProtoTime::default();
    while !message.is_empty() {
        match number_field(&mut message).ok_or_else(torn)? {
            (1, Value::Number(seconds)) => time.seconds = seconds.cast_signed(),
            (2, Value::Number(nanos)) => {
                time.nanos = i32::try_from(nanos.cast_signed()).map_err(|_| damaged(name))?;
            }
            _ => {}
        }
    }
    common::time(name, Some(time))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::encoding::encode_varint;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_every_length_are_read_and_what_is_torn_off_is_not(number: u64, bits in 0..64u32, behind in any::<Vec<u8>>()) {
            let number = number >> bits;
            let mut bytes = Vec::new();
            encode_varint(number, &mut bytes);
            let mut torn = &bytes[..bytes.len() - 1];
            prop_assert_eq!(varint(&mut torn), None);
            bytes.extend_from_slice(&behind);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(varint(&mut rest), Some(number));
            prop_assert_eq!(rest, behind);
        }
    }
}

//! Records on their way to the services that consume them: as they are committed, many in one message. So a consumer
//! costs the bus one delivery and one acknowledgement for many events, and gets only the journals that it reads. The
//! single events, each under its kind, are for systems outside.

use bytes::Bytes;
use prost::Message;
use tandem_bus::{BusError, Delivery, EventMessage, Headers, subject};
use tandem_domain::Timestamp;
use tandem_store::{Record, Stream};

use crate::shared::Shared;

/// Payload that travels at once; more than one record only as far as they fit.
const PORTION_BYTES: usize = 128 * 1024;

#[derive(Clone, PartialEq, Message)]
struct Told {
    #[prost(message, repeated, tag = "1")]
    records: Vec<ToldRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct ToldRecord {
    #[prost(uint64, tag = "1")]
    seq: u64,
    #[prost(fixed64, tag = "2")]
    incarnation: u64,
    #[prost(string, tag = "3")]
    kind: String,
    #[prost(int64, tag = "4")]
    at_micros: i64,
    #[prost(bytes = "bytes", tag = "5")]
    payload: Bytes,
}

/// Tells whoever consumes a stream. Whoever misses some sees the gap, or a head that is further, and reads the journal.
#[derive(Default)]
pub(crate) struct Telling {
    fails: bool,
}

impl Telling {
    pub(crate) async fn tell(&mut self, shared: &Shared, records: &[Record]) {
        for portion in portions(records) {
            let told = shared.bus.publish(message(&shared.stream, portion)).await;
            self.note(&shared.stream, &told);
        }
    }

    /// Said when it begins and when it is over: a bus that never takes records makes everybody late, and nothing else shows it.
    fn note(&mut self, stream: &Stream, told: &Result<(), BusError>) {
        match told {
            Err(error) if !self.fails => tracing::warn!(
                %stream, %error,
                "records are not told; those who consume them read the journal, up to two seconds later"
            ),
            Err(error) => tracing::debug!(%stream, %error, "records not told"),
            Ok(()) if self.fails => tracing::info!(%stream, "records are told again"),
            Ok(()) => return,
        }
        self.fails = told.is_err();
    }
}

/// What a delivery tells of a service's stream; none if it is something else.
pub(crate) fn read(service: &str, delivery: &Delivery) -> Option<(Stream, Vec<Record>)> {
    let (_, desk) = delivery.subject.rsplit_once('.')?;
    let records = decode(delivery.payload.clone())?;
    Some((Stream::new(service, desk.parse().ok()?), records))
}

fn message(stream: &Stream, records: &[Record]) -> EventMessage {
    let seq = |record: Option<&Record>| record.map_or(0, |record| record.seq);
    EventMessage {
        subject: subject::records(&stream.service, &stream.desk),
        id: format!("{stream}:{}-{}", seq(records.first()), seq(records.last())),
        headers: Headers::new(),
        payload: encode(records),
    }
}

fn decode(told: Bytes) -> Option<Vec<Record>> {
    let told = Told::decode(told).ok()?;
    Some(told.records.into_iter().map(Record::from).collect())
}

fn encode(records: &[Record]) -> Bytes {
    let records = records.iter().map(ToldRecord::from).collect();
    Told { records }.encode_to_vec().into()
}

fn portions(records: &[Record]) -> impl Iterator<Item = &[Record]> {
    let mut bytes = 0;
    records.chunk_by(move |last, next| {
        bytes += last.payload.len();
        let fits = bytes + next.payload.len() <= PORTION_BYTES;
        bytes = if fits { bytes } else { 0 };
        fits
    })
}

impl From<&Record> for ToldRecord {
    fn from(record: &Record) -> Self {
        Self {
            seq: record.seq,
            incarnation: record.incarnation,
            kind: record.kind.clone(),
            at_micros: record.at.as_micros(),
            payload: record.payload.clone(),
        }
    }
}

impl From<ToldRecord> for Record {
    fn from(told: ToldRecord) -> Self {
        let ToldRecord {
            seq,
            incarnation,
            kind,
            at_micros,
            payload,
        } = told;
        Self {
            seq,
            incarnation,
            kind,
            at: Timestamp::from_micros(at_micros),
            payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, bytes: usize) -> Record {
        Record {
            seq,
            incarnation: u64::MAX - seq,
            kind: "Added".to_owned(),
            at: Timestamp::from_micros(1_800_000_000_000_000),
            payload: vec![7; bytes].into(),
        }
    }

    #[test]
    fn records_arrive_as_they_were() {
        let records = [record(1, 0), record(2, 300)];
        assert_eq!(decode(encode(&records)), Some(records.to_vec()));
        assert_eq!(decode(Bytes::from_static(b"\xff")), None);
    }

    #[test]
    fn what_travels_together_is_bounded_unless_it_is_one_record() {
        let third = PORTION_BYTES / 3;
        let sizes = [third, third, third, third, 1, 2 * PORTION_BYTES, 1];
        let records: Vec<_> = (1..).zip(sizes).map(|(seq, bytes)| record(seq, bytes)).collect();
        let lengths: Vec<_> = portions(&records).map(<[Record]>::len).collect();
        assert_eq!(lengths, [3, 2, 1, 1]);
        assert_eq!(portions(&[]).count(), 0);
    }
}

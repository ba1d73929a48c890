//! Reads a desk's journal whole: numbers, openings, times; and hands its events on.

use std::collections::BTreeMap;

use tandem_desk::{Recorded, ShellEvent, decode_record};
use tandem_domain::core::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Core, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::{Record, Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::history::History;

const CHUNK: usize = 5_000;

/// A journal, followed to its end.
pub struct Journal {
    /// Where everything stands by an independent reading.
    pub history: History,
    /// Where everything stands by the router's own core.
    pub core: RoutingCore,
    /// The read-model rows that the events ask for, by table and key.
    pub rows: BTreeMap<(String, String), Vec<u8>>,
    /// When the last record was written.
    pub last_at: Timestamp,
    /// Each record's incarnation, by `seq` - 1.
    pub incarnations: Vec<u64>,
}

/// Follows a stream's journal.
pub async fn follow(store: &dyn Store, stream: &Stream, findings: &mut Findings) -> Result<Journal, StoreError> {
    let mut reader = Reader::new(stream);
    loop {
        let chunk = store.read(stream, reader.next_seq, CHUNK).await?;
        for record in &chunk {
            reader.read(record, findings);
        }
        if chunk.len() < CHUNK {
            return Ok(reader.journal);
        }
    }
}

struct Reader {
    journal: Journal,
    next_seq: u64,
    epoch: u64,
    incarnation: Option<u64>,
}

impl Reader {
    fn new(stream: &Stream) -> Self {
        let journal = Journal {
            history: History::default(),
            core: RoutingCore::new(&stream.desk),
            rows: BTreeMap::new(),
            last_at: Timestamp::EPOCH,
            incarnations: Vec::new(),
        };
        Self {
            journal,
            next_seq: 1,
            epoch: 0,
            incarnation: None,
        }
    }

    fn read(&mut self, record: &Record, findings: &mut Findings) {
        let subject = format!("seq {}", record.seq);
        findings.check(
            record.seq == self.next_seq,
            Kind::JournalGap,
            &subject,
            format!("expected seq {}", self.next_seq),
        );
        findings.check(
            record.at >= self.journal.last_at,
            Kind::TimeBackwards,
            &subject,
            format!("{} after {}", record.at, self.journal.last_at),
        );
        self.next_seq = record.seq + 1;
        self.journal.last_at = self.journal.last_at.max(record.at);
        self.journal.incarnations.push(record.incarnation);
        match decode_record::<RoutingCore>(record) {
            Ok(Recorded::Shell(event)) => self.read_shell(record, &event, findings),
            Ok(Recorded::Core(event)) => self.read_event(record, &event, findings),
            Err(error) => findings.add(Kind::Unreadable, subject, error),
        }
    }

    fn read_shell(&mut self, record: &Record, event: &ShellEvent, findings: &mut Findings) {
        if let ShellEvent::Opened { epoch, incarnation, .. } = event {
            let fits = *epoch == self.epoch + 1 && *incarnation == record.incarnation;
            let detail = format!("opening {epoch} follows opening {}", self.epoch);
            findings.check(fits, Kind::NotOpened, format!("seq {}", record.seq), detail);
            self.epoch = *epoch;
            self.incarnation = Some(*incarnation);
        }
        self.check_writer(record, findings);
    }

    fn read_event(&mut self, record: &Record, event: &Event<RoutingEvent>, findings: &mut Findings) {
        self.check_writer(record, findings);
        self.journal.history.follow(record.seq, event, findings);
        self.journal.core.apply(event);
        for change in self.journal.core.rows(std::slice::from_ref(event)) {
            let key = (change.table.to_owned(), change.key);
            match change.value {
                Some(value) => drop(self.journal.rows.insert(key, value)),
                None => drop(self.journal.rows.remove(&key)),
            }
        }
    }

    fn check_writer(&self, record: &Record, findings: &mut Findings) {
        let opened = self.incarnation == Some(record.incarnation);
        findings.check(
            opened,
            Kind::NotOpened,
            format!("seq {}", record.seq),
            "written by a process that had not opened the desk",
        );
    }
}

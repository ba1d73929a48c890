//! Reads a desk's journal whole: numbers, openings, times; and hands its events on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tandem_desk::{Recorded, ShellEvent, decode_record};
use tandem_domain::core::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{Core, Timestamp};
use tandem_routing::RoutingCore;
use tandem_store::{Record, Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::history::{History, Step};

const CHUNK: usize = 5_000;

/// A journal, followed to its end.
pub(crate) struct Journal {
    /// Where everything stands by an independent reading.
    pub(crate) history: History,
    /// The read-model rows that the events ask for; none once an event was impossible.
    pub(crate) rows: Option<Rows>,
    /// Each record's incarnation, by `seq` - 1.
    pub(crate) incarnations: Vec<u64>,
    /// Whether every record was there and could be read. If not, the end of the journal is unknown.
    pub(crate) whole: bool,
}

/// By table and key.
pub(crate) type Rows = BTreeMap<(String, String), Vec<u8>>;

/// Follows a stream's journal.
pub(crate) async fn follow(store: &dyn Store, stream: &Stream, findings: &mut Findings) -> Result<Journal, StoreError> {
    let mut reader = Reader::new(stream);
    loop {
        let chunk = store.read(stream, reader.next_seq, CHUNK).await?;
        for record in &chunk {
            reader.read(record, findings);
        }
        if chunk.len() < CHUNK {
            return Ok(reader.finish());
        }
    }
}

/// Reads one record after another.
pub(crate) struct Reader {
    history: History,
    model: Option<Model>,
    incarnations: Vec<u64>,
    whole: bool,
    next_seq: u64,
    last_at: Timestamp,
    epoch: u64,
    incarnation: Option<u64>,
}

impl Reader {
    /// Nothing read yet.
    pub(crate) fn new(stream: &Stream) -> Self {
        Self {
            history: History::default(),
            model: Some(Model {
                core: RoutingCore::new(&stream.desk),
                rows: Rows::new(),
            }),
            incarnations: Vec::new(),
            whole: true,
            next_seq: 1,
            last_at: Timestamp::EPOCH,
            epoch: 0,
            incarnation: None,
        }
    }

    /// Reads the next record.
    pub(crate) fn read(&mut self, record: &Record, findings: &mut Findings) {
        self.check_place(record, findings);
        self.incarnations.push(record.incarnation);
        if !self.whole {
            return;
        }
        match decode_record::<RoutingCore>(record) {
            Ok(Recorded::Shell(event)) => self.read_shell(record, &event, findings),
            Ok(Recorded::Core(event)) => self.read_event(record, &event, findings),
            Err(error) => {
                self.whole = false;
                findings.at(record.seq).add(Kind::Unreadable, error);
            }
        }
    }

    /// The journal, at its end.
    pub(crate) fn finish(self) -> Journal {
        Journal {
            history: self.history,
            rows: self.model.map(|model| model.rows),
            incarnations: self.incarnations,
            whole: self.whole,
        }
    }

    fn check_place(&mut self, record: &Record, findings: &mut Findings) {
        let mut notes = findings.at(record.seq);
        let (expected, before) = (self.next_seq, self.last_at);
        notes.check(record.seq == expected, Kind::JournalGap, || {
            format!("expected seq {expected}")
        });
        notes.check(record.at >= before, Kind::TimeBackwards, || {
            format!("{} after {before}", record.at)
        });
        self.whole &= record.seq == expected;
        self.next_seq = record.seq + 1;
        self.last_at = before.max(record.at);
    }

    fn read_shell(&mut self, record: &Record, event: &ShellEvent, findings: &mut Findings) {
        if let ShellEvent::Opened { epoch, incarnation, .. } = event {
            let (before, own) = (self.epoch, record.incarnation);
            let fits = *epoch == before + 1 && *incarnation == own;
            findings.at(record.seq).check(fits, Kind::NotOpened, || {
                format!("opening {epoch} as {incarnation:x} follows opening {before}, written as {own:x}")
            });
            (self.epoch, self.incarnation) = (*epoch, Some(own));
        }
        self.check_writer(record, findings);
    }

    fn read_event(&mut self, record: &Record, event: &Event<RoutingEvent>, findings: &mut Findings) {
        self.check_writer(record, findings);
        let step = self.history.follow(record.seq, event, findings);
        self.model = self.model.take().filter(|_| step == Step::Possible);
        if let Some(model) = &mut self.model
            && let Err(why) = model.follow(event)
        {
            self.model = None;
            findings.at(record.seq).add(Kind::Unreadable, why);
        }
    }

    fn check_writer(&self, record: &Record, findings: &mut Findings) {
        let opened = self.incarnation == Some(record.incarnation);
        findings.at(record.seq).check(opened, Kind::NotOpened, || {
            format!("written as {:x}, which had not opened the desk", record.incarnation)
        });
    }
}

/// What the router's own core makes of the journal.
struct Model {
    core: RoutingCore,
    rows: Rows,
}

impl Model {
    /// An audit must not die of what it looks at: the core trusts its journal, and panics where that is wrong.
    fn follow(&mut self, event: &Event<RoutingEvent>) -> Result<(), &'static str> {
        catch_unwind(AssertUnwindSafe(|| self.apply(event))).map_err(|_| "the router's core cannot replay it")
    }

    fn apply(&mut self, event: &Event<RoutingEvent>) {
        self.core.apply(event);
        for change in self.core.rows(std::slice::from_ref(event)) {
            let key = (change.table.to_owned(), change.key);
            match change.value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

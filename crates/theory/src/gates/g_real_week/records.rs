//! Reading the bank's records: one line for each call.

/// Types of service that people gave; what else a line may say is none.
pub(super) const TYPES: [&str; 6] = ["PS", "PE", "IN", "NE", "NW", "TT"];

const DAY: u32 = 24 * 60 * 60;

/// A call that asked for an agent. Times are seconds since the week began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The place in [`TYPES`].
    pub(super) kind: usize,
    /// When the caller began to wait, or was served at once.
    pub(super) asked: u32,
    pub(super) waited: u32,
    /// None: hung up.
    pub(super) served: Option<Service>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) agent: String,
    pub(super) lasted: u32,
}

/// The week.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// In order of asking.
    pub(super) calls: Vec<Record>,
    pub(super) skipped: Skipped,
}

/// Lines that are no calls for an agent, or not to be understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Hung up before asking for anybody.
    pub(super) in_voice_unit: usize,
    /// "A virtual call to be ignored".
    pub(super) phantom: usize,
    /// Said to be served, but nobody or no time is named.
    pub(super) nobody: usize,
    /// The time in the voice unit is below zero; nothing here depends on it, so the call stays.
    pub(super) negative: usize,
}

/// The fields of a line that are used.
struct Line<'a> {
    kind: &'a str,
    day: u32,
    voice_unit: i64,
    queued: u32,
    waited: u32,
    outcome: &'a str,
    begun: u32,
    lasted: u32,
    server: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<_> = line.trim_end().split(',').collect();
        let [
            _,
            _,
            _,
            _,
            kind,
            date,
            _,
            _,
            voice_unit,
            queued,
            _,
            waited,
            outcome,
            begun,
            _,
            lasted,
            server,
        ] = fields[..]
        else {
            return None;
        };
        Some(Self {
            kind,
            day: date.rsplit('-').next()?.parse().ok()?,
            voice_unit: voice_unit.parse().ok()?,
            queued: of_day(queued)?,
            waited: waited.parse().ok()?,
            outcome,
            begun: of_day(begun)?,
            lasted: lasted.parse().ok()?,
            server,
        })
    }

    /// Zero is written where somebody was never queued, or never served.
    fn was_queued(&self) -> bool {
        self.queued > 0
    }
}

fn of_day(time: &str) -> Option<u32> {
    let mut parts = time.split(':').map(|part| part.parse::<u32>().ok());
    Some(parts.next()?? * 3600 + parts.next()?? * 60 + parts.next()??)
}

/// # Panics
/// If a line is not of the form that the records have.
pub(super) fn read(text: &str) -> Records {
    let mut records = Records::default();
    for line in text.lines().skip(1) {
        let line = Line::parse(line).expect("a line has seventeen fields");
        records.skipped.negative += usize::from(line.voice_unit < 0);
        records.add(&line);
    }
    records.calls.sort_by_key(|call| call.asked);
    records
}

impl Records {
    fn add(&mut self, line: &Line<'_>) {
        let served = match line.outcome {
            "PHANTOM" => return self.skipped.phantom += 1,
            "HANG" if !line.was_queued() => return self.skipped.in_voice_unit += 1,
            "HANG" => None,
            _ if line.server == "NO_SERVER" || line.begun == 0 => return self.skipped.nobody += 1,
            _ => Some(Service {
                agent: line.server.to_owned(),
                lasted: line.lasted.max(1),
            }),
        };
        let asked = if line.was_queued() { line.queued } else { line.begun };
        self.calls.push(Record {
            kind: TYPES
                .iter()
                .position(|kind| *kind == line.kind)
                .expect("one of the six types"),
            asked: line.day * DAY + asked,
            waited: if line.was_queued() { line.waited } else { 0 },
            served,
        });
    }
}

impl Record {
    /// When service began, or the caller hung up.
    pub(super) const fn until(&self) -> u32 {
        self.asked + self.waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "vru+line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,\
                        outcome,ser_start,ser_exit,ser_time,server\n";

    fn one(line: &str) -> Records {
        read(&format!("{HEAD}{line}\n"))
    }

    #[test]
    fn a_call_that_waited_was_asked_when_it_was_queued() {
        let records = one("A,1,2,2,PS,2010-08-02,9:00:00,9:00:10,10,9:00:10,9:02:10,120,AGENT,9:02:09,9:03:09,60,ANN");
        let asked = 2 * DAY + 9 * 3600 + 10;
        let served = Some(Service {
            agent: "ANN".to_owned(),
            lasted: 60,
        });
        let expected = Record {
            kind: 0,
            asked,
            waited: 120,
            served,
        };
        assert_eq!(records.calls, [expected]);
        assert_eq!(records.calls[0].until(), asked + 120);
    }

    #[test]
    fn a_call_that_did_not_wait_was_asked_when_it_was_served() {
        let records = one("A,1,0,0,NW,2010-08-01,9:00:00,9:00:10,10,0:00:00,0:00:00,0,AGENT,9:00:09,9:03:09,180,ANN");
        assert_eq!(
            (records.calls[0].asked, records.calls[0].waited),
            (DAY + 9 * 3600 + 9, 0)
        );
    }

    #[test]
    fn whoever_hangs_up_in_the_queue_is_not_served() {
        let records =
            one("A,1,0,0,IN,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:50,40,HANG,0:00:00,0:00:00,0,NO_SERVER");
        assert_eq!((records.calls[0].waited, &records.calls[0].served), (40, &None));
    }

    #[test]
    fn what_asked_for_nobody_or_was_served_by_nobody_is_left_out() {
        for (line, skipped) in [
            (
                "A,1,0,0,PS,2010-08-01,9:00:00,9:00:10,10,0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0,NO_SERVER",
                Skipped {
                    in_voice_unit: 1,
                    ..Skipped::default()
                },
            ),
            (
                "A,1,0,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:50,40,PHANTOM,9:00:50,9:00:51,1,NO_SERVER",
                Skipped {
                    phantom: 1,
                    ..Skipped::default()
                },
            ),
            (
                "A,1,0,0,PS,2010-08-01,9:00:00,9:00:10,10,0:00:00,0:00:00,0,AGENT,0:00:00,0:00:00,0,NO_SERVER",
                Skipped {
                    nobody: 1,
                    ..Skipped::default()
                },
            ),
        ] {
            let records = one(line);
            assert_eq!((records.calls.len(), records.skipped), (0, skipped), "{line}");
        }
    }

    #[test]
    fn a_voice_unit_that_ran_backwards_does_no_harm() {
        let records = one("A,1,2,2,PS,2010-08-02,9:00:00,8:59:00,-60,9:00:10,9:02:10,120,AGENT,9:02:09,9:03:09,60,ANN");
        assert_eq!((records.calls.len(), records.skipped.negative), (1, 1));
    }
}

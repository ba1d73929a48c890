//! Calendars of working time.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tandem_domain::sla::{Calendar, Holiday, HolidayDay, Window};
use tandem_proto::v1;

use crate::DecodeError;
use crate::codec::common::{damaged, parsed};

pub(super) fn to_proto(calendar: &Calendar) -> v1::Calendar {
    let hours = calendar.hours.iter();
    v1::Calendar {
        calendar: calendar.id.to_string(),
        timezone: calendar.timezone.clone(),
        hours: hours
            .map(|(weekday, windows)| v1::WeekdayHours {
                weekday: (*weekday).into(),
                windows: windows_to_proto(windows),
            })
            .collect(),
        holidays: calendar.holidays.iter().map(holiday_to_proto).collect(),
    }
}

pub(super) fn from_proto(calendar: &v1::Calendar) -> Result<Calendar, DecodeError> {
    let hours = |hours: &v1::WeekdayHours| {
        let weekday = small("calendar.weekday", hours.weekday)?;
        Ok((weekday, windows(&hours.windows)?))
    };
    Ok(Calendar {
        id: parsed("calendar", &calendar.calendar)?,
        timezone: calendar.timezone.clone(),
        hours: calendar
            .hours
            .iter()
            .map(hours)
            .collect::<Result<BTreeMap<_, _>, DecodeError>>()?,
        holidays: calendar.holidays.iter().map(holiday).collect::<Result<_, _>>()?,
    })
}

fn windows_to_proto(windows: &[Window]) -> Vec<v1::Window> {
    let window = |window: &Window| v1::Window {
        from_minute: window.from_minute.into(),
        to_minute: window.to_minute.into(),
    };
    windows.iter().map(window).collect()
}

fn windows(windows: &[v1::Window]) -> Result<Vec<Window>, DecodeError> {
    let window = |window: &v1::Window| {
        Ok(Window {
            from_minute: small("window.from_minute", window.from_minute)?,
            to_minute: small("window.to_minute", window.to_minute)?,
        })
    };
    windows.iter().map(window).collect()
}

fn holiday_to_proto(holiday: &Holiday) -> v1::Holiday {
    let (year, month, day) = match holiday.day {
        HolidayDay::On(date) => (
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        ),
        HolidayDay::Yearly { month, day } => (0, month, day),
    };
    v1::Holiday {
        year,
        month: month.into(),
        day: day.into(),
        windows: windows_to_proto(&holiday.hours),
    }
}

fn holiday(holiday: &v1::Holiday) -> Result<Holiday, DecodeError> {
    let day = match holiday.year {
        0 => HolidayDay::Yearly {
            month: small("holiday.month", holiday.month)?,
            day: small("holiday.day", holiday.day)?,
        },
        _ => HolidayDay::On(date(holiday).ok_or_else(|| damaged("holiday"))?),
    };
    Ok(Holiday {
        day,
        hours: windows(&holiday.windows)?,
    })
}

fn date(day: &v1::Holiday) -> Option<Date> {
    let (year, month, day) = (day.year.try_into(), day.month.try_into(), day.day.try_into());
    Date::new(year.ok()?, month.ok()?, day.ok()?).ok()
}

/// A number that has to fit into a smaller one.
fn small<T: TryFrom<u32>>(field: &str, number: u32) -> Result<T, DecodeError> {
    number.try_into().map_err(|_| damaged(field))
}

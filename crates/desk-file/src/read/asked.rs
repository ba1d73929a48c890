//! Requirements written as text: read, and every name in them looked up.

use std::ops::Range;

use tandem_domain::AttributeId;
use tandem_domain::expression::{Clash, Expression, Mention, Name, Written};

use super::{Known, attributes, served};
use crate::fault::Position;
use crate::place::{Place, Table, unknown};
use crate::rules::locate;

/// A requirement, and where it stands.
pub(super) struct Asked<'t> {
    pub(super) place: Place<'t>,
    text: &'t str,
    written: Written,
}

/// Something that must hold together with the rest of a requirement.
pub(super) struct Part<'t> {
    pub(super) expression: Expression,
    /// As it stands in the file.
    pub(super) shown: &'t str,
    /// The requirement of which it is a part.
    place: Place<'t>,
    text: &'t str,
    start: usize,
}

impl Part<'_> {
    /// Looked for in the file only when it is to be told.
    pub(super) fn position(&self, known: &Known<'_>) -> Position {
        position(&self.place, known.text, self.text, self.start)
    }
}

/// What stands under `require`; none where nothing does, or what cannot be read.
pub(super) fn read<'t>(table: &Table<'t>, known: &Known<'t>) -> Option<Asked<'t>> {
    let place = table.get("require")?;
    let text = place.text()?;
    let written = Written::parse(text, known.least)
        .map_err(|fault| {
            let message = format!("{}: {}", fault.what, fault.help);
            fault_within(&place, known, text, fault.at.start, message);
        })
        .ok()?;
    let asked = Asked { place, text, written };
    for mention in asked.written.mentions() {
        let fault = |message: String| fault_within(&asked.place, known, text, mention.at.start, message);
        check(mention, known, &asked.place, fault);
    }
    asked.check_possible(known).then_some(asked)
}

impl<'t> Asked<'t> {
    pub(super) fn expression(&self) -> Expression {
        self.written.expression()
    }

    pub(super) fn parts(&self) -> Vec<Part<'t>> {
        let part = |(expression, at): (Expression, Range<usize>)| Part {
            expression,
            shown: self.text.get(at.clone()).unwrap_or_default(),
            place: self.place.clone(),
            text: self.text,
            start: at.start,
        };
        self.written.parts().into_iter().map(part).collect()
    }

    fn position(&self, known: &Known<'_>, at: &Range<usize>) -> Position {
        position(&self.place, known.text, self.text, at.start)
    }

    /// Whether anybody could ever be who is asked for.
    fn check_possible(&self, known: &Known<'_>) -> bool {
        if let Some(clash) = self.written.contradiction() {
            let message = format!("{}: drop one, or join them with `or`", self.shown(&clash));
            fault_within(&self.place, known, self.text, clash.second_at.start, message);
            return false;
        }
        if self.expression() == Expression::never() {
            self.place
                .fault("this never holds: nobody could ever be offered a ticket");
            return false;
        }
        if self.expression() == Expression::always() {
            self.place.warn("this holds for everybody: it can be left away");
        }
        for clash in self.written.dead_choices() {
            if self.place.report().is_full_of_warnings() {
                break;
            }
            let message = format!("{}: nobody is ever found by this choice", self.shown(&clash));
            self.place.warn_at(self.position(known, &clash.second_at), message);
        }
        true
    }

    fn shown(&self, clash: &Clash<'_>) -> String {
        let [first, second] = [&clash.first_at, &clash.second_at].map(|at| &self.text[at.clone()]);
        format!("`{first}` and `{second}` can never both hold")
    }
}

/// Beyond the limit faults are only counted, and looking for their places would take long.
fn fault_within(place: &Place<'_>, known: &Known<'_>, text: &str, byte: usize, message: String) {
    let is_told = !place.report().is_full();
    let at = is_told.then(|| position(place, known.text, text, byte));
    place.fault_at(at.unwrap_or(Position::START), message);
}

fn position(place: &Place<'_>, file: &str, text: &str, byte: usize) -> Position {
    let offset = text.get(..byte).map_or(0, |before| before.chars().count());
    locate::in_file(file, place.node, offset)
}

fn check(mention: &Mention, known: &Known<'_>, place: &Place<'_>, fault: impl Fn(String)) {
    let lookup = |what: &str, key: &str, names: &[&str]| {
        if !names.contains(&key) {
            fault(unknown(what, key, names, place.report()));
        }
    };
    match &mention.name {
        Name::Skill(skill) => lookup("skill", skill.as_str(), &known.skills),
        Name::Team(team) => lookup("team", team.as_str(), &known.teams),
        Name::Site(site) => lookup("site", site.as_str(), &known.sites),
        Name::Region(region) => lookup("region", region.as_str(), &known.regions),
        Name::Agent(agent) if known.is_agent(agent.as_str()) => {}
        Name::Agent(agent) => fault(unknown("agent", agent.as_str(), &known.agents, place.report())),
        Name::Language(language) => {
            served(language, known, fault);
        }
        Name::Key(attribute, _) | Name::Number(attribute) if !known.attributes.contains_key(attribute) => {
            let names: Vec<&str> = known.attributes.keys().map(AttributeId::as_str).collect();
            fault(unknown("attribute", attribute.as_str(), &names, place.report()));
        }
        Name::Key(attribute, word) => {
            let kind = known.attributes.get(attribute);
            let message = kind.and_then(|kind| attributes::fault_of_word(kind, attribute, word, place));
            message.into_iter().for_each(fault);
        }
        Name::Number(attribute) => {
            let kind = known.attributes.get(attribute);
            let message = kind.and_then(|kind| attributes::fault_of_number(kind, attribute));
            message.into_iter().for_each(fault);
        }
    }
}

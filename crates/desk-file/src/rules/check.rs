//! Checks a compiled condition before any message sees it: every name is known, every value is of the
//! right kind, and its cost is bounded. The interpreter itself would notice only with a message in hand.

mod call;
mod header;

use std::sync::Arc;

use cel::Program;
use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, SourceInfo};
use regex::Regex;

use super::condition::Mistake;
use super::message::{FIELDS, Kind};
use crate::suggest::{did_you_mean, one_of, quoted};

/// Going through a longer list, or more often, would make a condition slow.
const LONGEST_LIST: usize = 100;
const MOST_LOOPS: usize = 4;

/// What `text.matches(pattern)` becomes: the pattern is compiled once and passed by number.
pub(super) const MATCHES: &str = "@matches";

/// A deeper tree would need more of the caller's stack than a thread may have.
const DEEPEST: usize = 64;
/// A condition that can be decided for any message.
pub(super) struct Checked {
    pub(super) expression: IdedExpr,
    pub(super) patterns: Arc<[Regex]>,
}

/// Checks a condition, or says all that is wrong with it.
pub(super) fn check(program: &Program) -> Result<Checked, Vec<Mistake>> {
    let mut expression = program.expression().clone();
    let mut checker = Checker {
        source: program.source_info(),
        variables: Vec::new(),
        loops: 0,
        patterns: Vec::new(),
        mistakes: Vec::new(),
        depth: 0,
    };
    if let Some(kind) = checker.kind(&mut expression)
        && kind != Kind::Truth
    {
        let message = format!("a condition must be true or false, and this is {}", name(&kind));
        checker.mistakes.push(Mistake { offset: 0, message });
    }
    if checker.mistakes.is_empty() {
        Ok(Checked {
            expression,
            patterns: checker.patterns.into(),
        })
    } else {
        Err(checker.mistakes)
    }
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "a number",
        Kind::Truth => "true or false",
        Kind::Headers => "the headers",
        Kind::List(_) => "a list",
    }
}

struct Checker<'p> {
    source: &'p SourceInfo,
    /// What `exists` and its kin brought in, innermost last.
    variables: Vec<(String, Kind)>,
    loops: usize,
    patterns: Vec<Regex>,
    mistakes: Vec<Mistake>,
    depth: usize,
}

impl Checker<'_> {
    /// What an expression is; none if that is not clear, because of a mistake that was reported.
    fn kind(&mut self, expression: &mut IdedExpr) -> Option<Kind> {
        if self.depth >= DEEPEST {
            return self.mistake(expression, format!("nested deeper than {DEEPEST}: write several rules"));
        }
        self.depth += 1;
        let kind = self.kind_within(expression);
        self.depth -= 1;
        kind
    }

    fn kinds(&mut self, expressions: &mut [IdedExpr]) -> Option<Vec<Kind>> {
        // All of them, so that a mistake in one does not hide one in the next.
        let kinds: Vec<Option<Kind>> = expressions.iter_mut().map(|expression| self.kind(expression)).collect();
        kinds.into_iter().collect()
    }

    fn kind_within(&mut self, expression: &mut IdedExpr) -> Option<Kind> {
        let mut taken = std::mem::take(&mut expression.expr);
        let kind = match &mut taken {
            Expr::Literal(LiteralValue::Boolean(_)) => Some(Kind::Truth),
            Expr::Literal(LiteralValue::Int(_)) => Some(Kind::Number),
            Expr::Literal(LiteralValue::String(_)) => Some(Kind::Text),
            Expr::Ident(name) => self.variable(expression, name),
            Expr::Select(select) => self.field(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::List(list) => self.list(expression, list),
            Expr::Comprehension(comprehension) => self.comprehension(expression, comprehension),
            Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.mistake(
                expression,
                "rules know text, whole numbers, true, false and lists of them",
            ),
        };
        expression.expr = if header::is_header(&taken) {
            header::or_empty(taken)
        } else {
            taken
        };
        kind
    }

    fn mistake<T>(&mut self, at: &IdedExpr, message: impl Into<String>) -> Option<T> {
        let offset = self.offset(at);
        self.mistakes.push(Mistake {
            offset,
            message: message.into(),
        });
        None
    }

    /// The parser gives the dot of a field and the bracket of a call: the name is the better place.
    fn mistake_at_name<T>(&mut self, at: &IdedExpr, name: &str, message: impl Into<String>) -> Option<T> {
        let offset = self.offset(at);
        let after = self.source.source.chars().nth(offset);
        let offset = if after == Some('.') {
            offset + 1
        } else {
            offset.saturating_sub(name.chars().count())
        };
        self.mistakes.push(Mistake {
            offset,
            message: message.into(),
        });
        None
    }

    fn offset(&self, at: &IdedExpr) -> usize {
        // The parser counts bytes.
        let bytes = self.source.offset_for(at.id).map_or(0, |(start, _)| start as usize);
        self.source
            .source
            .char_indices()
            .take_while(|(index, _)| *index < bytes)
            .count()
    }

    fn variable(&mut self, at: &IdedExpr, name: &str) -> Option<Kind> {
        if let Some((_, kind)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Some(kind.clone());
        }
        if name == "message" {
            return self.mistake(
                at,
                format!("`message` is no value itself: use one of its fields {}", field_names()),
            );
        }
        let near = FIELDS.iter().find(|(field, _)| *field == name);
        let hint = near.map_or_else(
            || did_you_mean(name, &["message"]),
            |(field, _)| format!("; did you mean `message.{field}`?"),
        );
        self.mistake(
            at,
            format!("unknown variable {}: use `message` and its fields{hint}", quoted(name)),
        )
    }

    /// `message.subject`, `message.headers.precedence`, `has(message.headers.precedence)`.
    fn field(&mut self, at: &IdedExpr, select: &mut SelectExpr) -> Option<Kind> {
        if matches!(&select.operand.expr, Expr::Ident(name) if name == "message") {
            return self.message_field(at, select);
        }
        match self.kind(&mut select.operand)? {
            Kind::Headers if select.field != select.field.to_lowercase() => self.not_lower_case(at, &select.field),
            Kind::Headers if select.test => Some(Kind::Truth),
            Kind::Headers => Some(Kind::Text),
            other => {
                let message = format!("{} has no field {}", name(&other), quoted(&select.field));
                self.mistake_at_name(at, &select.field, message)
            }
        }
    }

    fn message_field(&mut self, at: &IdedExpr, select: &SelectExpr) -> Option<Kind> {
        let Some((_, kind)) = FIELDS.iter().find(|(field, _)| *field == select.field) else {
            let fields: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
            let near = did_you_mean(&select.field, &fields);
            let message = format!(
                "a message has no field {}: use {}{near}",
                quoted(&select.field),
                one_of(&fields)
            );
            return self.mistake_at_name(at, &select.field, message);
        };
        if select.test {
            let message = format!("`message.{}` is always there: compare it with \"\"", select.field);
            return self.mistake(&select.operand, message);
        }
        Some(kind.clone())
    }

    fn not_lower_case<T>(&mut self, at: &IdedExpr, header: &str) -> Option<T> {
        let message = format!(
            "header names are in lower case here: use {}",
            quoted(&header.to_lowercase())
        );
        self.mistake_at_name(at, header, message)
    }

    fn list(&mut self, at: &IdedExpr, list: &mut ListExpr) -> Option<Kind> {
        if list.elements.len() > LONGEST_LIST {
            return self.mistake(at, format!("a list may hold at most {LONGEST_LIST} values"));
        }
        let kinds = self.kinds(&mut list.elements)?;
        match kinds.split_first() {
            None => self.mistake(at, "an empty list fits nothing"),
            Some((first, rest)) if rest.iter().all(|kind| kind == first) => Some(Kind::List(Box::new(first.clone()))),
            Some(_) => self.mistake(at, "a list must hold values of one kind"),
        }
    }

    /// `list.exists(x, …)` and its kin, as the parser expands them.
    fn comprehension(&mut self, at: &IdedExpr, loops: &mut ComprehensionExpr) -> Option<Kind> {
        // Loops within loops are what could make a condition run for ever.
        if !self.variables.is_empty() {
            return self.mistake(
                at,
                "`exists`, `all` and `exists_one` cannot stand within each other: write several rules",
            );
        }
        self.loops += 1;
        if self.loops > MOST_LOOPS {
            return self.mistake(
                at,
                format!("at most {MOST_LOOPS} of `exists`, `all` and `exists_one` may stand in a condition"),
            );
        }
        if loops.iter_var == "message" {
            return self.mistake(at, "`message` is taken: give the item another name");
        }
        let item = match self.kind(&mut loops.iter_range)? {
            Kind::List(item) => *item,
            Kind::Headers => Kind::Text,
            other => {
                return self.mistake(
                    at,
                    format!("only a list or the headers can be gone through, not {}", name(&other)),
                );
            }
        };
        let result = match &loops.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(_)) => Kind::Truth,
            Expr::Literal(LiteralValue::Int(_)) => Kind::Number,
            _ => return self.mistake(at, "`map` and `filter` make lists: use `exists` or `all`"),
        };
        self.variables = vec![(loops.accu_var.clone(), result), (loops.iter_var.clone(), item)];
        let step = self.kind(&mut loops.loop_step);
        let answer = self.kind(&mut loops.result);
        self.variables.clear();
        step.and(answer)
    }
}

fn field_names() -> String {
    let fields: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
    one_of(&fields)
}

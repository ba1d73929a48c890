//! Functions and operators: which there are, on what, and what comes out.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use regex::RegexBuilder;

use super::{Checker, MATCHES, name};
use crate::rules::message::Kind;
use crate::suggest::{did_you_mean, one_of, quoted};

/// A compiled pattern takes at most so many bytes; Unicode classes are large.
const LARGEST_PATTERN: usize = 512 << 10;

const METHODS: [&str; 8] = [
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "size",
    "exists",
    "all",
    "exists_one",
];

impl Checker<'_> {
    pub(super) fn call(&mut self, at: &IdedExpr, call: &mut CallExpr) -> Option<Kind> {
        match call.target.take() {
            Some(target) => self.method(at, call, *target),
            None => self.operator(at, call),
        }
    }

    fn method(&mut self, at: &IdedExpr, call: &mut CallExpr, mut target: IdedExpr) -> Option<Kind> {
        let subject = self.kind(&mut target)?;
        let method = call.func_name.clone();
        let arguments = self.kinds(&mut call.args)?;
        match (method.as_str(), &subject, arguments.as_slice()) {
            ("matches", Kind::Text, [Kind::Text]) => return self.matches(call, target),
            ("contains" | "startsWith" | "endsWith", Kind::Text, [Kind::Text])
            | ("size", Kind::Text | Kind::List(_) | Kind::Headers, []) => {}
            _ => return self.wrong_call(at, &method, &subject, &arguments),
        }
        call.target = Some(Box::new(target));
        Some(if method == "size" { Kind::Number } else { Kind::Truth })
    }

    fn wrong_call(&mut self, at: &IdedExpr, method: &str, subject: &Kind, arguments: &[Kind]) -> Option<Kind> {
        if METHODS.contains(&method) {
            let arguments: Vec<&str> = arguments.iter().map(name).collect();
            let message = format!(
                "`{method}` cannot be used on {} with ({})",
                name(subject),
                arguments.join(", ")
            );
            return self.mistake_at_name(at, method, message);
        }
        let near = did_you_mean(method, &METHODS);
        let message = format!("unknown function {}: use {}{near}", quoted(method), one_of(&METHODS));
        self.mistake_at_name(at, method, message)
    }

    /// Compiles the pattern now, once, and so that its size is bounded; matching is linear in the text.
    fn matches(&mut self, call: &mut CallExpr, target: IdedExpr) -> Option<Kind> {
        let [pattern] = call.args.as_mut_slice() else {
            return None;
        };
        let Expr::Literal(LiteralValue::String(text)) = &pattern.expr else {
            return self.mistake(
                pattern,
                "a pattern must be a text in quotes, so that it can be checked beforehand",
            );
        };
        match RegexBuilder::new(text.inner()).size_limit(LARGEST_PATTERN).build() {
            Ok(regex) => {
                let number = i64::try_from(self.patterns.len()).unwrap_or(i64::MAX);
                self.patterns.push(regex);
                pattern.expr = Expr::Literal(LiteralValue::Int(number.into()));
                MATCHES.clone_into(&mut call.func_name);
                call.args.insert(0, target);
                Some(Kind::Truth)
            }
            Err(error) => self.mistake(
                pattern,
                format!("not a regular expression: {}", last_line(&error.to_string())),
            ),
        }
    }

    fn operator(&mut self, at: &IdedExpr, call: &mut CallExpr) -> Option<Kind> {
        let kinds = self.kinds(&mut call.args)?;
        if let (operators::INDEX | operators::IN, [_, _]) = (call.func_name.as_str(), kinds.as_slice()) {
            self.check_header_name(call)?;
        }
        operator_kind(&call.func_name, &kinds).or_else(|| self.wrong_operator(at, &call.func_name, &kinds))
    }

    fn check_header_name(&mut self, call: &CallExpr) -> Option<()> {
        let lower = |literal: &IdedExpr| match &literal.expr {
            Expr::Literal(LiteralValue::String(text)) => text.inner() == text.inner().to_lowercase(),
            _ => true,
        };
        let header = if call.func_name == operators::IN {
            &call.args[0]
        } else {
            &call.args[1]
        };
        let is_of_headers = call
            .args
            .iter()
            .any(|arg| matches!(&arg.expr, Expr::Select(select) if select.field == "headers"));
        if is_of_headers && !lower(header) {
            return self.mistake(header, "header names are in lower case here");
        }
        Some(())
    }

    fn wrong_operator(&mut self, at: &IdedExpr, operator: &str, kinds: &[Kind]) -> Option<Kind> {
        let shown: Vec<&str> = kinds.iter().map(name).collect();
        if !operator.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let sign = operator.replace(['_', '@'], "");
            return self.mistake(at, format!("`{sign}` cannot be used on {}", shown.join(" and ")));
        }
        let message = if METHODS.contains(&operator) {
            format!("`{operator}` cannot be used on ({})", shown.join(", "))
        } else {
            let near = did_you_mean(operator, &METHODS);
            format!(
                "unknown function {}: use {} on a value{near}",
                quoted(operator),
                one_of(&METHODS)
            )
        };
        self.mistake_at_name(at, operator, message)
    }
}

/// What an operator makes of its operands; none if it cannot be used on them.
fn operator_kind(operator: &str, kinds: &[Kind]) -> Option<Kind> {
    match kinds {
        [Kind::Truth, a, b] if operator == operators::CONDITIONAL && a == b => Some(a.clone()),
        [a, b] => pair_kind(operator, a, b),
        [Kind::Truth] if operator == operators::LOGICAL_NOT => Some(Kind::Truth),
        [Kind::Number] if operator == operators::NEGATE => Some(Kind::Number),
        [Kind::Text | Kind::List(_) | Kind::Headers] if operator == "size" => Some(Kind::Number),
        _ => None,
    }
}

fn pair_kind(operator: &str, a: &Kind, b: &Kind) -> Option<Kind> {
    use Kind::{Headers, List, Number, Text, Truth};
    use operators::{
        ADD, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND, LOGICAL_OR, MODULO,
        MULTIPLY, NOT_EQUALS, SUBSTRACT,
    };
    match (operator, a, b) {
        (LOGICAL_AND | LOGICAL_OR, Truth, Truth)
        | (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, Number, Number)
        | (IN, Text, Headers) => Some(Truth),
        (EQUALS | NOT_EQUALS, a, b) if a == b => Some(Truth),
        (IN, item, List(items)) if item == items.as_ref() => Some(Truth),
        (ADD | SUBSTRACT | MULTIPLY | DIVIDE | MODULO, Number, Number) => Some(Number),
        (INDEX, Headers, Text) => Some(Text),
        _ => None,
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

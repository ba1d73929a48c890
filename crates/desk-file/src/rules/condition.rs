//! One condition: compiled and checked when the file is read, decided for each message.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError, Value};
use regex::Regex;

use super::check::{Checked, MATCHES, check};

/// Longer conditions belong into several rules.
const LONGEST: usize = 4096;
/// The parser descends once per bracket and sign, on the caller's stack.
const DEEPEST: usize = 24;

/// A condition over a message, in CEL, compiled.
#[derive(Clone)]
pub struct Condition {
    source: String,
    checked: Arc<Checked>,
}

/// Why a condition could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It asked for something impossible, such as dividing by zero.
    Failed,
    /// Its answer was neither true nor false.
    NotTruth,
    /// The rules before it used up what may be spent on one message.
    TooCostly,
    /// It made the interpreter panic: a fault of Tandem's, not of the rule's.
    Panicked,
}

/// Something wrong with a condition; the offset counts characters from its beginning.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

impl Condition {
    /// The condition as it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Compiles a condition, or says all that is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, Vec<Mistake>> {
        check_size(source).map_err(|mistake| vec![mistake])?;
        let compiled = catch_unwind(|| ENV.compile(source));
        let compiled = compiled.map_err(|_| {
            vec![Mistake {
                offset: 0,
                message: "not CEL: the parser gave up on it".to_owned(),
            }]
        })?;
        let program = compiled.map_err(|errors| {
            errors
                .errors
                .iter()
                .map(|error| syntax_mistake(source, error))
                .collect::<Vec<_>>()
        })?;
        let checked = check(&program)?;
        Ok(Self {
            source: source.to_owned(),
            checked: Arc::new(checked),
        })
    }

    /// How many patterns it has.
    pub(crate) fn patterns(&self) -> usize {
        self.checked.patterns.len()
    }

    /// Whether a message fits; spends of the budget what matching costs.
    pub(super) fn fits(&self, message: &Value, budget: &Budget) -> Result<bool, ProblemKind> {
        // Nothing is shared with the evaluation that a panic could leave half done.
        let answer = catch_unwind(AssertUnwindSafe(|| self.evaluate(message, budget)));
        match answer.map_err(|_| ProblemKind::Panicked)? {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(_) => Err(ProblemKind::NotTruth),
            // The error's text may hold the message's: it ends here.
            Err(_) if budget.is_spent() => Err(ProblemKind::TooCostly),
            Err(_) => Err(ProblemKind::Failed),
        }
    }

    fn evaluate(&self, message: &Value, budget: &Budget) -> Result<Value, ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.add_variable_from_value("message", message.clone());
        let (patterns, budget) = (Arc::clone(&self.checked.patterns), budget.clone());
        let matches = move |text: Arc<String>, pattern: i64| {
            budget.spend(text.len())?;
            Ok::<bool, ExecutionError>(is_match(&patterns, &text, pattern))
        };
        let added = context.add_function(MATCHES, matches);
        added.map_err(|error| ExecutionError::function_error(MATCHES, error))?;
        Value::resolve(&self.checked.expression, &context)
    }
}

/// How many bytes patterns may still go through for one message, in all rules together. Matching is
/// linear in the text, but a file may ask for it very often.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Enough for a thousand patterns over the longest text, and over in a second or two at worst.
    const BYTES: usize = 64 << 20;

    pub(super) fn for_one_message() -> Self {
        Self(Arc::new(AtomicUsize::new(Self::BYTES)))
    }

    fn spend(&self, bytes: usize) -> Result<(), ExecutionError> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(bytes))
        });
        match left {
            Ok(left) if left > bytes => Ok(()),
            _ => Err(ExecutionError::function_error("matches", "too costly")),
        }
    }

    fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

fn is_match(patterns: &[Regex], text: &str, pattern: i64) -> bool {
    let pattern = usize::try_from(pattern).ok().and_then(|index| patterns.get(index));
    pattern.is_some_and(|pattern| pattern.is_match(text))
}

fn check_size(source: &str) -> Result<(), Mistake> {
    let length = source.chars().count();
    if length > LONGEST {
        let message = format!("{length} characters: at most {LONGEST} are allowed; several rules may do the same");
        return Err(Mistake { offset: 0, message });
    }
    match too_deep(source) {
        Some(offset) => Err(Mistake {
            offset,
            message: format!("nested deeper than {DEEPEST}"),
        }),
        None => Ok(()),
    }
}

/// Where brackets, counted also within quotes, are nested too deeply.
fn too_deep(source: &str) -> Option<usize> {
    let mut depth = 0_usize;
    source.chars().position(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn syntax_mistake(source: &str, error: &cel::ParseError) -> Mistake {
    let (line, column) = error.pos;
    let index = |number: isize| usize::try_from(number).unwrap_or(1).saturating_sub(1);
    let before: usize = source
        .split_inclusive('\n')
        .take(index(line))
        .map(|line| line.chars().count())
        .sum();
    Mistake {
        offset: before + index(column),
        message: format!("not CEL: {}", plain_words(&error.msg)),
    }
}

/// The parser's message without its list of every token that could stand there.
fn plain_words(message: &str) -> String {
    let message = message.trim_start_matches("Syntax error: ").replace('\n', " ");
    let message = message
        .split_once(" expecting ")
        .map_or(message.as_str(), |(what, _)| what);
    message
        .replace("mismatched input '<EOF>'", "it ends too early")
        .replace("no viable alternative at input", "cannot make sense of")
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source).finish()
    }
}

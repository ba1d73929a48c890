//! Layers of settings, and how every fault in them is found.
//!
//! A deserialiser stops at the first mistake. So each setting that is not a default is first
//! tried alone on top of the defaults: what fails then is exactly that setting's fault.

use std::collections::BTreeMap;
use std::path::Path;

use config::{Config, ConfigError, File, FileFormat, Source, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::fault::without_password;
use super::{Check, ConfigFaults, Fault, Validate};

const PREFIX: &str = "TANDEM_";
const NESTING: &str = "__";

/// How alike two keys must be for one to be proposed instead of the other, from 0 to 1.
const ALIKE: f64 = 0.7;

/// One setting of a layer above the defaults.
#[derive(Clone)]
struct Setting {
    key: String,
    value: Value,
    origin: String,
}

impl Setting {
    fn fault(&self, problem: String) -> Fault {
        Fault {
            key: self.key.clone(),
            given: shown(&self.value),
            origin: self.origin.clone(),
            problem,
        }
    }
}

pub(super) struct Layers {
    base: Config,
    defaults: BTreeMap<String, Value>,
    settings: Vec<Setting>,
    faults: Vec<Fault>,
}

impl Layers {
    pub(super) fn new(texts: &[&str]) -> Self {
        let sources = texts.iter().fold(Config::builder(), |builder, text| {
            builder.add_source(File::from_str(text, FileFormat::Toml))
        });
        let base = sources.build().expect("the compiled-in defaults are valid TOML");
        let mut defaults = BTreeMap::new();
        flatten(
            "",
            base.collect().expect("a built configuration has values"),
            &mut defaults,
        );
        Self {
            base,
            defaults,
            settings: Vec::new(),
            faults: Vec::new(),
        }
    }

    pub(super) fn add_file(&mut self, path: &Path) {
        let origin = path.display().to_string();
        let parsed = std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                File::from_str(&text, FileFormat::Toml)
                    .collect()
                    .map_err(|error| error.to_string())
            });
        match parsed {
            Ok(values) => {
                let mut flat = BTreeMap::new();
                flatten("", values, &mut flat);
                let setting = |(key, value)| Setting {
                    key,
                    value,
                    origin: origin.clone(),
                };
                self.settings.extend(flat.into_iter().map(setting));
            }
            Err(problem) => {
                self.faults.push(Fault {
                    key: String::new(),
                    given: String::new(),
                    origin,
                    problem,
                });
            }
        }
    }

    pub(super) fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(PREFIX).filter(|path| path.contains(NESTING)) else {
                continue;
            };
            let key = path.replace(NESTING, ".").to_lowercase();
            let value = self.value_of(&key, text);
            self.settings.push(Setting {
                key,
                value,
                origin: format!("environment variable {name}"),
            });
        }
    }

    /// A variable is text. Where the default is a list, commas separate its items.
    fn value_of(&self, key: &str, text: String) -> Value {
        let is_list = self
            .defaults
            .get(key)
            .is_some_and(|default| matches!(default.kind, ValueKind::Array(_)));
        if !is_list {
            return Value::from(text);
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Value::from(items.map(Value::from).collect::<Vec<_>>())
    }

    pub(super) fn finish<T: DeserializeOwned + Validate>(mut self) -> Result<T, ConfigFaults> {
        let good = self.good_settings::<T>();
        let config: T = self.with(&good).expect("every layer was tried on the defaults alone");
        let mut check = Check::default();
        config.validate(&mut check);
        for (key, allowed) in check.broken {
            self.report_broken_rule(&good, key, allowed);
        }
        if self.faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigFaults(self.faults))
        }
    }

    /// The settings that are right on their own; the others become faults.
    fn good_settings<T: DeserializeOwned>(&mut self) -> Vec<Setting> {
        let mut good = Vec::new();
        for setting in std::mem::take(&mut self.settings) {
            match self.try_alone::<T>(&setting) {
                Ok(()) => good.push(setting),
                Err(problem) => self.faults.push(setting.fault(problem)),
            }
        }
        good
    }

    fn try_alone<T: DeserializeOwned>(&self, setting: &Setting) -> Result<(), String> {
        let Some(default) = self.defaults.get(&setting.key) else {
            return Err(self.unknown(&setting.key));
        };
        match self.with::<T>(std::slice::from_ref(setting)) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{}; the default is `{}`", problem(&error), shown(default))),
        }
    }

    fn with<T: DeserializeOwned>(&self, settings: &[Setting]) -> Result<T, ConfigError> {
        let mut builder = Config::builder().add_source(self.base.clone());
        for setting in settings {
            builder = builder.set_override(&setting.key, setting.value.clone())?;
        }
        builder.build()?.try_deserialize()
    }

    fn unknown(&self, key: &str) -> String {
        let alike = |known: &&String| strsim::jaro_winkler(key, known);
        let nearest = self.defaults.keys().max_by(|a, b| alike(a).total_cmp(&alike(b)));
        match nearest.filter(|nearest| alike(nearest) >= ALIKE) {
            Some(nearest) => format!("there is no such key; the nearest is {nearest}"),
            None => "there is no such key".to_owned(),
        }
    }

    fn report_broken_rule(&mut self, settings: &[Setting], key: String, allowed: String) {
        let set = settings.iter().rev().find(|setting| setting.key == key);
        let fault = match (set, self.defaults.get(&key)) {
            (Some(setting), _) => setting.fault(allowed),
            (None, default) => Fault {
                given: default.map(shown).unwrap_or_default(),
                origin: "default".to_owned(),
                key,
                problem: allowed,
            },
        };
        self.faults.push(fault);
    }
}

fn flatten(prefix: &str, values: config::Map<String, Value>, flat: &mut BTreeMap<String, Value>) {
    for (name, value) in values {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value.kind {
            ValueKind::Table(table) => flatten(&key, table, flat),
            _ => drop(flat.insert(key, value)),
        }
    }
}

fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        _ => without_password(&value.to_string()),
    }
}

/// The bare problem: key and origin stand in the fault already.
fn problem(error: &ConfigError) -> String {
    match error {
        ConfigError::At { error, .. } => problem(error),
        ConfigError::Type { expected, .. } => format!("expected {expected}"),
        other => other.to_string(),
    }
}

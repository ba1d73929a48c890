//! What the manifests set is what the services know: a mistyped variable would be noticed by nobody until it matters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tandem_tests::cluster::Service;
use tandem_tests::programs::program;

type Variables = BTreeMap<String, String>;

#[test]
fn kubernetes_sets_only_what_the_services_know() {
    let shared = read("k8s/base/kustomization.yaml");
    let example = read("k8s/overlays/example/kustomization.yaml");
    for service in Service::ALL {
        let own = read(&format!("k8s/base/{}.yaml", service.name()));
        let patch = try_read(&format!("k8s/overlays/example/{}.yaml", service.name()));
        let mut variables = Variables::new();
        for line in [&shared, &example, &own, &patch]
            .into_iter()
            .flat_map(|text| text.lines())
        {
            variables.extend(literal(line).or_else(|| env(line)));
        }
        assert!(variables.len() > 5, "{variables:?}");
        knows(service, &variables);
    }
}

#[test]
fn compose_sets_only_what_the_services_know() {
    let compose = read("deploy/compose.yaml");
    let (shared, services) = compose.split_once("\nservices:\n").expect("it has services");
    for service in Service::ALL {
        let name = format!("  {}:\n", service.name());
        let (_, own) = services.split_once(&name).expect("each service is there");
        let own = own.lines().take_while(|line| line.starts_with("    "));
        let variables: Variables = shared.lines().chain(own).filter_map(mapped).collect();
        assert!(variables.len() > 5, "{variables:?}");
        knows(service, &variables);
    }
}

/// The service itself says what it does not know, before it looks for anything that is not here.
fn knows(service: Service, variables: &Variables) {
    let program = program(&format!("tandem-{}", service.name()));
    // A word that cannot be a file stops it at the latest there.
    let output = Command::new(program)
        .env_clear()
        .envs(variables)
        .env("TANDEM_GRPC__LISTEN", "nowhere")
        .output()
        .expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("grpc.listen"), "{said}");
    assert!(!said.contains("no such key"), "{said}");
}

/// `- TANDEM_X=value`
fn literal(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("- TANDEM_")?.split_once('=')?;
    Some((format!("TANDEM_{name}"), value.to_owned()))
}

/// `- { name: TANDEM_X, value: value }`
fn env(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("- { name: TANDEM_")?.split_once(", value: ")?;
    let value = value.trim_end_matches(" }").trim_matches('"');
    Some((format!("TANDEM_{name}"), value.to_owned()))
}

/// `TANDEM_X: value`
fn mapped(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("TANDEM_")?.split_once(": ")?;
    Some((format!("TANDEM_{name}"), value.to_owned()))
}

fn read(path: &str) -> String {
    let text = try_read(path);
    assert!(!text.is_empty(), "{path} is part of the project");
    text
}

fn try_read(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_default()
}

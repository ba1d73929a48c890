//! The rules of the workspace that no compiler checks: who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Cores and words: no runtime, no database, no network, no wire format.
const PURE: [&str; 6] = [
    "tandem-domain",
    "tandem-routing",
    "tandem-theory",
    "tandem-sla",
    "tandem-measures",
    "tandem-desk-file",
];
const IMPURE: [&str; 5] = ["tokio", "sqlx", "tonic", "async-nats", "prost"];

/// Siblings between domain and desk: none sees another.
const SIBLINGS: [&str; 5] = [
    "tandem-routing",
    "tandem-sla",
    "tandem-store",
    "tandem-bus",
    "tandem-desk-file",
];

/// What only one crate may name.
const KEPT_BY_ONE: [(&str, &str); 2] = [("sqlx", "tandem-store"), ("async-nats", "tandem-bus")];

#[test]
fn the_pure_crates_reach_no_runtime_database_or_network() {
    let graph = Graph::of_the_workspace();
    for pure in PURE {
        let reached = graph.reached_from(pure);
        let wrong: Vec<_> = IMPURE.iter().filter(|impure| reached.contains(**impure)).collect();
        assert!(wrong.is_empty(), "{pure} reaches {wrong:?}");
    }
}

#[test]
fn the_check_would_see_what_is_reached() {
    let graph = Graph::of_the_workspace();
    let reached = graph.reached_from("tandem-store");
    assert!(reached.contains("sqlx") && reached.contains("tokio"), "{reached:?}");
}

#[test]
fn databases_and_brokers_are_each_named_by_one_crate_only() {
    let graph = Graph::of_the_workspace();
    for (library, keeper) in KEPT_BY_ONE {
        let users = graph.members_that_name(library);
        assert_eq!(users, BTreeSet::from([keeper]), "{library}");
    }
}

#[test]
fn siblings_do_not_see_each_other() {
    let graph = Graph::of_the_workspace();
    for sibling in SIBLINGS {
        let reached = graph.reached_from(sibling);
        let seen: Vec<_> = SIBLINGS
            .iter()
            .filter(|other| **other != sibling && reached.contains(**other))
            .collect();
        assert!(seen.is_empty(), "{sibling} sees {seen:?}");
    }
}

#[test]
fn nothing_below_the_services_reaches_a_service() {
    let graph = Graph::of_the_workspace();
    let services = [
        "tandem-ingest",
        "tandem-router",
        "tandem-escalation",
        "tandem-metrics",
        "tandem",
    ];
    for member in graph.members().filter(|member| !services.contains(member)) {
        let reached = graph.reached_from(member);
        assert!(
            !services.iter().any(|service| reached.contains(*service)),
            "{member} reaches a service"
        );
    }
}

#[test]
fn every_member_takes_the_workspaces_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("the manifest is there");
        let takes = manifest.contains("[lints]\nworkspace = true");
        assert!(takes, "{} lacks [lints] workspace = true", package.name);
    }
}

/// Who names whom, without what only tests and build scripts need.
struct Graph {
    names: BTreeMap<PackageId, String>,
    edges: BTreeMap<PackageId, BTreeSet<PackageId>>,
    members: BTreeSet<PackageId>,
}

impl Graph {
    fn of_the_workspace() -> Self {
        let metadata = metadata();
        let resolve = metadata.resolve.as_ref().expect("cargo resolves what it knows");
        let edges = resolve.nodes.iter().map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal)
            });
            (
                node.id.clone(),
                normal.map(|dependency| dependency.pkg.clone()).collect(),
            )
        });
        let names = metadata.packages.iter();
        Self {
            names: names
                .map(|package| (package.id.clone(), package.name.to_string()))
                .collect(),
            edges: edges.collect(),
            members: metadata.workspace_members.iter().cloned().collect(),
        }
    }

    fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|id| self.names[id].as_str())
    }

    /// The names of all packages that `name` needs, however far away.
    fn reached_from(&self, name: &str) -> BTreeSet<&str> {
        let is_named = |id: &&PackageId| self.names[*id] == name;
        let start = self
            .members
            .iter()
            .find(is_named)
            .unwrap_or_else(|| panic!("no member is called {name}"));
        let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(id) = open.pop() {
            let news = self.edges[id].iter().filter(|next| reached.insert(*next));
            open.extend(news.collect::<Vec<_>>());
        }
        reached.into_iter().map(|id| self.names[id].as_str()).collect()
    }

    fn members_that_name(&self, library: &str) -> BTreeSet<&str> {
        let names_it = |id: &&PackageId| self.edges[*id].iter().any(|next| self.names[next] == library);
        self.members
            .iter()
            .filter(names_it)
            .map(|id| self.names[id].as_str())
            .collect()
    }
}

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest).other_options(["--locked".to_owned()]);
    command.exec().expect("cargo describes the workspace")
}

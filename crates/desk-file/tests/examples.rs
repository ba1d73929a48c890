//! The desk files in `deploy/desks` are read without a complaint, and do what their comments say.

use tandem_desk_file::{DeskFile, parse};

fn example(name: &str) -> (String, DeskFile) {
    let path = format!("{}/../../deploy/desks/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("an example");
    let desk = parse(&text).unwrap_or_else(|faults| panic!("{name}: {}", lines(&faults)));
    (text, desk)
}

fn lines<T: ToString>(faults: &[T]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_are_read_without_warnings() {
    for name in ["acme", "small"] {
        let (_, desk) = example(name);
        assert_eq!(lines(&desk.warnings), "", "{name}");
        assert_eq!(desk.desk.as_str(), name);
    }
}

//! The list of what is in a program (SBOM), in the format of `CycloneDX`.

use anyhow::Result;
use serde_json::{Value, json};

use super::edition::{Edition, VERSION};
use super::tree::{Key, Package, Tree};

/// The document, as of `date`; `compiler` is the version of Rust, so that others can build the same.
pub(super) fn document(
    tree: &Tree,
    edition: &Edition,
    compiler: &str,
    date: &str,
) -> Result<String> {
    let components: Vec<Value> = tree.packages.iter().map(component).collect();
    let dependencies: Vec<Value> = tree
        .packages
        .iter()
        .map(|(key, package)| {
            let on: Vec<String> = package.dependencies.iter().map(reference).collect();
            json!({ "ref": reference(key), "dependsOn": on })
        })
        .collect();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": date,
            "tools": { "components": [{ "type": "application", "name": "rustc", "version": compiler }] },
            "component": {
                "type": "application", "bom-ref": edition.name, "name": edition.name, "version": VERSION,
                "description": edition.summary, "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

fn component((key, package): (&Key, &Package)) -> Value {
    let (name, version) = key;
    let mut component = json!({
        "type": "library", "bom-ref": reference(key), "name": name, "version": version, "purl": reference(key),
        "licenses": [{ "expression": package.licence }],
    });
    if let Some(checksum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// Its package URL.
fn reference((name, version): &Key) -> String {
    // Versions may have a part after `+`, which has a meaning in URLs.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[cfg(test)]
mod unit_tests {
    use super::super::edition::EDITIONS;
    use super::super::tree::unit_tests::example;
    use super::*;

    #[test]
    fn every_package_is_a_component_with_licence_checksum_and_dependencies() {
        let text = document(&example(), &EDITIONS[0], "1.95.0", "2026-11-28T00:00:00Z").unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["metadata"]["component"]["name"], "octane-client");
        let tool = &document["metadata"]["tools"]["components"][0];
        assert_eq!(
            (&tool["name"], &tool["version"]),
            (&json!("rustc"), &json!("1.95.0"))
        );
        let url = &document["components"][1];
        assert_eq!(url["purl"], "pkg:cargo/url@2.5.8");
        assert_eq!(url["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(url["hashes"][0]["content"], "abc");
        assert_eq!(
            document["dependencies"][0]["ref"],
            "pkg:cargo/octane-cli@0.1.0"
        );
        assert_eq!(
            document["dependencies"][0]["dependsOn"],
            json!(["pkg:cargo/url@2.5.8"])
        );
    }
}

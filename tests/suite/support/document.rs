//! Taskade's own document of its API, and the operations that it has.

use serde_json::Value;

/// The document, as it is.
const DOCUMENT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/taskade-openapi-v1.json"));

/// A path and a method of the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// `GET`, `POST`, ….
    pub method: String,
    /// Below the API's base, with names in braces for what fills it.
    pub path: String,
}

impl Operation {
    /// Whether a request is one for this.
    pub fn is_reached_by(&self, method: &str, path: &str) -> bool {
        let (template, path): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(template, segment): (&&str, &&str)| match template.starts_with('{') {
            true => !segment.is_empty(),
            false => template == segment,
        };
        self.method == method
            && template.len() == path.len()
            && template.iter().zip(&path).all(fits)
    }
}

/// All of the document.
pub fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The operations of the document.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let of_path = |(path, methods): (&String, &Value)| {
        let of_method = |(method, operation): (&String, &Value)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase(),
            path: path.clone(),
        };
        methods.as_object().unwrap().iter().map(of_method).collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}

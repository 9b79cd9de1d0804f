//! A sandbox in a process of its own, and clients of it.

use serde_json::Value;

use crate::program::{Place, Started};

/// A sandbox in a process of its own, and the variables of its clients.
pub(crate) struct Remote {
    pub(crate) place: Place,
    process: Option<Started>,
    variables: [(&'static str, String); 3],
}

impl Remote {
    /// A sandbox with these settings.
    pub(crate) fn start(settings: &str) -> Self {
        let place = Place::new();
        place.file("settings.toml", settings);
        let arguments = ["sandbox", "--port", "0", "--settings", "settings.toml"];
        let mut process = place.start(&[&arguments[..], &["--format", "json"]].concat(), &[]);
        let answer = process.answer();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let url = format!("{}/?p={}/{}", text("url"), text("space"), text("workspace"));
        let variables = [
            ("OCTANE_URL", url),
            ("OCTANE_CLIENT_ID", text("client_id")),
            ("OCTANE_CLIENT_SECRET", text("client_secret")),
        ];
        Self {
            place,
            process: Some(process),
            variables,
        }
    }

    /// Starts a client of it.
    pub(crate) fn client(&self, arguments: &[&str]) -> Started {
        let variables = self.variables.iter();
        let variables: Vec<_> = variables.map(|(name, value)| (*name, &**value)).collect();
        self.place.start(arguments, &variables)
    }

    /// All entities of a collection.
    pub(crate) fn list(&self, collection: &str, fields: &str) -> Vec<Value> {
        let path = format!("{collection}?limit=10000&fields={fields}");
        let done = self.client(&["api", "GET", &path]).wait();
        done.json()["data"].as_array().unwrap().clone()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }
}

//! Which file depends on which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The dependencies between files.
#[derive(Debug, Default)]
pub(super) struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    pub(super) fn add(&mut self, from: String, to: String) {
        self.0.entry(from).or_default().insert(to);
    }

    fn next(&self, from: &str) -> impl Iterator<Item = &String> {
        self.0.get(from).into_iter().flatten()
    }

    /// The files on a shortest way from one file to another one, both included.
    fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut came_from = BTreeMap::from([(from, None)]);
        let mut queue = VecDeque::from([from]);
        while let Some(file) = queue.pop_front() {
            if file == to {
                let mut way: Vec<String> =
                    std::iter::successors(Some(file), |file| came_from[file])
                        .map(str::to_owned)
                        .collect();
                way.reverse();
                return Some(way);
            }
            for next in self.next(file) {
                if !came_from.contains_key(&**next) {
                    came_from.insert(next, Some(file));
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The files of a shortest circle, the first one also at the end.
    pub(super) fn shortest_circle(&self) -> Option<Vec<String>> {
        let edges = self
            .0
            .iter()
            .flat_map(|(from, next)| next.iter().map(move |to| (from, to)));
        let circles = edges.filter_map(|(from, to)| {
            let mut circle = vec![from.clone()];
            circle.extend(self.way(to, from)?);
            Some(circle)
        });
        circles.min_by_key(Vec::len)
    }
}

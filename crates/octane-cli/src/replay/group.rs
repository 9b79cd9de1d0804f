//! Differences of many exchanges, grouped so that one cause is one line.

use std::collections::BTreeMap;

use super::compare::{Difference, Kind};

/// The same difference, wherever it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) kind: Kind,
    pub(crate) at: String,
    /// The members that one of the two lacks.
    pub(crate) fields: Vec<String>,
    pub(crate) recorded: Option<String>,
    pub(crate) replayed: Option<String>,
    pub(crate) requests: Vec<Requests>,
}

/// Requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Requests {
    pub(crate) method: String,
    /// With `{id}` for IDs.
    pub(crate) path: String,
    pub(crate) count: usize,
    /// The file with the first of them.
    pub(crate) file: String,
}

impl Group {
    /// In how many exchanges it was seen.
    pub(crate) fn count(&self) -> usize {
        self.requests.iter().map(|requests| requests.count).sum()
    }
}

/// Requests by method and path, with their number and the first file.
type Places = BTreeMap<(String, String), (usize, String)>;

/// Where requests with a method and a path lack members: the kind, the place, the method and the path.
type Lacking = (Kind, String, String, String);

/// Everything that was found until now.
#[derive(Debug)]
pub(crate) struct Grouping<K>(BTreeMap<K, Places>);

impl<K> Default for Grouping<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Grouping<K> {
    /// Adds what was found in an exchange.
    pub(crate) fn add(&mut self, found: K, method: &str, path: &str, file: &str) {
        let places = self.0.entry(found).or_default();
        let place = places.entry((method.to_owned(), path.to_owned()));
        let (count, _) = place.or_insert_with(|| (0, file.to_owned()));
        *count += 1;
    }

    /// What was found, and where.
    pub(crate) fn into_requests(self) -> impl Iterator<Item = (K, Vec<Requests>)> {
        self.0.into_iter().map(|(found, places)| {
            let requests = places
                .into_iter()
                .map(|((method, path), (count, file))| Requests {
                    method,
                    path,
                    count,
                    file,
                });
            (found, requests.collect())
        })
    }
}

impl Grouping<Difference> {
    /// One group for each difference. All members that requests lack in the same place are one, and so are requests that lack
    /// the same.
    pub(crate) fn into_groups(self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut by_request: BTreeMap<Lacking, (Vec<String>, Requests)> = BTreeMap::new();
        for (difference, requests) in self.into_requests() {
            let Difference {
                kind,
                at,
                field,
                recorded,
                replayed,
            } = difference;
            let Some(field) = field else {
                groups.push(Group {
                    kind,
                    at,
                    fields: Vec::new(),
                    recorded,
                    replayed,
                    requests,
                });
                continue;
            };
            for one in requests {
                let key: Lacking = (kind, at.clone(), one.method.clone(), one.path.clone());
                let known = by_request.entry(key);
                let (fields, known) = known.or_insert_with(|| (Vec::new(), one.clone()));
                fields.push(field.clone());
                known.count = known.count.max(one.count);
                // Names of files sort in their order.
                known.file = known.file.clone().min(one.file);
            }
        }
        let mut by_fields: BTreeMap<(Kind, String, Vec<String>), Vec<Requests>> = BTreeMap::new();
        for ((kind, at, ..), (fields, one)) in by_request {
            by_fields.entry((kind, at, fields)).or_default().push(one);
        }
        let with_fields = by_fields
            .into_iter()
            .map(|((kind, at, fields), requests)| Group {
                kind,
                at,
                fields,
                recorded: None,
                replayed: None,
                requests,
            });
        groups.extend(with_fields);
        groups.sort_by(|one, other| (one.kind, &one.at).cmp(&(other.kind, &other.at)));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(kind: Kind, field: Option<&str>) -> Difference {
        let side = field.is_none().then(|| "x".to_owned());
        Difference {
            kind,
            at: "body".to_owned(),
            field: field.map(str::to_owned),
            recorded: side.clone(),
            replayed: side,
        }
    }

    #[test]
    fn one_cause_is_one_group() {
        let mut grouping = Grouping::default();
        for (path, file) in [("…/defects/{id}", "1"), ("…/defects/{id}", "2")] {
            for field in ["name", "author"] {
                let extra = difference(Kind::ExtraFields, Some(field));
                grouping.add(extra, "GET", path, file);
            }
        }
        for field in ["name", "author"] {
            let extra = difference(Kind::ExtraFields, Some(field));
            grouping.add(extra, "PUT", "…/defects/{id}", "3");
        }
        for field in ["name", "points"] {
            let extra = difference(Kind::ExtraFields, Some(field));
            grouping.add(extra, "GET", "…/stories/{id}", "3");
        }
        for path in ["…/defects", "…/stories"] {
            grouping.add(difference(Kind::Type, None), "POST", path, "4");
        }
        let groups = grouping.into_groups();
        let shown: Vec<_> = groups
            .iter()
            .map(|group| (group.kind, group.fields.join(" "), group.count()))
            .collect();
        assert_eq!(
            shown,
            [
                (Kind::ExtraFields, "author name".to_owned(), 3),
                (Kind::ExtraFields, "name points".to_owned(), 1),
                (Kind::Type, String::new(), 2),
            ]
        );
        assert_eq!(groups[0].requests[0].file, "1");
        assert_eq!(groups[2].requests.len(), 2);
    }
}

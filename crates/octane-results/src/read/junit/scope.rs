//! What the open elements mean.

use super::element::Element;

/// The meaning of an open element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Suite,
    Case,
    Properties,
    Property,
    /// `failure`, `error`, `skipped` and similar elements.
    Attempt,
    /// `failure` or `error` outside test cases.
    SuiteFailure,
    /// An element whose text belongs to the attempt around it, such as `stackTrace`.
    AttemptChild,
    /// An element of a case whose text is about the status, with the attribute that it is called like; what is inside may still be
    /// a result.
    Word(&'static str),
    /// An element of a case or a suite that is not known; what is inside may still be a result.
    Unknown,
    /// The output of a case, which may name attachments.
    Output,
    /// The output of a suite, whose end may say that it failed.
    SuiteOutput,
    /// An element without results.
    Ignored,
}

/// What an element is inside of, regardless of elements that are not known.
#[derive(Clone, Copy)]
pub(super) enum Inside {
    Nothing,
    Suite,
    Case,
    Properties,
    Attempt,
    Ignored,
}

/// The meanings of the open elements, from the outermost to the innermost.
#[derive(Debug, Default)]
pub(super) struct OpenScopes(Vec<Scope>);

impl OpenScopes {
    /// As many open elements of one meaning.
    pub(super) fn all(scope: Scope, depth: usize) -> Self {
        Self(vec![scope; depth])
    }

    /// Whether all open elements have this meaning.
    pub(super) fn are_all(&self, scope: Scope) -> bool {
        self.0.iter().all(|open| *open == scope)
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, scope: Scope) {
        self.0.push(scope);
    }

    pub(super) fn pop(&mut self) -> Option<Scope> {
        self.0.pop()
    }

    pub(super) fn innermost(&self) -> Option<Scope> {
        self.0.last().copied()
    }

    /// Whether the innermost element is output of a case or of a suite.
    pub(super) fn are_in_output(&self) -> bool {
        matches!(self.innermost(), Some(Scope::Output | Scope::SuiteOutput))
    }

    /// What the next element is inside of; of properties, a result is not inside.
    pub(super) fn inside(&self, element: Element) -> Inside {
        let is_result = matches!(element, Element::Case | Element::Failure);
        let mut scopes = self.0.iter().rev();
        let is_around = |scope: &&Scope| match scope {
            Scope::Unknown | Scope::Word(_) => false,
            Scope::Properties => !is_result,
            _ => true,
        };
        match scopes.find(is_around) {
            None => Inside::Nothing,
            Some(Scope::Suite) => Inside::Suite,
            Some(Scope::Case) => Inside::Case,
            Some(Scope::Properties) => Inside::Properties,
            Some(Scope::Attempt | Scope::SuiteFailure | Scope::AttemptChild) => Inside::Attempt,
            Some(
                Scope::Property
                | Scope::Unknown
                | Scope::Word(_)
                | Scope::Output
                | Scope::SuiteOutput
                | Scope::Ignored,
            ) => Inside::Ignored,
        }
    }
}

//! The syntax tree of a query.

/// A condition on entities.
///
/// Built from [`Query::field`] and the operators `&`, `|` and `!`, or parsed from text:
///
/// ```
/// use octane_model::Query;
///
/// let built = Query::field("parent_suite").refers_to(Query::field("id").is(7003))
///     & !Query::field("name").is_like("*draft*");
/// let text = r#""parent_suite EQ {id EQ 7003};!name EQ ^*draft*^""#;
/// assert_eq!(built.to_string(), text);
/// assert_eq!(text.parse::<Query>()?, built);
/// # Ok::<(), octane_model::QueryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Query {
    /// All of these hold; two or more.
    All(Vec<Query>),
    /// At least one of these holds; two or more.
    Any(Vec<Query>),
    /// This does not hold.
    Not(Box<Query>),
    /// One field compared with something.
    Comparison(Comparison),
}

/// One field compared with something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The field's name.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with; must suit the operator.
    pub operand: Operand,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal; for a pattern: matching; for an entity: referring to it.
    Equal,
    /// Less than.
    Less,
    /// Greater than.
    Greater,
    /// Less than or equal.
    AtMost,
    /// Greater than or equal.
    AtLeast,
    /// One of a list.
    In,
    /// Between two bounds, both included.
    Between,
}

impl Operator {
    /// The operator as written in the help.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "EQ",
            Self::Less => "LT",
            Self::Greater => "GT",
            Self::AtMost => "LE",
            Self::AtLeast => "GE",
            Self::In => "IN",
            Self::Between => "BTW",
        }
    }

    /// Lower case is accepted as well, although the help has upper case only: it is not ambiguous here.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "EQ" | "=" => Self::Equal,
            "LT" | "<" => Self::Less,
            "GT" | ">" => Self::Greater,
            "LE" | "<=" => Self::AtMost,
            "GE" | ">=" => Self::AtLeast,
            "IN" => Self::In,
            "BTW" => Self::Between,
            _ => return None,
        })
    }
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// One value.
    Literal(Literal),
    /// The entities that a reference refers to: `{…}`.
    Entity(Box<Query>),
    /// No entity at all: `{null}`.
    NoEntity,
    /// The values of `IN`; one or more. A list of `{…}` is parsed as [`Query::Any`].
    List(Vec<Literal>),
    /// The bounds of `BTW`.
    Range(Literal, Literal),
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// No value: `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a decimal point, kept as written.
    Decimal(String),
    /// Text, matched literally.
    Text(String),
    /// Text with wildcards.
    Pattern(Pattern),
    /// A placeholder that the server replaces, such as `[current_user]`; without the brackets.
    Token(String),
}

/// Text with wildcards, stored as the parts between them: `*login*` has the parts ``, `login` and ``.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(pub(super) Vec<String>);

impl Pattern {
    /// Splits text in which each `*` stands for any characters.
    pub fn new(text: &str) -> Self {
        Self(text.split('*').map(str::to_owned).collect())
    }

    /// The parts between the wildcards; always one more than there are wildcards.
    pub fn pieces(&self) -> &[String] {
        &self.0
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

/// A numeric id is compared as a number, a named one as text.
impl From<&crate::id::EntityId> for Literal {
    fn from(id: &crate::id::EntityId) -> Self {
        id.as_str()
            .parse()
            .map_or_else(|_| Self::Text(id.as_str().to_owned()), Self::Integer)
    }
}

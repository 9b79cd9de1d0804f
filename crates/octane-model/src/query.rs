//! The query language of Octane's collections, both ways: built or parsed into a tree, and printed.
//!
//! The grammar is that of the ALM Octane help, page "Query clause", widened by what the vendor's own
//! clients send: `=` and `<=` for `EQ` and `LE`, `'…'` for `^…^`, blanks anywhere between words. Operators,
//! `true`, `false` and `null` are understood in small letters, too, and printed as the help writes them.
//!
//! ```text
//! expr    = term  { "||" term }                  OR, weakest
//! term    = factor { ";" factor }                AND
//! factor  = [ "!" ] ( "(" expr ")" | phrase )
//! phrase  = field operator value
//! value   = number | true | false | null | text | "{" ( expr | "null" ) "}" | list | range | token
//! text    = "^" characters "^"  |  "'" characters "'"        "*" is a wildcard, "\x" is x
//! list    = value { "," value }                  after IN
//! range   = value "..." value                    after BTW, both ends included
//! token   = "[" word "]"                         such as [current_user]
//! ```

mod build;
#[cfg(test)]
mod clients;
mod error;
mod lex;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod tree;

pub use build::Field;
pub use error::{Mistake, QueryError};
pub use tree::{Comparison, Literal, Operand, Operator, Pattern, Query};

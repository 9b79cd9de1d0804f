//! The query language of Octane's collections: built or parsed into a tree, and printed.
//!
//! The grammar is that of the ALM Octane help, page "Query clause", extended by what the vendor's own
//! clients send: `=` and `<=` for `EQ` and `LE`, `'…'` for `^…^`, spaces anywhere between tokens.
//! Operators, `true`, `false` and `null` are also accepted in lower case, and printed as in the help.
//!
//! ```text
//! expr    = term  { "||" term }                  OR, weakest
//! term    = factor { ";" factor }                AND
//! factor  = [ "!" ] ( "(" expr ")" | phrase )
//! phrase  = field operator value
//! value   = number | true | false | null | text | "{" ( expr | "null" ) "}" | list | range | token
//! text    = "^" characters "^"  |  "'" characters "'"        "*" is a wildcard, "\x" means x
//! list    = value { "," value }                  after IN
//! range   = value "..." value                    after BTW, both bounds included
//! token   = "[" word "]"                         such as [current_user]
//! ```

pub(crate) mod build;
#[cfg(test)]
mod clients;
pub(crate) mod error;
mod lex;
mod parse;
mod print;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

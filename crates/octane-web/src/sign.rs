//! Statuses as a symbol, a word and a colour, never the colour alone.

/// The symbols, drawn once per page, and the hatching that marks failures in charts.
pub const SPRITE: &str = "<svg class=\"sprite\" width=\"0\" height=\"0\" aria-hidden=\"true\">\
    <symbol id=\"s-passed\" viewBox=\"0 0 16 16\"><path d=\"M3 8.5l3.5 3.5L13 4.5\"/></symbol>\
    <symbol id=\"s-failed\" viewBox=\"0 0 16 16\"><path d=\"M4 4l8 8M12 4l-8 8\"/></symbol>\
    <symbol id=\"s-skipped\" viewBox=\"0 0 16 16\"><path d=\"M4 4l4 4-4 4M9 4l4 4-4 4\"/></symbol>\
    <symbol id=\"s-planned\" viewBox=\"0 0 16 16\"><path d=\"M8 4v4l2.5 2.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z\"/></symbol>\
    <symbol id=\"s-blocked\" viewBox=\"0 0 16 16\"><path d=\"M3.8 3.8l8.4 8.4M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z\"/></symbol>\
    <symbol id=\"s-not_completed\" viewBox=\"0 0 16 16\"><path d=\"M3.5 8h.01M8 8h.01M12.5 8h.01\"/></symbol>\
    <symbol id=\"s-flaky\" viewBox=\"0 0 16 16\"><path d=\"M2 10l3-5 3 6 3-6 3 5\"/></symbol>\
    <symbol id=\"s-unknown\" viewBox=\"0 0 16 16\"><path d=\"M6 6a2 2 0 1 1 2.5 2c-.4.2-.5.5-.5 1M8 12h.01\"/></symbol>\
    <defs><pattern id=\"hatch\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <rect class=\"fill-failed\" width=\"4\" height=\"4\"/><rect class=\"hatch\" width=\"1.2\" height=\"4\"/></pattern></defs></svg>";

/// The symbol of a status: `passed`, `failed`, `skipped`, `planned`, `blocked`, `not_completed`, `flaky` or `unknown`.
pub fn sign(word: &str) -> String {
    format!("<svg class=\"sign\" aria-hidden=\"true\"><use href=\"#s-{word}\"/></svg>")
}

/// Something in the colour and with the symbol of a status. The label is HTML.
pub fn chip(word: &str, label: &str) -> String {
    format!("<span class=\"chip {word}\">{}{label}</span>", sign(word))
}

//! The values of `error_code` that a client reacts to and that the sandbox returns.

/// Not signed in, or invalid credentials (401).
pub const NOT_AUTHORIZED: &str = "platform.not_authorized";
/// No entity has this id (404, or 409 in a bulk response).
pub const ENTITY_NOT_FOUND: &str = "platform.entity_not_found";
/// A query or a list of fields contains a field that does not exist (400).
pub const UNKNOWN_FIELD: &str = "platform.unknown_field";
/// A write contains a field that cannot be written (403).
pub const NOT_EDITABLE: &str = "platform.modify_non_editable_field";
/// The name is already in use (409).
pub const DUPLICATE: &str = "platform.duplicate_entity_error";
/// A value is not valid for its field (400).
pub const ILLEGAL_VALUE: &str = "platform.illegal_field_value";
/// The queue of test results is full (503).
pub const QUEUE_FULL: &str = "testbox.queue_full";
/// Too many test results at once (503).
pub const REQUEST_LIMIT: &str = "testbox.request_limit";
/// No task has this id (404).
pub const TASK_NOT_FOUND: &str = "testbox.not_found";
/// The session has expired after being idle for too long (401).
pub const IDLE_TIMEOUT: &str = "VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT";
/// The session has reached its maximum age (401).
pub const GLOBAL_TIMEOUT: &str = "VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT";

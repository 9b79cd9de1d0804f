//! A small ALM Octane for tests, demonstrations and development

//! A polite HTTP endpoint for ALM Octane: sign-in, session, retry, pace and verbs

//! SIP (RFC 3261), sans-IO: messages, transactions, dialogs, registrar, digest authentication.

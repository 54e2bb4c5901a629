//! Durable directory, registrations and call records for a PBX, behind traits, on SQLite.

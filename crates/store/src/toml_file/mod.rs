//! The directory as a TOML file: what `import` reads and `export` writes.
//!
//! The file is a [`DirectorySpec`](switchboard_routing::DirectorySpec) with one thing more: a user or a trunk
//! may have a `password`.
//!
//! ```toml
//! [[users]]
//! login = "anna"
//! name = "Anna Albers"
//! extension = "101"
//! password = "aQ7...kd"       # of the user's SIP phones
//! ```

mod directory;
mod fault;
mod reader;

pub use directory::DirectoryFile;
pub use fault::{Fault, TomlFaults};
pub use reader::TomlReader;

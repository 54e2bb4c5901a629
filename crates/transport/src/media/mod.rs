//! Media threads: one for each plane, each with the RTP sockets of its calls and an epoll of its own.
//!
//! A call's legs live on one thread, from the first to the last. Commands go there through a queue, and what the core or the program
//! should know comes back through another; a packet meets neither queue nor lock.
//!
//! ```text
//!   drive loop ──orders──▶ thread ◀──▶ sockets of its legs
//!        ▲                  │  ▲
//!        └──────news────────┘  └── legs of another thread, when two calls become one
//! ```

mod bell;
mod order;
mod pool;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use self::order::News;
pub(crate) use self::pool::MediaThreads;

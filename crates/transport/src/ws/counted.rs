//! A stream that knows since when octets come that make no whole message yet: a WebSocket library tells of whole
//! messages only, and a peer could take forever over one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    /// The last octets came then.
    heard: Instant,
    /// The first octets since the last whole message came then.
    begun: Option<Instant>,
    /// So many came since, but for those of control frames.
    octets: usize,
}

/// Octets of a control frame's header: it is short, and a client masks it (RFC 6455, section 5.2).
const CONTROL: usize = 6;

impl<S> Counted<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, heard: Instant::now(), begun: None, octets: 0 }
    }

    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    pub(super) fn begun(&self) -> Option<Instant> {
        self.begun
    }

    /// What came was a whole message.
    pub(super) fn whole(&mut self) {
        (self.begun, self.octets) = (None, 0);
    }

    /// What came was a control frame with so many octets of payload. It may stand between the fragments of a message, whose
    /// time goes on.
    pub(super) fn control(&mut self, payload: usize) {
        self.octets = self.octets.saturating_sub(CONTROL + payload);
        if self.octets == 0 {
            self.begun = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer));
        if buffer.filled().len() > before {
            this.heard = Instant::now();
            this.begun.get_or_insert(this.heard);
            this.octets += buffer.filled().len() - before;
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

//! Fewer, larger reads below TLS. rustls asks for 4 KiB at a time: of a list of 20 MB, that is 9,000 system calls.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

/// Bytes asked for while a body comes faster than it is taken.
const MOST: usize = 1 << 16;

/// Bytes asked for while little comes, as on a watch.
const LEAST: usize = 1 << 12;

/// A connection that is read ahead.
#[derive(Debug)]
pub(super) struct Buffered<S> {
    inner: S,
    /// What was read and not taken: `buffer[taken..filled]`.
    buffer: Box<[u8]>,
    taken: usize,
    filled: usize,
    /// How much to ask for next.
    ask: usize,
}

impl<S> Buffered<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, buffer: Box::default(), taken: 0, filled: 0, ask: LEAST }
    }
}

impl<S: Read + Unpin> Read for Buffered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.taken == this.filled {
            if this.buffer.len() != this.ask {
                this.buffer = vec![0; this.ask].into();
            }
            let mut read = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.inner).poll_read(cx, read.unfilled()))?;
            (this.taken, this.filled) = (0, read.filled().len());
            // The more there was, the more is asked for, and back.
            this.ask = match this.filled {
                n if n == this.ask => (this.ask * 4).min(MOST),
                n if n < this.ask / 16 => (this.ask / 4).max(LEAST),
                _ => this.ask,
            };
        }
        let some = (this.filled - this.taken).min(into.remaining());
        into.put_slice(&this.buffer[this.taken..this.taken + some]);
        this.taken += some;
        Poll::Ready(Ok(()))
    }
}

impl<S: Write + Unpin> Write for Buffered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bytes)
    }
}

impl<S: Connection> Connection for Buffered<S> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives as many of its bytes as are asked for, at most so many at once, and notes how many were.
    struct Socket {
        bytes: Vec<u8>,
        at_once: usize,
        asked: Vec<usize>,
    }

    impl Read for Socket {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            mut into: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            self.asked.push(into.remaining());
            let some = into.remaining().min(self.at_once).min(self.bytes.len());
            into.put_slice(&self.bytes.drain(..some).collect::<Vec<u8>>());
            Poll::Ready(Ok(()))
        }
    }

    fn read(from: &mut Buffered<Socket>, most: usize) -> Vec<u8> {
        let mut space = vec![0; most];
        let mut read = ReadBuf::new(&mut space);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(from).poll_read(&mut cx, read.unfilled()).is_ready());
        read.filled().to_vec()
    }

    #[test]
    fn every_byte_comes_in_its_order_and_the_end_is_the_end() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 7 == 0)]).collect();
        for (at_once, most) in [(usize::MAX, 4096), (1000, 4096), (1, 3), (100_000, 100_000)] {
            let bytes = &bytes[..bytes.len().min(at_once.saturating_mul(500))];
            let socket = Socket { bytes: bytes.to_vec(), at_once, asked: Vec::new() };
            let mut buffered = Buffered::new(socket);
            let mut got = Vec::new();
            while got.len() < bytes.len() {
                let some = read(&mut buffered, most);
                assert!(!some.is_empty(), "an end before the end");
                got.extend(some);
            }
            assert!(got == bytes, "{at_once} at once, {most} taken");
            assert_eq!(read(&mut buffered, most), b"");
        }
    }

    #[test]
    fn more_is_asked_for_while_much_comes_and_less_again_when_little_does() {
        let socket = Socket { bytes: vec![7; 1 << 20], at_once: usize::MAX, asked: Vec::new() };
        let mut buffered = Buffered::new(socket);
        while buffered.inner.asked.len() < 6 {
            read(&mut buffered, LEAST);
        }
        assert_eq!(buffered.inner.asked, [LEAST, LEAST * 4, MOST, MOST, MOST, MOST]);
        buffered.inner.at_once = 100;
        while buffered.inner.asked.len() < 10 {
            read(&mut buffered, LEAST);
        }
        assert_eq!(buffered.inner.asked[6..], [MOST, MOST / 4, LEAST, LEAST]);
    }
}

//! A body that is handed on while it arrives, decompressed, up to a limit.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::Sink;

/// Longest silence in the middle of a body.
const SILENCE: Duration = Duration::from_secs(5);

/// Longest time for all of it.
const WHOLE: Duration = Duration::from_secs(30);

/// What is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most bytes, decompressed.
    pub(super) most: u64,
    /// Whether the answer may be compressed.
    pub(super) gzip: bool,
}

/// Why a body was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is longer than this many bytes.
    TooLong(u64),
    /// Nothing came for a while, or it took too long.
    TooSlow,
    /// It broke off.
    Broken,
    /// It is compressed in a way that was not asked for, or wrongly.
    Garbled,
}

/// Counts what it hands on.
struct Counted<'a> {
    into: Sink<'a>,
    left: u64,
    is_full: bool,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_full = true;
                return Err(io::Error::other("too long"));
            }
        }
        (self.into)(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What bytes go through on their way.
enum Through<'a> {
    Plain(Counted<'a>),
    Gzip(Box<MultiGzDecoder<Counted<'a>>>),
}

impl<'a> Through<'a> {
    fn new(head: &HeaderMap, limits: Limits, into: Sink<'a>) -> Result<Self, Cut> {
        let counted = Counted { into, left: limits.most, is_full: false };
        match head.get(header::CONTENT_ENCODING).map(|v| v.as_bytes()) {
            None | Some(b"" | b"identity") => Ok(Self::Plain(counted)),
            Some(b"gzip") if limits.gzip => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(counted)))),
            Some(_) => Err(Cut::Garbled),
        }
    }

    fn counted(&self) -> &Counted<'a> {
        match self {
            Self::Plain(counted) => counted,
            Self::Gzip(gzip) => gzip.get_ref(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Cut> {
        let done = match self {
            Self::Plain(counted) => counted.write_all(bytes),
            Self::Gzip(gzip) => gzip.write_all(bytes),
        };
        done.map_err(|_| self.why())
    }

    /// No more comes: what is compressed must be complete.
    fn end(&mut self) -> Result<(), Cut> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(gzip) => gzip.try_finish().map_err(|_| self.why()),
        }
    }

    fn why(&self) -> Cut {
        if self.counted().is_full { Cut::TooLong(0) } else { Cut::Garbled }
    }
}

/// Hands on a body; the bytes that came, and those that were handed on.
pub(super) async fn pour<B>(
    head: &HeaderMap,
    mut body: B,
    limits: Limits,
    into: Sink<'_>,
) -> Result<(u64, u64), Cut>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut through = Through::new(head, limits, into)?;
    let too_long = |cut| if cut == Cut::TooLong(0) { Cut::TooLong(limits.most) } else { cut };
    let end = Instant::now() + WHOLE;
    let mut wire = 0;
    loop {
        let until = end.min(Instant::now() + SILENCE);
        match timeout_at(until, body.frame()).await {
            Err(_) => return Err(Cut::TooSlow),
            Ok(Some(Err(_))) => return Err(Cut::Broken),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    wire += data.len() as u64;
                    through.take(&data).map_err(too_long)?;
                }
            }
            Ok(None) => break,
        }
    }
    through.end().map_err(too_long)?;
    Ok((wire, limits.most - through.counted().left))
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    async fn poured(encoding: &str, body: Vec<u8>, most: u64) -> Result<(u64, Vec<u8>), Cut> {
        let mut head = HeaderMap::new();
        if !encoding.is_empty() {
            head.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        let mut got = Vec::new();
        let limits = Limits { most, gzip: true };
        let body = Full::new(Bytes::from(body));
        let (wire, bytes) = pour(&head, body, limits, &mut |b: &[u8]| got.extend_from_slice(b)).await?;
        assert_eq!(bytes, got.len() as u64);
        Ok((wire, got))
    }

    #[tokio::test]
    async fn what_is_compressed_is_handed_on_as_it_was() {
        let text = b"envoy_server_uptime{} 7\n".repeat(1000);
        let packed = packed(&text);
        assert_eq!(poured("gzip", packed.clone(), 1 << 20).await, Ok((packed.len() as u64, text.clone())));
        assert_eq!(poured("", text.clone(), 1 << 20).await, Ok((text.len() as u64, text)));
    }

    #[tokio::test]
    async fn a_small_answer_that_becomes_a_flood_is_refused() {
        let packed = packed(&vec![b'a'; 10 << 20]);
        assert!(packed.len() < 100_000);
        assert_eq!(poured("gzip", packed, 1 << 20).await, Err(Cut::TooLong(1 << 20)));
        assert_eq!(poured("", vec![b'a'; 1025], 1024).await, Err(Cut::TooLong(1024)));
        assert!(poured("", vec![b'a'; 1024], 1024).await.is_ok());
    }

    #[tokio::test]
    async fn half_of_a_compressed_answer_is_no_answer() {
        let text: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut packed = packed(&text);
        packed.truncate(packed.len() / 2);
        assert_eq!(poured("gzip", packed, 1 << 20).await, Err(Cut::Garbled));
        assert_eq!(poured("br", b"what".to_vec(), 1 << 20).await, Err(Cut::Garbled));
    }
}

//! Port-forward: a WebSocket over a real HTTP connection in memory.
//!
//! kube's client cannot be handed a connection that is upgraded already, so such a request goes through a hyper client
//! and a hyper server with a pipe between them.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use kube::client::Body;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};
use tower::BoxError;

use super::Reply;
use super::request::Ask;
use crate::demo::proxy::Inside;
use crate::demo::status::Status;

/// Room of the pipe.
const ROOM: usize = 64 << 10;

/// The protocol that is spoken over the WebSocket.
const PROTOCOL: &str = "v4.channel.k8s.io";

/// Whether a request asks for an upgrade.
pub(super) fn is_asked<B>(request: &Request<B>) -> bool {
    request.headers().get(header::UPGRADE).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The ports that a port-forward is to lead to.
///
/// # Errors
/// None, or what is no port.
pub(super) fn ports(ask: &Ask) -> Result<Vec<u16>, Status> {
    let each = ask.query.all("ports").flat_map(|p| p.split(','));
    let read: Result<Vec<u16>, Status> = each
        .map(|p| {
            p.parse()
                .ok()
                .filter(|p| *p > 0)
                .ok_or_else(|| Status::bad_request(format!("unable to parse {p:?} as a port")))
        })
        .collect();
    match read {
        Ok(ports) if ports.is_empty() => Err(Status::bad_request("you must specify at least 1 port")),
        other => other,
    }
}

/// Answers an upgrade, and serves the ports of a pod over it.
///
/// # Errors
/// When hyper refuses, which would be a mistake of this file.
pub(super) async fn answer(
    request: Request<Body>,
    ports: Vec<u16>,
    inside: Inside,
) -> Result<Response<Reply>, BoxError> {
    let (near, far) = duplex(ROOM);
    let inside = Arc::new(inside);
    let service = hyper::service::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        let (ports, inside) = (ports.clone(), inside.clone());
        async move {
            let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
            let accept = derive_accept_key(key.as_ref().map(|k| k.as_bytes()).unwrap_or_default());
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                if let Ok(upgraded) = upgraded.await {
                    let io = TokioIo::new(upgraded);
                    let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                    serve(socket, ports, inside).await;
                }
            });
            Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_ACCEPT, accept)
                .header(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL)
                .body(Full::new(Bytes::new()))
        }
    });
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(far), service)
        .with_upgrades();
    tokio::spawn(async move {
        // It ends with the client's side.
        let _ = server.await;
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await?;
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    let (parts, _) = request.into_parts();
    let answer = sender.send_request(Request::from_parts(parts, Full::<Bytes>::default())).await?;
    Ok(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
}

/// Carries bytes between a WebSocket's channels and the pod's ports: two channels a port, data and errors.
async fn serve<S>(socket: WebSocketStream<S>, ports: Vec<u16>, inside: Arc<Inside>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut out, mut incoming) = socket.split();
    let (frames, mut outgoing) = tokio::sync::mpsc::channel::<Bytes>(16);
    tokio::spawn(async move {
        while let Some(frame) = outgoing.recv().await {
            if out.send(Message::Binary(frame)).await.is_err() {
                return;
            }
        }
        // The other side is gone, or goes now.
        let _ = out.close().await;
    });
    let mut writers: Vec<tokio::io::WriteHalf<DuplexStream>> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let channel = u8::try_from(index * 2).unwrap_or(u8::MAX);
        for channel in [channel, channel + 1] {
            // Each channel begins with the port that it is for.
            let _ = frames.send(framed(channel, &port.to_le_bytes())).await;
        }
        let (ours, theirs) = duplex(ROOM);
        let (reader, writer) = tokio::io::split(ours);
        writers.push(writer);
        tokio::spawn(inside.clone().connection(*port, theirs));
        tokio::spawn(pump(reader, channel, frames.clone()));
    }
    drop(frames);
    while let Some(Ok(message)) = incoming.next().await {
        match message {
            Message::Binary(mut data) if !data.is_empty() => {
                let channel = usize::from(data.get_u8());
                if let Some(writer) = writers.get_mut(channel / 2).filter(|_| channel % 2 == 0)
                    && writer.write_all(&data).await.is_err()
                {
                    return;
                }
            }
            Message::Close(_) => return,
            _ => {}
        }
    }
}

async fn pump(
    mut reader: tokio::io::ReadHalf<DuplexStream>,
    channel: u8,
    frames: tokio::sync::mpsc::Sender<Bytes>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = reader.read(&mut buffer).await {
        if frames.send(framed(channel, &buffer[..read])).await.is_err() {
            return;
        }
    }
}

fn framed(channel: u8, data: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(data.len() + 1);
    frame.put_u8(channel);
    frame.extend_from_slice(data);
    frame.freeze()
}

//! `wasi:http`: for components that ask by it instead of `http`. What they may reach, and what it may take, is the same.
//!
//! The requests are moved on by tasks of their own, since the guest may wait elsewhere than in its call's turns. They end with
//! the guest's store, and what they take is billed to the guest.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use call::{Answering, Failure, Network, Pieces, StreamAnswer, StreamRequest, code};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi_http::p2::add_only_http_to_linker_async;
use wasmtime_wasi_http::p2::bindings::http::types::{HostOutgoingRequest as _, Method, Scheme};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView as _,
};

use crate::guest::Served;
use crate::limits::{
    WASI_HTTP_CHUNK_BYTES_MAX, WASI_HTTP_FIELDS_BYTES_MAX, WASI_HTTP_PATH_BYTES_MAX, WASI_HTTP_WORD_BYTES_MAX,
};
use crate::network::Meter;
use crate::state::GuestState;

/// Links it. What a request may keep is bounded in the place of the library, which takes texts of any length.
pub(crate) fn bind_wasi_http(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.func_wrap("[method]outgoing-request.set-method", |store, (request, method): (_, Method)| {
        let fits = !matches!(&method, Method::Other(word) if word.len() > WASI_HTTP_WORD_BYTES_MAX);
        set(store, fits, |view| view.set_method(request, method))
    })?;
    types.func_wrap("[method]outgoing-request.set-scheme", |store, (request, scheme): (_, Option<Scheme>)| {
        let fits = !matches!(&scheme, Some(Scheme::Other(word)) if word.len() > WASI_HTTP_WORD_BYTES_MAX);
        set(store, fits, |view| view.set_scheme(request, scheme))
    })?;
    types.func_wrap("[method]outgoing-request.set-authority", |store, (request, word): (_, Option<String>)| {
        let fits = word.as_ref().is_none_or(|word| word.len() <= WASI_HTTP_WORD_BYTES_MAX);
        set(store, fits, |view| view.set_authority(request, word))
    })?;
    types.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        |store, (request, path): (_, Option<String>)| {
            let fits = path.as_ref().is_none_or(|path| path.len() <= WASI_HTTP_PATH_BYTES_MAX);
            set(store, fits, |view| view.set_path_with_query(request, path))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

type IsSet = Result<(), ()>;

fn set(
    mut store: StoreContextMut<'_, GuestState>,
    fits: bool,
    set: impl FnOnce(&mut WasiHttpCtxView<'_>) -> wasmtime::Result<IsSet>,
) -> wasmtime::Result<(IsSet,)> {
    let is_set = if fits { set(&mut store.data_mut().http())? } else { Err(()) };
    Ok((is_set,))
}

/// What a guest has of it, beside its resources.
pub(crate) struct WasiHttpState {
    context: WasiHttpCtx,
    asking: Asking,
    /// For those whose tenant has no memory for it: every resource more is a trap.
    nothing: ResourceTable,
}

impl Default for WasiHttpState {
    fn default() -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(WASI_HTTP_FIELDS_BYTES_MAX);
        let mut nothing = ResourceTable::new();
        nothing.set_max_capacity(0);
        Self { context, asking: Asking::default(), nothing }
    }
}

impl WasiHttpState {
    /// As the library wants to see it. Without resources: nothing can be had.
    pub(crate) fn view<'a>(
        &'a mut self,
        resources: Option<&'a mut ResourceTable>,
        served: Option<Served>,
        network: &Option<Arc<dyn Network>>,
    ) -> WasiHttpCtxView<'a> {
        let Self { context, asking, nothing } = self;
        asking.served = served;
        if asking.network.is_none() {
            asking.network.clone_from(network);
        }
        WasiHttpCtxView { hooks: asking, table: resources.unwrap_or(nothing), ctx: context }
    }
}

/// Sends requests.
#[derive(Default)]
struct Asking {
    served: Option<Served>,
    /// The grant.
    network: Option<Arc<dyn Network>>,
}

type Connection = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answered = Result<(Response<WasiBody>, Connection), Error>;

impl WasiHttpHooks for Asking {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Connection,
    ) -> Box<dyn Future<Output = Answered> + Send> {
        match self.begin(request, options.unwrap_or_default()) {
            Ok((answering, meter)) => Box::new(meter.clone().metered(answered(answering, meter))),
            Err(error) => Box::new(ready(Err(error))),
        }
    }

    /// Whoever sends sets it.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WASI_HTTP_CHUNK_BYTES_MAX
    }
}

impl Asking {
    fn begin(&self, request: Request<WasiBody>, options: RequestOptions) -> Result<(Answering, Meter), Error> {
        let (Some(network), Some(served)) = (&self.network, &self.served) else {
            return Err(Error::HttpRequestDenied);
        };
        if served.is_over() {
            return Err(Error::ConnectionTerminated);
        }
        let request = stream_request(request, options)?;
        let answering = served.reach(&**network, |reach| reach.stream(request)).map_err(refused)?;
        Ok((answering, served.meter()))
    }
}

async fn answered(answering: Answering, meter: Meter) -> Answered {
    let StreamAnswer { status, headers, body, connection } = answering.await.map_err(failed)?;
    let mut response = Response::new(Arriving(body).boxed_unsync());
    *response.status_mut() = status.try_into().map_err(|_| Error::HttpProtocolError)?;
    *response.headers_mut() = header_map(&headers);
    let connection = async move {
        connection.await;
        Ok(())
    };
    Ok((response, Box::new(meter.metered(connection))))
}

fn stream_request(request: Request<WasiBody>, options: RequestOptions) -> Result<StreamRequest, Error> {
    let (head, body) = request.into_parts();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().map_err(|_| {
            let message = format!("the value of {name} has characters that a header cannot carry");
            Error::InternalError(Some(message))
        })?;
        Ok((name.as_str().to_owned(), value.to_owned()))
    };
    let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let given = head.headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH);
    Ok(StreamRequest {
        method: head.method.to_string(),
        url: head.uri.to_string(),
        headers: given.map(text).collect::<Result<_, Error>>()?,
        body: (!body.is_end_stream()).then(|| Box::new(Leaving(body)) as Box<dyn Pieces>),
        body_bytes: length,
        opens_within: options.connect_timeout,
        answers_within: options.first_byte_timeout,
        goes_on_within: options.between_bytes_timeout,
    })
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
            map.append(name, value);
        }
    }
    map
}

/// A body of the guest's, for the network.
struct Leaving(WasiBody);

impl Pieces for Leaving {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>> {
        loop {
            return match Pin::new(&mut self.0).poll_frame(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Some(Ok(data.into()))),
                    // Trailers are not sent.
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(_))) => {
                    Poll::Ready(Some(Err(Failure::new(code::INVALID, "the body was not finished"))))
                }
            };
        }
    }
}

/// A body of an answer, for the guest.
struct Arriving(Box<dyn Pieces>);

impl Body for Arriving {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let piece = |piece: Result<Vec<u8>, Failure>| piece.map(|data| Frame::data(data.into())).map_err(broken_off);
        self.0.poll_piece(cx).map(|next| next.map(piece))
    }
}

/// What was refused at once.
fn refused(failure: Failure) -> Error {
    match &*failure.code {
        code::NOT_GRANTED => Error::HttpRequestDenied,
        code::FULL => Error::ConnectionLimitReached,
        _ => Error::InternalError(Some(failure.to_string())),
    }
}

/// What no answer came to.
fn failed(failure: Failure) -> Error {
    match &*failure.code {
        code::NOT_GRANTED => Error::DestinationIpProhibited,
        code::FULL => Error::HttpResponseHeaderSectionSize(None),
        code::TIMEOUT => Error::HttpResponseTimeout,
        code::LINK_LOST => Error::ConnectionTerminated,
        "UNREACHABLE" => Error::DestinationUnavailable,
        "TLS" => Error::TlsCertificateError,
        _ => Error::InternalError(Some(failure.to_string())),
    }
}

/// What an answer ended with in its midst.
fn broken_off(failure: Failure) -> Error {
    match &*failure.code {
        code::FULL => Error::HttpResponseBodySize(None),
        code::TIMEOUT => Error::ConnectionReadTimeout,
        code::LINK_LOST => Error::HttpResponseIncomplete,
        _ => Error::InternalError(Some(failure.to_string())),
    }
}

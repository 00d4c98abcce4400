package switchhook

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Request is one of HTTP to a host that is granted. Keys and tokens are put in by the host, never by the handler.
type Request struct {
	// Method is GET unless it is set.
	Method, URL string
	Header      []Field
	Body        []byte
}

// Response is the head of an answer, and its body as it comes.
type Response struct {
	Status int
	Header []Field
	// Body is read until io.EOF, or until why it is not whole; ErrFull: more than AnswerBytesMax was not read. Closed, the rest is
	// given up.
	Body io.ReadCloser
}

// Get is the first value of a header, whatever the case of its name.
func (r *Response) Get(name string) string {
	for _, field := range r.Header {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// Do sends a request and waits for the head of the answer, whatever its status. It refuses with ErrNotGranted, ErrInvalid or
// ErrFull, or with why there is no answer. A redirect is an answer. The context is the request's and the body's: when it is done,
// the rest is given up.
func (c *Call) Do(ctx context.Context, request Request) (*Response, error) {
	if request.Method == "" {
		request.Method = "GET"
	}
	c.lock.Lock()
	id, err := current.request(request)
	if err != nil {
		c.lock.Unlock()
		return nil, err
	}
	coming := &coming{ctx: ctx, call: c, id: id, heads: newInbox[httpHead](), parts: newInbox[[]byte](), giveUp: current.cancel}
	c.requests[id] = coming
	c.lock.Unlock()
	head, err := coming.heads.next(ctx, c, func(httpHead) int { return 0 })
	if err != nil {
		coming.Close()
		return nil, err
	}
	return &Response{head.status, head.header, coming}, nil
}

// coming is an answer that comes, and the reader of its body.
type coming struct {
	ctx   context.Context
	call  *Call
	id    uint32
	heads *inbox[httpHead]
	parts *inbox[[]byte]
	rest  []byte
	// giveUp is the host's, as in a Socket.
	giveUp func(id uint32)
}

func (b *coming) Read(into []byte) (int, error) {
	for len(b.rest) == 0 {
		part, err := b.parts.next(b.ctx, b.call, func(part []byte) int { return len(part) })
		if err != nil {
			return 0, err
		}
		b.rest = part
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

func (b *coming) Close() error {
	b.call.lock.Lock()
	defer b.call.lock.Unlock()
	if b.call.requests[b.id] != nil {
		delete(b.call.requests, b.id)
		current.cancel(b.id)
	}
	b.parts.end(ErrCancelled)
	return nil
}

// over is called with the call's lock held.
func (b *coming) over(err error) {
	delete(b.call.requests, b.id)
	b.heads.end(err)
	if err == nil {
		b.heads.end(&Failure{ErrLinkLost.Code, "the answer has no head"})
		err = io.EOF
	}
	b.parts.end(err)
}

// takeAnswer gives an event to its request, with the call's lock held. Whether it is one of requests.
func (c *Call) takeAnswer(event any) bool {
	switch event := event.(type) {
	case httpHead:
		if coming := c.requests[event.request]; coming != nil {
			coming.heads.push(event, 0, 0)
		}
	case httpBody:
		coming := c.requests[event.request]
		if coming != nil && !coming.parts.push(event.data, len(event.data), AnswerBytesMax) {
			coming.giveUp(event.request)
			coming.over(&Failure{ErrFull.Code, fmt.Sprintf("more than %d bytes were not read", AnswerBytesMax)})
		}
	case httpEnd:
		if coming := c.requests[event.request]; coming != nil {
			coming.over(event.err)
		}
	default:
		return false
	}
	return true
}

package switchhook

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// policy is the closing code of who is sent more than it takes.
const policy = 1008

// Message is one of a WebSocket.
type Message struct {
	// Binary: bytes, else text.
	Binary bool
	Data   []byte
}

// Text is a message of text.
func Text(text string) Message { return Message{Data: []byte(text)} }

// Bytes is a message of bytes.
func Bytes(data []byte) Message { return Message{Binary: true, Data: data} }

// SocketClosed is why a socket is closed: a code of RFC 6455 and a reason.
type SocketClosed struct {
	Code   uint16
	Reason string
}

// Socket is an open WebSocket to a host that is granted. Keys and tokens are put in by the host, never by the handler.
type Socket struct {
	call     *Call
	id       uint32
	messages *inbox[Message]
	// changed has a place for each thing that happens to it but messages.
	changed *inbox[struct{}]
	opened  bool
	closed  *SocketClosed
	// shut is the host's: a program that opens no socket has nothing in it of that interface, and so does not import it.
	shut func(id uint32, code uint16, reason string)
}

// Dial opens a WebSocket. It refuses with ErrNotGranted, ErrInvalid or ErrFull, or with why it did not come about: the codes
// UNREACHABLE, TLS, REFUSED and TIMEOUT.
func (c *Call) Dial(ctx context.Context, url string, headers ...Field) (*Socket, error) {
	c.lock.Lock()
	id, err := current.openSocket(url, headers)
	if err != nil {
		c.lock.Unlock()
		return nil, err
	}
	socket := &Socket{call: c, id: id, messages: newInbox[Message](), changed: newInbox[struct{}](), shut: current.closeSocket}
	c.sockets[id] = socket
	c.lock.Unlock()
	for {
		news := socket.news()
		if socket.isOpen() {
			return socket, nil
		}
		if closed := socket.Closed(); closed != nil {
			code, message, known := strings.Cut(closed.Reason, ": ")
			if !known {
				code, message = ErrLinkLost.Code, closed.Reason
			}
			return nil, &Failure{code, message}
		}
		if err := c.wait(ctx, news); err != nil {
			socket.Close(1000, "")
			return nil, err
		}
	}
}

// Send sends a message whole, and waits while the socket is behind. ErrLinkLost: it is closed.
func (s *Socket) Send(ctx context.Context, message Message) error {
	for {
		news := s.news()
		err := s.TrySend(message)
		if !errors.Is(err, ErrFull) {
			return err
		}
		if err := s.call.wait(ctx, news); err != nil {
			return err
		}
	}
}

// TrySend is the same without waiting: ErrFull, and nothing was taken.
func (s *Socket) TrySend(message Message) error {
	if s.Closed() != nil {
		return &Failure{ErrLinkLost.Code, "the socket is closed"}
	}
	return current.sendSocket(s.id, message.Binary, message.Data)
}

// Next waits for the next message. ErrLinkLost: it is closed, and all that came was given. ErrFull: more than SocketBytesMax was not
// read, and so it was closed.
func (s *Socket) Next(ctx context.Context) (Message, error) {
	return s.messages.next(ctx, s.call, func(message Message) int { return len(message.Data) })
}

// Messages are those that come, until it is closed.
func (s *Socket) Messages() iter.Seq[Message] {
	return func(yield func(Message) bool) {
		for {
			message, err := s.Next(s.call.ctx)
			if err != nil || !yield(message) {
				return
			}
		}
	}
}

// Closed is why it is closed; nil while it is not.
func (s *Socket) Closed() *SocketClosed {
	s.call.lock.Lock()
	defer s.call.lock.Unlock()
	return s.closed
}

// Close begins to close it; what was sent before leaves first. WhenClosed waits for it.
func (s *Socket) Close(code uint16, reason string) {
	if s.Closed() == nil {
		current.closeSocket(s.id, code, reason)
	}
}

// WhenClosed waits until it is closed: two seconds after Close at the most.
func (s *Socket) WhenClosed(ctx context.Context) (*SocketClosed, error) {
	for {
		news := s.news()
		if closed := s.Closed(); closed != nil {
			return closed, nil
		}
		if err := s.call.wait(ctx, news); err != nil {
			return nil, err
		}
	}
}

func (s *Socket) isOpen() bool {
	s.call.lock.Lock()
	defer s.call.lock.Unlock()
	return s.opened
}

// news is closed when something happens to it.
func (s *Socket) news() <-chan struct{} {
	s.changed.lock.Lock()
	defer s.changed.lock.Unlock()
	return s.changed.news
}

func (s *Socket) happened() {
	s.changed.lock.Lock()
	defer s.changed.lock.Unlock()
	s.changed.wake()
}

// over is called with the call's lock held.
func (s *Socket) over(closed SocketClosed, err error) {
	if s.closed == nil {
		s.closed = &closed
	}
	s.messages.end(err)
	s.happened()
}

// takeSocket gives an event to its socket, with the call's lock held. Whether it is one of sockets.
func (c *Call) takeSocket(event any) bool {
	switch event := event.(type) {
	case socketOpen:
		if socket := c.sockets[event.socket]; socket != nil {
			socket.opened = true
			socket.happened()
		}
	case socketWritable:
		if socket := c.sockets[event.socket]; socket != nil {
			socket.happened()
		}
	case socketMessage:
		socket := c.sockets[event.socket]
		if socket == nil || socket.closed != nil {
			break
		}
		if !socket.messages.push(event.message, len(event.message.Data), SocketBytesMax) {
			reason := fmt.Sprintf("FULL: more than %d bytes were not read", SocketBytesMax)
			socket.shut(event.socket, policy, "FULL")
			socket.over(SocketClosed{policy, reason}, &Failure{ErrFull.Code, reason})
		}
	case socketClosed:
		if socket := c.sockets[event.socket]; socket != nil {
			delete(c.sockets, event.socket)
			socket.over(event.closed, &Failure{ErrLinkLost.Code, "the socket is closed: " + event.closed.Reason})
		}
	default:
		return false
	}
	return true
}

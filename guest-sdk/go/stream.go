package switchhook

// Stream has what comes from its making on, for `range stream.C` or a select. C is closed at the end of the call.
type Stream[T any] struct {
	// C has what was not read yet. When it is full, the oldest is dropped.
	C     <-chan T
	c     chan T
	close func()
	// lose tells the follower of what was dropped.
	lose func(lost T, followers []T)
}

// Close ends it: nothing more comes.
func (s *Stream[T]) Close() { s.close() }

func newStream[T any](size int, close func()) *Stream[T] {
	c := make(chan T, size)
	return &Stream[T]{C: c, c: c, close: close}
}

func (s *Stream[T]) push(value T) {
	select {
	case s.c <- value:
		return
	default:
	}
	// It is full, and somebody late: what is left is moved up.
	var waiting []T
	for full := true; full; {
		select {
		case one := <-s.c:
			waiting = append(waiting, one)
		default:
			full = false
		}
	}
	waiting = append(waiting, value)
	if over := len(waiting) - cap(s.c); over > 0 {
		for _, lost := range waiting[:over] {
			if s.lose != nil {
				s.lose(lost, waiting[over:])
			}
		}
		waiting = waiting[over:]
	}
	for _, one := range waiting {
		s.c <- one
	}
}

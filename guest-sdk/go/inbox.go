package switchhook

import (
	"context"
	"sync"
)

// inbox is a bounded queue that is over at some time. Several goroutines may wait for it.
type inbox[T any] struct {
	lock  sync.Mutex
	items []T
	size  int
	over  bool
	// err is why nothing more comes, once what came is taken.
	err error
	// news is closed, and made anew, whenever something changes.
	news chan struct{}
}

func newInbox[T any]() *inbox[T] { return &inbox[T]{news: make(chan struct{})} }

// push takes an item, unless it does not fit under the limit.
func (q *inbox[T]) push(item T, size, limit int) bool {
	q.lock.Lock()
	defer q.lock.Unlock()
	if q.over {
		return true
	}
	if q.size+size > limit {
		return false
	}
	q.items, q.size = append(q.items, item), q.size+size
	q.wake()
	return true
}

// end: nothing more comes, and why. The first reason counts.
func (q *inbox[T]) end(err error) {
	q.lock.Lock()
	defer q.lock.Unlock()
	if !q.over {
		q.over, q.err = true, err
		q.wake()
	}
}

func (q *inbox[T]) wake() {
	close(q.news)
	q.news = make(chan struct{})
}

// next waits for an item, or for the reason why there is none.
func (q *inbox[T]) next(ctx context.Context, call *Call, size func(T) int) (item T, err error) {
	for {
		q.lock.Lock()
		news := q.news
		if len(q.items) > 0 {
			item, q.items = q.items[0], q.items[1:]
			q.size -= size(item)
			q.lock.Unlock()
			return item, nil
		}
		over, err := q.over, q.err
		q.lock.Unlock()
		if over {
			return item, err
		}
		if err := call.wait(ctx, news); err != nil {
			return item, err
		}
	}
}

// wait waits for a channel to be closed, but no longer than the context and the call.
func (c *Call) wait(ctx context.Context, news <-chan struct{}) error {
	select {
	case <-news:
		return nil
	case <-ctx.Done():
		return why(ctx)
	case <-c.ctx.Done():
		return ErrEnded
	}
}

package switchhook

import "time"

// Store is what the plugin remembers beyond its calls, on the host's disk, for all of them together. It needs the grant
// `key_value`, else everything is ErrNotGranted. Its methods wait for the disk, a moment, and all goroutines with them.
type Store struct{}

// Store is what the plugin remembers.
func (c *Call) Store() Store { return Store{} }

// Get is the present value; not ok: there is none.
func (Store) Get(key string) (value []byte, ok bool, err error) { return current.get(key) }

// Set is durable when it returns. With a time to live the value is forgotten after it, rounded up to seconds; 0 is for ever.
func (Store) Set(key string, value []byte, ttl time.Duration) error {
	return current.set(key, value, ttl)
}

// Delete forgets a value. One that is absent is none to forget.
func (Store) Delete(key string) error { return current.forget(key) }

// CompareAndSet sets a value only when the present one is the expected one (nil: there is none), and answers whether it was.
func (Store) CompareAndSet(key string, expected, value []byte, ttl time.Duration) (bool, error) {
	return current.compareAndSet(key, expected, value, ttl)
}

package switchhook

// host is what the contract's interfaces offer, in Go's types. In a component it is the host itself; in a test on the author's
// machine, a simulated call.
type host interface {
	// settle lets every other goroutine run until it waits.
	settle()
	// next waits for the next event, or until a timer of the program is due (nil, true). False: nothing will ever come again.
	next() (any, bool)

	state() string
	begin(name, text string, number uint32) (uint32, error)
	play(pcm []int16) (Ledger, error)
	mark(name string) error
	flush()
	clear() Ledger
	notifyBelow(samples uint64)
	position() Ledger
	record(side Side) (string, error)
	stopRecording() error
	playRecording(reference string) error
	deleteRecording(reference string) error
	config(key string) (string, bool)
	log(level int32, message string)
}

var current host

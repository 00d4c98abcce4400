package switchhook

import "time"

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
	get(key string) ([]byte, bool, error)
	set(key string, value []byte, ttl time.Duration) error
	forget(key string) error
	compareAndSet(key string, expected, value []byte, ttl time.Duration) (bool, error)
	openSocket(url string, headers []Field) (uint32, error)
	sendSocket(id uint32, binary bool, data []byte) error
	closeSocket(id uint32, code uint16, reason string)
	request(request Request) (uint32, error)
	cancel(id uint32)
	place(to, plugin string, chat bool) (uint32, error)
	openTool(kind toolKind, rateHz, toHz uint32) (uint32, error)
	closeTool(id uint32)
	resample(id uint32, pcm []int16) ([]int16, error)
	finishResampling(id uint32) ([]int16, error)
	hearKeys(id uint32, pcm []int16) (string, error)
	hearVoice(id uint32, pcm []int16) (speaks bool, spokenMs, quietMs uint32, err error)
	level(pcm []int16) (float32, error)
	tones(freqsHz []uint32, peak, ms, rateHz uint32) ([]int16, error)
	keyTones(keys string, peak, ms, rateHz uint32) ([]int16, error)
	toG711(law uint32, pcm []int16) ([]byte, error)
	fromG711(law uint32, coded []byte) ([]int16, error)
	readWAV(file []byte) (uint32, []int16, error)
	writeWAV(rateHz uint32, pcm []int16) ([]byte, error)
	config(key string) (string, bool)
	log(level int32, message string)
}

var current host

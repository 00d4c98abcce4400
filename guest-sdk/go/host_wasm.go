//go:build wasip1

package switchhook

import (
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"
)

func init() {
	current = &component{}
	// A call makes little garbage, and there are many calls: room is dearer than the collector's time.
	debug.SetGCPercent(25)
}

// component is the host that this program is a component of.
type component struct {
	// lock: from a call of a host function until its answer is copied, no other goroutine may begin the arena anew. Where it
	// allocates, the collector may let others run.
	lock sync.Mutex
	// answer is where answers are written: the largest is an event that may be none.
	answer [56 / 8]uint64
}

// ask calls a host function and reads its answer.
func (h *component) ask(call func(into unsafe.Pointer), read func(at unsafe.Pointer)) {
	h.lock.Lock()
	defer h.lock.Unlock()
	arenaUsed = 0
	into := unsafe.Pointer(&h.answer)
	call(into)
	if read != nil {
		read(into)
	}
}

// result is the answer of a function that may fail, whose success is at offset.
func (h *component) result(call func(into unsafe.Pointer), offset uintptr, read func(at unsafe.Pointer)) (err error) {
	h.ask(call, func(at unsafe.Pointer) {
		if byteAt(at, 0) != 0 {
			err = failureAt(unsafe.Add(at, offset))
		} else if read != nil {
			read(unsafe.Add(at, offset))
		}
	})
	return err
}

// settle lets the others run. A goroutine that gives way runs again when no other can, or, now and then, a turn earlier; never
// twice in a row.
func (h *component) settle() {
	for range 4 {
		runtime.Gosched()
	}
}

// When the next timer of package time is due, by nanotime; the highest number when there is none.
//
//go:linkname timeSleepUntil runtime.timeSleepUntil
func timeSleepUntil() int64

//go:linkname nanotime runtime.nanotime
func nanotime() int64

func (h *component) next() (event any, more bool) {
	due := timeSleepUntil()
	if due == 1<<63-1 {
		h.ask(eventsNext, func(at unsafe.Pointer) {
			if more = byteAt(at, 0) != 0; more {
				event = eventAt(unsafe.Add(at, 8))
			}
		})
		return event, more
	}
	ms := (max(0, due-nanotime()) + 999_999) / 1_000_000
	within := func(into unsafe.Pointer) { eventsNextWithin(uint32(min(ms, 1<<32-1)), into) }
	h.ask(within, func(at unsafe.Pointer) {
		switch byteAt(at, 0) {
		case 0:
			event, more = eventAt(unsafe.Add(at, 8)), true
		case 1:
			more = true
		}
	})
	return event, more
}

func (h *component) state() (state string) {
	h.ask(callState, func(at unsafe.Pointer) { state = textAt(at, 0) })
	return state
}

func (h *component) begin(name, text string, number uint32) (id uint32, err error) {
	bytes, size := lend(text)
	calls := map[string]func(unsafe.Pointer){
		"answer": callAnswer, "whisper": callWhisper, "barge": callBarge, "spy": callSpy,
		"disconnect": callDisconnect, "close": callClose,
		"connect":     func(into unsafe.Pointer) { callConnect(number, into) },
		"transfer":    func(into unsafe.Pointer) { callTransfer(bytes, size, number, into) },
		"send-digits": func(into unsafe.Pointer) { callSendDigits(bytes, size, into) },
	}
	err = h.result(calls[name], 4, func(at unsafe.Pointer) { id = uint32At(at, 0) })
	runtime.KeepAlive(text)
	return id, err
}

func (h *component) play(pcm []int16) (ledger Ledger, err error) {
	call := func(into unsafe.Pointer) {
		playoutPlay(unsafe.Pointer(unsafe.SliceData(pcm)), uint32(len(pcm)*2), into)
	}
	err = h.result(call, 8, func(at unsafe.Pointer) { ledger = ledgerAt(at) })
	runtime.KeepAlive(pcm)
	return ledger, err
}

// named calls a function that takes a text and may fail.
func (h *component) named(call func(text unsafe.Pointer, bytes uint32, into unsafe.Pointer), text string) error {
	bytes, size := lend(text)
	err := h.result(func(into unsafe.Pointer) { call(bytes, size, into) }, 4, nil)
	runtime.KeepAlive(text)
	return err
}

func (h *component) mark(name string) error { return h.named(playoutMark, name) }

func (h *component) flush() { playoutFlush() }

func (h *component) clear() (ledger Ledger) {
	h.ask(playoutClear, func(at unsafe.Pointer) { ledger = ledgerAt(at) })
	return ledger
}

func (h *component) notifyBelow(samples uint64) { playoutNotifyBelow(samples) }

func (h *component) position() (ledger Ledger) {
	h.ask(playoutPosition, func(at unsafe.Pointer) { ledger = ledgerAt(at) })
	return ledger
}

func (h *component) record(side Side) (reference string, err error) {
	name := string(side)
	bytes, size := lend(name)
	call := func(into unsafe.Pointer) { recordingStart(bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { reference = textAt(at, 0) })
	runtime.KeepAlive(name)
	return reference, err
}

func (h *component) stopRecording() error { return h.result(recordingStop, 4, nil) }

func (h *component) playRecording(reference string) error { return h.named(recordingPlay, reference) }

func (h *component) deleteRecording(reference string) error {
	return h.named(recordingDelete, reference)
}

func (h *component) config(key string) (value string, ok bool) {
	bytes, size := lend(key)
	h.ask(func(into unsafe.Pointer) { configGet(bytes, size, into) }, func(at unsafe.Pointer) {
		if ok = byteAt(at, 0) != 0; ok {
			value = textAt(at, 4)
		}
	})
	runtime.KeepAlive(key)
	return value, ok
}

func (h *component) log(level int32, message string) {
	bytes, size := lend(message)
	logLog(level, bytes, size)
	runtime.KeepAlive(message)
}

// What was answered to the host lives until the next call, and an instance has one.
var answered struct {
	message string
	code    string
	result  [20 / 4]uint32
}

//go:wasmexport handle
func handle(at unsafe.Pointer) unsafe.Pointer {
	info := infoAt(at)
	var err error
	if handler == nil {
		err = Errorf("INVALID", "no handler: call switchhook.Handle in an init function")
	} else {
		err = serve(newCall(info), handler)
	}
	answered.result = [5]uint32{}
	if err != nil {
		failure := failure(err)
		answered.code, answered.message = failure.Code, failure.Message
		code, codeBytes := lend(answered.code)
		message, messageBytes := lend(answered.message)
		answered.result = [5]uint32{1, uint32(uintptr(code)), codeBytes, uint32(uintptr(message)), messageBytes}
	}
	return unsafe.Pointer(&answered.result)
}

//go:build !wasip1

package switchhook

import (
	"fmt"
	"math"
	"sync"
	"testing/synctest"
	"time"
)

const (
	// frameTime is the pace of the line.
	frameTime = 20 * time.Millisecond
	// quietTime: after so much silence what was said is over.
	quietTime        = 60 * time.Millisecond
	playoutBytesMax  = 1 << 20
	givesUp          = 2 * time.Minute
	simulatedMarkMax = 1_024
	never            = time.Duration(math.MaxInt64)
)

// legal is which commands are legal in which state, and where success leads.
var legal = map[string]map[string]string{
	"answer":     {"pending": "answered"},
	"connect":    {"pending": "connected", "answered": "connected"},
	"whisper":    {"connected": "connected"},
	"barge":      {"connected": "connected"},
	"spy":        {"connected": "connected"},
	"disconnect": {"pending": "ended", "answered": "ended", "connected": "ended"},
	"close":      {"pending": "ended", "answered": "ended", "connected": "ended"},
}

// simulated is the host of a simulated call: virtual time, which passes only in next.
type simulated struct {
	caller *Caller
	rateHz int
	began  time.Time
	// changed wakes next: what happens first may be another thing than it was.
	changed chan struct{}

	lock     sync.Mutex
	now      time.Duration
	standing string
	reason   string
	over     bool
	inbox    []any
	later    []dated
	open     []underWay
	names    uint32
	begun    []string
	lines    []string

	// The line: open since the answer.
	opened                  time.Duration
	isOpen                  bool
	queued                  []int16
	sentCount, dropped, low uint64
	marks                   []placedMark
	heard                   []int16
	playedTo, frames, said  int
	script                  []step
	stepped                 bool
	since                   time.Duration
	sentBefore              uint64
	responses               map[string][]response
	recordings              map[string]time.Duration
	recording               string
	recordingSince          time.Duration
	simulatedServices
}

type dated struct {
	at    time.Duration
	event any
}

type underWay struct {
	id   uint32
	name string
	at   time.Duration
	err  error
	to   string
}

type placedMark struct {
	at   uint64
	name string
}

func newSimulated(caller *Caller) *simulated {
	h := &simulated{
		caller: caller, rateHz: caller.SampleRateHz, began: time.Now(), changed: make(chan struct{}, 1), standing: "pending",
		script: caller.script, responses: map[string][]response{}, recordings: map[string]time.Duration{},
	}
	if h.rateHz == 0 {
		h.rateHz = 16_000
	}
	for name, responses := range caller.responses {
		h.responses[name] = responses
	}
	h.simulatedServices.begin(caller)
	return h
}

func (h *simulated) info() Info {
	return Info{
		ID: "call-1", Tenant: "test", Carrier: "test", Caller: "+15550100", Callee: "+15550199",
		SampleRateHz: uint32(h.rateHz), Channels: []byte{0},
	}
}

func (h *simulated) settle() { synctest.Wait() }

func (h *simulated) wake() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *simulated) next() (event any, more bool) {
	for {
		h.lock.Lock()
		h.advance()
		if h.over {
			h.lock.Unlock()
			return nil, false
		}
		if len(h.inbox) > 0 {
			event, h.inbox = h.inbox[0], h.inbox[1:]
			_, h.over = event.(Ended)
			h.lock.Unlock()
			return event, true
		}
		due := time.NewTimer(max(0, h.nextAt()-h.now))
		h.lock.Unlock()
		select {
		case <-due.C:
		case <-h.changed:
			// Perhaps the handler returned.
			due.Stop()
			return nil, true
		}
	}
}

// nextAt is when something happens next: at the latest, the caller gives up.
func (h *simulated) nextAt() time.Duration {
	at := h.givesUp()
	if h.isOpen {
		at = min(at, h.frameAt())
	}
	for _, later := range h.later {
		at = min(at, later.at)
	}
	for _, command := range h.open {
		at = min(at, command.at)
	}
	return at
}

func (h *simulated) givesUp() time.Duration {
	if h.caller.GivesUp > 0 {
		return h.caller.GivesUp
	}
	return givesUp
}

func (h *simulated) frameAt() time.Duration { return h.opened + time.Duration(h.frames+1)*frameTime }

// advance does what is due by now.
func (h *simulated) advance() {
	h.now = time.Since(h.began)
	if h.standing == "ended" {
		return
	}
	h.speak()
	waiting := h.later[:0]
	for _, later := range h.later {
		if later.at <= h.now {
			h.inbox = append(h.inbox, later.event)
		} else {
			waiting = append(waiting, later)
		}
	}
	h.later = waiting
	for at := 0; at < len(h.open); {
		if h.open[at].at > h.now {
			at++
		} else if h.finish(at); h.standing == "ended" {
			return
		}
	}
	if h.isOpen && h.now >= h.frameAt() {
		h.frame()
	}
	if h.standing != "ended" && h.now >= h.givesUp() {
		h.endNow("terminated")
	}
}

func (h *simulated) end(reason string) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.endNow(reason)
}

func (h *simulated) endNow(reason string) {
	if h.standing == "ended" {
		return
	}
	h.standing, h.reason = "ended", reason
	for _, command := range h.open {
		err := error(ErrEnded)
		if command.to == "ended" {
			err = command.err
		}
		h.inbox = append(h.inbox, outcome{command.id, err})
	}
	h.open = nil
	h.drop()
	if h.recording != "" {
		h.keep()
	}
	h.inbox = append(h.inbox, Ended{reason})
}

// finish: a command is done.
func (h *simulated) finish(at int) {
	command := h.open[at]
	if command.err == nil && command.to == "ended" {
		h.endNow(map[string]string{"close": "closed", "disconnect": "disconnected"}[command.name])
		return
	}
	h.open = append(h.open[:at], h.open[at+1:]...)
	if command.err == nil {
		h.standing = command.to
		if !h.isOpen {
			h.isOpen, h.opened = true, h.now
		}
	}
	h.inbox = append(h.inbox, outcome{command.id, command.err})
}

// speak is what the caller hears until now.
func (h *simulated) speak() {
	if !h.isOpen {
		return
	}
	due := int((h.now-h.opened)*time.Duration(h.rateHz)/time.Second) - len(h.heard)
	played := h.queued[:min(due, len(h.queued))]
	h.queued = h.queued[len(played):]
	h.sentCount += uint64(len(played))
	h.heard = append(h.heard, played...)
	if len(played) > 0 {
		h.playedTo = len(h.heard)
	}
	h.heard = append(h.heard, make([]int16, due-len(played))...)
	h.tell()
}

// tell tells of marks that were reached, and of a queue that is low.
func (h *simulated) tell() {
	for len(h.marks) > 0 && h.marks[0].at <= h.sentCount+h.dropped {
		h.inbox = append(h.inbox, mark{h.marks[0].name, true})
		h.marks = h.marks[1:]
	}
	if uint64(len(h.queued)) < h.low {
		h.low = 0
		h.inbox = append(h.inbox, playoutLow{})
	}
}

// frame is one of what the caller says.
func (h *simulated) frame() {
	h.frames++
	count := h.rateHz * int(frameTime/time.Millisecond) / 1_000
	frame := make([]int16, 0, count)
	for len(frame) < count && h.follow() && h.script[0].say != nil {
		rest := h.script[0].say(h.rateHz)[h.said:]
		part := rest[:min(len(rest), count-len(frame))]
		frame = append(frame, part...)
		h.said += len(part)
	}
	if h.standing == "ended" {
		return
	}
	frame = append(frame, make([]int16, count-len(frame))...)
	h.inbox = append(h.inbox, Frame{AtSample: uint64((h.frames - 1) * count), PCM: frame})
}

// follow goes on in the script as far as the call stands. Whether there is a step.
func (h *simulated) follow() bool {
	for len(h.script) > 0 && h.standing != "ended" {
		step := h.script[0]
		if !h.stepped {
			h.stepped, h.since = true, h.now
		}
		quiet := time.Duration(len(h.heard)-h.playedTo) * time.Second / time.Duration(h.rateHz)
		switch {
		case step.say != nil:
			if h.said < len(step.say(h.rateHz)) {
				return true
			}
		case step.untilQuiet:
			if h.sentCount == h.sentBefore || quiet < quietTime {
				return true
			}
		case step.happens != nil:
			h.inbox = append(h.inbox, step.happens)
		case step.hangUp:
			h.endNow("terminated")
		case h.now < h.since+step.wait:
			return true
		}
		h.script, h.stepped, h.said, h.sentBefore = h.script[1:], false, 0, h.sentCount
	}
	return false
}

func (h *simulated) ledger() Ledger {
	return Ledger{Queued: uint64(len(h.queued)), Sent: h.sentCount, Heard: h.sentCount, Dropped: h.dropped, Exact: true}
}

// drop drops what is queued, and the marks behind it.
func (h *simulated) drop() {
	h.dropped += uint64(len(h.queued))
	h.queued = nil
	for _, lost := range h.marks {
		h.inbox = append(h.inbox, mark{lost.name, false})
	}
	h.marks = nil
}

func (h *simulated) name() uint32 {
	h.names++
	return h.names
}

// enter begins a function of the host, which ends with the function that it returns.
func (h *simulated) enter() func() {
	h.lock.Lock()
	h.advance()
	return func() {
		h.lock.Unlock()
		h.wake()
	}
}

func (h *simulated) alive() error {
	if h.standing == "ended" {
		return ErrEnded
	}
	return nil
}

func (h *simulated) state() string {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.standing
}

func (h *simulated) begin(name, _ string, number uint32) (uint32, error) {
	defer h.enter()()
	if err := h.alive(); err != nil {
		return 0, err
	}
	after, ringTime, shown := 20*time.Millisecond, never, name
	if name == "connect" {
		if number < 1 || number > 120 {
			return 0, Errorf(ErrInvalid.Code, "the ring time is 1 to 120 s, and not %d", number)
		}
		after, ringTime, shown = time.Second, time.Duration(number)*time.Second, fmt.Sprint("connect ", number)
	}
	if legal[name] == nil {
		return 0, Errorf(ErrNotSupported.Code, "this carrier has no %s", name)
	}
	to := legal[name][h.standing]
	for _, other := range h.open {
		if other.name == name || other.to == "ended" {
			to = ""
		}
	}
	if to == "" {
		return 0, Errorf(ErrNotNow.Code, "%s is not legal while the call is %s", name, h.standing)
	}
	command := underWay{id: h.name(), name: name, to: to}
	if planned := h.responses[name]; len(planned) > 0 {
		after, command.err = planned[0].after, planned[0].err
		h.responses[name] = planned[1:]
	}
	command.at = h.now + min(after, ringTime)
	h.open = append(h.open, command)
	h.begun = append(h.begun, shown)
	return command.id, nil
}

func (h *simulated) play(pcm []int16) (Ledger, error) {
	defer h.enter()()
	return h.queue(pcm)
}

func (h *simulated) queue(pcm []int16) (Ledger, error) {
	bytesMax := h.caller.PlayoutBytesMax
	if bytesMax == 0 {
		bytesMax = playoutBytesMax
	}
	switch {
	case h.standing == "ended":
		return Ledger{}, ErrEnded
	case h.standing == "pending":
		return Ledger{}, Errorf(ErrNotNow.Code, "the call is not answered")
	case 2*(len(h.queued)+len(pcm)) > bytesMax:
		return Ledger{}, Errorf(ErrFull.Code, "it does not fit")
	}
	h.queued = append(h.queued, pcm...)
	return h.ledger(), nil
}

func (h *simulated) mark(name string) error {
	defer h.enter()()
	if err := h.alive(); err != nil {
		return err
	}
	if len(h.marks) >= simulatedMarkMax {
		return Errorf(ErrFull.Code, "%d marks are pending", simulatedMarkMax)
	}
	h.marks = append(h.marks, placedMark{h.sentCount + h.dropped + uint64(len(h.queued)), name})
	h.tell()
	return nil
}

func (h *simulated) flush() {}

func (h *simulated) clear() Ledger {
	defer h.enter()()
	h.drop()
	return h.ledger()
}

func (h *simulated) notifyBelow(samples uint64) {
	defer h.enter()()
	h.low = samples
	h.tell()
}

func (h *simulated) position() Ledger {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.ledger()
}

func (h *simulated) config(key string) (string, bool) {
	value, ok := h.caller.Config[key]
	return value, ok
}

func (h *simulated) log(_ int32, message string) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.lines = append(h.lines, message)
}

//go:build !wasip1

package switchhook

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"time"
)

const (
	// answerTime is how long another host takes to answer.
	answerTime = 20 * time.Millisecond
	// claimTime is how long the carrier takes to have a session.
	claimTime = 20 * time.Millisecond
	placedMax = 16
)

// Order is what was placed.
type Order struct {
	To, Plugin string
	Chat       bool
}

// plan is how what is placed goes: it fails, or is answered after so long and ends so long after that.
type plan struct {
	after, talks time.Duration
	err          error
}

type kept struct {
	value []byte
	until time.Duration
}

// simulatedServices is what needs a grant, as a simulated call's handler meets it.
type simulatedServices struct {
	memory  map[string]kept
	sockets map[uint32]Peer
	sent    []Message
	asked   []Request
	placed  []Order
	plans   []plan
	tools   map[uint32]any
}

func (s *simulatedServices) begin(caller *Caller) {
	s.sockets, s.tools, s.plans = map[uint32]Peer{}, map[uint32]any{}, caller.plans
	if caller.Remembers != nil {
		s.memory = map[string]kept{}
		for key, value := range caller.Remembers {
			s.memory[key] = kept{value, never}
		}
	}
}

func (h *simulated) remembers() map[string][]byte {
	remembered := map[string][]byte{}
	for key, kept := range h.memory {
		if kept.until > h.now {
			remembered[key] = kept.value
		}
	}
	return remembered
}

func (h *simulated) happens(after time.Duration, event any) {
	h.later = append(h.later, dated{h.now + after, event})
}

func notGranted(what string) error { return Errorf(ErrNotGranted.Code, "%s", what) }

// -- Recordings --

func (h *simulated) mayRecord() error {
	if !h.caller.GrantsRecording {
		return notGranted("recording is not granted")
	}
	return nil
}

func (h *simulated) record(Side) (string, error) {
	defer h.enter()()
	if err := h.mayRecord(); err != nil {
		return "", err
	}
	if err := h.alive(); err != nil {
		return "", err
	}
	if h.recording != "" {
		return "", Errorf(ErrNotNow.Code, "one is being made")
	}
	h.recording, h.recordingSince = fmt.Sprint("recording-", h.name()), h.now
	return h.recording, nil
}

func (h *simulated) keep() {
	h.recordings[h.recording] = h.now - h.recordingSince
	h.recording = ""
}

func (h *simulated) stopRecording() error {
	defer h.enter()()
	if err := h.mayRecord(); err != nil {
		return err
	}
	if h.recording == "" {
		return Errorf(ErrNotNow.Code, "nothing is recorded")
	}
	h.keep()
	return nil
}

// playRecording plays silence of its length.
func (h *simulated) playRecording(reference string) error {
	defer h.enter()()
	if err := h.mayRecord(); err != nil {
		return err
	}
	long, ok := h.recordings[reference]
	if !ok {
		return Errorf(ErrInvalid.Code, "there is no such recording")
	}
	_, err := h.queue(make([]int16, long*time.Duration(h.rateHz)/time.Second))
	return err
}

func (h *simulated) deleteRecording(reference string) error {
	defer h.enter()()
	if err := h.mayRecord(); err != nil {
		return err
	}
	if _, ok := h.recordings[reference]; !ok {
		return Errorf(ErrInvalid.Code, "there is no such recording")
	}
	delete(h.recordings, reference)
	return nil
}

// -- A memory --

func (h *simulated) get(key string) ([]byte, bool, error) {
	defer h.enter()()
	if h.memory == nil {
		return nil, false, notGranted("key_value is not granted")
	}
	found, ok := h.memory[key]
	if !ok || found.until <= h.now {
		return nil, false, nil
	}
	return bytes.Clone(found.value), true, nil
}

func (h *simulated) set(key string, value []byte, ttl time.Duration) error {
	defer h.enter()()
	if h.memory == nil {
		return notGranted("key_value is not granted")
	}
	until := never
	if ttl > 0 {
		until = h.now + ttl
	}
	h.memory[key] = kept{bytes.Clone(value), until}
	return nil
}

func (h *simulated) forget(key string) error {
	defer h.enter()()
	if h.memory == nil {
		return notGranted("key_value is not granted")
	}
	delete(h.memory, key)
	return nil
}

func (h *simulated) compareAndSet(key string, expected, value []byte, ttl time.Duration) (bool, error) {
	present, ok, err := h.get(key)
	if err != nil || ok != (expected != nil) || !bytes.Equal(present, expected) {
		return false, err
	}
	return true, h.set(key, value, ttl)
}

// -- Other hosts --

func (h *simulated) openSocket(url string, _ []Field) (uint32, error) {
	defer h.enter()()
	peer := h.caller.peers[url]
	if peer == nil {
		return 0, notGranted("the test names no such socket: " + url)
	}
	id := h.name()
	h.sockets[id] = peer
	h.happens(answerTime, socketOpen{id})
	h.says(id, nil)
	return id, nil
}

func (h *simulated) says(id uint32, heard *Message) {
	for _, message := range h.sockets[id](heard) {
		h.happens(answerTime, socketMessage{id, message})
	}
}

func (h *simulated) sendSocket(id uint32, binary bool, data []byte) error {
	defer h.enter()()
	if h.sockets[id] == nil {
		return Errorf(ErrLinkLost.Code, "the socket is not open")
	}
	message := Message{binary, bytes.Clone(data)}
	h.sent = append(h.sent, message)
	h.says(id, &message)
	return nil
}

func (h *simulated) closeSocket(id uint32, code uint16, reason string) {
	defer h.enter()()
	if h.sockets[id] != nil {
		delete(h.sockets, id)
		h.happens(answerTime, socketClosed{id, SocketClosed{code, reason}})
	}
}

func (h *simulated) request(request Request) (uint32, error) {
	defer h.enter()()
	answer, ok := h.caller.answers[request.URL]
	if !ok {
		return 0, notGranted("the test names no such host: " + request.URL)
	}
	h.asked = append(h.asked, request)
	id := h.name()
	h.happens(answerTime, httpHead{id, cmp.Or(answer.Status, 200), answer.Header})
	h.happens(answerTime, httpBody{id, answer.Body})
	h.happens(answerTime, httpEnd{request: id})
	return id, nil
}

func (h *simulated) cancel(uint32) {}

// -- Further calls --

var diallable = regexp.MustCompile(`^[A-Za-z0-9+*#@.:_-]{1,64}$`)

func (h *simulated) place(to, plugin string, chat bool) (uint32, error) {
	defer h.enter()()
	if !h.caller.GrantsCalls && h.caller.plans == nil {
		return 0, notGranted("calls is not granted")
	}
	if !diallable.MatchString(to) {
		return 0, Errorf(ErrInvalid.Code, "nobody can be called at %s", to)
	}
	if len(h.placed) >= placedMax {
		return 0, Errorf(ErrFull.Code, "%d were placed", placedMax)
	}
	h.placed = append(h.placed, Order{to, plugin, chat})
	id, goes := h.name(), plan{after: time.Second, talks: 10 * time.Second}
	if len(h.plans) > 0 {
		goes, h.plans = h.plans[0], h.plans[1:]
	}
	if goes.err != nil {
		h.happens(goes.after, placedStep{id, Step{Name: "failed", Err: goes.err}})
		return id, nil
	}
	h.happens(claimTime, placedStep{id, Step{Name: "claimed", Detail: fmt.Sprint("session-", id)}})
	reason := "closed"
	if !chat {
		h.happens(goes.after, placedStep{id, Step{Name: "answered", Detail: fmt.Sprint("call-", id)}})
		reason = "terminated"
	}
	h.happens(goes.after+goes.talks, placedStep{id, Step{Name: "ended", Detail: reason}})
	return id, nil
}

//go:build !wasip1

package switchhook

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchhook/audio"
)

const (
	// keyMs is how long a key is pressed, and the pause behind it.
	keyMs = 100
	// keyAmplitude is that of each of a key's two tones, a part of full scale.
	keyAmplitude = 0.2
)

// Caller is a simulated call for unit tests of handlers, on the author's machine: a caller with a script, a host in memory, virtual
// time. The steps run one after the other from the answer on; between them the line carries silence.
//
//	func TestEcho(t *testing.T) {
//		hello := audio.Tone(440, 0.3, 16_000, 500)
//		report := new(switchhook.Caller).Says(hello).Waits(time.Second).HangsUp().Run(t, echo)
//		if report.Err != nil || len(report.HeardAt(hello)) != 1 {
//			t.Error(report.Err, report.Commands)
//		}
//	}
//
// Time passes only while all goroutines of the handler wait: a call of a minute takes a moment. What is played is heard at once, at
// the pace of speech. Codes and states are those of the contract; what needs a grant is ErrNotGranted unless it is granted here. A
// handler that computes for ever hangs, and a goroutine of it that waits on when the call is over fails the test.
type Caller struct {
	// SampleRateHz is the call's: 16,000 unless it is set.
	SampleRateHz int
	// Config is the plugin's configuration.
	Config map[string]string
	// GrantsRecording: it may record.
	GrantsRecording bool
	// Remembers is what the plugin remembers when the call begins. Nil: it may not remember.
	Remembers map[string][]byte
	// GrantsCalls: it may place calls and begin chats. Each is answered after a second and ends ten seconds later, unless PlacedFails
	// or PlacedTalks say otherwise.
	GrantsCalls bool
	// PlayoutBytesMax may be queued: a mebibyte unless it is set.
	PlayoutBytesMax int
	// GivesUp is when the caller hangs up whatever the script says: after two minutes unless it is set.
	GivesUp time.Duration

	script    []step
	responses map[string][]response
	peers     map[string]Peer
	answers   map[string]Answer
	plans     []plan
}

// step is one of a script: samples to say, time to wait, silence to await, or something that happens.
type step struct {
	say        func(sampleRateHz int) []int16
	wait       time.Duration
	untilQuiet bool
	happens    any
	hangUp     bool
}

type response struct {
	after time.Duration
	err   error
}

// Peer is what the other side of a socket says: to the opening (nil), and to each message.
type Peer func(heard *Message) []Message

// Answer is what another host answers to a request.
type Answer struct {
	Status int
	Header []Field
	Body   []byte
}

// Says says these samples at the pace of speech.
func (c *Caller) Says(pcm []int16) *Caller {
	return c.step(step{say: func(int) []int16 { return pcm }})
}

// Presses presses keys, as tones in band.
func (c *Caller) Presses(keys string) *Caller {
	for _, key := range keys {
		c.step(step{say: func(rateHz int) []int16 { return audio.KeyTone(key, keyAmplitude, rateHz, keyMs) }})
		c.Waits(keyMs * time.Millisecond)
	}
	return c
}

// Waits stays silent.
func (c *Caller) Waits(time_ time.Duration) *Caller { return c.step(step{wait: time_}) }

// HearsOut stays silent until the handler has said something, and has been silent for 60 ms after it.
func (c *Caller) HearsOut() *Caller { return c.step(step{untilQuiet: true}) }

// Happens is anything else that can happen: a Key that is signalled, a frame of a leg's own, a Warning.
func (c *Caller) Happens(event Event) *Caller { return c.step(step{happens: event}) }

// HangsUp ends the call.
func (c *Caller) HangsUp() *Caller { return c.step(step{hangUp: true}) }

func (c *Caller) step(step step) *Caller {
	c.script = append(c.script, step)
	return c
}

// Answers is how the next command of this name goes: with a failure, or nil. Those that nothing is said of succeed, `connect` after
// a second, the rest after 20 ms.
func (c *Caller) Answers(command string, after time.Duration, err error) *Caller {
	if c.responses == nil {
		c.responses = map[string][]response{}
	}
	c.responses[command] = append(c.responses[command], response{after, err})
	return c
}

// NobodyAnswers: the number that Connect rings does not pick up.
func (c *Caller) NobodyAnswers() *Caller { return c.Answers("connect", never, ErrUnanswered) }

// Meets: another host takes sockets at this address.
func (c *Caller) Meets(url string, peer Peer) *Caller {
	if c.peers == nil {
		c.peers = map[string]Peer{}
	}
	c.peers[url] = peer
	return c
}

// AnswersRequest: another host answers requests to this address.
func (c *Caller) AnswersRequest(url string, answer Answer) *Caller {
	if c.answers == nil {
		c.answers = map[string]Answer{}
	}
	c.answers[url] = answer
	return c
}

// PlacedFails: the next call or chat that is placed fails.
func (c *Caller) PlacedFails(after time.Duration, err error) *Caller {
	c.plans = append(c.plans, plan{after: after, err: err})
	return c
}

// PlacedTalks: the next one that is placed is answered after so long, and ends so long after that.
func (c *Caller) PlacedTalks(after, talks time.Duration) *Caller {
	c.plans = append(c.plans, plan{after: after, talks: talks})
	return c
}

// Report is what became of a call, and what the caller heard.
type Report struct {
	// Err is what the handler returned; nil also when it gave up because the call is over.
	Err error
	// End is why the call ended: `terminated` (the caller hung up), `closed`, `disconnected`.
	End string
	// Commands were accepted, in order: `answer`, `connect 20`, `close`.
	Commands []string
	// Heard is what the caller heard from the answer on, silence included.
	Heard []int16
	// Log has its lines.
	Log []string
	// Recordings that are kept, by reference: how long they are.
	Recordings map[string]time.Duration
	// Remembers is what the plugin remembers at the end.
	Remembers map[string][]byte
	// Sent over sockets, and Asked by HTTP.
	Sent  []Message
	Asked []Request
	// Placed are the calls and chats.
	Placed []Order

	sampleRateHz int
}

// HeardAt is where the caller heard exactly these samples, since the answer; each time.
func (r *Report) HeardAt(pcm []int16) (places []time.Duration) {
	for at := 0; len(pcm) > 0 && at+len(pcm) <= len(r.Heard); at++ {
		if slices.Equal(r.Heard[at:at+len(pcm)], pcm) {
			places = append(places, time.Duration(at)*time.Second/time.Duration(r.sampleRateHz))
			at += len(pcm) - 1
		}
	}
	return places
}

// HeardDBFS is how loud a part of that was, dB below full scale.
func (r *Report) HeardDBFS(from, to time.Duration) float64 {
	at := func(time_ time.Duration) int {
		return min(int(time_*time.Duration(r.sampleRateHz)/time.Second), len(r.Heard))
	}
	return audio.LevelDBFS(r.Heard[at(from):at(to)])
}

// simulating: there is one host at a time, and tests may be parallel.
var simulating sync.Mutex

// Run calls a handler. A panic of it is one of the test.
func (c *Caller) Run(t *testing.T, handle func(*Call) error) (report *Report) {
	t.Helper()
	simulating.Lock()
	defer simulating.Unlock()
	synctest.Test(t, func(*testing.T) {
		host := newSimulated(c)
		before := current
		current = host
		defer func() { current = before }()
		call := newCall(host.info())
		err := serve(call, func(call *Call) error {
			defer host.wake()
			return handle(call)
		})
		// What still waits hears of the end, as it would from the host.
		host.end("closed")
		for event, more := host.next(); more; event, more = host.next() {
			if event != nil {
				call.take(event)
			}
		}
		host.settle()
		report = &Report{
			Err: err, End: host.reason, Commands: host.begun, Heard: host.heard, Log: host.lines,
			Recordings: maps.Clone(host.recordings), Remembers: host.remembers(),
			Sent: host.sent, Asked: host.asked, Placed: host.placed, sampleRateHz: host.rateHz,
		}
	})
	return report
}

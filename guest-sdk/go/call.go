package switchhook

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"switchhook/audio"
)

// markPrefix begins marks of this package, which are shown to nobody.
const markPrefix = "switchhook.heard."

// Call is one call. Its methods may be used by several goroutines.
type Call struct {
	// Info is what was known when it began.
	Info Info

	ctx    context.Context
	cancel context.CancelCauseFunc
	turn   chan struct{}

	lock     sync.Mutex
	reason   string
	commands map[uint32]chan error
	marks    map[string]chan bool
	names    int
	low      chan struct{}
	frames   map[*Stream[Frame]]struct{}
	events   map[*Stream[Event]]struct{}
	keys     map[*Stream[rune]]*keyEar
	ears     map[*ear]struct{}
	sockets  map[uint32]*Socket
	requests map[uint32]*coming
	placed   map[uint32]*Placed
}

type ear struct{ hear func(pcm []int16) }

type keyEar struct {
	channel  uint8
	detector *audio.Detector
}

func newCall(info Info) *Call {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Call{
		Info: info, ctx: ctx, cancel: cancel, turn: make(chan struct{}, 1),
		commands: map[uint32]chan error{}, marks: map[string]chan bool{},
		frames: map[*Stream[Frame]]struct{}{}, events: map[*Stream[Event]]struct{}{},
		keys: map[*Stream[rune]]*keyEar{}, ears: map[*ear]struct{}{},
		sockets: map[uint32]*Socket{}, requests: map[uint32]*coming{}, placed: map[uint32]*Placed{},
	}
}

// Context is done when the call is over, with the cause ErrEnded. Everything that waits here waits no longer than it.
func (c *Call) Context() context.Context { return c.ctx }

// SampleRateHz is that of what is heard and of what is said.
func (c *Call) SampleRateHz() int { return int(c.Info.SampleRateHz) }

// State is `pending`, `answered`, `connected` or `ended`.
func (c *Call) State() string { return current.state() }

// EndReason is why the call is over: `terminated`, `closed`, `voice-lost`, ... Empty while it lives.
func (c *Call) EndReason() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.reason
}

// Answer picks up. Like every command it waits for its outcome: a refusal, the carrier's failure, or nil. Deadline 10 s.
func (c *Call) Answer() error { return c.command("answer", "", 0) }

// Connect rings the number that was originally called and bridges it in. 1 to 120 s, and the deadline. ErrUnanswered leaves the
// call as it was.
func (c *Call) Connect(ringTime time.Duration) error {
	return c.command("connect", "", uint32((ringTime+time.Second-1)/time.Second))
}

// Whisper: from then on only the number's subscriber hears this handler.
func (c *Call) Whisper() error { return c.command("whisper", "", 0) }

// Barge: from then on both parties hear this handler.
func (c *Call) Barge() error { return c.command("barge", "", 0) }

// Spy: from then on nobody hears this handler.
func (c *Call) Spy() error { return c.command("spy", "", 0) }

// Disconnect ends the call for everyone.
func (c *Call) Disconnect() error { return c.command("disconnect", "", 0) }

// Close leaves the call: connected parties stay connected, else the call ends. Returning from the handler does the same.
func (c *Call) Close() error { return c.command("close", "", 0) }

// HangUp ends the call for everyone, whatever its state: where Disconnect is no legal command yet, by Close.
func (c *Call) HangUp() error {
	err := c.Disconnect()
	if errors.Is(err, ErrInvalidCommand) && c.State() != "connected" {
		return c.Close()
	}
	return err
}

// Transfer rings another number and bridges it in, where the carrier can.
func (c *Call) Transfer(to string, ringTime time.Duration) error {
	return c.command("transfer", to, uint32((ringTime+time.Second-1)/time.Second))
}

// SendDigits sends keys out of band, where the carrier can.
func (c *Call) SendDigits(digits string) error { return c.command("send-digits", digits, 0) }

func (c *Call) command(name, text string, number uint32) error {
	c.lock.Lock()
	id, err := current.begin(name, text, number)
	if err != nil {
		c.lock.Unlock()
		return err
	}
	done := make(chan error, 1)
	c.commands[id] = done
	c.lock.Unlock()
	return <-done
}

// Audio is what is heard from now on, all channels, until the loop is left or the call ends.
func (c *Call) Audio() iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		frames := c.Frames()
		defer frames.Close()
		for frame := range frames.C {
			if !yield(frame) {
				return
			}
		}
	}
}

// Frames is the same as a channel.
func (c *Call) Frames() *Stream[Frame] {
	frames := open(c, c.frames, struct{}{}, FramesMax)
	frames.lose = loseFrame
	return frames
}

// Events are what nothing else takes: Key, Warning, CallError, Other, and Ended as the last.
func (c *Call) Events() *Stream[Event] { return open(c, c.events, struct{}{}, EventsMax) }

// Keys are those that the caller presses, in band (DTMF tones on channel 0) or signalled: 0 to 9, *, #, A to D. It listens to
// every sample until it is closed.
func (c *Call) Keys() *Stream[rune] { return c.KeysOn(0) }

// KeysOn are those of one party, where the legs of a connected call are heard apart: channel 1 is the caller's, 2 the callee's.
// It listens from now on, also before the legs are there.
func (c *Call) KeysOn(channel uint8) *Stream[rune] {
	return open(c, c.keys, &keyEar{channel, audio.NewDetector(c.SampleRateHz())}, KeysMax)
}

func open[T, V any](c *Call, streams map[*Stream[T]]V, value V, size int) *Stream[T] {
	c.lock.Lock()
	defer c.lock.Unlock()
	var stream *Stream[T]
	stream = newStream[T](size, func() {
		c.lock.Lock()
		defer c.lock.Unlock()
		delete(streams, stream)
	})
	if c.reason == "" {
		streams[stream] = value
	} else {
		close(stream.c)
	}
	return stream
}

// Speech waits until somebody speaks (on channel 0, from now on), about 50 ms after they began.
func (c *Call) Speech(ctx context.Context) error {
	voice, spoken := audio.NewVoice(c.SampleRateHz()), make(chan struct{}, 1)
	listener := &ear{func(pcm []int16) {
		if voice.Hear(pcm) {
			select {
			case spoken <- struct{}{}:
			default:
			}
		}
	}}
	c.lock.Lock()
	c.ears[listener] = struct{}{}
	c.lock.Unlock()
	defer func() {
		c.lock.Lock()
		defer c.lock.Unlock()
		delete(c.ears, listener)
	}()
	select {
	case <-spoken:
		return nil
	case <-ctx.Done():
		return why(ctx)
	case <-c.ctx.Done():
		return ErrEnded
	}
}

// Sleep waits, but no longer than the context and the call.
func (c *Call) Sleep(ctx context.Context, time_ time.Duration) error {
	timer := time.NewTimer(time_)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return why(ctx)
	case <-c.ctx.Done():
		return ErrEnded
	}
}

// take gives an event to whoever waits for it.
func (c *Call) take(event any) {
	c.lock.Lock()
	defer c.lock.Unlock()
	switch event := event.(type) {
	case Frame:
		c.hear(event)
		return
	case outcome:
		if done, ok := c.commands[event.command]; ok {
			delete(c.commands, event.command)
			done <- event.err
		}
		return
	case mark:
		if heard, ok := c.marks[event.name]; ok {
			delete(c.marks, event.name)
			heard <- event.played
		}
		if strings.HasPrefix(event.name, markPrefix) {
			return
		}
	case playoutLow:
		c.wakeLow()
		return
	case Key:
		for keys, ear := range c.keys {
			if ear.channel == 0 || ear.channel == event.Channel {
				keys.push(event.Digit)
			}
		}
	case Ended:
		c.end(event)
		return
	}
	if c.takeSocket(event) || c.takeAnswer(event) || c.takeStep(event) {
		return
	}
	for events := range c.events {
		events.push(event)
	}
}

func (c *Call) hear(frame Frame) {
	for keys, ear := range c.keys {
		if frame.Channel != ear.channel {
			continue
		}
		for _, key := range ear.detector.Hear(frame.PCM) {
			keys.push(key)
		}
	}
	if frame.Channel == 0 {
		for ear := range c.ears {
			ear.hear(frame.PCM)
		}
	}
	for frames := range c.frames {
		frames.push(frame)
	}
}

// end wakes everybody. Outcomes and marks have all come: the host tells them before the end.
func (c *Call) end(ended Ended) {
	c.reason = ended.Reason
	for events := range c.events {
		events.push(ended)
		close(events.c)
	}
	for frames := range c.frames {
		close(frames.c)
	}
	for keys := range c.keys {
		close(keys.c)
	}
	clear(c.events)
	clear(c.frames)
	clear(c.keys)
	for _, done := range c.commands {
		done <- ErrEnded
	}
	clear(c.commands)
	c.wakeLow()
	c.cancel(ErrEnded)
}

func (c *Call) wakeLow() {
	if c.low != nil {
		close(c.low)
		c.low = nil
	}
}

func loseFrame(lost Frame, followers []Frame) {
	for at := range followers {
		if followers[at].Channel == lost.Channel {
			followers[at].LostSamples += lost.LostSamples + uint32(len(lost.PCM))
			return
		}
	}
}

func (c *Call) nextMark() (string, chan bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.names++
	name, heard := fmt.Sprint(markPrefix, c.names), make(chan bool, 1)
	c.marks[name] = heard
	return name, heard
}

func (c *Call) forgetMark(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.marks, name)
}

package switchhook

import (
	"context"
	"errors"
	"time"
)

// Play queues audio at once, all or nothing: ErrFull, ErrNotNow before the answer, ErrEnded.
func (c *Call) Play(pcm []int16) error {
	_, err := current.play(pcm)
	return err
}

// Say says audio of any length and waits until it was heard, or cleared. Utterances take turns. When the context is done
// before that, it falls silent: that is barge-in.
func (c *Call) Say(ctx context.Context, pcm []int16) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return why(ctx)
	case <-c.ctx.Done():
		return ErrEnded
	}
	defer func() { <-c.turn }()
	taken, err := c.queue(ctx, pcm)
	if err == nil {
		err = c.Heard(ctx)
	}
	if err != nil && taken && c.ctx.Err() == nil {
		current.clear()
	}
	return err
}

// Heard waits until everything queued so far was heard, or cleared.
func (c *Call) Heard(ctx context.Context) error {
	name, heard := c.nextMark()
	defer c.forgetMark(name)
	// What is a part of a frame would wait for more otherwise.
	current.flush()
	if err := current.mark(name); err != nil {
		return err
	}
	select {
	case played := <-heard:
		// The end of the call clears too, and is told before its event comes.
		if !played && c.State() == "ended" {
			return ErrEnded
		}
		return nil
	case <-ctx.Done():
		return why(ctx)
	case <-c.ctx.Done():
		return ErrEnded
	}
}

// Clear falls silent: drops what is queued, and stops what the carrier plays. An utterance that speaks is over.
func (c *Call) Clear() Ledger { return current.clear() }

// Position is what became of the audio so far.
func (c *Call) Position() Ledger { return current.position() }

// Ask says a prompt and waits for a key: until the prompt is over, and patience longer. A key silences the prompt, and so does one
// that was pressed before and not read. 0: no key came.
func (c *Call) Ask(prompt []int16, keys *Stream[rune], patience time.Duration) (rune, error) {
	select {
	case key, open := <-keys.C:
		if open {
			return key, nil
		}
	default:
	}
	ctx, silence := context.WithCancel(c.ctx)
	defer silence()
	said := make(chan error, 1)
	go func() {
		err := c.Say(ctx, prompt)
		if err == nil {
			err = c.Sleep(ctx, patience)
		}
		said <- err
	}()
	select {
	case key, open := <-keys.C:
		silence()
		// It is silent when this returns.
		<-said
		if !open {
			return 0, ErrEnded
		}
		return key, nil
	case err := <-said:
		return 0, err
	}
}

// queue queues all of it, at most a second ahead. Whether any of it was taken.
func (c *Call) queue(ctx context.Context, pcm []int16) (taken bool, err error) {
	perMs := (uint64(c.Info.SampleRateHz) + 999) / 1_000
	aheadMax := PlayAheadMs * perMs
	pieceMax, dropped := aheadMax, current.position().Dropped
	for len(pcm) > 0 {
		if ctx.Err() != nil {
			return taken, why(ctx)
		}
		ledger := current.position()
		if c.State() == "ended" {
			return taken, ErrEnded
		}
		// It was told to be silent.
		if ledger.Dropped != dropped {
			return taken, nil
		}
		piece := min(pieceMax, aheadMax-min(aheadMax, ledger.Queued), uint64(len(pcm)))
		if piece == 0 {
			c.waitBelow(ctx, aheadMax/2)
			continue
		}
		_, err := current.play(pcm[:piece])
		switch {
		case err == nil:
			taken, pcm = true, pcm[piece:]
		case errors.Is(err, ErrFull) && ledger.Queued > 0:
			c.waitBelow(ctx, (ledger.Queued+1)/2)
		case errors.Is(err, ErrFull) && pieceMax > pieceMsMin*perMs:
			pieceMax /= 2
		default:
			return taken, err
		}
	}
	return taken, nil
}

// waitBelow waits until fewer than so many samples are queued.
func (c *Call) waitBelow(ctx context.Context, samples uint64) {
	c.lock.Lock()
	low := make(chan struct{})
	c.low = low
	c.lock.Unlock()
	current.notifyBelow(max(1, samples))
	select {
	case <-low:
	case <-ctx.Done():
	case <-c.ctx.Done():
	}
}

// Side is what is recorded: what the handler hears, what it says, both as two channels, or the legs as two channels.
type Side string

// The sides.
const (
	Heard Side = "heard"
	Said  Side = "said"
	Both  Side = "both"
	Legs  Side = "legs"
)

// Record starts a recording by the host and answers its reference, which holds for every call of this plugin. It needs the grant
// `recording`. One at a time; the host leaves a valid file whatever happens.
func (c *Call) Record(side Side) (reference string, err error) { return current.record(side) }

// StopRecording completes it.
func (c *Call) StopRecording() error { return current.stopRecording() }

// PlayRecording queues a recording of this plugin: whole, or ErrFull.
func (c *Call) PlayRecording(reference string) error { return current.playRecording(reference) }

// DeleteRecording removes a recording of this plugin.
func (c *Call) DeleteRecording(reference string) error { return current.deleteRecording(reference) }

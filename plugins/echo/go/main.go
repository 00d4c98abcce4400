// Echo: answers and says back what it hears.
package main

import (
	"errors"

	"switchhook"
)

func init() { switchhook.Handle(echo) }

func main() {}

func echo(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	for frame := range call.Audio() {
		// Single legs come on channels of their own beside the call's: to echo them too would double the voice.
		if frame.Channel != 0 {
			continue
		}
		err := call.Play(frame.PCM)
		switch {
		case err == nil:
		case errors.Is(err, switchhook.ErrFull):
			// The carrier pulls slower than the caller speaks: what does not fit is dropped, and the rest stays in time.
		case errors.Is(err, switchhook.ErrEnded), errors.Is(err, switchhook.ErrNotNow):
			// Commands are refused once the call is over, and the loop ends.
		default:
			return err
		}
	}
	return nil
}

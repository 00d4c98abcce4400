// Falls silent as soon as the caller speaks, and knows what they can have heard by then.
package main

import (
	"context"

	"switchhook"
	"switchhook/audio"
)

func init() { switchhook.Handle(handle) }

func main() {}

func handle(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	question := audio.Tone(440, 0.3, call.SampleRateHz(), 4_000)
	ctx, silence := context.WithCancel(call.Context())
	defer silence()
	go func() {
		if call.Speech(ctx) == nil {
			silence()
		}
	}()
	// An utterance whose context is done falls silent.
	if call.Say(ctx, question) != nil && call.Context().Err() == nil {
		heardMs := call.Position().Heard * 1_000 / uint64(call.SampleRateHz())
		switchhook.Infof("interrupted after %d ms", heardMs)
	}
	<-call.Context().Done()
	switchhook.Infof("the call ended: %s", call.EndReason())
	return nil
}

// Answers, says a tone, and says each key that the caller presses back.
package main

import (
	"switchhook"
	"switchhook/audio"
)

func init() { switchhook.Handle(handle) }

func main() {}

func handle(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	keys := call.Keys()
	defer keys.Close()
	if err := call.Say(call.Context(), audio.Tone(440, 0.3, call.SampleRateHz(), 500)); err != nil {
		return err
	}
	// A caller who hangs up ends this loop.
	for key := range keys.C {
		switchhook.Infof("the caller pressed %c", key)
		if err := call.Say(call.Context(), audio.KeyTone(key, 0.2, call.SampleRateHz(), 200)); err != nil {
			return err
		}
	}
	return nil
}

// A menu: a key cuts the question short; without one it is asked again, three times.
package main

import (
	"time"

	"switchhook"
	"switchhook/audio"
)

func init() { switchhook.Handle(handle) }

func main() {}

func handle(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	question := audio.Tone(440, 0.3, call.SampleRateHz(), 600)
	thanks := audio.Tone(880, 0.3, call.SampleRateHz(), 600)
	// Keys that are pressed before they are asked for are kept.
	keys := call.Keys()
	defer keys.Close()
	for range 3 {
		key, err := call.Ask(question, keys, 4*time.Second)
		if err != nil {
			return err
		}
		switch key {
		case '1', '2':
			switchhook.Infof("the caller chose %c", key)
			if err := call.Say(call.Context(), thanks); err != nil {
				return err
			}
			return call.Close()
		case 0:
			switchhook.Infof("no key came")
		default:
			switchhook.Infof("there is nothing behind %c", key)
		}
	}
	return call.Close()
}

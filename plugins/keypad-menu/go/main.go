// A menu by keys: a person, who may not pick up, or the opening hours.
//
// Keys are heard in band. The operator may set `ring_time_s`, `key_time_ms` and `misses`.
package main

import (
	"context"
	"errors"
	"time"

	"plugins/prompts"
	"switchhook"
	"switchhook/audio"
)

var (
	welcome    = audio.NewPrompt(prompts.MenuWelcome)
	hours      = audio.NewPrompt(prompts.MenuHours)
	invalid    = audio.NewPrompt(prompts.MenuInvalid)
	unanswered = audio.NewPrompt(prompts.MenuUnanswered)
	goodbye    = audio.NewPrompt(prompts.Goodbye)
)

func init() { switchhook.Handle(menu) }

func main() {}

func menu(call *switchhook.Call) error {
	patience := time.Duration(switchhook.ConfigInt("key_time_ms", 4_000)) * time.Millisecond
	missesMax := switchhook.ConfigInt("misses", 3)
	if err := call.Answer(); err != nil {
		return err
	}
	keys := call.Keys()
	defer keys.Close()
	for misses := 0; misses < missesMax; {
		key, err := call.Ask(welcome.At(call.SampleRateHz()), keys, patience)
		if err != nil {
			return err
		}
		switch key {
		case '1':
			return reachAPerson(call)
		case '2':
			misses = 0
			err = say(call, hours)
		case 0:
			misses++
		default:
			misses++
			switchhook.Infof("there is nothing behind the key %c", key)
			err = say(call, invalid)
		}
		if err != nil {
			return err
		}
	}
	return leave(call, goodbye)
}

func reachAPerson(call *switchhook.Call) error {
	ringTime := time.Duration(switchhook.ConfigInt("ring_time_s", 20)) * time.Second
	ctx, silence := context.WithCancel(call.Context())
	go ring(ctx, call)
	err := call.Connect(ringTime)
	silence()
	switch {
	case errors.Is(err, switchhook.ErrUnanswered):
		return leave(call, unanswered)
	case err != nil:
		return err
	}
	// The parties stay connected; this handler is needed no longer.
	return call.Close()
}

// ring is what is heard while it rings elsewhere: until the context is done, which silences it.
func ring(ctx context.Context, call *switchhook.Call) {
	tone := audio.Tone(425, 0.1, call.SampleRateHz(), 1_000)
	for call.Say(ctx, tone) == nil && call.Sleep(ctx, 4*time.Second) == nil {
	}
}

func say(call *switchhook.Call, words *audio.Prompt) error {
	return call.Say(call.Context(), words.At(call.SampleRateHz()))
}

func leave(call *switchhook.Call, words *audio.Prompt) error {
	if err := say(call, words); err != nil {
		return err
	}
	return call.Close()
}

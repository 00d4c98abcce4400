// Voicemail: a greeting that yields to whoever speaks, a message that the host records, and a word about it.
//
// Needs the grant `recording`. The operator may set `message_s_max`, `quiet_ms` and `key_time_ms`.
package main

import (
	"context"
	"errors"
	"time"

	"plugins/prompts"
	"switchhook"
	"switchhook/audio"
)

const (
	// messageMsMin: less than this is no message, but a cough, or the key that ends it.
	messageMsMin = 300
	// offersMax is how often the options are offered.
	offersMax = 3
)

var (
	greeting = audio.NewPrompt(prompts.VoicemailGreeting)
	options  = audio.NewPrompt(prompts.VoicemailOptions)
	deleted  = audio.NewPrompt(prompts.VoicemailDeleted)
	kept     = audio.NewPrompt(prompts.VoicemailKept)
	goodbye  = audio.NewPrompt(prompts.Goodbye)
)

func init() { switchhook.Handle(voicemail) }

func main() {}

func voicemail(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	if err := greet(call); err != nil {
		return err
	}
	keys := call.Keys()
	defer keys.Close()
	reference, err := call.Record(switchhook.Heard)
	if err != nil {
		return err
	}
	// From here on the host leaves a valid file, whatever becomes of the call or of this handler.
	spokenMs := message(call, keys)
	if err := call.StopRecording(); err != nil {
		return err
	}
	if spokenMs < messageMsMin {
		switchhook.Infof("no message")
		if err := call.DeleteRecording(reference); err != nil {
			return err
		}
		return leave(call, goodbye)
	}
	switchhook.Infof("message %s", reference)
	return offer(call, keys, reference)
}

// greet says the greeting and a tone. Whoever speaks into it is leaving a message: it falls silent, and no tone follows.
func greet(call *switchhook.Call) error {
	ctx, silence := context.WithCancel(call.Context())
	defer silence()
	go func() {
		if call.Speech(ctx) == nil {
			silence()
		}
	}()
	err := call.Say(ctx, greeting.At(call.SampleRateHz()))
	if err == nil {
		err = call.Say(ctx, audio.Tone(1_000, 0.3, call.SampleRateHz(), 400))
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// message listens until the hash key, a long silence, the end of the call, or the longest message. How long somebody spoke, ms.
func message(call *switchhook.Call, keys *switchhook.Stream[rune]) int {
	quietMs := switchhook.ConfigInt("quiet_ms", 3_000)
	longest := time.After(time.Duration(switchhook.ConfigInt("message_s_max", 20)) * time.Second)
	voice, frames := audio.NewVoice(call.SampleRateHz()), call.Frames()
	defer frames.Close()
	for {
		select {
		case key := <-keys.C:
			if key == '#' {
				switchhook.Infof("ended by a key")
				return voice.SpokenMs
			}
		case frame, open := <-frames.C:
			if !open {
				switchhook.Infof("ended by the end of the call")
				return voice.SpokenMs
			}
			if frame.Channel == 0 && !voice.Hear(frame.PCM) && voice.QuietMs >= quietMs {
				switchhook.Infof("ended by silence")
				return voice.SpokenMs
			}
		case <-longest:
			switchhook.Infof("ended by its length")
			return voice.SpokenMs
		}
	}
}

// offer lets the caller hear or delete the message.
func offer(call *switchhook.Call, keys *switchhook.Stream[rune], reference string) (err error) {
	patience := time.Duration(switchhook.ConfigInt("key_time_ms", 4_000)) * time.Millisecond
	var pressed rune
	for offers := 0; offers < offersMax || pressed != 0; {
		if pressed == 0 {
			offers++
			pressed, err = call.Ask(options.At(call.SampleRateHz()), keys, patience)
			if err != nil {
				return err
			}
		}
		switch pressed {
		case '1':
			pressed, err = replay(call, keys, reference)
			if err != nil {
				return err
			}
		case '3':
			if err := call.DeleteRecording(reference); err != nil {
				return err
			}
			switchhook.Infof("deleted %s", reference)
			return leave(call, deleted)
		default:
			pressed = 0
		}
	}
	return leave(call, kept)
}

// replay plays the message. A key silences it, and is given back.
func replay(call *switchhook.Call, keys *switchhook.Stream[rune], reference string) (rune, error) {
	switch err := call.PlayRecording(reference); {
	case errors.Is(err, switchhook.ErrFull):
		switchhook.Warnf("the message is longer than what can be played: %v", err)
	case err != nil:
		return 0, err
	}
	ctx, over := context.WithCancel(call.Context())
	defer over()
	heard := make(chan error, 1)
	go func() { heard <- call.Heard(ctx) }()
	select {
	case err := <-heard:
		return 0, err
	case key, open := <-keys.C:
		if !open {
			return 0, switchhook.ErrEnded
		}
		call.Clear()
		return key, nil
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

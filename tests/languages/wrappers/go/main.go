// Uses everything that this SDK has for other hosts, memory, further calls and the audio kit, and logs what came of it, a line
// each: the same lines as the guests in the other languages.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"switchhook"
)

func init() { switchhook.Handle(use) }
func main() {}

const amplitude = 0.2441

func use(call *switchhook.Call) error {
	if err := call.Answer(); err != nil {
		return err
	}
	ctx := call.Context()
	if switchhook.Config("only", "") == "legs" {
		return tell(call)
	}
	parts := []func(context.Context, *switchhook.Call) error{remember, talk, ask, compute, place}
	// Where there is nobody else.
	if switchhook.Config("only", "") == "place" {
		parts = parts[4:]
	}
	for _, part := range parts {
		if err := part(ctx, call); err != nil {
			return err
		}
	}
	return call.Close()
}

// tell tells the legs' keys apart.
func tell(call *switchhook.Call) error {
	if err := call.Connect(20 * time.Second); err != nil {
		return err
	}
	for _, leg := range []uint8{2, 1} {
		keys := call.KeysOn(leg)
		switchhook.Infof("wrap leg %d %c", leg, <-keys.C)
		keys.Close()
	}
	return call.Close()
}

func code(err error) string {
	var failure *switchhook.Failure
	if errors.As(err, &failure) {
		return failure.Code
	}
	return fmt.Sprint(err)
}

func remember(_ context.Context, call *switchhook.Call) error {
	store := call.Store()
	if err := store.Set("k", []byte("v"), time.Minute); err != nil {
		switchhook.Infof("wrap store %s", code(err))
		return nil
	}
	value, _, err := store.Get("k")
	if err != nil {
		return err
	}
	switchhook.Infof("wrap store %s", value)
	first, err := store.CompareAndSet("k", nil, []byte("w"), 0)
	if err != nil {
		return err
	}
	second, err := store.CompareAndSet("k", []byte("v"), []byte("w"), 0)
	if err != nil {
		return err
	}
	if err := store.Delete("k"); err != nil {
		return err
	}
	_, there, err := store.Get("k")
	switchhook.Infof("wrap swapped %t %t %t", first, second, there)
	if err == nil {
		err = store.Set("kept", []byte("for ever"), 0)
	}
	return err
}

func talk(ctx context.Context, call *switchhook.Call) error {
	_, err := call.Dial(ctx, "wss://elsewhere.example/")
	switchhook.Infof("wrap elsewhere %s", code(err))
	_, err = call.Dial(ctx, "wss://gone.example/")
	switchhook.Infof("wrap gone %s", code(err))
	socket, err := call.Dial(ctx, "wss://model.example/v1", switchhook.Field{Name: "x-mode", Value: "voice"})
	if err != nil {
		return err
	}
	ready, err := socket.Next(ctx)
	if err != nil {
		return err
	}
	if err := socket.Send(ctx, switchhook.Text("hello")); err != nil {
		return err
	}
	if err := socket.Send(ctx, switchhook.Bytes([]byte{1, 2, 3})); err != nil {
		return err
	}
	sound, err := socket.Next(ctx)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap socket %s %t %d", ready.Data, sound.Binary, len(sound.Data))
	socket.Close(1000, "thanks")
	closed, err := socket.WhenClosed(ctx)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap closed %d", closed.Code)
	return nil
}

func ask(ctx context.Context, call *switchhook.Call) error {
	answer, err := call.Do(ctx, switchhook.Request{Method: "POST", URL: "https://crm.example/people", Body: []byte("hello")})
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap http %d %s %s", answer.Status, answer.Get("X-Why"), body)
	_, err = call.Do(ctx, switchhook.Request{URL: "https://crm.example/late"})
	switchhook.Infof("wrap late %s", code(err))
	return nil
}

func place(ctx context.Context, call *switchhook.Call) error {
	placed, err := call.Place(switchhook.Config("to", "+15550142"), switchhook.Config("plugin", "survey"))
	if err != nil {
		switchhook.Infof("wrap placed %s", code(err))
		return nil
	}
	if _, err := placed.Answered(ctx); err != nil {
		return err
	}
	reason, err := placed.Ended(ctx)
	switchhook.Infof("wrap placed %s", reason)
	return err
}

func compute(_ context.Context, call *switchhook.Call) error {
	kit, rateHz := call.Kit(), call.SampleRateHz()
	level := func(pcm []int16) int {
		dbfs, _ := kit.LevelDBFS(pcm)
		return int(math.Round(float64(dbfs)))
	}
	tone, err := kit.Tones([]uint32{440}, amplitude, rateHz, time.Second)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap tone %d %d", len(tone), level(tone))
	up, err := kit.Resampler(rateHz, 24_000)
	if err != nil {
		return err
	}
	begin, _ := up.Push(tone)
	rest, err := up.Finish()
	if err != nil {
		return err
	}
	up.Close()
	switchhook.Infof("wrap resampled %d %d", len(begin)+len(rest), level(append(begin, rest...)))
	for _, law := range []switchhook.Law{switchhook.MuLaw, switchhook.ALaw} {
		coded, _ := kit.ToG711(law, tone)
		back, err := kit.FromG711(law, coded)
		if err != nil {
			return err
		}
		switchhook.Infof("wrap law %d %d", len(coded), level(back))
	}
	keys, err := kit.KeyDetector(rateHz)
	if err != nil {
		return err
	}
	said, err := kit.KeyTones("42#", amplitude, rateHz, 80*time.Millisecond)
	if err != nil {
		return err
	}
	heard, err := keys.Hear(said)
	if err != nil {
		return err
	}
	voice, err := kit.VoiceDetector(rateHz)
	if err != nil {
		return err
	}
	speaks, err := voice.Hear(tone)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap heard %s %t %t", heard, speaks, voice.Spoken > 900*time.Millisecond && voice.Quiet == 0)
	file, _ := kit.WriteWAV(rateHz, tone)
	fileHz, read, err := kit.ReadWAV(file)
	if err != nil {
		return err
	}
	switchhook.Infof("wrap wav %d %d", fileHz, len(read))
	_, err = kit.KeyTones("E", amplitude, rateHz, time.Second)
	switchhook.Infof("wrap refused %s", code(err))
	return nil
}

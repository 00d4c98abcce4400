package switchhook

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"switchhook/audio"
)

func noise(samples int) []int16 {
	made, state := make([]int16, samples), uint32(7)
	for at := range made {
		state = state*1_664_525 + 1_013_904_223
		made[at] = int16(state>>16) / 8
	}
	return made
}

func holds(t *testing.T, what string, is bool, seen ...any) {
	t.Helper()
	if !is {
		t.Error(append([]any{what + ":"}, seen...)...)
	}
}

func TestAnEchoIsHeard(t *testing.T) {
	t.Parallel()
	hello := noise(8_000)
	report := new(Caller).Says(hello).Waits(time.Second).HangsUp().Run(t, func(call *Call) error {
		err := call.Answer()
		for frame := range call.Audio() {
			if err := call.Play(frame.PCM); err != nil {
				return err
			}
		}
		return err
	})
	holds(t, "it ends well", report.Err == nil && report.End == "terminated", report.Err, report.End)
	holds(t, "what was said is heard once", len(report.HeardAt(hello)) == 1, report.HeardAt(hello))
	holds(t, "commands", slices.Equal(report.Commands, []string{"answer"}), report.Commands)
}

func TestAKeySilencesAPromptAndAPersonDoesNotPickUp(t *testing.T) {
	prompt, sorry := noise(48_000), audio.Tone(440, 0.3, 16_000, 250)
	asks := func(call *Call) error {
		if err := call.Answer(); err != nil {
			return err
		}
		keys := call.Keys()
		defer keys.Close()
		key, err := call.Ask(prompt, keys, 5*time.Second)
		if err != nil {
			return err
		}
		Infof("pressed %c", key)
		if err := call.Connect(20 * time.Second); !errors.Is(err, ErrUnanswered) {
			return Errorf("UNEXPECTED", "%v", err)
		}
		if err := call.Say(call.Context(), sorry); err != nil {
			return err
		}
		return call.Close()
	}
	report := new(Caller).Waits(500*time.Millisecond).Presses("1").Waits(time.Minute).NobodyAnswers().Run(t, asks)
	holds(t, "it ends well", report.Err == nil && report.End == "closed", report.Err, report.End)
	holds(t, "commands", slices.Equal(report.Commands, []string{"answer", "connect 20", "close"}), report.Commands)
	holds(t, "log", slices.Equal(report.Log, []string{"pressed 1"}), report.Log)
	holds(t, "the prompt fell silent", len(report.HeardAt(prompt)) == 0 && report.HeardDBFS(time.Second, 20*time.Second) == audio.LevelDBFSMin)
	holds(t, "the apology was heard whole, after 20 s of ringing", len(report.HeardAt(sorry)) == 1 && report.HeardAt(sorry)[0] > 20*time.Second)
}

func TestTimePassesForTimersAsForTheLine(t *testing.T) {
	report := new(Caller).Run(t, func(call *Call) error {
		time.Sleep(30 * time.Second)
		if err := call.Answer(); err != nil {
			return err
		}
		ctx, silence := context.WithTimeout(call.Context(), time.Second)
		defer silence()
		if err := call.Say(ctx, noise(160_000)); !errors.Is(err, context.DeadlineExceeded) {
			return Errorf("UNEXPECTED", "%v", err)
		}
		return call.Sleep(call.Context(), time.Hour)
	})
	holds(t, "the caller gave up", report.Err == nil && report.End == "terminated", report.Err, report.End)
	long := time.Duration(len(report.Heard)) * time.Second / 16_000
	holds(t, "after two minutes, of which 30 s rang", long > 89*time.Second && long <= 90*time.Second, long)
	holds(t, "it fell silent after a second", report.HeardDBFS(1_100*time.Millisecond, long) == audio.LevelDBFSMin)
}

func TestAFailureIsTheHandlersAndEverythingElseWakes(t *testing.T) {
	woken := make([]error, 0, 1)
	report := new(Caller).Waits(time.Second).HangsUp().Run(t, func(call *Call) error {
		if err := call.Play(noise(10)); !errors.Is(err, ErrNotNow) {
			return err
		}
		if err := call.Whisper(); !errors.Is(err, ErrNotNow) {
			return err
		}
		go func() { woken = append(woken, call.Sleep(call.Context(), time.Hour)) }()
		return Errorf("MINE", "as the test wants it")
	})
	holds(t, "the failure", errors.Is(report.Err, &Failure{Code: "MINE"}), report.Err)
	holds(t, "what waits hears of the end", len(woken) == 1 && errors.Is(woken[0], ErrEnded), woken)
}

func TestALegsKeysAreItsOwn(t *testing.T) {
	pressed := ""
	caller := new(Caller).Waits(time.Second).Happens(Key{'3', 1}).Happens(Key{'7', 2}).Happens(Frame{Channel: 2, PCM: audio.KeyTone('8', 0.2, 16_000, 100)})
	caller.Happens(Frame{Channel: 2, PCM: make([]int16, 1_600)}).Presses("4").HangsUp().Run(t, func(call *Call) error {
		keys := call.KeysOn(2)
		err := call.Answer()
		for key := range keys.C {
			pressed += string(key)
		}
		return err
	})
	holds(t, "only the callee's", pressed == "78", pressed)
}

func TestWhatNeedsAGrant(t *testing.T) {
	everything := func(call *Call) error {
		codes := func(err error) string {
			if err == nil {
				return "OK"
			}
			return failure(err).Code
		}
		if err := call.Answer(); err != nil {
			return err
		}
		ctx, store := call.Context(), call.Store()
		Infof("remembers %s", codes(store.Set("k", []byte("v"), time.Second)))
		old, there, _ := store.Get("old")
		Infof("old %s %t", old, there)
		_ = call.Sleep(ctx, 2*time.Second)
		_, there, _ = store.Get("k")
		Infof("forgot %t", !there)
		reference, err := call.Record(Heard)
		Infof("records %s", codes(err))
		if err == nil {
			_ = call.Sleep(ctx, 3*time.Second)
			Infof("plays %s %s", codes(call.StopRecording()), codes(call.PlayRecording(reference)))
		}
		socket, err := call.Dial(ctx, "wss://words.example/")
		Infof("dials %s", codes(err))
		if err == nil {
			ready, _ := socket.Next(ctx)
			_ = socket.Send(ctx, Text("hello"))
			echo, _ := socket.Next(ctx)
			Infof("heard %s %s", ready.Data, echo.Data)
			socket.Close(1000, "thanks")
		}
		answer, err := call.Do(ctx, Request{URL: "https://crm.example/"})
		Infof("asks %s", codes(err))
		if err == nil {
			Infof("status %d %s", answer.Status, answer.Get("x-why"))
			_ = answer.Body.Close()
		}
		placed, err := call.Place("+15550142", "survey")
		Infof("places %s", codes(err))
		if err == nil {
			_, err := placed.Answered(ctx)
			Infof("failed %s", codes(err))
		}
		return call.Close()
	}
	refused := new(Caller).Run(t, everything)
	wanted := []string{
		"remembers NOT_GRANTED", "old  false", "forgot true", "records NOT_GRANTED", "dials NOT_GRANTED", "asks NOT_GRANTED",
		"places NOT_GRANTED",
	}
	holds(t, "refused", refused.Err == nil && slices.Equal(refused.Log, wanted), refused.Err, refused.Log)

	caller := &Caller{GrantsRecording: true, Remembers: map[string][]byte{"old": []byte("o")}, GrantsCalls: true}
	caller.Meets("wss://words.example/", func(heard *Message) []Message {
		if heard == nil {
			return []Message{Text("ready")}
		}
		return []Message{*heard}
	})
	caller.AnswersRequest("https://crm.example/", Answer{Status: 404, Header: []Field{{"X-Why", "none"}}})
	caller.PlacedFails(time.Second, ErrUnanswered)
	granted := caller.Run(t, everything)
	wanted = []string{
		"remembers OK", "old o true", "forgot true", "records OK", "plays OK OK", "dials OK", "heard ready hello", "asks OK",
		"status 404 none", "places OK", "failed CALL_UNANSWERED",
	}
	holds(t, "granted", granted.Err == nil && slices.Equal(granted.Log, wanted), granted.Err, granted.Log)
	holds(t, "recorded", granted.Recordings["recording-1"] == 0 && len(granted.Recordings) == 1, granted.Recordings)
	holds(t, "sent", len(granted.Sent) == 1 && string(granted.Sent[0].Data) == "hello", granted.Sent)
	holds(t, "placed", slices.Equal(granted.Placed, []Order{{"+15550142", "survey", false}}), granted.Placed)
	holds(t, "remembers", len(granted.Remembers) == 1, granted.Remembers)
}

func TestTheKitComputes(t *testing.T) {
	report := new(Caller).Run(t, func(call *Call) error {
		kit, sound := call.Kit(), audio.Tone(440, 0.25, 16_000, 1_000)
		up, err := kit.Resampler(16_000, 24_000)
		if err != nil {
			return err
		}
		var higher []int16
		for at := 0; at < len(sound); at += 320 {
			part, err := up.Push(sound[at : at+320])
			if err != nil {
				return err
			}
			higher = append(higher, part...)
		}
		rest, err := up.Finish()
		higher = append(higher, rest...)
		Infof("piece by piece as at once %t %v", slices.Equal(higher, audio.Resample(sound, 16_000, 24_000)), err)
		up.Close()
		for _, law := range []Law{MuLaw, ALaw} {
			coded, _ := kit.ToG711(law, sound)
			back, _ := kit.FromG711(law, coded)
			again, _ := kit.ToG711(law, back)
			difference := make([]int16, len(sound))
			for at := range sound {
				difference[at] = sound[at] - back[at]
			}
			Infof("law %t %t", slices.Equal(coded, again), audio.LevelDBFS(difference) < audio.LevelDBFS(sound)-30)
		}
		keys, _ := kit.KeyDetector(16_000)
		said, _ := kit.KeyTones("42#", 0.2, 16_000, 80*time.Millisecond)
		heard, err := keys.Hear(said)
		Infof("keys %s %v", heard, err)
		file, _ := kit.WriteWAV(16_000, sound)
		rateHz, read, err := kit.ReadWAV(file)
		Infof("wav %d %t %v", rateHz, slices.Equal(read, sound), err)
		level, _ := kit.LevelDBFS(sound)
		Infof("level %d", int(math.Round(float64(level))))
		_, err = kit.Tones([]uint32{440}, 0.2, 48_000, time.Minute)
		Infof("too long %s", failure(err).Code)
		return nil
	})
	wanted := []string{
		"piece by piece as at once true <nil>", "law true true", "law true true", "keys 42# <nil>", "wav 16000 true <nil>",
		"level -15", "too long INVALID",
	}
	holds(t, "the kit", report.Err == nil && slices.Equal(report.Log, wanted), report.Err, report.Log)
}

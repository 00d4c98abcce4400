package main

import (
	"slices"
	"testing"
	"time"

	"switchhook"
	"switchhook/audio"
)

func TestAKeyIsSaidBack(t *testing.T) {
	report := new(switchhook.Caller).HearsOut().Presses("5").Waits(time.Second).HangsUp().Run(t, handle)
	if report.Err != nil || report.End != "terminated" {
		t.Errorf("it ended by %v, %s", report.Err, report.End)
	}
	if !slices.Equal(report.Log, []string{"the caller pressed 5"}) {
		t.Errorf("the log: %q", report.Log)
	}
	if len(report.HeardAt(audio.Tone(440, 0.3, 16_000, 500))) != 1 || len(report.HeardAt(audio.KeyTone('5', 0.2, 16_000, 200))) != 1 {
		t.Error("the caller hears the tone, and the key")
	}
}

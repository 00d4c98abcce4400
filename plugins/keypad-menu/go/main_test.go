package main

import (
	"slices"
	"testing"
	"time"

	"switchhook"
)

const rateHz = 16_000

func TestAPersonPicksUp(t *testing.T) {
	caller := switchhook.Caller{Config: map[string]string{"ring_time_s": "30"}}
	report := caller.HearsOut().Presses("1").Waits(time.Minute).Run(t, menu)
	if report.Err != nil || report.End != "closed" {
		t.Errorf("it ended by %v, %s", report.Err, report.End)
	}
	if !slices.Equal(report.Commands, []string{"answer", "connect 30", "close"}) {
		t.Errorf("the commands: %q", report.Commands)
	}
}

func TestNobodyPicksUp(t *testing.T) {
	report := new(switchhook.Caller).Presses("1").NobodyAnswers().Waits(time.Minute).Run(t, menu)
	if report.Err != nil || report.End != "closed" {
		t.Errorf("it ended by %v, %s", report.Err, report.End)
	}
	if len(report.HeardAt(welcome.At(rateHz))) != 0 || len(report.HeardAt(unanswered.At(rateHz))) != 1 {
		t.Error("the key silences the welcome, and what nobody answers is told")
	}
}

func TestOneWhoPressesNothingHearsItThreeTimes(t *testing.T) {
	report := new(switchhook.Caller).Presses("9").Run(t, menu)
	if len(report.HeardAt(welcome.At(rateHz))) != 2 || len(report.HeardAt(goodbye.At(rateHz))) != 1 {
		t.Errorf("welcome at %v, goodbye at %v", report.HeardAt(welcome.At(rateHz)), report.HeardAt(goodbye.At(rateHz)))
	}
	if !slices.Equal(report.Log, []string{"there is nothing behind the key 9"}) || report.End != "closed" {
		t.Errorf("%q, %s", report.Log, report.End)
	}
}

package audio

import (
	"math/rand/v2"
	"slices"
	"testing"
)

var ratesHz = []int{8_000, 16_000, 24_000}

const allKeys = "123A456B789C*0#D"

// heard is what a fresh detector hears, in frames of 20 ms.
func heard(samples []int16, rateHz int) string {
	detector, found := NewDetector(rateHz), []rune{}
	for frame := range slices.Chunk(samples, rateHz/50) {
		found = append(found, detector.Hear(frame)...)
	}
	return string(found)
}

// dialled is every key, pressed for so long, with a pause behind it, after an odd beginning.
func dialled(rateHz, keyMs, pauseMs, offset int, amplitude float64) []int16 {
	samples := make([]int16, offset)
	for _, key := range allKeys {
		samples = append(samples, KeyTone(key, amplitude, rateHz, keyMs)...)
		samples = append(samples, make([]int16, rateHz*pauseMs/1_000)...)
	}
	return samples
}

func noise(random *rand.Rand, peak, count int) []int16 {
	samples := make([]int16, count)
	for i := range samples {
		samples[i] = int16(random.IntN(2*peak+1) - peak)
	}
	return samples
}

func TestKeysAreHeardAndNothingElse(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, rateHz := range ratesHz {
		for offset := 0; offset < rateHz/100; offset += 7 {
			for _, lengths := range [][3]any{{100, 100, allKeys}, {44, 40, allKeys}, {24, 60, ""}} {
				found := heard(dialled(rateHz, lengths[0].(int), lengths[1].(int), offset, 0.16), rateHz)
				if found != lengths[2] {
					t.Fatalf("%d Hz, from %d, %v: %q", rateHz, offset, lengths, found)
				}
			}
		}
		noisy := dialled(rateHz, 70, 70, 11, 0.16)
		for i, sample := range noise(random, 1_550, len(noisy)) {
			noisy[i] += sample
		}
		if found := heard(noisy, rateHz); found != allKeys {
			t.Errorf("%d Hz, in noise: %q", rateHz, found)
		}
		if found := heard(noise(random, 12_000, rateHz*20), rateHz); found != "" {
			t.Errorf("%d Hz, noise: %q", rateHz, found)
		}
	}
	if found := heard(KeyTone('5', 0.16, 8_000, 3_000), 8_000); found != "5" {
		t.Errorf("held for seconds: %q", found)
	}
	for freqHz := 300.0; freqHz < 3_400; freqHz += 7 {
		if found := heard(Tone(freqHz, 0.3, 8_000, 200), 8_000); found != "" {
			t.Errorf("%v Hz: %q", freqHz, found)
		}
	}
	for off, expected := range map[float64]string{1.015: "6", 0.985: "6", 1.04: "", 0.96: ""} {
		if found := heard(tones([]float64{770 * off, 1_477 * off}, 0.16, 16_000, 100), 16_000); found != expected {
			t.Errorf("off pitch by %v: %q", off, found)
		}
	}
}

func TestRatesAreChanged(t *testing.T) {
	for _, from := range ratesHz {
		for _, to := range ratesHz {
			made, changed := Tone(1_000, 0.5, to, 500), Resample(Tone(1_000, 0.5, from, 500), from, to)
			if len(made) != len(changed) {
				t.Fatalf("from %d to %d Hz: %d samples", from, to, len(changed))
			}
			for i := range made {
				made[i] -= changed[i]
			}
			if level := LevelDBFS(made); level > -39 {
				t.Errorf("from %d to %d Hz: off by %v dBFS", from, to, level)
			}
		}
	}
	if level := LevelDBFS(Resample(Tone(6_000, 0.5, 24_000, 500), 24_000, 8_000)); level > -50 {
		t.Errorf("what 8 kHz cannot hold: %v dBFS", level)
	}
}

func TestSpeechIsToldFromNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for _, rateHz := range ratesHz {
		for frame := 80; frame < 700; frame += 187 {
			voice, spoke := NewVoice(rateHz), false
			hear := func(peak, count int) {
				for samples := range slices.Chunk(noise(random, peak, count), frame) {
					spoke = voice.Hear(samples) || spoke
				}
			}
			hear(100, rateHz)
			if spoke || voice.QuietMs < 980 || voice.SpokenMs != 0 {
				t.Fatalf("%d Hz, quiet: %+v", rateHz, voice)
			}
			hear(3_000, rateHz/20)
			if !spoke || voice.SpokenMs == 0 {
				t.Fatalf("%d Hz, 50 ms of speech in frames of %d: %+v", rateHz, frame, voice)
			}
		}
	}
	if level := LevelDBFS([]int16{0, 0}); level != LevelDBFSMin {
		t.Errorf("silence: %v", level)
	}
}

func TestFilesAreReadAsFarAsTheyGo(t *testing.T) {
	file := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00" +
		"\x80\x3e\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00\x01\x00\xff\xff")
	rateHz, samples, err := ReadWAV(file)
	if rateHz != 8_000 || !slices.Equal(samples, []int16{1, -1}) || err != nil {
		t.Errorf("%v %v %v", rateHz, samples, err)
	}
	if _, samples, err := ReadWAV(file[:len(file)-1]); len(samples) != 1 || err != nil {
		t.Errorf("cut in a sample: %v %v", samples, err)
	}
	for length := range len(file) - 4 {
		if _, _, err := ReadWAV(file[:length]); err == nil {
			t.Errorf("cut at %d", length)
		}
	}
	file[34] = 2
	if _, _, err := ReadWAV(file); err == nil {
		t.Error("two channels")
	}
}

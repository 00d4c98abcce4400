// Package audio is what handlers need to prompt, to listen for keys and for speech. Nothing in it needs a host.
//
// PCM is signed 16-bit, mono.
package audio

import (
	"encoding/binary"
	"errors"
	"math"
)

// fadeMs at both ends: without it a tone begins and ends with a click.
const fadeMs = 4

// Tone is a sine tone with soft ends. The amplitude is a part of full scale, 0 to 1.
func Tone(freqHz, amplitude float64, sampleRateHz, ms int) []int16 {
	return tones([]float64{freqHz}, amplitude, sampleRateHz, ms)
}

func tones(freqsHz []float64, amplitude float64, sampleRateHz, ms int) []int16 {
	samples := make([]int16, sampleRateHz*ms/1_000)
	fade := max(1, min(sampleRateHz*fadeMs/1_000, len(samples)/2))
	peak := max(0, min(1, amplitude)) * math.MaxInt16
	for i := range samples {
		soft := min(float64(min(i, len(samples)-1-i))/float64(fade), 1)
		var sum float64
		for _, freqHz := range freqsHz {
			sum += math.Sin(2 * math.Pi * freqHz * float64(i) / float64(sampleRateHz))
		}
		samples[i] = clamp(sum * soft * peak)
	}
	return samples
}

func clamp(value float64) int16 { return int16(max(math.MinInt16, min(math.MaxInt16, value))) }

const (
	// reach is how many samples of the lower rate one sample of the result is made of, to each side.
	reach = 8
	// phasesMax: filters are kept for so many places between two samples; odd ratios of rates use the nearest.
	phasesMax = 256
)

// Resample gives samples at another rate, by a windowed-sinc filter: the telephone's band stays as it is. It is as long in time, to
// the sample.
func Resample(samples []int16, fromHz, toHz int) []int16 {
	if fromHz == toHz || fromHz <= 0 || toHz <= 0 {
		return append([]int16(nil), samples...)
	}
	phases := min(toHz/gcd(fromHz, toHz), phasesMax)
	cutoff := min(float32(toHz)/float32(fromHz), 1)
	reach := int(math.Ceil(reach / float64(cutoff)))
	filters := make([][]float32, phases)
	for phase := range filters {
		filters[phase] = filter(float32(phase)/float32(phases), cutoff, reach)
	}
	// Beyond both ends is silence.
	around := make([]float32, len(samples)+2*reach)
	for i, sample := range samples {
		around[reach-1+i] = float32(sample)
	}
	result := make([]int16, len(samples)*toHz/fromHz)
	for i := range result {
		at := i * fromHz
		var sum float32
		heard := around[at/toHz:]
		for k, weight := range filters[at%toHz*phases/toHz] {
			sum += weight * heard[k]
		}
		result[i] = clamp(math.Round(float64(sum)))
	}
	return result
}

// filter has the weights of the samples around a place phase behind a sample, which add up to 1.
func filter(phase, cutoff float32, reach int) []float32 {
	weights := make([]float32, 2*reach)
	var sum float32
	for i := range weights {
		distance := float64(float32(i) - float32(reach-1) - phase)
		x := distance * float64(cutoff) * math.Pi
		sinc := 1.0
		if math.Abs(x) > 1e-6 {
			sinc = math.Sin(x) / x
		}
		weights[i] = float32(sinc * (0.5 + 0.5*math.Cos(math.Pi*distance/float64(reach))))
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Prompt is a WAV file that is built in, with //go:embed, at any rate.
type Prompt struct {
	file []byte
	made map[int][]int16
}

// NewPrompt is for a file of 16-bit PCM, mono. It is read when it is needed.
func NewPrompt(file []byte) *Prompt { return &Prompt{file, map[int][]int16{}} }

// At gives its samples at a rate. Each is made once. It panics when the file is no such file.
func (p *Prompt) At(sampleRateHz int) []int16 {
	if p.made[sampleRateHz] == nil {
		own, samples, err := ReadWAV(p.file)
		if err != nil {
			panic(err)
		}
		p.made[sampleRateHz] = Resample(samples, own, sampleRateHz)
	}
	return p.made[sampleRateHz]
}

// ErrWAV is about a file that is no WAV file of 16-bit PCM, mono.
var ErrWAV = errors.New("this is not a WAV file of 16-bit PCM, mono")

// ReadWAV reads a WAV file. A file that is cut is read as far as it goes.
func ReadWAV(file []byte) (sampleRateHz int, samples []int16, err error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return 0, nil, ErrWAV
	}
	for rest := file[12:]; len(rest) >= 8; {
		name, said, body := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:])), rest[8:]
		chunk := body[:min(said, len(body))]
		half := func(at int) uint16 { return binary.LittleEndian.Uint16(chunk[at:]) }
		switch {
		case name == "fmt " && (len(chunk) < 16 || half(0) != 1 || half(2) != 1 || half(14) != 16):
			return 0, nil, ErrWAV
		case name == "fmt ":
			sampleRateHz = int(binary.LittleEndian.Uint32(chunk[4:]))
		case name == "data" && sampleRateHz > 0:
			samples = make([]int16, len(chunk)/2)
			for i := range samples {
				samples[i] = int16(half(2 * i))
			}
			return sampleRateHz, samples, nil
		}
		// Chunks begin at even places.
		rest = body[min(said+said%2, len(body)):]
	}
	return 0, nil, ErrWAV
}

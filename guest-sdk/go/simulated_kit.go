//go:build !wasip1

package switchhook

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"time"

	"switchhook/audio"
)

// The host's audio kit, as a simulated call's handler meets it: computed by package audio, so that samples are nearly, and not
// exactly, those of the host.

const (
	toolsMax      = 8
	kitSamplesMax = 96_000
	tonesMax      = 8
	kitKeys       = "0123456789*#ABCD"
	fullScale     = 32_767
	// lag is what a resampler is behind.
	lag = 60 * time.Millisecond
)

func kitTakes(samples int) error {
	if samples > kitSamplesMax {
		return Errorf(ErrInvalid.Code, "more than %d samples", kitSamplesMax)
	}
	return nil
}

func kitGives(pcm []int16) ([]int16, error) {
	if err := kitTakes(len(pcm)); err != nil {
		return nil, err
	}
	return pcm, nil
}

func (h *simulated) openTool(kind toolKind, rateHz, toHz uint32) (uint32, error) {
	defer h.enter()()
	for _, rate := range []uint32{rateHz, toHz} {
		if (rate < 4_000 || rate > 48_000) && (rate != 0 || kind == resampler) {
			return 0, Errorf(ErrInvalid.Code, "%d Hz is not 4 to 48 kHz", rate)
		}
	}
	if len(h.tools) >= toolsMax {
		return 0, Errorf(ErrFull.Code, "%d tools are open", toolsMax)
	}
	id := h.name()
	switch kind {
	case resampler:
		h.tools[id] = newStretcher(int(rateHz), int(toHz))
	case keyDetector:
		h.tools[id] = audio.NewDetector(int(rateHz))
	default:
		h.tools[id] = audio.NewVoice(int(rateHz))
	}
	return id, nil
}

func (h *simulated) closeTool(id uint32) {
	defer h.enter()()
	delete(h.tools, id)
}

// toolOf is an open tool that takes so many samples.
func toolOf[T any](h *simulated, id uint32, samples int) (T, error) {
	found, ok := h.tools[id].(T)
	if !ok {
		return found, Errorf(ErrInvalid.Code, "no such tool is open: %d", id)
	}
	return found, kitTakes(samples)
}

// stretcher resamples a stream.
type stretcher struct {
	fromHz, toHz int
	// heard is what is still needed, and given how many of the samples made of it were given.
	heard []int16
	given int
}

func newStretcher(fromHz, toHz int) *stretcher { return &stretcher{fromHz: fromHz, toHz: toHz} }

func (s *stretcher) take(pcm []int16, behind int) []int16 {
	s.heard = append(s.heard, pcm...)
	made := audio.Resample(s.heard, s.fromHz, s.toHz)
	certain := made[s.given:max(s.given, len(made)-behind)]
	s.given += len(certain)
	// What is cut off are whole numbers of samples at both rates, and what is around the next sample stays.
	of := func(rateHz int) int { return int(lag * time.Duration(rateHz) / time.Second) }
	unit := s.toHz / divisor(s.fromHz, s.toHz)
	if units := (s.given - of(s.toHz)) / unit; units > 0 {
		s.heard = s.heard[units*s.fromHz/divisor(s.fromHz, s.toHz):]
		s.given -= units * unit
	}
	return certain
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (h *simulated) resample(id uint32, pcm []int16) ([]int16, error) {
	defer h.enter()()
	tool, err := toolOf[*stretcher](h, id, len(pcm))
	if err != nil {
		return nil, err
	}
	return kitGives(tool.take(pcm, int(lag*time.Duration(tool.toHz)/time.Second)))
}

func (h *simulated) finishResampling(id uint32) ([]int16, error) {
	defer h.enter()()
	tool, err := toolOf[*stretcher](h, id, 0)
	if err != nil {
		return nil, err
	}
	rest := tool.take(nil, 0)
	*tool = *newStretcher(tool.fromHz, tool.toHz)
	return kitGives(rest)
}

func (h *simulated) hearKeys(id uint32, pcm []int16) (string, error) {
	defer h.enter()()
	tool, err := toolOf[*audio.Detector](h, id, len(pcm))
	if err != nil {
		return "", err
	}
	return string(tool.Hear(pcm)), nil
}

func (h *simulated) hearVoice(id uint32, pcm []int16) (speaks bool, spokenMs, quietMs uint32, err error) {
	defer h.enter()()
	tool, err := toolOf[*audio.Voice](h, id, len(pcm))
	if err != nil {
		return false, 0, 0, err
	}
	return tool.Hear(pcm), uint32(tool.SpokenMs), uint32(tool.QuietMs), nil
}

func (h *simulated) level(pcm []int16) (float32, error) {
	return float32(audio.LevelDBFS(pcm)), kitTakes(len(pcm))
}

func (h *simulated) tones(freqsHz []uint32, peak, ms, rateHz uint32) ([]int16, error) {
	if len(freqsHz) > tonesMax {
		return nil, Errorf(ErrInvalid.Code, "more than %d tones", tonesMax)
	}
	sum := make([]int16, int(rateHz)*int(ms)/1_000)
	for _, freqHz := range freqsHz {
		for at, sample := range audio.Tone(float64(freqHz), float64(peak)/fullScale, int(rateHz), int(ms)) {
			sum[at] = int16(max(-fullScale-1, min(fullScale, int(sum[at])+int(sample))))
		}
	}
	return kitGives(sum)
}

func (h *simulated) keyTones(keys string, peak, ms, rateHz uint32) (made []int16, err error) {
	for _, key := range strings.ToUpper(keys) {
		if !strings.ContainsRune(kitKeys, key) {
			return nil, Errorf(ErrInvalid.Code, "%c is no key", key)
		}
		tone := audio.KeyTone(key, float64(peak)/fullScale, int(rateHz), int(ms))
		made = append(append(made, tone...), make([]int16, len(tone))...)
	}
	return kitGives(made)
}

func (h *simulated) toG711(law uint32, pcm []int16) ([]byte, error) {
	coded := make([]byte, len(pcm))
	for at, sample := range pcm {
		if Law(law) == MuLaw {
			coded[at] = toMu(int(sample))
		} else {
			coded[at] = toA(int(sample))
		}
	}
	return coded, kitTakes(len(pcm))
}

func (h *simulated) fromG711(law uint32, coded []byte) ([]int16, error) {
	pcm := make([]int16, len(coded))
	for at, code := range coded {
		if Law(law) == MuLaw {
			pcm[at] = fromMu(code)
		} else {
			pcm[at] = fromA(code)
		}
	}
	return kitGives(pcm)
}

// signed is a sample's sign bit, and its size as G.711 has it.
func signed(sample int, bit byte) (byte, int) {
	if sample < 0 {
		return bit, ^sample
	}
	return 0, sample
}

// toMu: a sign, a segment of three bits and a step of four, inverted.
func toMu(sample int) byte {
	sign, size := signed(sample, 0x80)
	level := uint(min(size+0x84, 0x7fff))
	segment := bits.Len(level) - 8
	return ^(sign | byte(segment<<4) | byte(level>>(segment+3)&0x0f))
}

func fromMu(code byte) int16 {
	code = ^code
	level := ((int16(code&0x0f) << 3) + 0x84) << (code >> 4 & 7)
	if code&0x80 != 0 {
		return 0x84 - level
	}
	return level - 0x84
}

// toA: the same, with every other bit inverted.
func toA(sample int) byte {
	sign, size := signed(sample, 0x80)
	level := uint(size) >> 3
	segment := bits.Len(level|31) - 5
	return (sign | byte(segment<<4) | byte(level>>max(1, segment)&0x0f)) ^ 0xd5
}

func fromA(code byte) int16 {
	code ^= 0xd5
	segment, level := code>>4&7, (int16(code&0x0f)<<4)+8
	if segment > 0 {
		level = (level + 0x100) << (segment - 1)
	}
	if code&0x80 != 0 {
		return -level
	}
	return level
}

func (h *simulated) readWAV(file []byte) (uint32, []int16, error) {
	rateHz, pcm, err := audio.ReadWAV(file)
	if err != nil {
		return 0, nil, Errorf(ErrInvalid.Code, "%v", err)
	}
	pcm, err = kitGives(pcm)
	return uint32(rateHz), pcm, err
}

func (h *simulated) writeWAV(rateHz uint32, pcm []int16) ([]byte, error) {
	file := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(36+2*len(pcm)))...)
	file = append(file, "WAVEfmt "...)
	for _, number := range []uint32{16, 1 | 1<<16, rateHz, 2 * rateHz, 2 | 16<<16} {
		file = binary.LittleEndian.AppendUint32(file, number)
	}
	file = binary.LittleEndian.AppendUint32(append(file, "data"...), uint32(2*len(pcm)))
	for _, sample := range pcm {
		file = binary.LittleEndian.AppendUint16(file, uint16(sample))
	}
	return file, kitTakes(len(pcm))
}

package audio

import "math"

// The keys that a caller presses, heard in band: each key is the sum of two tones (ITU-T Q.23).
//
// The audio is cut into blocks of 10 ms, in which one Goertzel filter a tone runs, and judged in windows of two blocks, so that
// each block is filtered once. A key is a window that holds two tones of the eight and hardly anything else, both at their
// pitch, which the turn of the phase from block to block tells. It counts when two windows in a row agree, which a key of 40 ms
// always has, and ends when four in a row are without it.

var (
	tonesHz = [8]float64{697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633}
	keys    = [4]string{"123A", "456B", "789C", "*0#D"}
)

const (
	blocksPerS = 100
	// windowsDown in a row make a key, windowsUp in a row without it its end. A gap of 10 ms spoils three.
	windowsDown, windowsUp = 2, 4
	// shareMin is the part of a window's energy that the two tones must hold. A pair that is 1.5 % off pitch holds 0.87.
	shareMin = 0.84
	// offPitchMax is how far off pitch a tone may be, as a part of its pitch: 1.5 % must pass, 3.5 % must not.
	offPitchMax = 0.025
	// twistMax is how much stronger one of the two may be than the other, as a ratio of energies: 8 dB.
	twistMax = 6.3
	// leadMin is how much stronger each of the two is than the next tone of its group, as a ratio of energies: 6 dB.
	leadMin = 4
	// energyMin of a sample, in the mean, below which there is no key: -42 dB below full scale.
	energyMin = 32_767 * 32_767 * 6.3e-5
)

// KeyTone is the sound of a key, or silence for what is none. The amplitude is that of each of its two tones.
func KeyTone(key rune, amplitude float64, sampleRateHz, ms int) []int16 {
	if key >= 'a' && key <= 'd' {
		key += 'A' - 'a'
	}
	for row, inRow := range keys {
		for column, known := range inRow {
			if known == key {
				return tones([]float64{tonesHz[row], tonesHz[4+column]}, amplitude, sampleRateHz, ms)
			}
		}
	}
	return tones(nil, amplitude, sampleRateHz, ms)
}

// Detector hears keys in audio, at any rate from 4 kHz on.
type Detector struct {
	block, inBlock       int
	filters              [8]goertzel
	energy, energyBefore float32
	candidate, down      rune
	agree, without       int
}

type goertzel struct {
	coefficient, s1, s2 float32
	turn, blockTurn     complex64
	last                complex64
}

// NewDetector listens to audio of this rate.
func NewDetector(sampleRateHz int) *Detector {
	d := &Detector{block: max(1, sampleRateHz/blocksPerS)}
	for at := range d.filters {
		cycles := tonesHz[at] / float64(max(1, sampleRateHz))
		turn := func(cycles float64) complex64 {
			sin, cos := math.Sincos(2 * math.Pi * cycles)
			return complex(float32(cos), float32(sin))
		}
		d.filters[at] = goertzel{turn: turn(cycles), blockTurn: turn(cycles * float64(d.block))}
		d.filters[at].coefficient = 2 * real(d.filters[at].turn)
	}
	return d
}

// Hear hears a frame. The keys that are known to be down now: 30 to 50 ms after they were pressed.
func (d *Detector) Hear(samples []int16) (pressed []rune) {
	for len(samples) > 0 {
		piece := samples[:min(len(samples), d.block-d.inBlock)]
		samples = samples[len(piece):]
		for _, sample := range piece {
			d.energy += float32(sample) * float32(sample)
		}
		for at := range d.filters {
			filter := &d.filters[at]
			coefficient, s1, s2 := filter.coefficient, filter.s1, filter.s2
			for _, sample := range piece {
				s1, s2 = float32(sample)+coefficient*s1-s2, s1
			}
			filter.s1, filter.s2 = s1, s2
		}
		if d.inBlock += len(piece); d.inBlock == d.block {
			d.inBlock = 0
			if key := d.endBlock(); key != 0 {
				pressed = append(pressed, key)
			}
		}
	}
	return pressed
}

// pair is one tone in a window: the former block turned by one block, and the latter. Alike when the tone is at its pitch.
type pair struct{ a, b complex64 }

func square(z complex64) float32 { return real(z)*real(z) + imag(z)*imag(z) }

func (p pair) energy() float32 { return square(p.a + p.b) }

// energyNearby is its energy when it may be a little off pitch.
func (p pair) energyNearby() float32 {
	sum := math.Sqrt(float64(square(p.a))) + math.Sqrt(float64(square(p.b)))
	return float32(sum * sum)
}

func (p pair) atPitch(freqHz float64) bool {
	turned := p.b * complex(real(p.a), -imag(p.a))
	angle := math.Atan2(float64(imag(turned)), float64(real(turned)))
	return math.Abs(angle/(2*math.Pi)*blocksPerS/freqHz) < offPitchMax
}

// endBlock is the key that was just found to be down, or 0.
func (d *Detector) endBlock() rune {
	var tones [8]pair
	for at := range d.filters {
		filter := &d.filters[at]
		// As seen from the block's last sample; the block before is turned by one block to be seen from there too.
		tones[at].a = filter.last * filter.blockTurn
		tones[at].b = complex(filter.s1-real(filter.turn)*filter.s2, imag(filter.turn)*filter.s2)
		filter.last, filter.s1, filter.s2 = tones[at].b, 0, 0
	}
	found := keyIn(&tones, d.energy+d.energyBefore, 2*d.block)
	d.energyBefore, d.energy = d.energy, 0
	if found != 0 && found == d.candidate {
		d.agree++
	} else {
		d.agree = 1
	}
	d.candidate = found
	if found == d.down {
		d.without = 0
	} else {
		d.without++
	}
	if found != 0 && found != d.down && d.agree >= windowsDown {
		d.down = found
		return found
	}
	if d.without >= windowsUp {
		d.down = 0
	}
	return 0
}

// keyIn is the key that a window of so many samples holds, by its tones and by the energy of all of it.
func keyIn(tones *[8]pair, energy float32, count int) rune {
	if energy < energyMin*float32(count) {
		return 0
	}
	row, column := leader(tones[:4]), leader(tones[4:])
	if row < 0 || column < 0 {
		return 0
	}
	low, high := tones[row].energyNearby(), tones[4+column].energyNearby()
	// A pure tone of energy E in N samples shows as E * N / 2.
	share := (low + high) * 2 / (energy * float32(count))
	even := low < high*twistMax && high < low*twistMax
	if share < shareMin || !even || !tones[row].atPitch(tonesHz[row]) || !tones[4+column].atPitch(tonesHz[4+column]) {
		return 0
	}
	return rune(keys[row][column])
}

// leader is the place of the tone that leads its group, or -1.
func leader(group []pair) int {
	first := 0
	for at := range group {
		if group[at].energy() > group[first].energy() {
			first = at
		}
	}
	for at := range group {
		if at != first && group[first].energy() < group[at].energy()*leadMin {
			return -1
		}
	}
	return first
}

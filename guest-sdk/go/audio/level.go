package audio

import "math"

const (
	// LevelDBFSMin is what silence measures. Nothing is quieter.
	LevelDBFSMin = -96.0

	// partMs of audio are judged at once.
	partMs = 10
	// loudParts in a row, or nearly, make speech.
	loudParts = 4
	// speechDBFSMin: what is quieter is never taken for speech.
	speechDBFSMin = -42.0
	// aboveNoiseDB: speech is louder than the noise behind it by this.
	aboveNoiseDB = 12.0
	// noiseDBFSMax: the noise behind is no louder than this. Steady speech must not pass for noise.
	noiseDBFSMax = -40.0
)

// LevelDBFS is how loud it is, in dB below full scale: a full-scale sine is about -3.
func LevelDBFS(samples []int16) float64 { return level(energy(samples), len(samples)) }

func energy(samples []int16) (sum int64) {
	for _, sample := range samples {
		sum += int64(sample) * int64(sample)
	}
	return sum
}

func level(energy int64, count int) float64 {
	if energy == 0 {
		return LevelDBFSMin
	}
	fullScale := float64(math.MaxInt16) * math.MaxInt16
	return max(LevelDBFSMin, 10*math.Log10(float64(energy)/float64(count)/fullScale))
}

// Voice tells speech from the noise behind it by its loudness, which is enough for barge-in and for the end of a message. Keys,
// music and coughs are speech to it. It knows 40 to 50 ms after the first loud sample.
type Voice struct {
	part, inPart int
	energy       int64
	noiseDBFS    float64
	loud         int
	// SpokenMs is for how long somebody has spoken in all, QuietMs for how long nobody has, ms of audio.
	SpokenMs, QuietMs int
}

// NewVoice listens to audio of this rate.
func NewVoice(sampleRateHz int) *Voice {
	return &Voice{part: max(1, sampleRateHz*partMs/1_000), noiseDBFS: -60}
}

// Speaks is whether somebody speaks.
func (v *Voice) Speaks() bool { return v.loud >= loudParts }

// Hear hears a frame. Whether somebody speaks at its end.
func (v *Voice) Hear(samples []int16) bool {
	for len(samples) > 0 {
		piece := samples[:min(len(samples), v.part-v.inPart)]
		samples = samples[len(piece):]
		v.energy += energy(piece)
		if v.inPart += len(piece); v.inPart == v.part {
			v.judge(level(v.energy, v.part))
			v.inPart, v.energy = 0, 0
		}
	}
	return v.Speaks()
}

func (v *Voice) judge(levelDBFS float64) {
	loud := levelDBFS > max(speechDBFSMin, v.noiseDBFS+aboveNoiseDB)
	// Down at once, up slowly: a voice pauses, noise does not.
	rise := 3.0
	if levelDBFS > v.noiseDBFS {
		rise = 0.05
	}
	v.noiseDBFS = min(noiseDBFSMax, max(v.noiseDBFS-rise, min(v.noiseDBFS+rise, levelDBFS)))
	if loud {
		v.loud = min(v.loud+1, 2*loudParts)
	} else {
		v.loud = max(v.loud-1, 0)
	}
	if v.Speaks() {
		v.SpokenMs += partMs
		v.QuietMs = 0
	} else {
		v.QuietMs += partMs
	}
}

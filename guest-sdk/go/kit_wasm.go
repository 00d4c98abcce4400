//go:build wasip1

package switchhook

import (
	"math"
	"runtime"
	"unsafe"
)

func samplesAt(at unsafe.Pointer, offset uintptr) []int16 {
	bytes, count := list(at, offset)
	return append([]int16{}, unsafe.Slice((*int16)(bytes), count/2)...)
}

// lendPCM lends samples as their bytes.
func lendPCM(pcm []int16) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(pcm)), uint32(len(pcm) * 2)
}

// samples asks for audio.
func (h *component) samples(call func(into unsafe.Pointer)) (pcm []int16, err error) {
	err = h.result(call, 4, func(at unsafe.Pointer) { pcm = samplesAt(at, 0) })
	return pcm, err
}

func (h *component) openTool(kind toolKind, rateHz, toHz uint32) (id uint32, err error) {
	call := func(into unsafe.Pointer) {
		switch kind {
		case resampler:
			kitOpenResampler(rateHz, toHz, into)
		case keyDetector:
			kitOpenKeyDetector(rateHz, into)
		default:
			kitOpenVoiceDetector(rateHz, into)
		}
	}
	err = h.result(call, 4, idAt(&id))
	return id, err
}

func (h *component) closeTool(id uint32) { kitClose(id) }

func (h *component) resample(id uint32, pcm []int16) ([]int16, error) {
	bytes, size := lendPCM(pcm)
	made, err := h.samples(func(into unsafe.Pointer) { kitResample(id, bytes, size, into) })
	runtime.KeepAlive(pcm)
	return made, err
}

func (h *component) finishResampling(id uint32) ([]int16, error) {
	return h.samples(func(into unsafe.Pointer) { kitFinishResampling(id, into) })
}

func (h *component) hearKeys(id uint32, pcm []int16) (keys string, err error) {
	bytes, size := lendPCM(pcm)
	call := func(into unsafe.Pointer) { kitHearKeys(id, bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { keys = textAt(at, 0) })
	runtime.KeepAlive(pcm)
	return keys, err
}

func (h *component) hearVoice(id uint32, pcm []int16) (speaks bool, spokenMs, quietMs uint32, err error) {
	bytes, size := lendPCM(pcm)
	call := func(into unsafe.Pointer) { kitHearVoice(id, bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) {
		speaks, spokenMs, quietMs = byteAt(at, 0) != 0, uint32At(at, 4), uint32At(at, 8)
	})
	runtime.KeepAlive(pcm)
	return speaks, spokenMs, quietMs, err
}

func (h *component) level(pcm []int16) (dbfs float32, err error) {
	bytes, size := lendPCM(pcm)
	call := func(into unsafe.Pointer) { kitLevelDbfs(bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { dbfs = math.Float32frombits(uint32At(at, 0)) })
	runtime.KeepAlive(pcm)
	return dbfs, err
}

func (h *component) tones(freqsHz []uint32, peak, ms, rateHz uint32) ([]int16, error) {
	freqs, count := lendBytes(freqsHz)
	made, err := h.samples(func(into unsafe.Pointer) { kitTones(freqs, count, peak, ms, rateHz, into) })
	runtime.KeepAlive(freqsHz)
	return made, err
}

func (h *component) keyTones(keys string, peak, ms, rateHz uint32) ([]int16, error) {
	bytes, size := lend(keys)
	made, err := h.samples(func(into unsafe.Pointer) { kitKeyTones(bytes, size, peak, ms, rateHz, into) })
	runtime.KeepAlive(keys)
	return made, err
}

func (h *component) toG711(law uint32, pcm []int16) (coded []byte, err error) {
	bytes, size := lendPCM(pcm)
	call := func(into unsafe.Pointer) { kitToG711(law, bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { coded = bytesAt(at, 0) })
	runtime.KeepAlive(pcm)
	return coded, err
}

func (h *component) fromG711(law uint32, coded []byte) ([]int16, error) {
	bytes, size := lendBytes(coded)
	made, err := h.samples(func(into unsafe.Pointer) { kitFromG711(law, bytes, size, into) })
	runtime.KeepAlive(coded)
	return made, err
}

func (h *component) readWAV(file []byte) (rateHz uint32, pcm []int16, err error) {
	bytes, size := lendBytes(file)
	call := func(into unsafe.Pointer) { kitReadWav(bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { rateHz, pcm = uint32At(at, 0), samplesAt(at, 4) })
	runtime.KeepAlive(file)
	return rateHz, pcm, err
}

func (h *component) writeWAV(rateHz uint32, pcm []int16) (file []byte, err error) {
	bytes, size := lendPCM(pcm)
	call := func(into unsafe.Pointer) { kitWriteWav(rateHz, bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) { file = bytesAt(at, 0) })
	runtime.KeepAlive(pcm)
	return file, err
}

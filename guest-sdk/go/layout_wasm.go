//go:build wasip1

package switchhook

import (
	"strings"
	"unsafe"
)

// Reading what the host wrote: each function reads one type of the contract at its address, and copies what it points to.

func byteAt(at unsafe.Pointer, offset uintptr) byte { return *(*byte)(unsafe.Add(at, offset)) }

func uint32At(at unsafe.Pointer, offset uintptr) uint32 { return *(*uint32)(unsafe.Add(at, offset)) }

func uint64At(at unsafe.Pointer, offset uintptr) uint64 { return *(*uint64)(unsafe.Add(at, offset)) }

// list is where a list is, and how many there are in it.
func list(at unsafe.Pointer, offset uintptr) (unsafe.Pointer, int) {
	address, count := uint32At(at, offset), uint32At(at, offset+4)
	// All that the host writes is in the arena.
	inside := unsafe.Add(unsafe.Pointer(&arena), uintptr(address)-uintptr(unsafe.Pointer(&arena)))
	return inside, int(count)
}

func textAt(at unsafe.Pointer, offset uintptr) string {
	bytes, count := list(at, offset)
	if count == 0 {
		return ""
	}
	return strings.Clone(unsafe.String((*byte)(bytes), count))
}

func lend(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

func failureAt(at unsafe.Pointer) *Failure { return &Failure{textAt(at, 0), textAt(at, 8)} }

func ledgerAt(at unsafe.Pointer) Ledger {
	return Ledger{uint64At(at, 0), uint64At(at, 8), uint64At(at, 16), uint64At(at, 24), byteAt(at, 32) != 0}
}

func fieldsAt(at unsafe.Pointer, offset uintptr) []Field {
	first, count := list(at, offset)
	fields := make([]Field, count)
	for i := range fields {
		field := unsafe.Add(first, 16*i)
		fields[i] = Field{textAt(field, 0), textAt(field, 8)}
	}
	return fields
}

func infoAt(at unsafe.Pointer) Info {
	channels, count := list(at, 48)
	return Info{
		ID: textAt(at, 0), Tenant: textAt(at, 8), Carrier: textAt(at, 16), Caller: textAt(at, 24), Callee: textAt(at, 32),
		Outbound: byteAt(at, 40) != 0, Resumed: byteAt(at, 41) != 0, SampleRateHz: uint32At(at, 44),
		Channels: append([]byte(nil), unsafe.Slice((*byte)(channels), count)...),
		Fields:   fieldsAt(at, 56),
	}
}

func frameAt(at unsafe.Pointer) Frame {
	bytes, count := list(at, 20)
	pcm := make([]int16, count/2)
	copy(pcm, unsafe.Slice((*int16)(bytes), count/2))
	return Frame{byteAt(at, 0), uint64At(at, 8), uint32At(at, 16), pcm}
}

// eventAt reads an event: its place among the cases of the contract, then what it carries, at 8.
func eventAt(at unsafe.Pointer) any {
	value := unsafe.Add(at, 8)
	switch byteAt(at, 0) {
	case 0:
		return frameAt(value)
	case 1:
		done := outcome{command: uint32At(value, 0)}
		if byteAt(value, 12) != 0 {
			done.err = failureAt(unsafe.Add(value, 16))
		}
		return done
	case 2:
		return mark{textAt(value, 0), byteAt(value, 8) != 0}
	case 3:
		digit := '?'
		for _, digit = range textAt(value, 0) {
			break
		}
		return Key{digit, byteAt(value, 8)}
	case 4:
		return playoutLow{}
	case 14:
		return Warning{failureAt(value)}
	case 15:
		return CallError{failureAt(value)}
	case 16:
		return Ended{textAt(value, 0)}
	case 17:
		return Other{textAt(value, 0), textAt(value, 8)}
	}
	return serviceAt(byteAt(at, 0), value)
}

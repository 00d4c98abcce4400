//go:build wasip1

package switchhook

import (
	"runtime"
	"time"
	"unsafe"
)

// Other hosts, a memory, and further calls: what needs a grant.

func lendBytes[T any](values []T) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(values)), uint32(len(values))
}

func bytesAt(at unsafe.Pointer, offset uintptr) []byte {
	bytes, count := list(at, offset)
	return append([]byte{}, unsafe.Slice((*byte)(bytes), count)...)
}

// lives is a time to live as the contract has it: rounded up, so that what lives at all lives for a second.
func lives(ttl time.Duration) (uint32, uint32) {
	if ttl <= 0 {
		return 0, 0
	}
	return 1, uint32(min((ttl+time.Second-1)/time.Second, 1<<32-1))
}

func (h *component) get(key string) (value []byte, ok bool, err error) {
	bytes, size := lend(key)
	call := func(into unsafe.Pointer) { keyValueGet(bytes, size, into) }
	err = h.result(call, 4, func(at unsafe.Pointer) {
		if ok = byteAt(at, 0) != 0; ok {
			value = bytesAt(at, 4)
		}
	})
	runtime.KeepAlive(key)
	return value, ok, err
}

func (h *component) set(key string, value []byte, ttl time.Duration) error {
	bytes, size := lend(key)
	data, count := lendBytes(value)
	some, seconds := lives(ttl)
	err := h.result(func(into unsafe.Pointer) { keyValueSet(bytes, size, data, count, some, seconds, into) }, 4, nil)
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	return err
}

func (h *component) forget(key string) error { return h.named(keyValueDelete, key) }

func (h *component) compareAndSet(key string, expected, value []byte, ttl time.Duration) (done bool, err error) {
	bytes, size := lend(key)
	old, oldCount := lendBytes(expected)
	data, count := lendBytes(value)
	some, seconds := lives(ttl)
	is := uint32(0)
	if expected != nil {
		is = 1
	}
	call := func(into unsafe.Pointer) {
		keyValueCompareAndSet(bytes, size, is, old, oldCount, data, count, some, seconds, into)
	}
	err = h.result(call, 4, func(at unsafe.Pointer) { done = byteAt(at, 0) != 0 })
	runtime.KeepAlive(key)
	runtime.KeepAlive(expected)
	runtime.KeepAlive(value)
	return done, err
}

// wireField is a field as the canonical ABI has it: addresses have 32 bits there, and 64 in Go.
type wireField struct{ name, nameBytes, value, valueBytes uint32 }

// wireFields makes fields ready, and the memory that they point to, which is to be kept alive. It lies on the heap, where nothing
// moves, since its size is not known before.
func wireFields(fields []Field) (wire []wireField, texts []byte) {
	size := 0
	for _, field := range fields {
		size += len(field.Name) + len(field.Value)
	}
	wire, texts = make([]wireField, len(fields)), make([]byte, 0, size)
	put := func(text string) (uint32, uint32) {
		from := len(texts)
		texts = append(texts, text...)
		return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(texts)))) + uint32(from), uint32(len(text))
	}
	for i, field := range fields {
		wire[i].name, wire[i].nameBytes = put(field.Name)
		wire[i].value, wire[i].valueBytes = put(field.Value)
	}
	return wire, texts
}

func idAt(id *uint32) func(at unsafe.Pointer) {
	return func(at unsafe.Pointer) { *id = uint32At(at, 0) }
}

func (h *component) openSocket(url string, headers []Field) (id uint32, err error) {
	bytes, size := lend(url)
	wire, texts := wireFields(headers)
	fields, count := lendBytes(wire)
	err = h.result(func(into unsafe.Pointer) { websocketOpen(bytes, size, fields, count, into) }, 4, idAt(&id))
	runtime.KeepAlive(url)
	runtime.KeepAlive(texts)
	runtime.KeepAlive(wire)
	return id, err
}

func (h *component) sendSocket(id uint32, binary bool, data []byte) error {
	bytes, size := lendBytes(data)
	kind := uint32(0)
	if binary {
		kind = 1
	}
	err := h.result(func(into unsafe.Pointer) { websocketSend(id, kind, bytes, size, into) }, 4, nil)
	runtime.KeepAlive(data)
	return err
}

func (h *component) closeSocket(id uint32, code uint16, reason string) {
	bytes, size := lend(reason)
	websocketClose(id, uint32(code), bytes, size)
	runtime.KeepAlive(reason)
}

func (h *component) request(request Request) (id uint32, err error) {
	method, methodBytes := lend(request.Method)
	url, urlBytes := lend(request.URL)
	wire, texts := wireFields(request.Header)
	fields, count := lendBytes(wire)
	body, bodyBytes := lendBytes(request.Body)
	call := func(into unsafe.Pointer) {
		httpRequest(method, methodBytes, url, urlBytes, fields, count, body, bodyBytes, into)
	}
	err = h.result(call, 4, idAt(&id))
	runtime.KeepAlive(request)
	runtime.KeepAlive(texts)
	runtime.KeepAlive(wire)
	return id, err
}

func (h *component) cancel(id uint32) { httpCancel(id) }

func (h *component) place(to, plugin string, chat bool) (id uint32, err error) {
	number, numberBytes := lend(to)
	name, nameBytes := lend(plugin)
	begin := callsPlace
	if chat {
		begin = callsBeginChat
	}
	err = h.result(func(into unsafe.Pointer) { begin(number, numberBytes, name, nameBytes, into) }, 4, idAt(&id))
	runtime.KeepAlive(to)
	runtime.KeepAlive(plugin)
	return id, err
}

// serviceAt reads what happens to sockets, requests and what was placed. Nil: it is none of them.
func serviceAt(kind byte, value unsafe.Pointer) any {
	switch kind {
	case 6:
		return socketOpen{uint32At(value, 0)}
	case 7:
		return socketMessage{uint32At(value, 0), Message{Binary: byteAt(value, 4) != 0, Data: bytesAt(value, 8)}}
	case 8:
		return socketWritable{uint32At(value, 0)}
	case 9:
		return socketClosed{uint32At(value, 0), SocketClosed{uint16(uint32At(value, 4)), textAt(value, 8)}}
	case 10:
		return httpHead{uint32At(value, 0), int(uint16(uint32At(value, 4))), fieldsAt(value, 8)}
	case 11:
		return httpBody{uint32At(value, 0), bytesAt(value, 4)}
	case 12:
		end := httpEnd{request: uint32At(value, 0)}
		if byteAt(value, 4) != 0 {
			end.err = failureAt(unsafe.Add(value, 8))
		}
		return end
	case 13:
		step := placedStep{request: uint32At(value, 0), step: Step{Name: textAt(value, 4)}}
		if byteAt(value, 12) != 0 {
			step.step.Err = failureAt(unsafe.Add(value, 16))
		} else {
			step.step.Detail = textAt(value, 16)
		}
		return step
	}
	return nil
}

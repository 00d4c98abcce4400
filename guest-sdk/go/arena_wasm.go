//go:build wasip1

package switchhook

import "unsafe"

// What the host gives is put where these functions say, while the program waits inside a host function and nothing of it may
// run: not the collector, not the scheduler, not the clock. So they allocate nothing; they hand out places of arrays.
//
// The host's lists are in the arena until they are copied; the next call of a host function begins it anew. The WASI adapter
// keeps its own for ever.
var (
	arena     [ArenaBytes / 8]uint64
	arenaUsed uintptr

	adapter     [192 << 10 / 8]uint64
	adapterUsed uintptr
)

//go:wasmexport cabi_realloc
//go:nosplit
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	return place(unsafe.Pointer(&arena), unsafe.Sizeof(arena), &arenaUsed, uintptr(align), uintptr(size))
}

//go:wasmexport cabi_realloc_adapter
//go:nosplit
func cabiReallocAdapter(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	return place(unsafe.Pointer(&adapter), unsafe.Sizeof(adapter), &adapterUsed, uintptr(align), uintptr(size))
}

// place hands out memory, all of it at least at a multiple of 8. Nothing is grown: the host asks for a list's whole size at once,
// and for a text's too, since its texts are what ours are.
//
//go:nosplit
func place(start unsafe.Pointer, room uintptr, used *uintptr, align, size uintptr) unsafe.Pointer {
	if align < 8 {
		align = 8
	}
	from := (uintptr(start)+*used+align-1)&^(align-1) - uintptr(start)
	if from+size > room {
		// An author finds this in "Traps" of the README: nothing can be printed here.
		*(*byte)(nil) = 0
	}
	*used = from + size
	return unsafe.Add(start, from)
}

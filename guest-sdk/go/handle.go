// Package switchhook is for call handlers in Go: one function, one call.
//
//	func init() { switchhook.Handle(echo) }
//	func main() {}
//
//	func echo(call *switchhook.Call) error {
//		if err := call.Answer(); err != nil {
//			return err
//		}
//		for frame := range call.Audio() {
//			if frame.Channel == 0 {
//				call.Play(frame.PCM)
//			}
//		}
//		return nil
//	}
//
// Goroutines, channels, select, contexts and everything of package time work as usual; the program waits for the host when all
// of its goroutines wait. An instance serves one call: what is kept in variables is this call's.
package switchhook

var handler func(*Call) error

// Handle says what handles a call. Call it in an init function: main does not run. Nil is the end of the call, or closes it; any
// other error hands the call to the operator's fault policy, but for ErrEnded and ErrLinkLost of a call that is over.
func Handle(handle func(*Call) error) { handler = handle }

// serve runs a handler to its end.
func serve(call *Call, handle func(*Call) error) error {
	returned := make(chan error, 1)
	go func() { returned <- handle(call) }()
	over := false
	for {
		current.settle()
		select {
		case err := <-returned:
			if !ended(err) {
				return err
			}
			// A handler that gave up because the call is over has ended well. `ended` follows, and is taken, as the contract wishes.
			for call.ctx.Err() == nil && !over {
				event, more := current.next()
				over = !more
				if event != nil {
					call.take(event)
				}
			}
			return nil
		default:
		}
		if over {
			// It waits for what never comes.
			return nil
		}
		event, more := current.next()
		if event != nil {
			call.take(event)
		}
		over = !more
	}
}

package switchhook

import (
	"context"
	"errors"
	"fmt"
)

// Failure is why something was refused or went wrong: a code for programs, a message for people. Return one of your own from a
// handler, and the operator's fault policy takes the call with it.
type Failure struct {
	Code, Message string
}

func (f *Failure) Error() string {
	if f.Message == "" {
		return f.Code
	}
	return f.Code + ": " + f.Message
}

// Is tells failures alike by their code, so that errors.Is(err, ErrFull) works.
func (f *Failure) Is(other error) bool {
	known, ok := other.(*Failure)
	return ok && known.Code == f.Code
}

// Errorf is a Failure with a formatted message.
func Errorf(code, format string, given ...any) error {
	return &Failure{code, fmt.Sprintf(format, given...)}
}

// What the host and the carrier refuse with. The set may grow: treat what you do not know as "something else".
var (
	ErrNotNow         = &Failure{Code: "NOT_NOW"}       // not legal in this state of the call, or the same is under way
	ErrNotSupported   = &Failure{Code: "NOT_SUPPORTED"} // this carrier cannot
	ErrNotGranted     = &Failure{Code: "NOT_GRANTED"}   // the plugin's grants do not cover it
	ErrInvalid        = &Failure{Code: "INVALID"}       // a bad argument
	ErrFull           = &Failure{Code: "FULL"}          // a bounded queue or table is full; nothing was taken
	ErrTimeout        = &Failure{Code: "TIMEOUT"}       // no answer within the deadline
	ErrLinkLost       = &Failure{Code: "LINK_LOST"}     // the call's socket died before the answer
	ErrEnded          = &Failure{Code: "ENDED", Message: "the call is over"}
	ErrStorage        = &Failure{Code: "STORAGE"} // the host's disk failed, is full or did not answer
	ErrCancelled      = &Failure{Code: "CANCELLED", Message: "it was given up"}
	ErrUnanswered     = &Failure{Code: "CALL_UNANSWERED"} // the number that Connect rang did not pick up
	ErrInvalidCommand = &Failure{Code: "INVALID_COMMAND"} // not legal for the server where the call stands
)

// ended is whether a handler that returns this has just noticed that the call is over.
func ended(err error) bool {
	return errors.Is(err, ErrEnded) || errors.Is(err, ErrLinkLost)
}

// why is what ended a context: the end of the call, or what the author cancelled it with.
func why(ctx context.Context) error {
	return context.Cause(ctx)
}

// failure is any error as the contract has it.
func failure(err error) *Failure {
	var own *Failure
	if errors.As(err, &own) {
		return &Failure{own.Code, own.Message}
	}
	return &Failure{"UNCAUGHT", err.Error()}
}

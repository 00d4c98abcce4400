package switchhook

import (
	"fmt"
	"strconv"
)

// Config is what the operator set for a key of this plugin, or otherwise.
func Config(key, otherwise string) string {
	if value, ok := current.config(key); ok {
		return value
	}
	return otherwise
}

// ConfigInt is the same as a number, not below 0; otherwise also when it is no such number.
func ConfigInt(key string, otherwise int) int {
	value, _ := current.config(key)
	if number, err := strconv.ParseUint(value, 10, 31); err == nil {
		return int(number)
	}
	return otherwise
}

// Debugf, Infof, Warnf and Errf write a line in the host's log, cut at 4 KiB. Package log writes there too, as standard error.
func Debugf(format string, given ...any) { current.log(1, fmt.Sprintf(format, given...)) }

// Infof: see Debugf.
func Infof(format string, given ...any) { current.log(2, fmt.Sprintf(format, given...)) }

// Warnf: see Debugf.
func Warnf(format string, given ...any) { current.log(3, fmt.Sprintf(format, given...)) }

// Errf: see Debugf.
func Errf(format string, given ...any) { current.log(4, fmt.Sprintf(format, given...)) }

// Package prompts is what the plugins in Go say. A program has in it what it uses.
package prompts

import _ "embed"

// The files of this folder.
var (
	//go:embed goodbye.wav
	Goodbye []byte
	//go:embed menu-welcome.wav
	MenuWelcome []byte
	//go:embed menu-hours.wav
	MenuHours []byte
	//go:embed menu-invalid.wav
	MenuInvalid []byte
	//go:embed menu-unanswered.wav
	MenuUnanswered []byte
	//go:embed voicemail-greeting.wav
	VoicemailGreeting []byte
	//go:embed voicemail-options.wav
	VoicemailOptions []byte
	//go:embed voicemail-deleted.wav
	VoicemailDeleted []byte
	//go:embed voicemail-kept.wav
	VoicemailKept []byte
)

package main

import "switchhook"

func init() { switchhook.Handle(echo) }
func main() {}

func echo(call *switchhook.Call) error {
	err := call.Answer()
	for frame := range call.Audio() {
		if frame.Channel == 0 {
			call.Play(frame.PCM)
		}
	}
	return err
}

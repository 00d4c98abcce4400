package switchhook

import "context"

// Step is how far what was placed came: `claimed` (the detail is the session's id), `answered` (the carrier's id of the call; never
// for a chat), then `ended` (why) or `failed` (with Err). Further ones may come.
type Step struct {
	Name, Detail string
	Err          error
}

// Placed is a call or chat that was placed. It has a handler of its own, and goes on when it is forgotten here.
type Placed struct {
	call  *Call
	steps *inbox[Step]
}

// Place places a call that the named plugin of this tenant will handle. It needs the grant `calls`, else it is ErrNotGranted.
func (c *Call) Place(to, plugin string) (*Placed, error) { return c.place(to, plugin, false) }

// BeginChat begins a chat that the named plugin of this tenant will handle.
func (c *Call) BeginChat(to, plugin string) (*Placed, error) { return c.place(to, plugin, true) }

func (c *Call) place(to, plugin string, chat bool) (*Placed, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	id, err := current.place(to, plugin, chat)
	if err != nil {
		return nil, err
	}
	placed := &Placed{call: c, steps: newInbox[Step]()}
	c.placed[id] = placed
	return placed, nil
}

// Next waits for the next step. ErrEnded: there is none any more, or this call is over.
func (p *Placed) Next(ctx context.Context) (Step, error) {
	return p.steps.next(ctx, p.call, func(Step) int { return 1 })
}

// Answered waits until its own handler has answered it: the carrier's id of the call, or why it failed.
func (p *Placed) Answered(ctx context.Context) (string, error) { return p.until(ctx, "answered") }

// Ended waits until it is over: the reason, or why it never came about.
func (p *Placed) Ended(ctx context.Context) (string, error) { return p.until(ctx, "ended") }

func (p *Placed) until(ctx context.Context, name string) (string, error) {
	for {
		step, err := p.Next(ctx)
		if err != nil {
			return "", err
		}
		if step.Err != nil || step.Name == name {
			return step.Detail, step.Err
		}
	}
}

// takeStep gives an event to what was placed, with the call's lock held. Whether it is one of those.
func (c *Call) takeStep(event any) bool {
	step, ok := event.(placedStep)
	if !ok {
		return false
	}
	if placed := c.placed[step.request]; placed != nil {
		placed.steps.push(step.step, 1, stepsMax)
		if step.step.Name == "ended" || step.step.Name == "failed" {
			delete(c.placed, step.request)
			placed.steps.end(ErrEnded)
		}
	}
	return true
}

package jobs

import "sync"

// event is what may happen to jobs.
type event uint8

const (
	jobAdded     event = iota // there may be something to run
	jobChanged                // to those who watch it
	jobCancelled              // to the one who runs it
)

// topic is what one can wait for.
type topic struct {
	event event
	jobID string // "" = of any job
}

// notifier wakes goroutines of this process that wait for something. It only makes them look again: what happened is in
// the store.
type notifier struct {
	mu        sync.Mutex
	followers map[topic]map[chan struct{}]bool
}

// follow returns a channel that gets something after each notification about the topic, until stop is called.
func (n *notifier) follow(t topic) (notified <-chan struct{}, stop func()) {
	follower := make(chan struct{}, 1) // room for one: to look once is enough, however much happened
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.followers == nil {
		n.followers = map[topic]map[chan struct{}]bool{}
	}
	if n.followers[t] == nil {
		n.followers[t] = map[chan struct{}]bool{}
	}
	n.followers[t][follower] = true
	return follower, func() { n.leave(t, follower) }
}

func (n *notifier) leave(t topic, follower chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.followers[t], follower)
	if len(n.followers[t]) == 0 {
		delete(n.followers, t)
	}
}

// notify wakes everyone who follows the topic.
func (n *notifier) notify(t topic) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for follower := range n.followers[t] {
		select {
		case follower <- struct{}{}:
		default: // it has not yet looked since the last time
		}
	}
}

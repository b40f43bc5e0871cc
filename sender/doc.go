// Package sender streams view events to tvstats the way a gateway should. It is the reference for gateways in other
// languages and can be imported by those in Go.
//
// Reports of boxes go into a channel, [Gather] makes batches of them, and a [Sender] streams these. What the sender does:
//
//   - It sends several batches ahead of their acknowledgement, so that the way to the service and back costs no rate, and
//     takes no more batches while as many are under way: whoever fills the channel is slowed down with it.
//   - It keeps each batch until the service has acknowledged it, which means that the batch is on stable storage.
//   - When the stream breaks it waits, longer each time and scattered, as long as the service demands where that limits
//     its callers, and sends again all that it keeps. Events that arrive twice change nothing, so that sending again is
//     always right.
//   - It gives up at once where trying again is of no use: a token that is not valid, a batch that is too large.
//
// What is lost with the gateway itself, a sender cannot bring back: a gateway that must survive that too writes batches to
// disk before it hands them over, and deletes them when Config.Acknowledged is called.
package sender

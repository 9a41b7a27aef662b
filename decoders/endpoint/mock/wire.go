package mock

import (
	"context"
	"net"
	"syscall"
)

// A Wire is a network within the process: a listener, and Dial that reaches it. Its connections wait on channels alone, so that within a
// bubble of testing/synctest time stands still while anyone works, and what is measured there is exact on a machine however busy.
type Wire struct {
	connections chan net.Conn
	closed      chan struct{}
	Refuse      bool // no connection is made, as where no server listens
}

// NewWire returns a network with one listener.
func NewWire() *Wire {
	return &Wire{connections: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the listener, whatever address is asked for.
func (w *Wire) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if w.Refuse {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	select {
	case w.connections <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for a connection.
func (w *Wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.connections:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (w *Wire) Close() error {
	close(w.closed)
	return nil
}

// Addr is no address.
func (w *Wire) Addr() net.Addr { return &net.IPAddr{} }

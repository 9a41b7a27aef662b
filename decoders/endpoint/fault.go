package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

// The kinds of failures, as a record's reply names them. An answer that fails has no completion and counts in no figure but errors.
const (
	faultConnect   = "connect"   // no connection
	faultTLS       = "tls"       // the server is not shown to be the one that is meant
	faultRedirect  = "redirect"  // it sends elsewhere
	faultStatus    = "status"    // it refuses the request
	faultTimeout   = "timeout"   // it lets wait for too long
	faultCut       = "cut off"   // the stream ended before the answer
	faultEmpty     = "empty"     // a stream of nothing
	faultServer    = "server"    // an error in place of an event, or behind some
	faultFormat    = "format"    // events that are none of the API
	faultEncoding  = "encoding"  // bytes that are no UTF-8
	faultSize      = "size"      // an event that is too large
	faultRepeated  = "repeated"  // text behind the answer's end
	faultUsage     = "usage"     // a count of tokens that cannot be
	faultWithheld  = "withheld"  // the server kept the answer, or a part
	faultCancelled = "cancelled" // by who asked
)

// A fault is a failed request.
type fault struct {
	kind string
	text string
}

func (f *fault) Error() string { return f.text }

func faultf(kind, format string, args ...any) *fault {
	return &fault{kind, fmt.Sprintf(format, args...)}
}

// A refusal is a failure before the first byte of an answer that may not come again.
type refusal struct {
	*fault
	wait time.Duration // that the server asks for
}

func (r *refusal) Unwrap() error { return r.fault }

// unanswered says what went wrong with a request of which no answer came.
func unanswered(err error) error {
	var dial *net.OpError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &verify):
		return faultf(faultTLS, "the server's certificate is not trusted: %s", tlsReason(verify.Err))
	case errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return faultf(faultTLS, "the server speaks no TLS that is understood here: is base_url right with https?")
	case errors.Is(err, syscall.ECONNREFUSED):
		return &refusal{faultf(faultConnect, "no server listens there: connection refused"), 0}
	case errors.As(err, &dial) && dial.Op == "dial":
		return faultf(faultConnect, "no connection: %v", dial.Err)
	}
	return faultf(faultCut, "the connection ended before an answer began: %v", err)
}

// tlsReason is what is wrong with a certificate.
func tlsReason(err error) string {
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &host):
		return "it is of another host"
	case errors.As(err, &unknown):
		return "nobody that this machine trusts has signed it"
	}
	return err.Error()
}

// mostSaid is the most bytes of a server's own words in an error.
const mostSaid = 300

// oneLine is a server's words in one line.
func oneLine(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) > mostSaid {
		text = strings.ToValidUTF8(text[:mostSaid], "") + "…"
	}
	return text
}

// safe is a text without the key, which a server may have sent back.
func (c *client) safe(text string) string {
	if c.key == "" {
		return text
	}
	return strings.ReplaceAll(text, c.key, "[key]")
}

package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Client downloads. The zero value asks each server once.
type Client struct {
	HTTP  *http.Client  // nil: one with Transport
	Stall time.Duration // how long a server may send nothing; 0: a minute
	Tries int           // how often in a row a server may fail in passing, with no byte in between; 0: once
	Pause time.Duration // before the second try, twice as long before each further one; 0: a second
	// Again, where it is not nil, is told of a failure after which the client waits and tries again.
	Again func(err error, wait time.Duration)
}

// Transport bounds the waits for a server's answer; the Client's Stall those for what it sends.
var Transport http.RoundTripper = &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
	TLSHandshakeTimeout:   20 * time.Second,
	ResponseHeaderTimeout: 60 * time.Second,
}

var plain = &http.Client{Transport: Transport}

func (c Client) stall() time.Duration {
	if c.Stall > 0 {
		return c.Stall
	}
	return time.Minute
}

// A StatusError is a server's answer that is no file.
type StatusError struct {
	URL    string // without its query, which may hold a signature
	Code   int
	Reason string        // the header X-Error-Code, with which the Hugging Face hub says more
	Wait   time.Duration // that the server asks for
}

// Error says what the server says.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: the server says %d %s", e.URL, e.Code, http.StatusText(e.Code))
	if e.Wait > 0 {
		text += fmt.Sprintf(" and asks to wait for %v", e.Wait)
	}
	return text
}

// errRange is the status of a range behind the file's end.
const errRange = http.StatusRequestedRangeNotSatisfiable

func isStatus(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// Read returns the body of a small answer, of at most so many bytes, and its header.
func (c Client) Read(ctx context.Context, url string, most int64) (body []byte, header http.Header, err error) {
	err = c.again(ctx, func() (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, c.stall())
		defer cancel()
		res, _, err := c.get(ctx, url, 0, "")
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		header = res.Header
		if body, err = io.ReadAll(io.LimitReader(res.Body, most+1)); err != nil {
			return false, &passing{fmt.Errorf("%s: %w", bare(url), err), 0}
		}
		if int64(len(body)) > most {
			return false, fmt.Errorf("%s: the answer has more than %d bytes", bare(url), most)
		}
		return false, nil
	})
	return body, header, err
}

// get asks for the bytes of address from the given one on, where the server's version is still tag. It returns the answer and where
// that begins: at 0 where the server has no ranges or another version.
func (c Client) get(ctx context.Context, address string, from int64, tag string) (*http.Response, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept-Encoding", "identity") // the bytes as they are published
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		if tag != "" {
			req.Header.Set("If-Range", tag)
		}
	}
	client := c.HTTP
	if client == nil {
		client = plain
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, 0, unanswered(err)
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return res, 0, nil
	case res.StatusCode == http.StatusPartialContent && from > 0:
		var begin int64
		if _, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-", &begin); err == nil && begin <= from {
			return res, begin, nil
		}
	}
	res.Body.Close()
	return nil, 0, refusal(bare(address), res)
}

// refusal is the error of an answer that is no file: in passing where the server is overloaded or broken, unless it asks for more
// patience than anyone has.
func refusal(url string, res *http.Response) error {
	wait := retryAfter(res.Header.Get("Retry-After"))
	err := &StatusError{URL: url, Code: res.StatusCode, Reason: res.Header.Get("X-Error-Code"), Wait: wait}
	switch {
	case wait > mostPatience:
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return &passing{err, wait}
	}
	return err
}

// mostPatience is the longest that a server is waited for at its own request.
const mostPatience = 5 * time.Minute

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 && seconds < 1<<30 {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date).Round(time.Second))
	}
	return 0
}

// strong is the version that a server gives to a file, "" where two files may share it.
func strong(res *http.Response) string {
	tag := res.Header.Get("ETag")
	if strings.HasPrefix(tag, "W/") {
		return ""
	}
	return tag
}

// bare is an address without a query, which may hold a signature, and without a password.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address // a path of this machine
	}
	u.RawQuery = ""
	return u.Redacted()
}

// unanswered is the error of a request that nobody answered. A name that does not exist and a certificate that is not trusted do not
// pass.
func unanswered(err error) error {
	var request *url.Error
	if !errors.As(err, &request) {
		return err
	}
	out := fmt.Errorf("%s: %w", bare(request.URL), request.Err)
	var dns *net.DNSError
	var network net.Error
	if errors.As(err, &dns) && dns.IsNotFound || !errors.As(request.Err, &network) && !errors.Is(err, io.EOF) {
		return out
	}
	return &passing{out, 0}
}

// A passing error is one that may not come again, after a wait that the server asks for.
type passing struct {
	error
	wait time.Duration
}

func (p *passing) Unwrap() error { return p.error }

// again calls try until it has an error that does not pass, or c.Tries in a row without progress.
func (c Client) again(ctx context.Context, try func() (progress bool, err error)) error {
	pause := max(c.Pause, 0)
	if pause == 0 {
		pause = time.Second
	}
	for tries := 1; ; tries++ {
		progress, err := try()
		if progress {
			tries = 1
		}
		var p *passing
		if !errors.As(err, &p) || tries >= c.Tries || ctx.Err() != nil {
			return err
		}
		wait := pause << min(tries-1, 5)
		wait = max(p.wait, wait/2+rand.N(wait/2+1)) // many that failed together come back one by one
		if c.Again != nil {
			c.Again(err, wait)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

package record

import (
	"encoding/json"
	"time"

	"tandem/record/jsonl"
)

// An Event is what an endpoint's stream says with a Step's text.
type Event struct {
	Bytes       int    `json:"bytes"`                 // of the event's data
	Channel     string `json:"channel,omitempty"`     // Reasoning; absent: the answer itself
	Provisional bool   `json:"provisional,omitempty"` // the text may still be replaced: a state of a diffusing answer
	Usage       int    `json:"usage,omitempty"`       // tokens written so far, as the server counts them
}

// Reasoning is the channel of what a model writes before its answer.
const Reasoning = "reasoning"

// A Reply is what an endpoint's answer tells beside its text. Times are seconds since the request was sent that was answered: those
// before it, which the server refused, are counted in Retries alone. What the server did not tell is left out.
type Reply struct {
	FirstByte    *float64 `json:"first_byte,omitempty"`    // of the answer: its status line
	FirstToken   *float64 `json:"first_token,omitempty"`   // of any channel, provisional or not
	FirstContent *float64 `json:"first_content,omitempty"` // of the answer itself, provisional or not
	FirstBlock   *float64 `json:"first_block,omitempty"`   // of the answer itself that nothing replaces later

	TokenSource TokenSource `json:"token_source,omitempty"`
	Chunks      int         `json:"chunks"`              // events with text
	Reasoning   int         `json:"reasoning,omitempty"` // of the record's tokens, those of the reasoning channel, as the server says
	Cached      *int        `json:"cached,omitempty"`    // of the prompt's tokens, those that the server held already
	Dollars     *float64    `json:"dollars,omitempty"`   // at the prices of the endpoint's settings

	Model   string    `json:"model,omitempty"` // that answered, as the server calls it
	Finish  string    `json:"finish,omitempty"`
	Status  int       `json:"status,omitempty"`  // of HTTP
	Retries int       `json:"retries,omitempty"` // requests before it that were refused
	Waited  float64   `json:"waited,omitempty"`  // seconds that those and the pauses between them took
	Sent    time.Time `json:"sent,omitzero"`     // the date of a hosted figure belongs to it
	Fault   string    `json:"fault,omitempty"`   // the kind of failure of a record with an Err, of a small set

	Arrival *Arrival           `json:"arrival,omitempty"` // where several are in flight
	Engine  map[string]float64 `json:"engine,omitempty"`  // what the engine itself counted, by its own names, such as "timings.predicted_n"
	Window  map[string]float64 `json:"window,omitempty"`  // of the last record of a loop: by how much the server's counters rose over all of it

	Seconds      float64    `json:"-"` // the record's own fields
	PromptTokens int        `json:"-"`
	Tokens       int        `json:"-"`
	Stop         Stop       `json:"-"`
	Text         string     `json:"-"`
	Raw          []RawEvent `json:"-"` // where it was asked for
}

// An Arrival says when a request of a loop was due. Its latency is Late and the record's Seconds: who waits for a request that could not
// be sent in time waits all the same (coordinated omission).
type Arrival struct {
	Loop time.Time `json:"loop"` // when the loop that it belongs to began; those of one loop are asked together
	Due  float64   `json:"due"`  // seconds from then: by the schedule of an open loop, or when it was taken up in a closed one
	Late float64   `json:"late"` // seconds from then until the request was sent that was answered
}

// A TokenSource says where an endpoint's number of tokens comes from.
type TokenSource string

// The sources, the most to be trusted first. A chunk is not a token: a server may send several tokens at once, or none.
const (
	ServerUsage     TokenSource = "server_usage"     // the server's count, with the end of its answer
	ContinuousUsage TokenSource = "continuous_usage" // the last of the counts that came with each event
	LocalTokenizer  TokenSource = "local_tokenizer"  // the answer's text, tokenized here
	ChunkCount      TokenSource = "chunk_count"      // events with text
)

// A RawEvent is an event of a stream as it came.
type RawEvent struct {
	At   time.Duration `json:"at"`             // since the request was sent; ns
	Name string        `json:"name,omitempty"` // the field event
	Data string        `json:"data"`
}

// AppendRaw goes on with raw.jsonl, which it creates where there is none.
func AppendRaw(path string) (*jsonl.Writer, error) {
	return jsonl.Append(path, func(in *jsonl.Reader) error {
		for _, err := range jsonl.All(in, func(line []byte, r *RawReply) error { return json.Unmarshal(line, r) }) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// A RawReply is a line of raw.jsonl: the stream that became a record.
type RawReply struct {
	Task    string     `json:"task"`
	Decoder string     `json:"decoder"`
	Sample  int        `json:"sample"`
	Repeat  int        `json:"repeat"`
	Events  []RawEvent `json:"events"`
}

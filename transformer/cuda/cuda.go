// Package cuda runs the transformer core on an NVIDIA GPU. It needs the driver and nothing else.
//
// The steps of a forward:
//
//  1. New opens libcuda at run time (driver.go), asks what the device is (device.go) and loads the kernels, which were
//     compiled beforehand and are embedded (kernels/, module.go). It packs the weights on the device in the order in which
//     the kernels read them (load.go), and may time which product kernels are the fastest (tune.go).
//  2. Open reserves K/V slots and all scratch memory in one allocation (session.go).
//  3. Forward lists rows, tiles of attention and wanted rows in pinned memory (plan.go).
//  4. One straight function puts the kernels of a forward on the stream (forward.go), six or seven per layer. Their grids
//     depend only on sizes rounded up to powers of two; the true sizes lie in device memory. So forwards of similar size are
//     the same launches: the second such forward captures them as a graph, and from then on a forward is one launch
//     (graph.go).
//  5. Only guesses come back, to pinned memory, and raw logits where a pass asks for them.
//  6. A whole decoding can run on the device (decode.go): each forward ends in a kernel that commits guesses and lists the rows
//     of the next forward. The host launches one forward ahead, and the commits come back.
//
// On Hopper kernels overlap: a kernel may start while the one before it still runs. A product then reads its first weights.
// A kernel reads nothing else and writes nothing before all earlier kernels are done (common.cu).
//
// Invariant: a row's arithmetic depends only on the row and the model. How a sum is cut depends only on its length, and its
// parts are added in a fixed order, for every kernel and any number of blocks that share the sum. Atomics add integers only.
// So results are bit-identical for any batch, and for graphs and single launches. In bf16 everything that enters a product is
// rounded to bf16: weights, queries, keys, values, the weights of attention and all activations. What a norm yields is
// rounded before it is divided by the root mean square. Sums, the residual stream and the logits are f32.
package cuda

import (
	"errors"
	"fmt"

	"tandem/transformer"
)

// ErrNoDevice is wrapped by errors of machines that have no driver or no device.
var ErrNoDevice = errors.New("no CUDA device")

// Options choose the driver and the way of launching.
type Options struct {
	Driver string // path of libcuda; empty: where systems keep it
	Eager  bool   // launch kernel by kernel, without graphs
	Tune   bool   // choose the fastest product kernels by timing them; takes about a second and changes no result
	Serial bool   // no kernel starts before the one ahead of it is done
}

// mostVocab is the largest vocabulary: 65535 tiles of 16 columns of the output head.
const mostVocab = 65535 * 16

// What the backend and its sessions offer beyond their interfaces.
var (
	_ transformer.CeilingMeter  = (*backend)(nil)
	_ transformer.Identified    = (*backend)(nil)
	_ transformer.Rounder       = (*backend)(nil)
	_ transformer.Timed         = (*session)(nil)
	_ transformer.DeviceDecoder = (*session)(nil)
)

type backend struct {
	config  transformer.Config
	dtype   transformer.Dtype
	format  format
	options Options
	device  *device
	model   model
	memory  arena // the weights
	tuned   map[choice]variant
}

// New loads weights onto the device and keeps no reference to them. It fails, with one line, where there is no driver, the
// driver is too old, the kernels do not run on the device, or there is too little memory (checked before anything is loaded).
// There are no kernels for biases but those of q, k and v: a model that has others is a transformer.ErrUnsupported.
func New(weights *transformer.Weights, options Options) (_ transformer.Backend, err error) {
	c := weights.Config
	if c.HeadDim > 256 {
		return nil, fmt.Errorf("cuda: head dim %d of %s is above 256: choose another model", c.HeadDim, c.Name)
	}
	if c.Vocab > mostVocab {
		return nil, fmt.Errorf("cuda: a vocabulary of %d is above %d: choose another model", c.Vocab, mostVocab)
	}
	if c.OBias || c.MLPBias {
		return nil, fmt.Errorf("cuda: %s has biases on o, gate, up or down: %w on a GPU: use the processor", c.Name,
			transformer.ErrUnsupported)
	}
	if err := weights.Validate(); err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	f, err := transformer.Lookup(formats, weights.Dtype)
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	d, err := open(options.Driver)
	if err != nil {
		return nil, err
	}
	defer d.hold()()
	d.launcher.overlaps = d.image == "sm_90a" && !options.Serial // other images hold no waits
	b := &backend{config: c, dtype: weights.Dtype, format: f, options: options, device: d}
	err = errors.Join(d.enter(), b.load(weights))
	if err == nil && options.Tune {
		err = b.tune()
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *backend) Config() transformer.Config { return b.config }

func (b *backend) Describe() transformer.Description {
	return transformer.Description{Device: "cuda", Features: b.device.String(), Threads: 1, Dtype: b.dtype,
		Activations: b.dtype.Activations(), Memory: b.memory.size}
}

// Rounds says where numbers are rounded to bf16; see transformer.Rounder. Products after a norm multiply the rounded x * gain
// and are divided by the root mean square afterwards. Weights of attention are rounded against the largest of their split.
func (b *backend) Rounds() (beforeNorm bool, slots int) { return true, split }

// UUID is the device's; see transformer.Identified.
func (b *backend) UUID() string {
	u := b.device.uuid
	return fmt.Sprintf("GPU-%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// Close frees the weights. Sessions that are still open keep the device open.
func (b *backend) Close() error {
	defer b.device.hold()()
	return b.close()
}

func (b *backend) close() error {
	return errors.Join(b.device.enter(), b.memory.free(), b.device.close())
}

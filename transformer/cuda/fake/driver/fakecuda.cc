// A libcuda that runs Tandem's kernels on the processor: the entry points that the backend uses, with the checks that a
// real driver makes and some that it does not. Memory is the host's, full of NaN when it is new and with canaries
// around it; a call from a thread without the context fails; a captured stream records, and a graph replays what was
// recorded, arguments and all. fake_set("free", n) and its like make it a small, old or broken machine.
#include "emulation.h"

#include <time.h>

#include <map>
#include <string>
#include <vector>

#include "../../kernels/common.cu"
#include "../../kernels/embed.cu"
#include "../../kernels/gemm.cu"
#include "../../kernels/attend.cu"
#include "../../kernels/guess.cu"
#include "../../kernels/cut.cu"
#include "../../kernels/unmask.cu"
#include "../../kernels/ceiling.cu"

#undef threadIdx
#undef blockIdx
#undef gridDim
#undef blockDim

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NO_BINARY = 209,
       UNSUPPORTED_PTX = 222, INVALID_HANDLE = 400, NOT_FOUND = 500, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900 };

namespace {
std::map<std::string, long> settings = {{"version", 13000}, {"devices", 1}, {"major", 9}, {"minor", 0}, {"memory", 1l << 30}};
std::map<std::string, long> calls; // how often each entry point was called
long setting(const char* name, long otherwise = 0) { auto i = settings.find(name); return i == settings.end() ? otherwise : i->second; }

// counted counts a call and says with what it must fail: fake_set("cuMemAlloc_v2", 3) fails the third call from now.
int counted(const char* name) {
    calls[name]++;
    auto i = settings.find(name);
    if (i == settings.end() || --i->second > 0) return OK;
    settings.erase(i);
    return LAUNCH_FAILED;
}
int context, other; // their addresses are handles
thread_local void* current;
long references;

#define ENTER(name) \
    if (int e = counted(#name)) return e
#define ENTER_CONTEXT(name) \
    ENTER(name);            \
    if (current != &context) return INVALID_CONTEXT

const size_t GUARD = 256;
std::map<char*, size_t> device; // allocations
size_t used;
bool intact(char* p, size_t n) {
    for (size_t i = 0; i < GUARD; i++)
        if (p[-1 - (long)i] != 0x5a || p[n + i] != 0x5a) return false;
    return true;
}
// inside says whether a range lies in one allocation.
bool inside(const void* p, size_t n) {
    auto i = device.upper_bound((char*)p);
    if (i == device.begin()) return false;
    --i;
    return (char*)p >= i->first && (char*)p + n <= i->first + i->second;
}

struct Op {
    emu::Kernel* kernel;
    emu::Dim grid;
    unsigned shared;
    std::vector<uint64_t> argument; // aligned for any struct
    void* to; const void* from; size_t bytes; // a copy, where kernel is null
    int value;                                // a fill, where from is null
    bool overlaps;                            // may start before what is ahead of it is done
};
struct Graph { std::vector<Op> ops; };
struct Stream { Graph* capture; };
struct Event { double at; };

int run(const Op& op) {
    if (op.kernel) {
        calls[op.overlaps ? "ran early" : "ran serially"]++;
        if (!emu::run_grid(op.kernel, op.grid, op.shared, op.argument.data())) {
            fprintf(stderr, "fakecuda: %s\n", emu::failure);
            return LAUNCH_FAILED;
        }
    } else if (op.from) memmove(op.to, op.from, op.bytes);
    else memset(op.to, op.value, op.bytes);
    return OK;
}
int submit(Stream* s, const Op& op) {
    if (s && s->capture) return s->capture->ops.push_back(op), OK;
    return run(op);
}
double seconds() {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
}

extern "C" {
// For tests.
void fake_set(const char* name, long value) { settings[name] = value; }
void fake_reset() { settings = {{"version", 13000}, {"devices", 1}, {"major", 9}, {"minor", 0}, {"memory", 1l << 30}}; calls.clear(); }
long fake_calls(const char* name) { return calls[name]; }
long fake_leaks() { return (long)device.size() + references; }

int cuInit(unsigned) { ENTER(cuInit); return OK; }
int cuDriverGetVersion(int* v) { *v = setting("version"); return OK; }
int cuDeviceGetCount(int* n) { *n = setting("devices"); return OK; }
int cuDeviceGet(int* d, int i) { *d = i; return i < setting("devices") ? OK : NO_DEVICE; }
int cuDeviceGetName(char* to, int n, int) { snprintf(to, n, "emulated"); return OK; }
int cuDeviceGetUuid_v2(unsigned char* to, int) { for (int i = 0; i < 16; i++) to[i] = i * 17; return OK; }
int cuDeviceGetAttribute(int* to, int attribute, int) {
    switch (attribute) {
    case 75: *to = setting("major"); break;
    case 76: *to = setting("minor"); break;
    case 16: *to = 2; break; // multiprocessors
    case 97: *to = setting("shared", 227 << 10); break; // largest shared memory of a block
    default: return INVALID_VALUE;
    }
    return OK;
}
int cuDevicePrimaryCtxRetain(void** to, int) { ENTER(cuDevicePrimaryCtxRetain); *to = &context; references++; return OK; }
int cuDevicePrimaryCtxRelease_v2(int) { references--; return OK; }
int cuCtxSetCurrent(void* c) { ENTER(cuCtxSetCurrent); current = c; return OK; }
int cuMemGetInfo_v2(size_t* free_, size_t* total) {
    ENTER_CONTEXT(cuMemGetInfo_v2);
    *total = setting("memory"), *free_ = *total - used;
    return OK;
}
int cuMemAlloc_v2(void** to, size_t n) {
    ENTER_CONTEXT(cuMemAlloc_v2);
    if (n == 0) return INVALID_VALUE;
    if (used + n > (size_t)setting("memory")) return OUT_OF_MEMORY;
    char* p = (char*)aligned_alloc(GUARD, (n + 2 * GUARD + GUARD - 1) / GUARD * GUARD) + GUARD;
    memset(p, 0xff, n), memset(p - GUARD, 0x5a, GUARD), memset(p + n, 0x5a, GUARD);
    device[p] = n, used += n, *to = p;
    return OK;
}
int cuMemFree_v2(char* p) {
    ENTER_CONTEXT(cuMemFree_v2);
    auto i = device.find(p);
    if (i == device.end()) return INVALID_VALUE;
    bool whole = intact(p, i->second);
    used -= i->second, free(p - GUARD), device.erase(i);
    if (!whole) fprintf(stderr, "fakecuda: a kernel wrote beyond its memory\n");
    return whole ? OK : LAUNCH_FAILED;
}
int cuMemHostAlloc(void** to, size_t n, unsigned) {
    ENTER_CONTEXT(cuMemHostAlloc);
    *to = aligned_alloc(256, (n + 255) / 256 * 256);
    memset(*to, 0xff, n);
    references++;
    return OK;
}
int cuMemFreeHost(void* p) { ENTER_CONTEXT(cuMemFreeHost); free(p); references--; return OK; }
int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t n, Stream* s) {
    ENTER_CONTEXT(cuMemcpyHtoDAsync_v2);
    return inside(to, n) ? submit(s, {0, {}, 0, {}, to, from, n, 0, false}) : INVALID_VALUE;
}
int cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t n, Stream* s) {
    ENTER_CONTEXT(cuMemcpyDtoHAsync_v2);
    return inside(from, n) ? submit(s, {0, {}, 0, {}, to, from, n, 0, false}) : INVALID_VALUE;
}
int cuMemsetD8Async(void* to, unsigned char value, size_t n, Stream* s) {
    ENTER_CONTEXT(cuMemsetD8Async);
    return inside(to, n) ? submit(s, {0, {}, 0, {}, to, 0, n, value, false}) : INVALID_VALUE;
}
int cuStreamCreate(Stream** to, unsigned) { ENTER_CONTEXT(cuStreamCreate); *to = new Stream{}; references++; return OK; }
int cuStreamDestroy_v2(Stream* s) { ENTER_CONTEXT(cuStreamDestroy_v2); delete s; references--; return OK; }
int cuStreamSynchronize(Stream* s) { ENTER_CONTEXT(cuStreamSynchronize); return s->capture ? CAPTURE_UNSUPPORTED : OK; }
int cuStreamBeginCapture_v2(Stream* s, int) {
    ENTER_CONTEXT(cuStreamBeginCapture_v2);
    if (s->capture) return CAPTURE_UNSUPPORTED;
    s->capture = new Graph;
    return OK;
}
int cuStreamEndCapture(Stream* s, Graph** to) {
    if (int e = counted("cuStreamEndCapture")) { // a broken capture is over, too
        delete s->capture;
        s->capture = 0;
        return e;
    }
    *to = s->capture, s->capture = 0, references++;
    return *to ? OK : INVALID_VALUE;
}
int cuGraphInstantiateWithFlags(Graph** to, Graph* g, u64) { ENTER_CONTEXT(cuGraphInstantiateWithFlags); *to = new Graph(*g); references++; return OK; }
int cuGraphLaunch(Graph* g, Stream* s) {
    ENTER_CONTEXT(cuGraphLaunch);
    for (auto& op : g->ops)
        if (int e = submit(s, op)) return e;
    return OK;
}
int cuGraphExecDestroy(Graph* g) { ENTER_CONTEXT(cuGraphExecDestroy); delete g; references--; return OK; }
int cuGraphDestroy(Graph* g) { ENTER_CONTEXT(cuGraphDestroy); delete g; references--; return OK; }
int cuModuleLoadData(void** to, const char* image) {
    ENTER_CONTEXT(cuModuleLoadData);
    if (memcmp(image, "\177ELF", 4) && memcmp(image, "//", 2)) return INVALID_IMAGE; // neither a cubin nor NVRTC's PTX
    if (setting("image")) return setting("image");
    *to = &other, references++;
    return OK;
}
int cuModuleUnload(void*) { ENTER_CONTEXT(cuModuleUnload); references--; return OK; }
int cuModuleGetFunction(emu::Kernel** to, void*, const char* name) {
    ENTER_CONTEXT(cuModuleGetFunction);
    for (auto k = emu::Kernel::first(); k; k = k->next)
        if (!strcmp(k->name, name)) return *to = k, OK;
    return NOT_FOUND;
}
int cuFuncSetAttribute(emu::Kernel* k, int attribute, int value) {
    ENTER_CONTEXT(cuFuncSetAttribute);
    if (attribute != 8 || value > setting("shared", 227 << 10)) return INVALID_VALUE;
    k->dynamic = value;
    return OK;
}
// CUlaunchConfig and CUlaunchAttribute of cuda.h.
struct Attribute { int id; char pad[4]; union { char bytes[64]; int on; } value; };
struct Config { unsigned gx, gy, gz, bx, by, bz, shared; Stream* stream; Attribute* attributes; unsigned count; };
static_assert(sizeof(Attribute) == 72 && sizeof(Config) == 56, "as in cuda.h");
int cuLaunchKernelEx(const Config* c, emu::Kernel* k, void** params, void** extra) {
    ENTER_CONTEXT(cuLaunchKernelEx);
    if (!c->gx || !c->gy || !c->gz || c->gy > 65535 || c->gz > 65535 || c->bx != k->threads || c->by != 1 || c->bz != 1 || c->shared > k->dynamic || params) return INVALID_VALUE;
    if (c->count > 1 || (c->count && (!c->attributes || c->attributes->id != 6 || c->attributes->value.on != 1 || setting("major") < 9))) return INVALID_VALUE;
    if (!extra || extra[0] != (void*)1 || extra[2] != (void*)2 || extra[4]) return INVALID_VALUE;
    size_t n = *(size_t*)extra[3];
    if (n != k->bytes) {
        fprintf(stderr, "fakecuda: %s takes %zu bytes of arguments, not %zu\n", k->name, k->bytes, n);
        return INVALID_VALUE;
    }
    Op op = {k, {c->gx, c->gy, c->gz}, c->shared, std::vector<uint64_t>((n + 7) / 8), 0, 0, 0, 0, c->count > 0};
    memcpy(op.argument.data(), extra[1], n);
    return submit(c->stream, op);
}
int cuEventCreate(Event** to, unsigned) { ENTER_CONTEXT(cuEventCreate); *to = new Event{}; references++; return OK; }
int cuEventRecord(Event* e, Stream*) { ENTER_CONTEXT(cuEventRecord); e->at = seconds(); return OK; }
int cuEventSynchronize(Event*) { ENTER_CONTEXT(cuEventSynchronize); return OK; }
int cuEventElapsedTime(float* to, Event* a, Event* b) { ENTER_CONTEXT(cuEventElapsedTime); *to = 1e3 * (b->at - a->at); return OK; }
int cuEventDestroy_v2(Event* e) { ENTER_CONTEXT(cuEventDestroy_v2); delete e; references--; return OK; }
int cuGetErrorName(int code, const char** to) {
    switch (code) {
    case OUT_OF_MEMORY: *to = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case INVALID_CONTEXT: *to = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case NO_BINARY: *to = "CUDA_ERROR_NO_BINARY_FOR_GPU"; break;
    case LAUNCH_FAILED: *to = "CUDA_ERROR_LAUNCH_FAILED"; break;
    case INVALID_VALUE: *to = "CUDA_ERROR_INVALID_VALUE"; break;
    default: *to = "CUDA_ERROR"; break;
    }
    return OK;
}
}

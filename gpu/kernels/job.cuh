// The tables that describe one step. They lie in device memory; plan.py writes them, field by field in this order.

struct Tensor {
    const void* x;  // parameters
    const void* g;  // gradient
    const void* a;  // first tensor of the state: MoMo's d, TAM's m
    const void* b;  // second: v, or nothing
    void* new_x;
    void* new_a;
    void* new_b;
    long long aligned;  // whether all of them start at a multiple of 16 bytes
};

// What one block works on: the entries start ... end of one tensor. It starts at a multiple of 4096 entries.
struct Chunk {
    long long tensor;
    long long segment;
    long long start;
    long long end;
};

// The chunks whose sums belong together: those of one tensor where each has its own cosine, else all.
struct Segment {
    long long first;
    long long count;
};

const int SCALARS = 3;  // scalars of a state, at most

struct Job {
    const Tensor* tensors;
    const Chunk* chunks;
    const Segment* segments;
    double* partials;  // the sums of every chunk
    double* faults;    // how many results of every chunk are NaN or infinite
    double* before;    // the scalars of the state before the step, of every segment
    const long long* step;
    long long* new_step;
    const double* scalars[SCALARS];  // of the state, each one number a segment
    double* new_scalars[SCALARS];
    double* trace;  // the scalars of the trace, one row each
    long long trace_stride;
    const void* loss;
    long long loss_type;
    const void* lr;
    long long lr_type;
    double settings[10];
};

// A number that the caller keeps on the device in a type of its own; the codes are those of plan.py.
__device__ inline double number(const void* from, long long type) {
    switch (type) {
        case 0: return *(const double*)from;
        case 1: return *(const float*)from;
        case 2: return widened(*(const Half*)from);
        default: return widened(*(const Bfloat*)from);
    }
}

// The first pass puts the scalars of the state aside, so that the second may write them where they were. It has no
// other use for them but the number of steps, which it reads from its place.
__device__ inline void keep_scalars(const Job& job, long long chunk) {
    const long long segment = job.chunks[chunk].segment;
    if (threadIdx.x != 0 || job.segments[segment].first != chunk) return;
    double* to = job.before + segment * (SCALARS + 1);
    to[0] = (double)*job.step;
    for (int i = 0; i < SCALARS; ++i) to[i + 1] = job.scalars[i] ? job.scalars[i][segment] : 0.0;
}

// The second pass keeps the scalars of the new state, and those of the trace.
template <int KEPT, int TRACED>
__device__ inline void keep_results(const Job& job, long long segment, double k, const double (&kept)[KEPT],
                                    const double (&traced)[TRACED]) {
    const long long stride = job.trace_stride;
    double *row = job.trace + segment, *to[KEPT];  // read before anything is written, which might change them
    for (int i = 0; i < KEPT; ++i) to[i] = job.new_scalars[i] + segment;
    if (segment == 0) *job.new_step = (long long)k;
    for (int i = 0; i < KEPT; ++i) *to[i] = kept[i];
    for (int i = 0; i < TRACED; ++i) row[i * stride] = traced[i];
}

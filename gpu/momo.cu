// MoMo, and MoMo* where the lower bound is estimated.
//
// Memory traffic of float32, bytes a parameter: 28, and 24 by the recursion.
//   first pass   reads g, d, x (the recursion: g, d)   writes d        16 (12)
//   second pass  reads d, x                            writes x        12
#include "wide.cuh"
#include "types.cuh"
#include "job.cuh"
#include "sums.cuh"
#include "scalars.cuh"

template <class P>
__device__ void first_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const int W = 16 / sizeof(P);
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const bool recursion = job.settings[RECURSION] != 0.0;
    const bool starts = *job.step == 0 && job.settings[CORRECTED] == 0.0;  // d_0 = g_1
    const S beta = (S)job.settings[BETA], rest = (S)(1.0 - job.settings[BETA]);
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S g[W], d[W], x[W] = {};
        load<W, P>(t.g, i, count, t.aligned, g);
        load<W, S>(t.a, i, count, t.aligned, d);
        if (!recursion) load<W, P>(t.x, i, count, t.aligned, x);
#pragma unroll
        for (int j = 0; j < W; ++j) {
            d[j] = beta * (starts ? g[j] : d[j]) + rest * g[j];
            accumulate(sum, g[j], x[j]);
            accumulate(sum + BINS, d[j], x[j]);
            accumulate(sum + 2 * BINS, d[j], d[j]);
        }
        store<W, S>(t.new_a, i, count, t.aligned, d);
    }
    keep_partials<3>(job, chunk, sum);
}

template <class P>
__device__ void second_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const int W = 16 / sizeof(P);
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const Segment segment = job.segments[c.segment];
    __shared__ Move move;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0)
        model_step(job, segment.first == chunk, total(sum), total(sum + BINS), total(sum + 2 * BINS), move);
    __syncthreads();
    int faults = 0;
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S d[W], x[W];
        double moved[W];
        load<W, S>(t.new_a, i, count, t.aligned, d);
        load<W, P>(t.x, i, count, t.aligned, x);
#pragma unroll
        for (int j = 0; j < W; ++j) {
            moved[j] = minus(x[j], move.tau, d[j]);  // MoMo (16)
            if (move.shrink != 1.0) moved[j] /= move.shrink;
        }
        faults += store<W, P>(t.new_x, i, count, t.aligned, moved);
    }
    keep_faults(job, chunk, faults);
}

#include "kernels.cuh"

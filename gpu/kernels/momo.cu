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
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const bool recursion = job.settings[RECURSION] != 0.0;
    const bool starts = *job.step == 0 && job.settings[CORRECTED] == 0.0;  // d_0 = g_1
    const S beta = (S)job.settings[BETA], rest = (S)(1.0 - job.settings[BETA]);
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    walk<P>(c.start, c.end, t.aligned, [&](auto share, long long i) {
        const int N = share.N;
        S g[N], d[N], x[N] = {};
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, d);
        if (!recursion) load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            d[j] = beta * (starts ? g[j] : d[j]) + rest * g[j];
            accumulate(sum, g[j], x[j]);
            accumulate(sum + BINS, d[j], x[j]);
            accumulate(sum + 2 * BINS, d[j], d[j]);
        }
        store<S>(t.new_a, i, share, t.aligned, d);
    });
    keep_partials<3>(job, chunk, sum);
}

template <class P>
__device__ void second_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const Chunk c = job.chunks[chunk];
    const Segment segment = job.segments[c.segment];
    __shared__ Move shared;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0) model_step(job, segment.first == chunk, sum, shared);
    __syncthreads();
    const Move move = shared;
    const Tensor t = job.tensors[c.tensor];
    int faults = 0;
    walk<P>(c.start, c.end, t.aligned && ordinary<S>(move.tau), [&](auto share, long long i) {
        const int N = share.N;
        S d[N], x[N];
        double moved[N];
        load<S>(t.new_a, i, share, t.aligned, d);
        load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            moved[j] = minus(share, x[j], move.tau, d[j]);  // MoMo (16)
            if (move.shrink != 1.0) moved[j] /= move.shrink;
        }
        faults += store<P>(t.new_x, i, share, t.aligned, moved);
    });
    keep_faults(job, chunk, faults);
}

const int RESIDENT = BINS > 1 ? 2 : 3;
#include "kernels.cuh"

// MoMo-Adam, and MoMo-Adam* where the lower bound is estimated.
//
// Memory traffic of float32, bytes a parameter: 40, and 36 by the recursion.
//   first pass   reads g, d, v, x (the recursion: g, d, v)   writes d, v   24 (20)
//   second pass  reads d, v, x                               writes x      16
// D is computed in both passes and never stored.
#include "wide.cuh"
#include "types.cuh"
#include "job.cuh"
#include "sums.cuh"
#include "scalars.cuh"

// D^-1 d for one entry
template <class S>
__device__ inline S preconditioned(S d, S v, S correction, S eps) {
    return d / (sqrt(v / correction) + eps);
}

template <class P>
__device__ void first_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const double* s = job.settings;
    const bool recursion = s[RECURSION] != 0.0;
    const S beta1 = (S)s[BETA], rest1 = (S)(1.0 - s[BETA]), beta2 = (S)s[BETA2], rest2 = (S)(1.0 - s[BETA2]);
    const S correction = (S)(1.0 - pow(s[BETA2], (double)(*job.step + 1))), eps = (S)s[EPS];
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    walk<P>(c.start, c.end, t.aligned, [&](auto share, long long i) {
        const int N = share.N;
        S g[N], d[N], v[N], x[N] = {};
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, d);
        load<S>(t.b, i, share, t.aligned, v);
        if (!recursion) load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            d[j] = beta1 * d[j] + rest1 * g[j];
            v[j] = beta2 * v[j] + rest2 * (g[j] * g[j]);
            if (j >= share.count) continue;  // where eps = 0, D^-1 d of an entry that is not there would be 0/0
            accumulate(sum, g[j], x[j]);
            accumulate(sum + BINS, d[j], x[j]);
            accumulate(sum + 2 * BINS, d[j], preconditioned(d[j], v[j], correction, eps));
        }
        store<S>(t.new_a, i, share, t.aligned, d);
        store<S>(t.new_b, i, share, t.aligned, v);
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
    const S correction = (S)(1.0 - pow(job.settings[BETA2], job.before[0] + 1.0)), eps = (S)job.settings[EPS];
    int faults = 0;
    walk<P>(c.start, c.end, t.aligned && ordinary<S>(move.tau), [&](auto share, long long i) {
        const int N = share.N;
        S d[N], v[N], x[N];
        double moved[N];
        load<S>(t.new_a, i, share, t.aligned, d);
        load<S>(t.new_b, i, share, t.aligned, v);
        load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            const S direction = preconditioned(d[j], v[j], correction, eps);
            faults += j < share.count && !isfinite(v[j]);
            moved[j] = minus(share, move.decay * x[j], move.tau, direction);  // MoMo (16)
            if (move.shrink != 1.0) moved[j] /= move.shrink;
        }
        faults += store<P>(t.new_x, i, share, t.aligned, moved);
    });
    keep_faults(job, chunk, faults);
}

const int RESIDENT = BINS > 1 ? 2 : 3;
#include "kernels.cuh"

// AdaTAM, and AdaTAMW where there is weight decay.
//
// Memory traffic of float32, bytes a parameter: 36.
//   first pass   reads m, g                              8
//   second pass  reads m, g, v, x   writes m, v, x      28
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
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    walk<P>(c.start, c.end, t.aligned, [&](auto share, long long i) {
        const int N = share.N;
        S g[N], m[N];
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, m);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            accumulate(sum, m[j], g[j]);
            accumulate(sum + BINS, m[j], m[j]);
            accumulate(sum + 2 * BINS, g[j], g[j]);
        }
    });
    keep_partials<3>(job, chunk, sum);
}

template <class P>
__device__ void second_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const Segment segment = job.segments[c.segment];
    const double* s = job.settings;
    const bool corrected = s[BIAS_CORRECTED] != 0.0;
    const double k = job.before[c.segment * (SCALARS + 1)] + 1.0;
    const S beta1 = (S)s[TAM_BETA], beta2 = (S)s[TAM_BETA2], rest2 = (S)(1.0 - s[TAM_BETA2]), eps = (S)s[TAM_EPS];
    const S correction1 = (S)(corrected ? 1.0 - pow(s[TAM_BETA], k) : 1.0);
    const S correction2 = (S)(corrected ? 1.0 - pow(s[TAM_BETA2], k) : 1.0);
    const double lr = number(job.lr, job.lr_type), decay = 1.0 - lr * s[TAM_DECAY];
    const Factor alpha = factor(lr);
    __shared__ double shared;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0) {
        const double d = damping(job, c.segment, segment.first == chunk, sum);
        shared = (s[AVERAGED] != 0.0 ? 1.0 - s[TAM_BETA] : 1.0) * (s[TAM_EPS] + d);
    }
    __syncthreads();
    const S weight = (S)shared;
    int faults = 0;
    walk<P>(c.start, c.end, t.aligned && ordinary<S>(alpha), [&](auto share, long long i) {
        const int N = share.N;
        S g[N], m[N], v[N], x[N];
        double moved[N];
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, m);
        load<S>(t.b, i, share, t.aligned, v);
        load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            m[j] = beta1 * m[j] + weight * g[j];
            v[j] = beta2 * v[j] + rest2 * (g[j] * g[j]);
            moved[j] = minus(share, decay * x[j], alpha, m[j] / correction1 / (sqrt(v[j] / correction2) + eps));
        }
        faults += store<S>(t.new_a, i, share, t.aligned, m);
        faults += store<S>(t.new_b, i, share, t.aligned, v);
        faults += store<P>(t.new_x, i, share, t.aligned, moved);
    });
    keep_faults(job, chunk, faults);
}

const int RESIDENT = 2;
#include "kernels.cuh"

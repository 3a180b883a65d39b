// The entry points: one a pass and type. Block i of the first pass works on the chunk i of its launch; the second goes
// backwards, because what the first touched last is what the cache still holds.

#define MOMORACLE_KERNELS(TYPE, NAME)                                                      \
    extern "C" __global__ void first_##NAME(const Job* job, long long chunk) {             \
        first_pass<TYPE>(*job, chunk + blockIdx.x);                                        \
    }                                                                                      \
    extern "C" __global__ void second_##NAME(const Job* job, long long chunk) {            \
        second_pass<TYPE>(*job, chunk + (gridDim.x - 1 - blockIdx.x));                     \
    }

MOMORACLE_KERNELS(float, float32)
MOMORACLE_KERNELS(Half, float16)
MOMORACLE_KERNELS(Bfloat, bfloat16)
#if BINS > 1
MOMORACLE_KERNELS(double, float64)
#endif

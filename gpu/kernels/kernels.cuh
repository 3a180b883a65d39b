// The entry points: one a pass and type. Block i of the first pass works on the chunk i of its launch; the second goes
// backwards, because what the first touched last is what the cache still holds. A multiprocessor is to have registers
// for RESIDENT blocks at least: enough for the bytes on their way to it that tests/gpu/test_compiling.py counts.

#define MOMORACLE_KERNEL extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT)
#define MOMORACLE_KERNELS(TYPE, NAME)                                      \
    MOMORACLE_KERNEL first_##NAME(const Job* job, long long chunk) {       \
        first_pass<TYPE>(*job, chunk + blockIdx.x);                        \
    }                                                                      \
    MOMORACLE_KERNEL second_##NAME(const Job* job, long long chunk) {      \
        second_pass<TYPE>(*job, chunk + (gridDim.x - 1 - blockIdx.x));     \
    }

MOMORACLE_KERNELS(float, float32)
MOMORACLE_KERNELS(Half, float16)
MOMORACLE_KERNELS(Bfloat, bfloat16)
#if BINS > 1
MOMORACLE_KERNELS(double, float64)
#endif

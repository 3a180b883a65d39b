// The scalar mathematics of all kernels: the momentum model (MoMo) and the damping (TAM).

// -- MoMo: the model and its step size (arXiv 2305.07583), symbols as in reference/momentum_model.py ------------------

template <class N>
struct Model {
    N f_bar, gamma, rho;
    N dx;      // <d, x>
    N dd;      // |d|^2 in the metric D^-1
    N shrink;  // 1 + alpha lambda
};

template <class N>
__device__ inline N value(const Model<N>& m) { return m.f_bar + m.dx - m.gamma; }  // h, MoMo 1.1

// MoMo (15)
template <class N>
__device__ inline N step_size(const Model<N>& m, N f_star, N alpha) {
    const N above = m.shrink * (m.f_bar - m.gamma - m.rho * f_star) + m.dx;
    return least(alpha / m.rho, quotient(above < as<N>(0.0) ? as<N>(0.0) : above, m.dd));
}

// MoMo, unknown lower bounds: reset
template <class N>
__device__ inline N reset(const Model<N>& m, N f_star, N initial) {
    const N c = m.shrink * (m.f_bar - m.gamma) + m.dx;
    if (c < m.shrink * m.rho * f_star) return greatest(c / (as<N>(2.0) * m.shrink * m.rho), initial);
    return f_star;
}

// MoMo, unknown lower bounds: estimate
template <class N>
__device__ inline N estimate(const Model<N>& m, N tau, N initial) {
    return greatest((value(m) - tau * m.dd / as<N>(2.0)) / m.rho, initial);
}

// The settings of MoMo and MoMo-Adam; programs.py writes them in this order.
enum { BETA, LOWER_BOUND, WEIGHT_DECAY, ESTIMATE, CORRECTED, RECURSION, BETA2, EPS, DECOUPLED };

// What the second pass applies to every entry.
struct Move {
    Factor tau;
    double decay;   // decoupled, as the authors' code has it: 1 - alpha lambda, before the step; else 1
    double shrink;  // 1 + alpha lambda, after the step; decoupled: 1
};

// All scalars of one step of MoMo and MoMo-Adam, kept by the block that owns the first chunk.
template <class N>
__device__ __noinline__ void model_step(const Job& job, bool keeps, N gx, N dx, N dd, Move& move) {
    const double* s = job.settings;
    const double k = job.before[0] + 1.0;
    const N beta = as<N>(s[BETA]), rest = as<N>(1.0 - s[BETA]), initial = as<N>(s[LOWER_BOUND]);
    const N f = as<N>(number(job.loss, job.loss_type)), alpha = as<N>(number(job.lr, job.lr_type));
    const N decay = alpha * as<N>(s[WEIGHT_DECAY]);
    const bool first = k == 1.0 && s[CORRECTED] == 0.0;  // f_bar_0 = f_1, gamma_0 = <g_1, x^1>
    // M11, in coordinates that move with x: their origin is x^k, so that both products are 0; moving it to x^{k+1}
    // adds <d, x^k - x^{k+1}> = tau |d|^2 to gamma. It needs no x, and does not see how x is rounded when it is kept.
    const bool recursion = s[RECURSION] != 0.0;
    if (recursion) gx = dx = as<N>(0.0);

    Model<N> m;
    m.f_bar = beta * (first ? f : as<N>(job.before[1])) + rest * f;
    m.gamma = beta * (first ? gx : as<N>(job.before[2])) + rest * gx;
    m.rho = as<N>(s[CORRECTED] != 0.0 ? 1.0 - pow(s[BETA], k) : 1.0);
    m.dx = dx;
    m.dd = dd;
    m.shrink = as<N>(1.0) + decay;
    N f_star = as<N>(job.before[3]);
    if (s[ESTIMATE] != 0.0) f_star = reset(m, f_star, initial);
    const N tau = step_size(m, f_star, alpha);

    if (keeps) {
        const N offset = recursion ? m.gamma + tau * dd : m.gamma;
        const N next = s[ESTIMATE] != 0.0 ? estimate(m, tau, initial) : f_star;
        keep_results(job, 0, k, {to_double(m.f_bar), to_double(offset), to_double(next)},
                     {to_double(m.f_bar), to_double(m.gamma), to_double(m.rho), to_double(dx), to_double(value(m)),
                      to_double(dd), to_double(f_star), to_double(tau)});
    }
    const bool decoupled = s[DECOUPLED] != 0.0;
    move = {factor(tau), decoupled ? 1.0 - to_double(decay) : 1.0, decoupled ? 1.0 : to_double(m.shrink)};
}

__device__ inline void model_step(const Job& job, bool keeps, const double* sum, Move& move) {
    const double* s = job.settings;
    const double given[] = {number(job.loss, job.loss_type), number(job.lr, job.lr_type), s[BETA], s[LOWER_BOUND],
                            s[WEIGHT_DECAY], job.before[1], job.before[2], job.before[3]};
    bool ordinary = moderate_totals<3>(sum);
    for (double z : given) ordinary = ordinary && moderate(z);
    if (ordinary)
        model_step(job, keeps, total<double>(sum), total<double>(sum + BINS), total<double>(sum + 2 * BINS), move);
    else
        model_step(job, keeps, total<Wide>(sum), total<Wide>(sum + BINS), total<Wide>(sum + 2 * BINS), move);
}

// -- TAM: the damping (arXiv 2412.18790, section 2.1), symbols as in reference/torque.py ------------------------------

// The settings of TAM, AdaTAM and AdaTAMW; programs.py writes them in this order.
enum { TAM_BETA, GAMMA, TAM_EPS, TAM_DECAY, AVERAGED, BIAS_CORRECTED, TAM_BETA2 };

__device__ inline double bounded(double z, double low, double high) { return z < low ? low : high < z ? high : z; }

// s, the cosine of the momentum and the gradient
template <class N>
__device__ __noinline__ double cosine(N mg, N mm, N gg) { return to_double(quotient(mg, root(mm) * root(gg))); }

__device__ inline double cosine(const double* sum) {
    return moderate_totals<3>(sum)
               ? cosine(total<double>(sum), total<double>(sum + BINS), total<double>(sum + 2 * BINS))
               : cosine(total<Wide>(sum), total<Wide>(sum + BINS), total<Wide>(sum + 2 * BINS));
}

// All scalars of one segment's damping; the block that owns its first chunk keeps them. Returns d.
__device__ inline double damping(const Job& job, long long segment, bool keeps, const double* sum) {
    const double* before = job.before + segment * (SCALARS + 1);
    const double k = before[0] + 1.0, gamma = job.settings[GAMMA], fading = pow(gamma, k);
    // The bounds are theorems (T1); rounding is held to them.
    const double s = bounded(cosine(sum), -1.0, 1.0);
    const double s_hat = bounded(gamma * before[1] + (1.0 - gamma) * s, fading - 1.0, 1.0 - fading);
    const double d = bounded((1.0 + s_hat) / 2.0, fading / 2.0, 1.0 - fading / 2.0);
    if (keeps) keep_results(job, segment, k, {s_hat}, {s, s_hat, d});
    return d;
}

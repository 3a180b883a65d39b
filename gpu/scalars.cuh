// The scalar mathematics of all kernels: the momentum model (MoMo) and the damping (TAM).

// -- MoMo: the model and its step size (arXiv 2305.07583), symbols as in reference/momentum_model.py ------------------

struct Model {
    Wide f_bar, gamma, rho;
    Wide dx;      // <d, x>
    Wide dd;      // |d|^2 in the metric D^-1
    Wide shrink;  // 1 + alpha lambda
};

__device__ inline Wide value(const Model& m) { return m.f_bar + m.dx - m.gamma; }  // h, MoMo 1.1

// MoMo (15)
__device__ inline Wide step_size(const Model& m, Wide f_star, Wide alpha) {
    const Wide above = m.shrink * (m.f_bar - m.gamma - m.rho * f_star) + m.dx;
    return least(alpha / m.rho, quotient(above < wide(0.0) ? wide(0.0) : above, m.dd));
}

// MoMo, unknown lower bounds: reset
__device__ inline Wide reset(const Model& m, Wide f_star, Wide initial) {
    const Wide c = m.shrink * (m.f_bar - m.gamma) + m.dx;
    if (c < m.shrink * m.rho * f_star) return greatest(c / (wide(2.0) * m.shrink * m.rho), initial);
    return f_star;
}

// MoMo, unknown lower bounds: estimate
__device__ inline Wide estimate(const Model& m, Wide tau, Wide initial) {
    return greatest((value(m) - tau * m.dd / wide(2.0)) / m.rho, initial);
}

// The settings of MoMo and MoMo-Adam; programs.py writes them in this order.
enum { BETA, LOWER_BOUND, WEIGHT_DECAY, ESTIMATE, CORRECTED, RECURSION, BETA2, EPS, DECOUPLED };

// What the second pass applies to every entry.
struct Move {
    Factor tau;
    double shrink;  // 1 + alpha lambda
    double decay;   // 1 - alpha lambda
};

// All scalars of one step of MoMo and MoMo-Adam, kept by the block that owns the first chunk.
__device__ inline void model_step(const Job& job, bool keeps, Wide gx, Wide dx, Wide dd, Move& move) {
    const double* s = job.settings;
    const double k = job.before[0] + 1.0;
    const Wide beta = wide(s[BETA]), rest = wide(1.0 - s[BETA]), initial = wide(s[LOWER_BOUND]);
    const Wide f = wide(number(job.loss, job.loss_type)), alpha = wide(number(job.lr, job.lr_type));
    const Wide decay = alpha * wide(s[WEIGHT_DECAY]);
    const bool first = k == 1.0 && s[CORRECTED] == 0.0;  // f_bar_0 = f_1, gamma_0 = <g_1, x^1>
    // M11, in coordinates that move with x: their origin is x^k, so that both products are 0; moving it to x^{k+1}
    // adds <d, x^k - x^{k+1}> to gamma. It needs no x, and loses no digits where x is large.
    const bool recursion = s[RECURSION] != 0.0;
    if (recursion) gx = dx = wide(0.0);

    Model m;
    m.f_bar = beta * (first ? f : wide(job.before[1])) + rest * f;
    m.gamma = beta * (first ? gx : wide(job.before[2])) + rest * gx;
    m.rho = wide(s[CORRECTED] != 0.0 ? 1.0 - pow(s[BETA], k) : 1.0);
    m.dx = dx;
    m.dd = dd;
    m.shrink = wide(1.0) + decay;
    Wide f_star = wide(job.before[3]);
    if (s[ESTIMATE] != 0.0) f_star = reset(m, f_star, initial);
    const Wide tau = step_size(m, f_star, alpha);

    if (keeps) {
        const Wide offset = recursion ? m.gamma + tau * dd : m.gamma;
        const Wide next = s[ESTIMATE] != 0.0 ? estimate(m, tau, initial) : f_star;
        *job.new_step = (long long)k;
        job.new_scalars[0][0] = to_double(m.f_bar);
        job.new_scalars[1][0] = to_double(offset);
        job.new_scalars[2][0] = to_double(next);
        const Wide trace[] = {m.f_bar, m.gamma, m.rho, dx, value(m), dd, f_star, tau};
        for (int i = 0; i < 8; ++i) job.trace[i * job.trace_stride] = to_double(trace[i]);
    }
    const Move found = {factor(tau), to_double(m.shrink), 1.0 - to_double(decay)};
    move = found;
}

// -- TAM: the damping (arXiv 2412.18790, section 2.1), symbols as in reference/torque.py ------------------------------

// The settings of TAM, AdaTAM and AdaTAMW; programs.py writes them in this order.
enum { TAM_BETA, GAMMA, TAM_EPS, TAM_DECAY, AVERAGED, BIAS_CORRECTED, TAM_BETA2 };

__device__ inline double bounded(double z, double low, double high) { return z < low ? low : high < z ? high : z; }

// All scalars of one segment's damping; the block that owns its first chunk keeps them. Returns d.
__device__ inline double torque(const Job& job, long long segment, bool keeps, Wide mg, Wide mm, Wide gg) {
    const double* before = job.before + segment * (SCALARS + 1);
    const double k = before[0] + 1.0, gamma = job.settings[GAMMA], fading = pow(gamma, k);
    // The bounds are theorems (T1); rounding is held to them.
    const double s = bounded(to_double(quotient(mg, root(mm) * root(gg))), -1.0, 1.0);
    const double s_hat = bounded(gamma * before[1] + (1.0 - gamma) * s, fading - 1.0, 1.0 - fading);
    const double d = bounded((1.0 + s_hat) / 2.0, fading / 2.0, 1.0 - fading / 2.0);
    if (keeps) {
        if (segment == 0) *job.new_step = (long long)k;
        job.new_scalars[0][segment] = s_hat;
        const double trace[] = {s, s_hat, d};
        for (int i = 0; i < 3; ++i) job.trace[i * job.trace_stride + segment] = trace[i];
    }
    return d;
}

// g++ -std=c++17 -O1 consumer.cpp -o consumer && ./consumer FILE.json ...   (nlohmann-json; status 1: one deviates)
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using Json = nlohmann::json;
using Array = std::vector<double>;
using Quantities = std::map<std::string, Array>;
using Step = std::function<Quantities(int k, double alpha, double loss, const std::vector<Array>& grads)>;

double read(const Json& hex) { return std::strtod(hex.get<std::string>().c_str(), nullptr); }
Array flat(const std::vector<Array>& parts) {
    Array all;
    for (const Array& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}
double dot(const Array& a, const Array& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
    return sum;
}
double norm(const Array& a) { // scaled: squares neither overflow nor vanish
    double largest = 0, sum = 0;
    for (double entry : a) largest = std::max(largest, std::abs(entry));
    for (double entry : a) sum += largest > 0 ? (entry / largest) * (entry / largest) : 0;
    return largest * std::sqrt(sum);
}

Step momo(const std::vector<Array>& params, const Json& h) {
    const double beta = read(h["beta"]["hex"]), low = read(h["lower_bound"]["hex"]), decay = read(h["weight_decay"]["hex"]);
    const bool corrected = h["bias_correction"], estimating = h["estimate_lower_bound"];
    Array x = flat(params), d(x.size(), 0.0);
    double f_bar = 0, gamma = 0, bound = low;
    return [=](int k, double alpha, double loss, const std::vector<Array>& grads) mutable -> Quantities {
        const Array g = flat(grads);
        const double fresh = k == 1 && !corrected ? 1 : 1 - beta, shrink = 1 + alpha * decay;
        f_bar = (1 - fresh) * f_bar + fresh * loss;
        gamma = (1 - fresh) * gamma + fresh * dot(g, x);
        for (size_t i = 0; i < x.size(); i++) d[i] = (1 - fresh) * d[i] + fresh * g[i];
        const double rho = corrected ? 1 - std::pow(beta, k) : 1, dx = dot(d, x), size = norm(d);
        const double value = shrink * (f_bar - gamma) + dx;
        if (estimating && value < shrink * rho * bound) bound = std::max(value / (2 * shrink * rho), low);
        const double polyak = std::max(value - shrink * rho * bound, 0.0) / size / size;
        const double tau = size > 0 ? std::min(alpha / rho, polyak) : 0;
        if (estimating) bound = std::max((f_bar - gamma + dx - tau * size * size / 2) / rho, low);
        for (size_t i = 0; i < x.size(); i++) x[i] = (x[i] - tau * d[i]) / shrink;
        return {{"params", x}, {"step_size", {tau}}};
    };
}

Step tam(const std::vector<Array>& params, const Json& h) {
    const double beta = read(h["beta"]["hex"]), keep = read(h["gamma"]["hex"]), eps = read(h["eps"]["hex"]);
    const double decay = read(h["weight_decay"]["hex"]);
    std::vector<Array> x = params, m;
    for (const Array& tensor : x) m.emplace_back(tensor.size(), 0.0);
    Array averages(x.size(), 0.0);
    return [=](int, double alpha, double, const std::vector<Array>& grads) mutable -> Quantities {
        for (size_t t = 0; t < x.size(); t++) {
            Array g = grads[t], unit_m = m[t], unit_g;
            for (size_t i = 0; i < g.size(); i++) g[i] += decay * x[t][i];
            unit_g = g;
            const double m_norm = norm(m[t]), g_norm = norm(g);
            for (double& entry : unit_m) entry /= m_norm > 0 ? m_norm : 1;
            for (double& entry : unit_g) entry /= g_norm > 0 ? g_norm : 1;
            averages[t] = keep * averages[t] + (1 - keep) * dot(unit_m, unit_g);
            for (size_t i = 0; i < g.size(); i++) {
                m[t][i] = beta * m[t][i] + (eps + (1 + averages[t]) / 2) * g[i];
                x[t][i] -= alpha * m[t][i];
            }
        }
        return {{"params", flat(x)}, {"cosine_average", averages}};
    };
}

// From here on nothing knows any optimizer. A step returns what it has, flat, by the vectors' names.
Array array(const Json& item) {
    Array values;
    for (const Json& hex : item["hex"]) values.push_back(read(hex));
    return values;
}

std::string deviation(const Json& h, const Json& vector, Step (*start)(const std::vector<Array>&, const Json&)) {
    std::vector<Array> params;
    for (const Json& item : vector["params"]) params.push_back(array(item));
    Step step = start(params, h);
    int k = 0;
    for (const Json& given : vector["steps"]) {
        std::vector<Array> grads;
        for (const Json& item : given["grads"]) grads.push_back(array(item));
        const Json& rate = h["lr"].is_array() ? h["lr"][k] : h["lr"];
        k++;
        for (const auto& [name, got] : step(k, read(rate["hex"]), read(given["loss"]["hex"]), grads)) {
            Array want, allowed;
            for (const Json& item : given["expected"].value(name, Json::array()))
                for (size_t i = 0; i < item["hex"].size(); i++) {
                    want.push_back(read(item["hex"][i]));
                    allowed.push_back(item["tolerance"][i].get<double>());
                }
            std::ostringstream said;
            said.precision(17);
            said << "step " << k << ": " << name;
            if (given["expected"].contains(name) && want.size() != got.size()) return said.str() + " has another size";
            for (size_t i = 0; i < want.size(); i++)
                if (want[i] != got[i] && !(std::abs(want[i] - got[i]) <= allowed[i])) { // true for NaN
                    said << " is " << got[i] << ", expected " << want[i];
                    return said.str();
                }
        }
    }
    return "";
}

int main(int count, char** files) {
    bool all = true;
    for (int i = 1; i < count; i++) {
        const Json content = Json::parse(std::ifstream(files[i]));
        if (content["schema"] != "momoracle-golden-v1") throw std::runtime_error("this reads momoracle-golden-v1");
        const auto start = std::map<std::string, decltype(&momo)>{{"momo", momo}, {"tam", tam}}.at(content["algorithm"]);
        int agree = 0;
        for (const Json& group : content["groups"])
            for (const Json& vector : group["vectors"]) {
                const std::string found = deviation(group["hyperparameters"], vector, start);
                if (found.empty()) agree++;
                else std::cout << vector["id"].get<std::string>() << ", " << found << "\n";
            }
        std::cout << content["algorithm"].get<std::string>() << ": " << agree << " of " << content["count"] << " vectors agree\n";
        all = all && agree == content["count"];
    }
    return all ? 0 : 1;
}

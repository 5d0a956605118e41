#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

#include "cli/views/simulation_view.h"

namespace rayctl {
namespace {

using Sample = SimulationResult::Sample;

constexpr double kWidth = 960, kLeft = 64, kRight = 20, kPanel = 190, kTop = 56, kGap = 60;
constexpr double kHeight = kTop + 2 * kPanel + kGap + 44;
constexpr double kTextSize = 12;

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&' || c == '"') {
      safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : "&quot;";
    } else if (static_cast<unsigned char>(c) >= ' ') {
      safe += c;
    }
  }
  return safe;
}

std::string label(double x, double y, const char* anchor, const std::string& text,
                  const char* kind = "t") {
  return "<text class=\"" + std::string(kind) + "\" x=\"" + number(x) + "\" y=\"" + number(y) +
         "\" text-anchor=\"" + anchor + "\">" + escaped(text) + "</text>\n";
}

/// 1, 2 or 5 times a power of ten, so that about `parts` of them make up `most`.
double step_for(double most, double parts) {
  const double least = std::max(most / parts, 1e-9);
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * power >= least) return times * power;
  }
  return 10 * power;
}

struct Line {
  const char* name;
  const char* kind;  ///< its class in the style
  std::function<double(const Sample&)> value;
};

/// One diagram: axes, a grid, lines that go in steps, a legend above.
class Panel {
 public:
  Panel(const std::vector<Sample>& samples, double top, std::vector<Line> lines)
      : samples_(samples), top_(top), lines_(std::move(lines)) {
    for (const Sample& sample : samples_) {
      for (const Line& line : lines_)
        most_ = std::max(most_, line.value(sample));
      length_ = std::max(length_, static_cast<double>(sample.at.count()) / 1000);
    }
  }

  std::string draw(const std::string& title) const {
    std::string svg = label(kLeft, top_ - 10, "start", title, "h");
    const double step = std::max(1.0, step_for(most_, 4));
    for (double value = 0; value <= most_; value += step) {
      svg += rule(kLeft, y(value), kWidth - kRight, y(value), value == 0 ? "axis" : "grid");
      svg += label(kLeft - 8, y(value) + 4, "end", std::to_string(std::llround(value)));
    }
    const double minutes = step_for(length_ / 60, 8);
    for (double at = 0; at * 60 <= length_; at += minutes) {
      svg += rule(x(at * 60), top_ + kPanel, x(at * 60), top_ + kPanel + 4, "axis");
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "%g min", at);
      svg += label(x(at * 60), top_ + kPanel + 18, "middle", text.data());
    }
    double legend = kWidth - kRight;
    for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
      svg += path(*line);
      svg += label(legend, top_ - 10, "end", line->name);
      legend -= 8 + 7 * static_cast<double>(std::string(line->name).size());
      svg += rule(legend - 22, top_ - 14, legend, top_ - 14, line->kind);
      legend -= 40;
    }
    return svg;
  }

 private:
  double x(double seconds) const { return kLeft + (kWidth - kLeft - kRight) * seconds / length_; }
  double y(double value) const { return top_ + kPanel * (1 - value / most_); }

  static std::string rule(double x1, double y1, double x2, double y2, const char* kind) {
    return "<path class=\"" + std::string(kind) + "\" d=\"M" + number(x1) + " " + number(y1) + "L" +
           number(x2) + " " + number(y2) + "\"/>\n";
  }

  /// Corners alone: a line over hours of nothing is two points.
  std::string path(const Line& line) const {
    std::string points;
    double before = -1;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const double value = line.value(samples_[i]);
      const bool last = i + 1 == samples_.size();
      if (value == before && !last) continue;
      const double at = x(static_cast<double>(samples_[i].at.count()) / 1000);
      points += points.empty() ? "M" + number(at) + " " + number(y(value))
                               : "H" + number(at) + "V" + number(y(value));
      before = value;
    }
    return "<path class=\"" + std::string(line.kind) + "\" d=\"" + points + "\"/>\n";
  }

  const std::vector<Sample>& samples_;
  double top_, most_ = 1, length_ = 1;
  std::vector<Line> lines_;
};

std::string head() {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(kWidth) + " " +
         number(kHeight) + "\" font-family=\"sans-serif\" font-size=\"" + number(kTextSize) +
         "\">\n<style>path{fill:none;stroke-width:1}"
         ".t{fill:#7a7a7a}.h{fill:#7a7a7a;font-weight:bold}"
         ".axis{stroke:#7a7a7a}.grid{stroke:#7a7a7a;stroke-opacity:.25}"
         ".a{stroke:#d9822b;stroke-width:2}.b{stroke:#2d8cd6;stroke-width:2}"
         ".c{stroke:#d9822b;stroke-width:2;stroke-dasharray:6 3}.d{stroke:#2e9e6b;stroke-width:2}"
         "</style>\n";
}

}  // namespace

std::string simulation_svg(const SimulationResult& result, const std::string& title) {
  const auto count = [](auto member) {
    return [member](const Sample& sample) { return static_cast<double>(sample.*member); };
  };
  const Panel demand(
      result.samples, kTop,
      {{"waiting", "a", count(&Sample::waiting)}, {"running", "b", count(&Sample::running)}});
  const Panel nodes(
      result.samples, kTop + kPanel + kGap,
      {{"wanted", "c", count(&Sample::wanted)}, {"in Ray", "d", count(&Sample::nodes)}});
  return head() + label(kLeft, 20, "start", title, "h") + demand.draw("tasks") +
         nodes.draw("workers") + "</svg>\n";
}

}  // namespace rayctl

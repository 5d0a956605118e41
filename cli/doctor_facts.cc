#include <algorithm>
#include <charconv>
#include <string>

#include "base/text.h"
#include "cli/doctor.h"

namespace rayctl {
namespace {

constexpr char kMachine[] = R"sh(
echo "clock=$(date +%s)"
echo "user=$(id -un)"
echo "groups=$(id -nG)"
df -Pk "$HOME" /tmp 2>/dev/null | while read -r _ _ _ free used path; do
  case $used in *%) echo "disk=$free ${used%\%} $path" ;; esac
done
echo "files=$(ulimit -Hn 2>/dev/null || ulimit -n)"
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _; do
  if [ "$state" = 0A ]; then echo "listens=${local##*:}"; fi
done
if command -v docker >/dev/null 2>&1; then echo docker=1; fi
if command -v podman >/dev/null 2>&1; then echo podman=1; fi
if [ -w /var/run/docker.sock ]; then echo socket=1; fi
)sh";

// The first line of `ray` names its Python; starting Ray only for its version takes seconds.
constexpr char kRay[] = R"sh(
ray=$(command -v ray) || { echo "python=$(python3 -c 'import sys; print(sys.version.split()[0])')"; exit 0; }
python=
read -r first <"$ray"
case $first in "#!"*) python=${first#"#!"} ;; esac
[ -n "$python" ] && [ -x "${python%% *}" ] || python=${ray%/*}/python
[ -x "${python%% *}" ] || python=python3
${python} -c 'import sys
print("python=" + sys.version.split()[0])
try:
  from importlib.metadata import version
  print("ray=" + version("ray"))
except Exception:
  pass'
)sh";

constexpr char kDial[] = R"sh(
said=$(timeout 5 bash -c 'exec 3<>/dev/tcp/"$1"/"$2"' rayctl-dial "$1" "$2" 2>&1)
case $?:$said in
  0:*) echo open ;;
  *refused*) echo refused ;;
  *) echo silent ;;
esac
)sh";

bool number(std::string_view text, auto& value, int base = 10) {
  return std::from_chars(text.data(), text.data() + text.size(), value, base).ec == std::errc{};
}

}  // namespace

std::string doctor_machine_script() {
  return kMachine;
}
std::string doctor_ray_script() {
  return kRay;
}
std::string doctor_dial_script() {
  return kDial;
}

MachineFacts parse_machine_facts(const std::string& text) {
  MachineFacts facts;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = line.substr(0, equals), value = trim(line.substr(equals + 1));
    long long count = 0;
    if (key == "clock" && number(value, count)) facts.clock = Time{Millis{count * 1000}};
    if (key == "user") facts.user = value;
    if (key == "docker") facts.docker = true;
    if (key == "podman") facts.podman = true;
    if (key == "socket") facts.docker_socket = true;
    if (key == "files" && number(value, count)) facts.open_files = static_cast<long>(count);
    int port = 0;
    if (key == "listens" && number(value, port, 16)) facts.listens.insert(port);
    if (key == "groups") {
      for (const std::string& group : split(value, ' '))
        facts.groups.insert(group);
    }
    if (key != "disk") continue;
    const std::vector<std::string> words = split(value, ' ');
    MachineFacts::Disk disk;
    if (words.size() < 3 || !number(words[0], disk.free_kb) || !number(words[1], disk.used_percent))
      continue;
    disk.path = join({words.begin() + 2, words.end()}, " ");
    if (std::find(facts.disks.begin(), facts.disks.end(), disk) == facts.disks.end())
      facts.disks.push_back(disk);
  }
  return facts;
}

RayFacts parse_ray_facts(const std::string& text) {
  RayFacts facts;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("ray=")) facts.ray = trim(line.substr(4));
    if (line.starts_with("python=")) facts.python = trim(line.substr(7));
  }
  return facts;
}

}  // namespace rayctl

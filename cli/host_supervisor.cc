#include "cli/host_supervisor.h"

#include "cli/access/ssh_pool.h"
#include "cli/access/state_host_keys.h"
#include "providers/hosts/host_scripts.h"

namespace rayctl {
namespace {

// Run on each host by its own user: ends what we started, then what release_script() does.
// Argument: cluster id.
constexpr char kStop[] = R"sh(
if [ -e ~/.rayctl/ray_op ]; then
  bash --login -i -c 'command -v ray >/dev/null && ray stop' </dev/null >/dev/null 2>&1
fi
for signal in TERM KILL; do
  for op in ~/.rayctl/ops/*/; do
    [ -e "$op/pid" ] && [ ! -e "$op/exit_code" ] || continue
    [ "$(cat "$op/boot_id")" = "$(cat /proc/sys/kernel/random/boot_id)" ] || continue
    kill -s "$signal" -- "-$(cat "$op/pid")" 2>/dev/null && sleep 2
  done
done
)sh";

// Arguments: cluster id, the stop script, the tag script, name of the head, how many workers, then
// NAME USER HOST PORT FINGERPRINT of each ("-", which no key has, where none is pinned), then the
// command.
constexpr char kSupervise[] = R"sh(
id=$1 stop=$2 tag=$3 head=$4 count=$5
shift 5
workers=
while [ "$count" -gt 0 ]; do
  workers="$workers$1 $2 $3 $4 $5
"
  shift 5
  count=$((count - 1))
done
trap : INT
"$@"
code=$?
printf 'rayctl-lease=ended\n' | sh -c "$tag" rayctl-host "$id"
key=
if [ -r ~/ray_bootstrap_key.pem ]; then key="-i $HOME/ray_bootstrap_key.pem"; fi
known=$(mktemp)
left= released=
while read -r name user host port fingerprint; do
  [ -n "$name" ] || continue
  ssh-keyscan -T 10 -p "$port" "$host" 2>/dev/null | while read -r line; do
    case $(printf '%s\n' "$line" | ssh-keygen -lf - 2>/dev/null) in
      *" $fingerprint "*) printf '%s\n' "$line" ;;
    esac
  done >"$known"
  if printf '%s\n' "$stop" | ssh $key -o BatchMode=yes -o ConnectTimeout=10 \
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$known" \
    -o GlobalKnownHostsFile=/dev/null -p "$port" -l "$user" -- "$host" \
    sh -s -- "$id" >/dev/null 2>&1; then
    released="$released $name"
  else
    left="$left $name ($host)"
  fi
done <<WORKERS
$workers
WORKERS
rm -f "$known"
if sh -c "$stop" rayctl-host "$id" >/dev/null 2>&1; then
  released="$released $head"
else
  left="$left $head"
fi
line="rayctl: the command ended with $code. Released:${released:- none}."
if [ -n "$left" ]; then line="$line Still taken:$left; \`rayctl down\` releases them."; fi
echo "$line" | tee -a ~/rayctl-stop.log
exit "$code"
)sh";

bool in_containers(const Config& config) {
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.docker.contains("container_name")) return true;
  }
  return false;
}

}  // namespace

Result<Command> supervised(Session& session, Cluster& cluster, const Looked& looked,
                           const Command& command) {
  const Config& config = cluster.config();
  if (config.provider.text != "local" || in_containers(config)) {
    return permanent(ErrorCode::kNotSupported,
                     "--stop with --tmux or --screen is for private hosts without containers; "
                     "leave out one of them");
  }
  Result<CloudNode> head = running_head(cluster, looked);
  if (!head) return head.error();
  const SshLogins logins = ssh_logins(config, session.io);
  std::vector<std::string> words{"sh",
                                 "-c",
                                 kSupervise,
                                 "rayctl-supervise",
                                 head->cluster ? head->cluster->text : "",
                                 kStop + hosts::release_script(),
                                 hosts::tag_script(),
                                 head->name ? head->name->text : "head",
                                 ""};
  const std::size_t count_at = words.size() - 1;
  const StateHostKeys pins(cluster.store());
  std::size_t count = 0;
  for (const NamedMachine& each : running_machines(looked)) {
    if (each.machine.head) continue;
    const std::string& host = each.machine.id.text;
    auto own = logins.hosts.find(host);
    const bool has_user = own != logins.hosts.end() && !own->second.user.empty();
    const bool has_port = own != logins.hosts.end() && own->second.port != 0;
    words.insert(words.end(),
                 {each.name.text, has_user ? own->second.user : logins.usual.user, host,
                  std::to_string(has_port ? own->second.port : logins.usual.port),
                  pins.pinned(host).value_or(HostKey{"", "-"}).fingerprint});
    ++count;
  }
  words[count_at] = std::to_string(count);
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  return Command{.argv = words, .env = command.env, .input = ""};
}

}  // namespace rayctl

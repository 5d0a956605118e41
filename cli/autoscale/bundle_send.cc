#include "cli/autoscale/bundle_send.h"

#include <set>

#include "base/files.h"
#include "base/text.h"
#include "cli/autoscale/bundle_layout.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr char kThere[] = "~/.rayctl/autoscaler";

constexpr char kPrepare[] = R"sh(
umask 077
mkdir -p ~/.rayctl/autoscaler && chmod 700 ~/.rayctl/autoscaler
)sh";

// Argument: the folder of a bundle. Links of a bundle lead to the folders that it needs.
constexpr char kDrop[] = R"sh(
case $1 in "~/"*) keep=$HOME/${1#"~/"} ;; *) keep=$1 ;; esac
[ -f "$keep/bundle.json" ] || exit 1
needed=" ${keep##*/} "
for link in "$keep/program" "$keep"/mounts/*; do
  to=$(readlink "$link") && needed="$needed${to##*/} "
done
for f in "${keep%/*}"/bundle-* "${keep%/*}"/program-* "${keep%/*}"/mount-*; do
  case $needed in *" ${f##*/} "*) ;; *) rm -rf "$f" ;; esac
done
)sh";

// 4: credentials (docs/exit-codes.md).
constexpr char kCheck[] = R"sh(
case $1 in "~/"*) b=$HOME/${1#"~/"} ;; *) b=$1 ;; esac
[ -n "$b" ] || b=$(ls -td "$HOME"/.rayctl/autoscaler/bundle-* 2>/dev/null | head -n 1)
[ -d "$b" ] || exit 0
RAYCTL_SSH_KEY=$b/worker_key "$b/program/run" autoscale "$b" --check
[ $? != 4 ]
)sh";

constexpr char kDropAll[] = R"sh(
cd ~/.rayctl/autoscaler 2>/dev/null || exit 0
rm -rf bundle-* program-* mount-* boot-* state
)sh";

Result<std::string> run(CommandRunner& runner, std::vector<std::string> argv, const char* doing,
                        Time deadline) {
  Command command{std::move(argv), {}, ""};
  command.plain = true;
  const Result<CommandOutput> ran = runner.run(command, deadline);
  if (!ran) return in_context(ran.error(), doing);
  if (ran->exit_code == 0) return trim(ran->out);
  Error error = permanent(ErrorCode::kFilesFailed, std::string(doing) + " failed");
  error.context = last_lines(ran->err, 3);
  return error;
}

Result<> send_piece(CommandRunner& runner, const fs::path& piece, Time deadline,
                    const SyncProgress& progress) {
  // What a mount leaves out was left out when it was copied.
  const Result<Manifest> manifest =
      build_manifest(piece.string(), {.keep_bytecode = true}, no_hash_cache());
  if (!manifest) return manifest.error();
  const std::string to = std::string(kThere) + "/" + piece.filename().string();
  const Result<SyncReport> sent =
      sync_mount(runner, piece.string(), to, *manifest, deadline, nullptr, progress);
  if (!sent) return in_context(sent.error(), "sending " + piece.filename().string());
  return {};
}

}  // namespace

Result<> can_run_there(CommandRunner& runner, const std::string& machine, Time deadline) {
  const Result<std::string> there =
      run(runner, {"uname", "-sm"}, "asking for the processor", deadline);
  if (!there) return there.error();
  if (*there == "Linux " + machine) return {};
  return permanent(ErrorCode::kNotSupported,
                   "the head runs " + *there + " and this rayctl is for Linux " + machine);
}

Result<std::string> send_bundle(CommandRunner& runner, const fs::path& bundle, Time deadline,
                                const SyncProgress& progress) {
  Result<std::string> text = read_file(bundle / kFacts);
  if (!text) return text.error();
  const Result<BundleFacts> facts = decode_bundle(*text);
  if (!facts) return facts.error();
  if (Result<> fits = can_run_there(runner, facts->machine, deadline); !fits) return fits.error();
  const Result<std::string> made =
      run(runner, {"sh", "-c", kPrepare}, "making a folder for the autoscaler", deadline);
  if (!made) return made.error();

  // The bundle last: where it lies, all that it leads to does.
  std::set<fs::path> pieces;
  std::error_code error;
  pieces.insert(fs::canonical(bundle / kProgram, error));
  for (std::size_t at = 1; at <= facts->mounts.size() && !error; ++at)
    pieces.insert(fs::canonical(bundle / kMounts / std::to_string(at), error));
  if (error) return io_error("find the parts of", bundle, error);
  for (const fs::path& piece : pieces) {
    if (Result<> sent = send_piece(runner, piece, deadline, progress); !sent) return sent.error();
  }
  if (Result<> sent = send_piece(runner, bundle, deadline, progress); !sent) return sent.error();
  return std::string(kThere) + "/" + bundle.filename().string();
}

Result<> may_work_there(CommandRunner& runner, const std::string& bundle, Time deadline) {
  Command command{{"sh", "-c", kCheck, "rayctl-bundle", bundle}, {}, ""};
  command.plain = true;
  const Result<CommandOutput> ran = runner.run(command, deadline);
  if (!ran || ran->exit_code != 1) return {};
  // "error RAYCTL-0503: no credentials ..."
  const std::string said = split(trim(ran->err), '\n').front();
  const std::size_t colon = said.find(": ");
  return permanent(
      ErrorCode::kNotSupported,
      "the head has no rights: " + (colon == std::string::npos ? said : said.substr(colon + 2)));
}

Result<> drop_other_bundles_there(CommandRunner& runner, const std::string& keep, Time deadline) {
  const Result<std::string> dropped =
      run(runner, {"sh", "-c", kDrop, "rayctl-bundle", keep}, "removing old bundles", deadline);
  if (!dropped) return dropped.error();
  return {};
}

Result<> drop_bundles_there(CommandRunner& runner, Time deadline) {
  const Result<std::string> dropped =
      run(runner, {"sh", "-c", kDropAll}, "removing the autoscaler's files", deadline);
  if (!dropped) return dropped.error();
  return {};
}

}  // namespace rayctl

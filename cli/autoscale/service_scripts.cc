#include "cli/autoscale/service_scripts.h"

namespace rayctl {
namespace {

// A signal may come while there is no program, or while it is waited for: `wait` then returns
// early.
constexpr char kRun[] = R"sh(
case $1 in "~/"*) b=$HOME/${1#"~/"} ;; *) b=$1 ;; esac
p=$b/program
if [ -r "$b/worker_key" ]; then RAYCTL_SSH_KEY=$b/worker_key; export RAYCTL_SSH_KEY; fi
trusted=
for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
  /etc/ssl/cert.pem; do
  [ ! -r "$f" ] || trusted=$f
done
if [ -z "$trusted" ] && [ -r "$p/certificates.pem" ]; then
  SSL_CERT_FILE=$p/certificates.pem AWS_CA_BUNDLE=$p/certificates.pem
  export SSL_CERT_FILE AWS_CA_BUNDLE
fi
child= stopped= pause=1
trap 'stopped=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
attend() {
  child=$!
  [ -z "$stopped" ] || kill -TERM "$child" 2>/dev/null
  wait "$child"; code=$?
  while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
  child=
}
ended() { grep -q '"ended": true' "$(dirname "$b")/lease" 2>/dev/null; }
while [ -z "$stopped" ] && [ -d "$p" ]; do
  begun=$(date +%s)
  "$p/ld.so" --inhibit-cache --library-path "$p" "$p/rayctl" autoscale "$b" &
  attend
  case $code in 0 | 8) break ;; esac
  if [ -n "$stopped" ] || ended; then break; fi
  [ $(($(date +%s) - begun)) -lt 60 ] || pause=1
  echo "the autoscaler ended with $code; next try in $pause s" >&2
  sleep "$pause" &
  attend
  pause=$((pause * 2))
  [ "$pause" -le 60 ] || pause=60
done
exit 3
)sh";

// no_boot: all three, whichever it was.
constexpr char kLibrary[] = R"sh(
name=rayctl-autoscaler-$1 root=$2
boot=$HOME/.rayctl/autoscaler/boot-$1
system=$root/etc/systemd/system/$name.service
user=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/$name.service
has_systemd() { [ -d "$root/run/systemd/system" ] && command -v systemctl >/dev/null 2>&1; }
has_cron() {
  command -v crontab >/dev/null 2>&1 || return 1
  for f in /proc/[0-9]*/comm; do
    { IFS= read -r comm <"$f"; } 2>/dev/null || continue
    case $comm in cron | crond) return 0 ;; esac
  done
  return 1
}
no_boot() {
  if [ -f "$system" ]; then
    systemctl disable "$name.service" >/dev/null 2>&1
    rm -f "$system" && systemctl daemon-reload
  fi
  if [ -f "$user" ]; then
    systemctl --user disable "$name.service" >/dev/null 2>&1
    rm -f "$user" && systemctl --user daemon-reload
  fi
  if command -v crontab >/dev/null 2>&1 && crontab -l 2>/dev/null | grep -q " # $name\$"; then
    crontab -l | grep -v " # $name\$" | crontab -
  fi
  rm -f "$boot"
}
)sh";

// What it starts outlives the unit: it is an operation of its own, known by its token.
constexpr char kBoot[] = R"sh(
umask 077
mkdir -p "$(dirname "$boot")" && cat >"$boot.new" || exit 73
no_boot
mv -f "$boot.new" "$boot" || exit 73
unit() {
  mkdir -p "$(dirname "$1")" && cat >"$1" <<END
[Unit]
Description=Ray autoscaler (rayctl) of cluster ${name#rayctl-autoscaler-}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
Environment="HOME=$HOME"
ExecStart=/bin/sh "$boot"

[Install]
WantedBy=$2
END
}
lingers() {
  [ "$(loginctl show-user "$(id -un)" --property=Linger --value 2>/dev/null)" = yes ] ||
    loginctl enable-linger >/dev/null 2>&1
}
by=nothing
case $boot in
  *[\"\\%\$]*) ;; # a home that a unit could not name
  *)
    if ! has_systemd; then
      :
    elif [ "$(id -u)" = 0 ]; then
      unit "$system" multi-user.target && systemctl daemon-reload &&
        systemctl enable "$name.service" >/dev/null 2>&1 && by=systemd
    elif systemctl --user show-environment >/dev/null 2>&1 && lingers; then
      unit "$user" default.target && systemctl --user daemon-reload &&
        systemctl --user enable "$name.service" >/dev/null 2>&1 && by=systemd-user
    fi
    ;;
esac
if [ "$by" = nothing ] && has_cron; then
  { crontab -l 2>/dev/null; echo "@reboot sh \"\$HOME/.rayctl/autoscaler/boot-$1\" # $name"; } |
    crontab - && by=cron
fi
[ "$by" != nothing ] || no_boot
echo "$by"
)sh";

}  // namespace

std::string service_run_script() {
  return kRun;
}
std::string service_boot_script() {
  return std::string(kLibrary) + kBoot;
}
std::string service_no_boot_script() {
  return std::string(kLibrary) + "no_boot\n";
}

}  // namespace rayctl

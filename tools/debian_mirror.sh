# shellcheck shell=bash
# Where this machine gets Debian from. Sourced.
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# shellcheck disable=SC2034 # whoever sources this uses it
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The address that apt fetches this machine's own Debian from.
mirror() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' |
    awk -v codename="$codename" '$2 == "Debian" && $3 == codename { print $1; exit }'
}

#!/usr/bin/env bash
# Installs what `npm run test:everywhere`, `test:audio` and `test:bundlers` run in: Debian packages (as root) and the npm
# packages of tools/runtimes. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/runtimes"

debian=(chromium firefox-esr parallel pulseaudio python3-distributed redis-server webkit2gtk-driver xvfb tesseract-ocr-eng)
missing=()
for package in "${debian[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id --user)" = 0 ] || as_root=(sudo)
  apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@"
  }
  apt update
  apt install --yes --no-install-recommends "${missing[@]}"
fi

stamp=node_modules/.installed-lock
if ! cmp --quiet package-lock.json "$stamp"; then
  # not npm ci: it wants the other platforms' binaries in the lock, which not every registry has
  npm install --no-save --no-audit --no-fund --fetch-retries=5
  cp package-lock.json "$stamp"
fi

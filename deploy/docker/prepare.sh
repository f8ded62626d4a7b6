#!/bin/sh
# The first step of docker-compose.yml, run as root once at each start: a random token that Grafana and the sidecar share, the
# plugins of this image, and folders that the unprivileged services may write. Running it again changes nothing but the plugins.
set -eu

secrets=${1:?usage: prepare.sh <secrets> <socket> <plugins> <data>}
socket=${2:?}
plugins=${3:?}
data=${4:?}
image=/opt/tapewatch

umask 027
if [ ! -s "$secrets/token" ]; then
  node -e 'process.stdout.write(require("node:crypto").randomBytes(32).toString("hex"))' > "$secrets/token.new"
  mv "$secrets/token.new" "$secrets/token"
  echo "prepare: wrote a new token"
fi
# The sidecar keeps a hash only, so that what it stores cannot be used to ask it.
node -e '
  const { createHash } = require("node:crypto");
  const token = require("node:fs").readFileSync(process.argv[1]);
  process.stdout.write(createHash("sha256").update(token).digest("hex"));
' "$secrets/token" > "$secrets/token.sha256"
chown -R 10001:0 "$secrets"
chmod 0750 "$secrets"
chmod 0440 "$secrets/token" "$secrets/token.sha256"

# Group 0 is Grafana's group: it may connect to the socket and read the id beside it.
chown 10001:0 "$socket" "$data"
chmod 2750 "$socket"
chmod 0750 "$data"

# Replaced as a whole, so that no file of an older version stays.
for plugin in "$image"/plugins/*; do
  name=$(basename "$plugin")
  rm -rf "${plugins:?}/$name"
  cp -R "$plugin" "$plugins/$name"
done
chown -R 0:0 "$plugins"
chmod -R u=rwX,go=rX "$plugins"
echo "prepare: $(ls "$plugins" | tr '\n' ' ')"

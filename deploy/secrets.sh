#!/bin/sh
# Draws the secrets that are not there yet, one file each, for docker-compose.yml; keeps those that are.
# usage: deploy/secrets.sh [FOLDER]      (deploy/secrets, or $ACI_SECRETS_DIR)
#
# Compose mounts each file into the containers that need it with the owner and mode that it has here, and those run as
# several accounts. So the files are readable, and the folder is closed: nobody else on this machine gets to them.
set -eu
case "${1:-}" in -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit ;; esac
folder=${1:-${ACI_SECRETS_DIR:-$(dirname "$0")/secrets}}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

draw() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# Written aside and moved, so that a file that is there is always whole.
keep() {
  [ ! -s "$folder/$1" ] || return 1
  printf '%s\n' "$2" >"$folder/.$1.new"
  chmod 444 "$folder/.$1.new"
  mv -f "$folder/.$1.new" "$folder/$1"
}

for name in postgres_password redis_password; do
  keep $name "$(draw)" && echo "made $folder/$name" || :
done
keep sandbox_key "{\"access_key_id\": \"compose\", \"secret_access_key\": \"$(draw)\"}" && echo "made $folder/sandbox_key" || :

# An API key: 160 random bits, and eight characters that tell whether it is whole (core/access/tokens.py).
random=$(head -c 20 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
key=aci_$random$(printf %s "$random" | sha256sum | cut -c 1-8)
if keep admin_key "$key"; then
  echo "made $folder/admin_key"
  cat <<TEXT

The admin's key, shown this once (and kept in $folder/admin_key):

    $key

Enter it where the page asks for it, or send it with each request:
    curl -H "Authorization: Bearer \$(cat $folder/admin_key)" http://127.0.0.1:8080/v1/me
TEXT
else
  echo "Everything was there already. The admin's key is in $folder/admin_key."
fi

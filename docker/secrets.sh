#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts, once; they stay on this machine (docker/secrets is not committed).
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
[ -s secrets/postgres_password ] || random > secrets/postgres_password
[ -s secrets/ami ] || random > secrets/ami
printf 'postgresql://hotline:%s@postgres:5432/postgres' "$(cat secrets/postgres_password)" > secrets/database_url
echo "secrets are in $(pwd)/secrets"
